// SPDX-License-Identifier: GPL-2.0-or-later
/* A device that is about to become a member. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/report.h"
#include "base/size.h"
#include "rlncsetup.h"

/**
 * prepare_confirm - ask whether what is on the devices may be lost
 *
 * Return: 0, also when nobody can be asked; -EPERM, reported.
 */
int prepare_confirm(const struct options *o, const struct tool_members *set)
{
	char answer[16] = "";
	unsigned int i;

	if (o->batch || !isatty(STDIN_FILENO))
		return 0;
	printf("This will overwrite what is on\n");
	for (i = 0; i < set->count; i++)
		printf("  %s\n", set->member[i].name);
	printf("irrevocably.\n\nAre you sure? (Type 'yes' in capital letters): ");
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin) || strcmp(answer, "YES\n"))
		return fail(EPERM, "nothing was changed");
	return 0;
}

/**
 * prepare_fits - is the device large enough for a volume that exists
 *
 * Return: 0 or -errno, reported.
 */
int prepare_fits(const struct tool_member *m, const struct rlnc_super *sb)
{
	char have[SIZE_TEXT_MAX], need[SIZE_TEXT_MAX];
	u64 bytes;
	int rc = member_size(m->fd, &bytes);

	if (rc)
		return fail(-rc, "member %s: size: %s", m->name, strerror(-rc));
	if (rlnc_slots_for_bytes(&sb->geo, bytes) >= sb->slots)
		return 0;
	return fail(ENODEV, "member %s is too small: it has %s, %s are needed", m->name,
		    size_format(bytes, have),
		    size_format(RLNC_SLOTS_OFFSET + sb->slots * sb->symbol_bytes, need));
}

/**
 * prepare_head - make a device one that is no member of anything
 * @m:		open for writing
 * @wipe:	it may hold signatures: remove them, those at its end as well
 *
 * Return: 0 or -errno, reported.
 */
int prepare_head(const struct tool_member *m, bool wipe)
{
	CLEANUP_FREE u8 *zero = calloc(1, RLNC_SLOTS_OFFSET);
	int rc = zero ? 0 : -ENOMEM;

	if (!rc && wipe)
		rc = signature_wipe(m);
	if (!rc) {
		rc = member_write(m->fd, zero, RLNC_SLOTS_OFFSET, 0);
		if (rc)
			fail(-rc, "member %s: %s", m->name, strerror(-rc));
	}
	return rc;
}

/**
 * prepare_keyslots - give a new member the key slots that the others have
 * @m:		open for writing
 * @others:	identified
 *
 * Return: 0 or -errno, reported.
 */
int prepare_keyslots(const struct tool_member *m, const struct volume *others)
{
	const struct member *donor = volume_keyslot_donor(others);
	int rc;

	if (!donor) {
		warn("volume %s: no member has key slots that could be copied", others->uuid);
		return 0;
	}
	note("key slots are copied from %s", donor->name);
	rc = member_write(m->fd, donor->area + RLNC_KEYSLOT_OFFSET, RLNC_KEYSLOT_BYTES,
			  RLNC_KEYSLOT_OFFSET);
	return rc ? fail(-rc, "member %s: key slots: %s", m->name, strerror(-rc)) : 0;
}

/**
 * prepare_keep - remember what prepare_head() and prepare_keyslots() overwrite
 * @m:		open
 * @e:		filled in; prepare_forget() it whatever is returned
 *
 * Return: 0 or -errno, reported.
 */
int prepare_keep(const struct tool_member *m, struct device_ends *e)
{
	int fd = file_reopen(m->fd, O_RDONLY);
	u64 bytes;
	int rc = fd < 0 ? fd : member_size(fd, &bytes);

	*e = (struct device_ends){ .fd = fd, .head = malloc(RLNC_SLOTS_OFFSET),
				   .tail = malloc(RLNC_SLOTS_OFFSET) };
	if (!e->head || !e->tail)
		return fail(ENOMEM, "out of memory");
	if (!rc && bytes < RLNC_SLOTS_OFFSET)
		rc = -ENOSPC;
	e->tail_offset = rc ? 0 : bytes - RLNC_SLOTS_OFFSET;
	if (!rc)
		rc = pread_all(fd, e->head, RLNC_SLOTS_OFFSET, 0);
	if (!rc)
		rc = pread_all(fd, e->tail, RLNC_SLOTS_OFFSET, e->tail_offset);
	return rc ? fail(-rc, "member %s: %s", m->name, strerror(-rc)) : 0;
}

/**
 * prepare_undo - the device is no member after all: give back what it had
 * @m:		the device; may have been closed
 * @e:		from prepare_keep()
 *
 * Return: 0 or -errno, reported.
 */
int prepare_undo(const struct tool_member *m, const struct device_ends *e)
{
	CLEANUP_CLOSE int fd = file_reopen(e->fd, O_RDWR);
	int rc = fd < 0 ? fd : pwrite_all(fd, e->tail, RLNC_SLOTS_OFFSET, e->tail_offset);

	if (!rc)
		rc = pwrite_all(fd, e->head, RLNC_SLOTS_OFFSET, 0);
	if (!rc && fsync(fd))
		rc = -errno;
	return rc ? fail(-rc, "member %s: what was on it cannot be restored: %s", m->name,
			 strerror(-rc)) : 0;
}

/**
 * prepare_forget - release what prepare_keep() allocated
 */
void prepare_forget(struct device_ends *e)
{
	free(e->head);
	free(e->tail);
	if (e->fd >= 0)
		close(e->fd);
	*e = DEVICE_ENDS_NONE;
}
