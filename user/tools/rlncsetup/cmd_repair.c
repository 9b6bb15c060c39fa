// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A lost member's fragments, recoded from k others without the key.
 *
 * A superblock cannot be signed without the key, and says whose it is.  What is
 * written is another member's with the index changed and no MAC: `open`, which
 * has the key, signs it if an authentic member says the same (rlnc_repair.h).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <asm/byteorder.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/report.h"
#include "crypto/kdf.h"
#include "rlncsetup.h"
#include "volume/recode.h"
#include "volume/repair_note.h"

#define NOTE_EVERY	(64u << 20)	/* bytes of work that an interruption may cost */
#define IO_ALIGN	4096

struct repair {
	const struct rlnc_super *sb;		/* the newest */
	const struct member *model;		/* whose it is */
	u16 lost;
	struct recode_source source[RLNC_MAX_MEMBERS];
	unsigned int sources;
	struct recode recode;
	u8 *image;				/* the superblock to be written */
	size_t image_bytes;
	struct repair_note note;
};

static void repair_free(struct repair *r)
{
	recode_free(&r->recode);
	free(r->image);
}

#define CLEANUP_REPAIR	CLEANUP(repair_free)

/* Does it hold its fragment of everything that the newest state refers to? */
static bool is_source(const struct rlnc_super *sb, const struct rlnc_super *newest)
{
	const struct rlnc_member_info *info = &newest->members[sb->member];

	if (info->state != RLNC_MEMBER_SYNC ||
	    memcmp(info->id, sb->members[sb->member].id, RLNC_ID_BYTES))
		return false;
	/* A crash between two superblocks leaves a member one epoch behind. */
	if (sb->epoch < newest->epoch)
		return sb->epoch + 1 == newest->epoch;
	return !memcmp(sb->root, newest->root, sizeof(sb->root));
}

static int find_sources(struct repair *r, const struct volume *v, bool here[RLNC_MAX_MEMBERS])
{
	unsigned int i;

	r->sb = v->newest;
	for (i = 0; i < v->count; i++) {
		const struct rlnc_super *sb = member_best(&v->member[i]);

		if (sb->member >= r->sb->n)
			return fail(ENODEV, "member %s: index %u is not below n = %u",
				    v->member[i].name, sb->member, r->sb->n);
		if (here[sb->member])
			return fail(EINVAL, "member %s: another one is member %u too",
				    v->member[i].name, sb->member);
		here[sb->member] = true;
		if (sb == v->newest)
			r->model = &v->member[i];
		if (is_source(sb, r->sb))
			r->source[r->sources++] = (struct recode_source){
				.name = v->member[i].name, .fd = v->member[i].fd,
				.row = (u8)sb->member };
		else
			warn("member %s is not in sync: nothing is taken from it", v->member[i].name);
	}
	if (r->sources >= r->sb->k)
		return 0;
	return fail(ENODEV, "%u of these members are in sync, %u are needed", r->sources,
		    r->sb->k);
}

/* " 1 4 5": as many as there is room for. */
static const char *list_absent(const struct rlnc_super *sb, const bool here[RLNC_MAX_MEMBERS],
			       char list[128])
{
	unsigned int i, at = 0;

	for (i = 0; i < sb->n && at + 8 < 128; i++)
		if (!here[i])
			at += snprintf(list + at, 128 - at, " %u", i);
	return list;
}

static int find_lost(const struct options *o, struct repair *r, const bool here[RLNC_MAX_MEMBERS])
{
	unsigned int i, absent = 0;
	char list[128];

	for (i = 0; i < r->sb->n; i++) {
		if (here[i] || (o->member != MEMBER_ANY && o->member != i))
			continue;
		absent++;
		r->lost = (u16)i;
	}
	if (absent == 1)
		return 0;
	if (o->member != MEMBER_ANY && o->member < r->sb->n)
		return fail(EINVAL, "member %" PRIu64 " is among those that were given", o->member);
	if (o->member != MEMBER_ANY)
		return fail(EINVAL, "--member %" PRIu64 ": members are counted from 0 to %u",
			    o->member, r->sb->n - 1u);
	if (!absent)
		return fail(EINVAL, "every member is here: none is lost");
	return fail(EINVAL, "members%s are not here: say which one with --member I",
		    list_absent(r->sb, here, list));
}

/* An older state must not come to be held by more members than it was. */
static int check_newest(const struct options *o, const struct volume *v)
{
	const struct rlnc_super *sb = v->newest;

	if (v->count > sb->n - sb->writes_min || o->accept_older)
		return 0;
	fail(ENODEV, "%u of %u members are too few to be sure that they hold the newest state",
	     v->count, sb->n);
	hint("bring %u or more, or say --accept-older", sb->n - sb->writes_min + 1);
	return -ENODEV;
}

static int make_image(struct repair *r)
{
	static const u8 no_mac[RLNC_MAC_BYTES];
	const u8 *from = r->model->area + r->model->best * RLNC_SUPER_STRIDE;
	struct rlnc_disk_super *d;
	u8 mac[RLNC_MAC_BYTES];

	r->image_bytes = rlnc_super_bytes(&r->sb->geo, r->sb->n);
	r->image = malloc(r->image_bytes);
	if (!r->image)
		return fail(ENOMEM, "out of memory");
	memcpy(r->image, from, r->image_bytes);
	d = (struct rlnc_disk_super *)r->image;
	d->member = cpu_to_le16(r->lost);
	rlnc_super_take_mac(r->image, mac);
	rlnc_super_put_mac(r->image, no_mac);
	return sha256_digest(r->image, r->image_bytes, r->note.state) ?
	       fail(EIO, "SHA-256 cannot be computed") : 0;
}

static int plan(const struct options *o, const struct volume *v, struct repair *r)
{
	bool here[RLNC_MAX_MEMBERS] = { false };
	int rc = find_sources(r, v, here);

	if (!rc)
		rc = find_lost(o, r, here);
	if (!rc)
		rc = check_newest(o, v);
	if (!rc)
		rc = make_image(r);
	if (rc)
		return rc;
	rc = recode_init(&r->recode, r->sb, r->lost, r->source, r->sources);
	return rc ? fail(-rc, "volume %s: its code cannot be used: %s", v->uuid, strerror(-rc)) : 0;
}

static int check_apart(const struct tool_members *from, const struct tool_member *to)
{
	struct stat a, b;
	unsigned int i;

	for (i = 0; i < from->count; i++)
		if (!fstat(from->member[i].fd, &a) && !fstat(to->fd, &b) &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return fail(EINVAL, "--onto %s is one of the members", to->name);
	return 0;
}

static int write_note(const struct repair *r, const struct tool_member *to)
{
	u8 buf[RLNC_REPAIR_BYTES];
	int rc;

	repair_note_format(&r->note, buf);
	rc = member_write(to->fd, buf, sizeof(buf), RLNC_REPAIR_OFFSET);
	return rc ? fail(-rc, "member %s: %s", to->name, strerror(-rc)) : 0;
}

/* Is there something to go on with?  Otherwise r->note says: from the start. */
static bool resumes(struct repair *r, const struct tool_member *to)
{
	CLEANUP_FREE void *buf = aligned_alloc(IO_ALIGN, RLNC_REPAIR_BYTES);
	struct repair_note found;

	if (!buf || pread_all(to->fd, buf, RLNC_REPAIR_BYTES, RLNC_REPAIR_OFFSET) ||
	    repair_note_parse(buf, RLNC_REPAIR_BYTES, &found) ||
	    memcmp(found.state, r->note.state, sizeof(found.state)) ||
	    found.bytes_done > r->sb->slots * r->sb->symbol_bytes)
		return false;
	r->note.bytes_done = found.bytes_done;
	return true;
}

static int begin(const struct options *o, const struct volume *v, struct repair *r,
		 const struct tool_members *onto)
{
	const struct tool_member *to = &onto->member[0];
	int rc = prepare_fits(to, r->sb);

	if (rc)
		return rc;
	if (resumes(r, to)) {
		printf("%s: going on where the repair was interrupted, at %" PRIu64 " MiB\n",
		       to->name, (uint64_t)(r->note.bytes_done >> 20));
		return 0;
	}
	if (!o->force)
		rc = signature_check(to);
	if (!rc)
		rc = prepare_confirm(o, onto);
	if (!rc)
		rc = prepare_head(to, o->force);
	if (!rc)
		rc = prepare_keyslots(to, v);
	return rc ? rc : write_note(r, to);
}

static int copy_chunk(struct repair *r, const struct tool_member *to, size_t len)
{
	u64 offset = RLNC_SLOTS_OFFSET + r->note.bytes_done;
	int rc = recode_run(&r->recode, offset, len);

	if (rc == -ENODATA) {
		fail(EIO, "fewer than %u members in sync can be read", r->sb->k);
		hint("bring another one and say the same again: it will go on from here");
		return -EIO;
	}
	if (!rc)
		rc = pwrite_all(to->fd, r->recode.out, len, offset);
	return rc ? fail(-rc, "member %s: %s", to->name, strerror(-rc)) : 0;
}

/* The note must not be ahead of the fragments. */
static int note_progress(const struct repair *r, const struct tool_member *to)
{
	if (fsync(to->fd))
		return fail(errno, "member %s: %s", to->name, strerror(errno));
	return write_note(r, to);
}

static int copy_all(struct repair *r, const struct tool_member *to)
{
	u64 total = r->sb->slots * r->sb->symbol_bytes, noted = r->note.bytes_done;
	struct progress bar;
	int rc = 0;

	progress_start(&bar, "repairing", total);
	while (r->note.bytes_done < total && !rc) {
		u64 left = total - r->note.bytes_done;
		size_t len = left < RECODE_CHUNK ? left : RECODE_CHUNK;

		rc = copy_chunk(r, to, len);
		if (!rc)
			r->note.bytes_done += len;
		progress_update(&bar, r->note.bytes_done);
		if (!rc && r->note.bytes_done - noted >= NOTE_EVERY) {
			rc = note_progress(r, to);
			noted = r->note.bytes_done;
		}
	}
	progress_end(&bar);
	if (rc)
		note_progress(r, to);
	return rc;
}

/* The superblock first: as long as the note is there, this can be done again. */
static int complete(const struct repair *r, const struct tool_member *to)
{
	static const u8 zero[RLNC_REPAIR_BYTES];
	u64 copy = r->sb->epoch % RLNC_SUPER_COPIES;
	int rc = fsync(to->fd) ? -errno : 0;

	if (!rc)
		rc = member_write(to->fd, r->image, r->image_bytes, copy * RLNC_SUPER_STRIDE);
	if (!rc)
		rc = member_write(to->fd, zero, sizeof(zero), RLNC_REPAIR_OFFSET);
	return rc ? fail(-rc, "member %s: %s", to->name, strerror(-rc)) : 0;
}

/**
 * cmd_repair - rlncsetup repair
 */
int cmd_repair(const struct options *o, int argc, char **argv)
{
	CLEANUP_MEMBERS struct tool_members set = { 0 }, onto = { 0 };
	CLEANUP_VOLUME struct volume v = { 0 };
	CLEANUP_REPAIR struct repair r = { .sources = 0 };
	char *name = (char *)o->onto;
	int rc;

	if (!o->offline || !name) {
		fail(EINVAL, "usage: rlncsetup repair --offline MEMBER... --onto NEW");
		hint("for a volume that is open there is `rlncsetup replace`");
		return -EINVAL;
	}
	rc = members_open(&set, argv, argc, MEMBERS_EXCLUSIVE, o);
	if (!rc)
		rc = members_read(&set, &v, false);
	if (!rc)
		rc = volume_identify(&v);
	if (!rc)
		rc = plan(o, &v, &r);
	if (!rc)
		rc = members_open(&onto, &name, 1, MEMBERS_WRITE | MEMBERS_EXCLUSIVE, o);
	if (!rc)
		rc = check_apart(&set, &onto.member[0]);
	if (!rc)
		rc = begin(o, &v, &r, &onto);
	if (!rc)
		rc = copy_all(&r, &onto.member[0]);
	if (!rc)
		rc = complete(&r, &onto.member[0]);
	if (rc)
		return rc;
	printf("%s is member %u of volume %s; the next `rlncsetup open` signs its superblock\n",
	       name, r.lost, v.uuid);
	return 0;
}
