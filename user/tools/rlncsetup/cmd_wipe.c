// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "base/report.h"
#include "base/text.h"
#include "rlncsetup.h"

/* A superblock or a set of key slots, however old. */
static bool is_member(const struct member *m)
{
	unsigned int i;

	for (i = 0; i < RLNC_KEYSLOT_COPIES; i++)
		if (!m->keys[i].err)
			return true;
	return member_best(m);
}

static int check_members(const struct volume *v)
{
	unsigned int i;

	for (i = 0; i < v->count; i++) {
		if (is_member(&v->member[i]))
			continue;
		fail(ENODEV, "member %s: neither superblock nor key slots of a Skyhold volume",
		     v->member[i].name);
		hint("wipefs knows other signatures; --force erases its first %u KiB all the same",
		     RLNC_SLOTS_OFFSET >> 10);
		return -ENODEV;
	}
	return 0;
}

/**
 * cmd_wipe - rlncsetup wipe
 */
int cmd_wipe(const struct options *o, int argc, char **argv)
{
	CLEANUP_MEMBERS struct tool_members set = { 0 };
	CLEANUP_VOLUME struct volume v = { 0 };
	unsigned int i;
	int rc;

	rc = members_open(&set, argv, argc, MEMBERS_WRITE | MEMBERS_EXCLUSIVE, o);
	if (!rc)
		rc = members_lock(&set);
	if (!rc)
		rc = members_read(&set, &v, false);
	if (!rc && !o->force)
		rc = check_members(&v);
	if (!rc)
		rc = prepare_confirm(o, &set);
	for (i = 0; i < set.count && !rc; i++)
		rc = prepare_head(&set.member[i], false);
	if (!rc)
		printf("%u member%s wiped.\n", set.count, plural(set.count));
	return rc;
}
