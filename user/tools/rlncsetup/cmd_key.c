// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/report.h"
#include "keys_print.h"
#include "rlncsetup.h"

/* A volume whose key slots are being changed. */
struct editing {
	struct tool_members members;
	struct volume volume;
	struct secret key;
	struct keyslot_set *set;	/* a copy to change */
};

static void edit_end(struct editing *e)
{
	free(e->set);
	secret_free(&e->key);
	volume_free(&e->volume);
	members_close(&e->members);
}

#define CLEANUP_EDITING	__attribute__((__cleanup__(edit_end)))

/* Two changes at a time would lose one; udev keeps away from locked devices. */
static int lock_members(const struct tool_members *set)
{
	unsigned int i;

	for (i = 0; i < set->count; i++)
		if (flock(set->member[i].fd, LOCK_EX | LOCK_NB))
			return fail(EBUSY, "member %s: another program is changing it",
				    set->member[i].name);
	return 0;
}

static int edit_begin(struct editing *e, const struct options *o, int argc, char **argv)
{
	const struct keyslot_set *old;
	int rc;

	memset(e, 0, sizeof(*e));
	rc = members_open(&e->members, argv, argc, MEMBERS_WRITE, o);
	if (!rc)
		rc = lock_members(&e->members);
	if (!rc)
		rc = members_read(&e->members, &e->volume, false);
	if (!rc)
		rc = volume_identify(&e->volume);
	if (!rc)
		rc = volume_key_get(&e->volume, o, &e->key);
	if (!rc)
		rc = volume_authenticate(&e->volume, &e->key);
	if (rc)
		return rc;
	if (!volume_unlocked_newest(&e->volume, &e->key))
		return fail(EKEYREJECTED, "this %s was removed from the newest key slots; use one of those",
			    o->key_file ? "key file" : "passphrase");
	e->set = calloc(1, sizeof(*e->set));
	if (!e->set)
		return fail(ENOMEM, "out of memory");
	old = volume_trusted_keyslots(&e->volume, &e->key);
	if (old)
		*e->set = *old;
	else
		memcpy(e->set->volume_id, e->volume.id, sizeof(e->set->volume_id));
	return 0;
}

static int edit_commit(struct editing *e)
{
	const struct volume *v = &e->volume;
	unsigned int i;
	int rc = volume_write_keyslots(&e->volume, e->set, &e->key);

	if (rc)
		return rc;
	for (i = 0; i < v->newest->n; i++)
		if (!v->by_index[i])
			warn("member %u was not given and keeps the old key slots; run the command again with it",
			     i);
	return 0;
}

static int new_secret(const struct options *o, struct secret *pass)
{
	return secret_from_user(o->new_key_file, "Enter new passphrase", true, pass);
}

/**
 * cmd_key_add - rlncsetup key add
 */
int cmd_key_add(const struct options *o, int argc, char **argv)
{
	CLEANUP_EDITING struct editing e = { 0 };
	CLEANUP_SECRET struct secret pass = SECRET_NONE;
	int rc, slot;

	rc = edit_begin(&e, o, argc, argv);
	if (!rc)
		rc = new_secret(o, &pass);
	if (rc)
		return rc;
	slot = slot_make(e.set, o, o->new_key_file, &pass, &e.key);
	if (slot < 0)
		return slot;
	rc = edit_commit(&e);
	if (!rc)
		printf("Key slot %d added.\n", slot);
	return rc;
}

/* The slot that is meant: --slot, or the one that has just opened. */
static int which_slot(const struct options *o, const struct editing *e)
{
	int slot = o->slot == SLOT_ANY ? e->volume.unlocked_slot : (int)o->slot;

	if (slot < 0)
		return fail(EINVAL, "which one? --slot N; `rlncsetup key list` lists them");
	if (!keyslot_find(e->set, slot))
		return fail(EINVAL, "there is no key slot %d", slot);
	return slot;
}

/**
 * cmd_key_remove - rlncsetup key remove
 */
int cmd_key_remove(const struct options *o, int argc, char **argv)
{
	CLEANUP_EDITING struct editing e = { 0 };
	int slot, rc = edit_begin(&e, o, argc, argv);

	if (rc)
		return rc;
	slot = which_slot(o, &e);
	if (slot < 0)
		return slot;
	if (e.set->count == 1 && !o->force) {
		fail(EINVAL, "key slot %d is the last one: without it only the volume key opens the volume",
		     slot);
		hint("if you have that key, say --force");
		return -EINVAL;
	}
	keyslot_remove(e.set, slot);
	rc = edit_commit(&e);
	if (!rc)
		printf("Key slot %d removed.\n", slot);
	return rc;
}

/**
 * cmd_key_change - rlncsetup key change
 */
int cmd_key_change(const struct options *o, int argc, char **argv)
{
	CLEANUP_EDITING struct editing e = { 0 };
	CLEANUP_SECRET struct secret pass = SECRET_NONE;
	struct options same = *o;
	int slot, rc;

	rc = edit_begin(&e, o, argc, argv);
	if (rc)
		return rc;
	slot = which_slot(o, &e);
	if (slot < 0)
		return slot;
	rc = new_secret(o, &pass);
	if (rc)
		return rc;
	same.slot = slot;
	if (!same.slot_label) {
		static char label[33];

		memcpy(label, keyslot_find(e.set, slot)->label, sizeof(label));
		same.slot_label = label;
	}
	keyslot_remove(e.set, slot);
	slot = slot_make(e.set, &same, o->new_key_file, &pass, &e.key);
	if (slot < 0)
		return slot;
	rc = edit_commit(&e);
	if (!rc)
		printf("Key slot %d changed.\n", slot);
	return rc;
}

/**
 * cmd_key_list - rlncsetup key list
 */
int cmd_key_list(const struct options *o, int argc, char **argv)
{
	CLEANUP_MEMBERS struct tool_members set = { 0 };
	CLEANUP_VOLUME struct volume v = { 0 };
	const struct keyslot_set *keys;
	json_t *json;
	int rc;

	rc = members_open(&set, argv, argc, 0, o);
	if (!rc)
		rc = members_read(&set, &v, false);
	if (!rc)
		rc = volume_identify(&v);
	if (rc)
		return rc;
	keys = volume_keyslots(&v);
	if (!keys)
		return fail(ENODEV, "volume %s: no usable key slots on these members", v.uuid);
	if (!o->json) {
		printf("Volume %s\n", v.uuid);
		keys_print_text(keys);
		return 0;
	}
	json = keys_json(keys);
	if (!json)
		return fail(ENOMEM, "out of memory");
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
	return 0;
}
