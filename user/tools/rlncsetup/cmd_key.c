// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "base/text.h"
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

/* Before a passphrase is asked for: is there such a slot on any member? */
static int check_number(const struct volume *v, const struct options *o,
			enum command_bit verb)
{
	unsigned int i;
	u32 j;

	if (o->slot == SLOT_ANY || verb == CMD_KEY_ADD || verb == CMD_KEY_SYNC)
		return 0;
	for (i = 0; i < v->count; i++) {
		const struct keyslot_set *set = volume_member_keyslots(v, i, NULL);

		for (j = 0; set && j < set->count; j++)
			if (set->slot[j].number == o->slot)
				return 0;
	}
	return fail(EINVAL, "there is no key slot %" PRIu64, o->slot);
}

/* Slots that only a member apart from the others has are not dropped unasked. */
static int check_lost(const struct editing *e, const struct options *o, enum command_bit verb)
{
	int except = verb == CMD_KEY_REMOVE && o->slot != SLOT_ANY ? (int)o->slot : -1;
	unsigned int member;
	const struct keyslot *slot = volume_lost_keyslot(&e->volume, &e->key, except, &member);

	if (!slot || o->force)
		return 0;
	fail(EINVAL, "key slot %u of member %s is not among the newest key slots and would be lost",
	     slot->number, e->volume.member[member].name);
	hint("`rlncsetup key list` shows who has what; if it was removed, `rlncsetup key remove --slot %u` ends that; --force drops it",
	     slot->number);
	return -EINVAL;
}

static int edit_begin(struct editing *e, const struct options *o, enum command_bit verb,
		      int argc, char **argv)
{
	const struct keyslot_set *old;
	int rc;

	memset(e, 0, sizeof(*e));
	rc = members_open(&e->members, argv, argc, MEMBERS_WRITE | MEMBERS_MAY_BE_LEFT_OUT, o);
	if (!rc)
		rc = members_lock(&e->members);
	if (!rc)
		rc = members_read(&e->members, &e->volume, false);
	if (!rc)
		rc = volume_identify(&e->volume);
	if (!rc)
		rc = check_number(&e->volume, o, verb);
	if (!rc)
		rc = volume_key_get(&e->volume, o, &e->key);
	if (!rc)
		rc = volume_authenticate(&e->volume, &e->key);
	if (rc)
		return rc;
	if (!volume_unlocked_newest(&e->volume, &e->key))
		return fail(EKEYREJECTED, "this %s was removed from the newest key slots; use one of those",
			    o->key_file ? "key file" : "passphrase");
	rc = check_lost(e, o, verb);
	if (rc)
		return rc;
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
			warn("member %u was not given and keeps the old key slots; `rlncsetup key sync` with it and another one renews them",
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

	rc = edit_begin(&e, o, CMD_KEY_ADD, argc, argv);
	if (!rc && o->slot != SLOT_ANY && keyslot_find(e.set, (u32)o->slot))
		rc = fail(EEXIST, "key slot %" PRIu64 " is in use", o->slot);
	if (!rc && !o->tpm2)
		rc = new_secret(o, &pass);
	if (rc)
		return rc;
	slot = o->tpm2 ? tpm2_slot_make(e.set, o, &e.key) :
			 slot_make(e.set, o, o->new_key_file, &pass, &e.key);
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

/* A removal that was interrupted: the newest set lacks the slot, some member has it. */
static int end_removal(struct editing *e, const struct options *o)
{
	int rc = volume_sync_keyslots(&e->volume, &e->key);

	if (rc < 0)
		return rc;
	if (!rc)
		return fail(EINVAL, "there is no key slot %" PRIu64, o->slot);
	printf("Key slot %" PRIu64 " removed from %d more member%s.\n", o->slot, rc,
	       plural(rc));
	return 0;
}

/**
 * cmd_key_remove - rlncsetup key remove
 */
int cmd_key_remove(const struct options *o, int argc, char **argv)
{
	CLEANUP_EDITING struct editing e = { 0 };
	int slot, rc = edit_begin(&e, o, CMD_KEY_REMOVE, argc, argv);

	if (rc)
		return rc;
	if (o->slot != SLOT_ANY && !keyslot_find(e.set, (u32)o->slot))
		return end_removal(&e, o);
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

	rc = edit_begin(&e, o, CMD_KEY_CHANGE, argc, argv);
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
 * cmd_key_sync - rlncsetup key sync
 */
int cmd_key_sync(const struct options *o, int argc, char **argv)
{
	CLEANUP_EDITING struct editing e = { 0 };
	int rc = edit_begin(&e, o, CMD_KEY_SYNC, argc, argv);

	if (!rc)
		rc = volume_sync_keyslots(&e.volume, &e.key);
	if (rc < 0)
		return rc;
	printf("%d member%s had other key slots than the newest.\n", rc, plural(rc));
	return 0;
}

/**
 * cmd_key_test - rlncsetup key test
 */
int cmd_key_test(const struct options *o, int argc, char **argv)
{
	CLEANUP_MEMBERS struct tool_members set = { 0 };
	CLEANUP_VOLUME struct volume v = { 0 };
	CLEANUP_SECRET struct secret key = SECRET_NONE;
	bool sealed;
	int rc;

	rc = members_open(&set, argv, argc, MEMBERS_MAY_BE_LEFT_OUT, o);
	if (!rc)
		rc = members_read(&set, &v, false);
	if (!rc)
		rc = volume_identify(&v);
	if (!rc)
		rc = volume_key_find(&v, o, &key, &sealed);
	if (!rc)
		rc = volume_authenticate(&v, &key);
	if (rc)
		return rc;
	if (v.unlocked_slot < 0)
		puts("The volume key is right.");
	else
		printf("Key slot %d opens.\n", v.unlocked_slot);
	return 0;
}

/* Which set each member has; Return: whether all have the newest. */
static bool members_agree(const struct volume *v, const struct keyslot_set *newest)
{
	unsigned int i, behind = 0;

	for (i = 0; i < v->count; i++) {
		const struct keyslot_set *set = volume_member_keyslots(v, i, NULL);

		if (!volume_keyslots_behind(v, i, newest))
			continue;
		behind++;
		if (!set)
			warn("member %s: no usable key slots", v->member[i].name);
		else if (memcmp(set->mac, newest->mac, sizeof(set->mac)))
			warn("member %s: other key slots, set %" PRIu64, v->member[i].name,
			     (uint64_t)set->seq);
		else
			warn("member %s: set %" PRIu64 ", but older key slots beside it",
			     v->member[i].name, (uint64_t)set->seq);
	}
	if (behind)
		hint("what was removed may still open these; `rlncsetup key sync` gives the newest set to all");
	return !behind;
}

static void print_members(const struct volume *v)
{
	unsigned int i;

	for (i = 0; i < v->count; i++) {
		const struct keyslot_set *set = volume_member_keyslots(v, i, NULL);

		if (set)
			printf("  member %s: set %" PRIu64 "\n", v->member[i].name,
			       (uint64_t)set->seq);
	}
}

/* Adds "members": what print_members() prints. */
static json_t *list_json(const struct volume *v, const struct keyslot_set *newest)
{
	json_t *all = keys_json(newest), *list = json_array();
	char name[4096];
	unsigned int i;

	for (i = 0; i < v->count; i++) {
		const struct keyslot_set *set = volume_member_keyslots(v, i, NULL);

		text_printable(v->member[i].name, name, sizeof(name));
		json_array_append_new(list, json_pack("{s:s,s:I,s:b}", "member", name,
						      "seq", (json_int_t)(set ? set->seq : 0),
						      "newest",
						      !volume_keyslots_behind(v, i, newest)));
	}
	if (all && !json_object_set_new(all, "members", list))
		return all;
	json_decref(all);
	return NULL;
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

	rc = members_open(&set, argv, argc, MEMBERS_MAY_BE_LEFT_OUT, o);
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
		print_members(&v);
		return members_agree(&v, keys) ? 0 : -ESTALE;
	}
	json = list_json(&v, keys);
	if (!json)
		return fail(ENOMEM, "out of memory");
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
	return members_agree(&v, keys) ? 0 : -ESTALE;
}
