// SPDX-License-Identifier: GPL-2.0-or-later
/* Members of an open volume: given up, taken up again, replaced, added. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/report.h"
#include "open_volume.h"
#include "rlnc_dm.h"
#include "rlncsetup.h"
#include "work.h"

/* One message about one member; its index, or -errno, reported. */
static int tell_member(const char *name, const char *member, const char *verb)
{
	CLEANUP_OPEN_VOLUME struct open_volume v = { 0 };
	char message[32];
	int index, rc = open_volume_get(name, &v);

	if (rc)
		return rc;
	index = open_volume_find(&v, member);
	if (index < 0)
		return index;
	snprintf(message, sizeof(message), "%s %d", verb, index);
	rc = open_volume_message(name, message, NULL, 0);
	return rc ? rc : index;
}

/**
 * cmd_fail - rlncsetup fail
 */
int cmd_fail(const struct options *o, int argc, char **argv)
{
	int rc = tell_member(argv[0], argv[1], RLNC_MSG_FAIL);

	(void)o;
	(void)argc;
	return rc < 0 ? rc : 0;
}

/**
 * cmd_return - rlncsetup return
 */
int cmd_return(const struct options *o, int argc, char **argv)
{
	int index = tell_member(argv[0], argv[1], RLNC_MSG_RETURN);

	(void)argc;
	if (index < 0 || !o->wait)
		return index < 0 ? index : 0;
	return work_wait_rebuild(argv[0], (unsigned int)index);
}

static int update_state(const struct options *o, const struct open_volume *v,
			unsigned int index, const struct tool_member *m)
{
	CLEANUP_STATE struct state s = { .count = 0 };
	unsigned int i;
	int rc;

	if (state_load(v->name, &s) || s.count != v->status.n || strcmp(s.uuid, v->uuid)) {
		state_free(&s);
		rc = state_init(&s, v->uuid, v->status.n);
		for (i = 0; i < v->status.n && !rc; i++) {
			memcpy(s.member[i].path, v->member[i].path, sizeof(s.member[i].path));
			strcpy(s.member[i].name, s.member[i].path);
		}
		if (rc)
			return rc;
	}
	if (index == s.count) {
		rc = state_grow(&s);
		if (rc)
			return rc;
	}
	rc = state_replace(&s, index, m, o);
	return rc ? rc : state_save(v->name, &s);
}

/* What has become of the superblocks of the device that was the member, in a sentence. */
static void print_retired(const char *old, unsigned int index, const char *retired)
{
	bool erased = !strcmp(retired, RLNC_RETIRED_ERASED);

	if (!*old && !strcmp(retired, RLNC_RETIRED_NONE))
		printf("Member %u had no device to be erased.\n", index);
	else if (!*old && erased)
		printf("The device that was member %u is gone; its superblocks were erased.\n", index);
	else if (!*old)
		printf("The device that was member %u is gone: its superblocks are NOT erased; wipe it when it is back.\n",
		       index);
	else if (erased)
		printf("%s was member %u: its superblocks are erased.\n", old, index);
	else if (!strcmp(retired, RLNC_RETIRED_NONE))
		printf("%s has no superblock of member %u that could be erased.\n", old, index);
	else
		printf("%s was member %u: its superblocks are NOT erased; wipe it when it answers.\n",
		       old, index);
}

/*
 * Who has become member @index.  @retired is NULL where nobody was it before; a kernel
 * that does not answer has not said that anything is erased.
 */
static int print_new(const struct options *o, const struct open_volume *v, unsigned int index,
		     const struct tool_member *m, const char *retired)
{
	const char *old = retired ? v->member[index].path : "";
	json_t *root;

	if (!o->json) {
		if (retired)
			print_retired(old, index, retired);
		return 0;
	}
	if (retired && !*retired)
		retired = RLNC_RETIRED_LEFT;
	root = json_pack("{s:s,s:i,s:s}", "name", v->name, "member", (int)index, "device",
			 m->path);
	if (!root || (retired && json_object_set_new(root, "old",
						     json_pack("{s:s,s:s}", "device", old,
							       "superblocks", retired)))) {
		json_decref(root);
		return fail(ENOMEM, "out of memory");
	}
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
	return 0;
}

/*
 * The kernel opens the device for itself alone: it is closed here first.  What
 * was written to it before is what the kernel leaves to user space.
 */
static int hand_over(const struct options *o, const struct open_volume *v, const char *verb,
		     unsigned int index, struct tool_members *set)
{
	char retired[TARGET_WORD_MAX];
	struct tool_member *m = &set->member[0];
	char message[64];
	struct stat st;
	int rc, noted = 0;

	if (fstat(m->fd, &st))
		return fail(errno, "member %s: %s", m->name, strerror(errno));
	close(TAKE_FD(m->fd));
	snprintf(message, sizeof(message), "%s %u:%u", verb, major(st.st_rdev),
		 minor(st.st_rdev));
	/* What a volume uses is not disconnected, and what is connected is noted. */
	interrupt_hold();
	rc = open_volume_message(v->name, message, retired, sizeof(retired));
	if (!rc) {
		set->keep = true;
		rc = print_new(o, v, index, m, index < v->status.n ? retired : NULL);
		fflush(stdout);
		noted = update_state(o, v, index, m);
		interrupt_forget_all();
	}
	interrupt_release();
	return rc ? rc : noted;
}

/*
 * A new device becomes member @index by a message that begins with @verb.  One
 * that the kernel refuses gets back what it had.
 */
static int take_new(const struct options *o, const struct open_volume *v, char *name,
		    const char *verb, unsigned int index)
{
	CLEANUP_MEMBERS struct tool_members set = { 0 }, others_open = { 0 };
	CLEANUP_VOLUME struct volume others = { 0 };
	CLEANUP_ENDS struct device_ends before = DEVICE_ENDS_NONE;
	int rc;

	rc = open_volume_members(v, &others_open, &others);
	if (!rc)
		rc = members_open(&set, &name, 1,
				  MEMBERS_WRITE | MEMBERS_EXCLUSIVE | MEMBERS_BLOCK_ONLY, o);
	if (!rc)
		rc = prepare_fits(&set.member[0], others.newest);
	if (!rc && !o->force)
		rc = signature_check(&set.member[0]);
	if (!rc)
		rc = prepare_confirm(o, &set);
	if (!rc)
		rc = prepare_keep(&set.member[0], &before);
	if (rc)
		return rc;
	rc = prepare_head(&set.member[0], o->force);
	if (!rc)
		rc = prepare_keyslots(&set.member[0], &others);
	if (!rc)
		rc = hand_over(o, v, verb, index, &set);
	if (rc && !set.keep)
		prepare_undo(&set.member[0], &before);
	if (rc || !o->wait)
		return rc;
	prepare_forget(&before);
	return work_wait_rebuild(v->name, index);
}

/**
 * cmd_replace - rlncsetup replace
 */
int cmd_replace(const struct options *o, int argc, char **argv)
{
	CLEANUP_OPEN_VOLUME struct open_volume v = { 0 };
	int index, rc = open_volume_get(argv[0], &v);
	char verb[32];

	(void)argc;
	if (rc)
		return rc;
	index = open_volume_find(&v, argv[1]);
	if (index < 0)
		return index;
	snprintf(verb, sizeof(verb), "%s %d", RLNC_MSG_REPLACE, index);
	return take_new(o, &v, argv[2], verb, (unsigned int)index);
}

/**
 * cmd_add - rlncsetup add
 */
int cmd_add(const struct options *o, int argc, char **argv)
{
	CLEANUP_OPEN_VOLUME struct open_volume v = { 0 };
	int rc = open_volume_get(argv[0], &v);

	(void)argc;
	return rc ? rc : take_new(o, &v, argv[1], RLNC_MSG_ADD, v.status.n);
}
