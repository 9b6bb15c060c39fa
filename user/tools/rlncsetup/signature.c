// SPDX-License-Identifier: GPL-2.0-or-later
/* What is on a device already.  The only place that knows libblkid. */
#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/report.h"
#include "base/text.h"
#include "rlncsetup.h"

static void free_probe(blkid_probe *pr)
{
	if (*pr)
		blkid_free_probe(*pr);
}

#define CLEANUP_PROBE	__attribute__((__cleanup__(free_probe)))

static blkid_probe new_probe(int fd)
{
	blkid_probe pr = blkid_new_probe();

	if (!pr)
		return NULL;
	if (blkid_probe_set_device(pr, fd, 0, 0) ||
	    blkid_probe_enable_superblocks(pr, 1) ||
	    blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE |
						  BLKID_SUBLKS_LABEL | BLKID_SUBLKS_MAGIC |
						  BLKID_SUBLKS_BADCSUM) ||
	    blkid_probe_enable_partitions(pr, 1) ||
	    blkid_probe_set_partitions_flags(pr, BLKID_PARTS_MAGIC)) {
		blkid_free_probe(pr);
		return NULL;
	}
	return pr;
}

static int refuse(const struct tool_member *m, const char *what, const char *label)
{
	char safe[64];

	if (label)
		fail(EEXIST, "member %s holds a signature: %s, label \"%s\"", m->name, what,
		     text_printable(label, safe, sizeof(safe)));
	else
		fail(EEXIST, "member %s holds a signature: %s", m->name, what);
	hint("if what is on it may be lost, say --force");
	return -EEXIST;
}

static int check_ours(const struct tool_member *m)
{
	struct member found;
	const struct rlnc_super *sb;
	char uuid[UUID_TEXT_MAX], what[128];
	int rc = member_load(&found, m->name, m->fd);

	sb = rc ? NULL : member_best(&found);
	if (sb) {
		snprintf(what, sizeof(what), "member %u of Skyhold volume %s", sb->member,
			 uuid_format(sb->volume_id, uuid));
		rc = refuse(m, what, *sb->label ? sb->label : NULL);
	} else {
		rc = 0;
	}
	member_unload(&found);
	return rc;
}

/**
 * signature_check - refuse a device that holds something known
 * @m:		open
 *
 * Return: 0, -EEXIST when there is something, or -errno; reported.
 */
int signature_check(const struct tool_member *m)
{
	CLEANUP_CLOSE int fd = file_reopen(m->fd, O_RDONLY);
	CLEANUP_PROBE blkid_probe pr = fd < 0 ? NULL : new_probe(fd);
	const char *type = NULL, *label = NULL;
	int rc;

	if (!pr)
		return fail(EIO, "member %s: cannot be probed for signatures", m->name);
	rc = blkid_do_safeprobe(pr);
	if (rc == -2)
		return refuse(m, "more than one", NULL);
	if (rc < 0)
		return fail(EIO, "member %s: probing for signatures failed", m->name);
	if (rc > 0)
		return check_ours(m);
	blkid_probe_lookup_value(pr, "LABEL", &label, NULL);
	if (!blkid_probe_lookup_value(pr, "TYPE", &type, NULL))
		return refuse(m, type, label);
	if (!blkid_probe_lookup_value(pr, "PTTYPE", &type, NULL)) {
		char what[64];

		snprintf(what, sizeof(what), "%s partition table", type);
		return refuse(m, what, NULL);
	}
	return refuse(m, "of an unknown kind", NULL);
}

/**
 * signature_wipe - remove every known signature, at the device's end as well
 * @m:		open for writing
 *
 * Return: 0 or -errno, reported.
 */
int signature_wipe(const struct tool_member *m)
{
	CLEANUP_CLOSE int fd = file_reopen(m->fd, O_RDWR);
	CLEANUP_PROBE blkid_probe pr = fd < 0 ? NULL : new_probe(fd);
	int rc;

	if (!pr)
		return fail(EIO, "member %s: cannot be probed for signatures", m->name);
	while ((rc = blkid_do_probe(pr)) == 0)
		if (blkid_do_wipe(pr, 0))
			return fail(EIO, "member %s: a signature cannot be removed", m->name);
	if (rc < 0)
		return fail(EIO, "member %s: probing for signatures failed", m->name);
	return fsync(fd) ? fail(errno, "member %s: %s", m->name, strerror(errno)) : 0;
}
