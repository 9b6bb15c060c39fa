// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A member's first MiB, superblocks and key slots, as a file.  The file is the
 * bytes themselves: `dd` would do the same without the checks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/report.h"
#include "rlncsetup.h"

static bool has_keyslots(const struct member *m)
{
	unsigned int i;

	for (i = 0; i < RLNC_KEYSLOT_COPIES; i++)
		if (!m->keys[i].err)
			return true;
	return false;
}

static int check_head(const struct member *m, const char *what)
{
	if (!member_best(m))
		return fail(ENODEV, "%s %s: superblock: %s", what, m->name,
			    rlnc_super_strerror(member_why_not(m)));
	if (!has_keyslots(m))
		warn("%s %s has no sound key slots", what, m->name);
	return 0;
}

/* What is put in its place by its name: a device or a link would be gone. */
static int check_file(const struct options *o, const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return 0;	/* writing it says why, if it cannot be */
	if (!S_ISREG(st.st_mode))
		return fail(EEXIST, "%s exists, and is no regular file", path);
	if (o->force)
		return 0;
	fail(EEXIST, "%s exists", path);
	hint("if it may be overwritten, say --force");
	return -EEXIST;
}

/**
 * cmd_header_backup - rlncsetup header backup
 */
int cmd_header_backup(const struct options *o, int argc, char **argv)
{
	CLEANUP_MEMBERS struct tool_members set = { 0 };
	CLEANUP_VOLUME struct volume v = { 0 };
	const char *path = argv[0];
	char uuid[UUID_TEXT_MAX];
	int rc;

	rc = check_file(o, path);
	if (rc)
		return rc;
	rc = members_open(&set, argv + 1, argc - 1, 0, o);
	if (!rc)
		rc = members_read(&set, &v, false);
	if (!rc)
		rc = check_head(&v.member[0], "member");
	if (rc)
		return rc;
	rc = file_write_atomic(path, v.member[0].area, RLNC_SLOTS_OFFSET, 0600);
	if (rc)
		return fail(-rc, "%s: %s", path, strerror(-rc));
	printf("%s holds the header of member %u of volume %s at epoch %" PRIu64 "\n", path,
	       member_best(&v.member[0])->member,
	       uuid_format(member_best(&v.member[0])->volume_id, uuid),
	       (uint64_t)member_best(&v.member[0])->epoch);
	return 0;
}

/* Without --force: only over what it is a backup of, or over nothing known. */
static int check_target(const struct member *saved, const struct member *now,
			const struct tool_member *m)
{
	const struct rlnc_super *a = member_best(saved), *b = member_best(now);

	if (!b && member_why_not(now) == RLNC_SUPER_MAGIC)
		return signature_check(m);
	if (!b)
		return 0;	/* damaged, but one of ours */
	if (memcmp(a->volume_id, b->volume_id, RLNC_ID_BYTES))
		fail(EEXIST, "member %s belongs to another volume than what is in %s", now->name,
		     saved->name);
	else if (a->member != b->member)
		fail(EEXIST, "member %s is member %u, %s holds the header of member %u",
		     now->name, b->member, saved->name, a->member);
	else if (a->epoch < b->epoch)
		fail(EEXIST, "member %s is at epoch %" PRIu64 ", what is in %s at %" PRIu64 ": the member would be stale",
		     now->name, (uint64_t)b->epoch, saved->name, (uint64_t)a->epoch);
	else
		return 0;
	hint("if that is what you want, say --force");
	return -EEXIST;
}

static int read_image(const char *path, char **image)
{
	size_t len = 0;
	int rc = file_read(path, RLNC_SLOTS_OFFSET + 1, image, &len);

	if (rc)
		return fail(-rc, "%s: %s", path, strerror(-rc));
	if (len != RLNC_SLOTS_OFFSET)
		return fail(EINVAL, "%s is no header: it has %zu bytes instead of %u", path, len,
			    RLNC_SLOTS_OFFSET);
	return 0;
}

static int restore(const struct options *o, const struct tool_members *set,
		   const struct member *saved, const struct member *now)
{
	const struct tool_member *m = &set->member[0];
	int rc = check_head(saved, "file");

	if (!rc)
		rc = prepare_fits(m, member_best(saved));
	if (!rc && !o->force)
		rc = check_target(saved, now, m);
	if (!rc)
		rc = prepare_confirm(o, set);
	if (!rc && o->force)
		rc = signature_wipe(m);
	if (rc)
		return rc;
	rc = member_write(m->fd, saved->area, RLNC_SLOTS_OFFSET, 0);
	return rc ? fail(-rc, "member %s: %s", m->name, strerror(-rc)) : 0;
}

#define CLEANUP_MEMBER	CLEANUP(member_unload)

/**
 * cmd_header_restore - rlncsetup header restore
 */
int cmd_header_restore(const struct options *o, int argc, char **argv)
{
	CLEANUP_MEMBERS struct tool_members set = { 0 };
	CLEANUP_VOLUME struct volume v = { 0 };
	CLEANUP_MEMBER struct member saved = { .best = -1 };
	CLEANUP_FREE char *image = NULL;
	int rc = read_image(argv[0], &image);

	if (!rc)
		rc = members_open(&set, argv + 1, argc - 1, MEMBERS_WRITE | MEMBERS_EXCLUSIVE, o);
	if (!rc)
		rc = members_lock(&set);
	if (!rc)
		rc = members_read(&set, &v, false);
	if (!rc && member_from_image(&saved, argv[0], image, INT64_MAX))
		rc = fail(ENOMEM, "out of memory");
	return rc ? rc : restore(o, &set, &saved, &v.member[0]);
}
