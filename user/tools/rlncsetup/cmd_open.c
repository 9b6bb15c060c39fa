// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"
#include "base/kmsg.h"
#include "base/report.h"
#include "crypto/keyring.h"
#include "dm/dm.h"
#include "rlnc_dm.h"
#include "rlncsetup.h"
#include "volume/target.h"

#define NODE_WAIT_MS	10000
#define DEVICE_TEXT	24	/* MAJ:MIN */

static int check_free(const char *name)
{
	struct dm_device_info info;
	int rc;

	rc = dm_device_info(name, &info);
	if (rc)
		return rc;
	return info.exists ? fail(EEXIST, "/dev/mapper/%s exists already", name) : 0;
}

static void say_who_is_missing(const struct volume *v)
{
	unsigned int i;

	for (i = 0; i < v->newest->n; i++)
		if (!v->by_index[i])
			note("member %u is missing", i);
}

static int check_enough(const struct volume *v, const struct rlnc_super *sb)
{
	if (v->count >= sb->k)
		return 0;
	return fail(ENODEV, "only %u of %u members of volume %s are here, %u are needed",
		    v->count, sb->n, v->uuid, sb->k);
}

/*
 * What the kernel would refuse, in words that help.  It decides by itself; these
 * are its rules (invariants 7 and 9 of the design).
 */
static int check_quorum(const struct options *o, const struct volume *v)
{
	const struct rlnc_super *sb = v->newest;

	say_who_is_missing(v);
	if (o->min_epoch && sb->epoch < o->min_epoch)
		return fail(EPERM, "volume %s is at epoch %" PRIu64 ", older than %" PRIu64 ": members were rewound, or newer ones are missing",
			    v->uuid, (uint64_t)sb->epoch, o->min_epoch);
	if (v->present <= sb->n - sb->writes_min && !o->min_epoch && !o->accept_older) {
		fail(ENODEV, "%u of %u members are too few to be sure that they hold the newest state",
		     v->present, sb->n);
		hint("bring %u or more, or say --min-epoch E if you know the epoch, or --accept-older",
		     sb->n - sb->writes_min + 1);
		return -ENODEV;
	}
	if (v->present < sb->n)
		warn("volume %s opens degraded: %u of %u members", v->uuid, v->present, sb->n);
	return 0;
}

static void list_stale(const struct volume *v)
{
	unsigned int i;

	for (i = 0; i < v->count; i++) {
		const struct rlnc_super *sb = member_best(&v->member[i]);

		if (sb->epoch < v->newest->epoch)
			note("member %u (%s) is at epoch %" PRIu64 ", the newest is %" PRIu64,
			     sb->member, v->member[i].name, (uint64_t)sb->epoch,
			     (uint64_t)v->newest->epoch);
	}
}

/* The words of a table, and what they point to. */
struct table_text {
	char device[RLNC_MAX_MEMBERS][DEVICE_TEXT];
	char option[3][64];
	char deadline[RLNC_MAX_MEMBERS][48];
	const char *options[6 + MAX_TARGET_OPTIONS + RLNC_MAX_MEMBERS];
	char key[64];
	char line[TARGET_TABLE_MAX];
};

static u32 put_options(const struct options *o, const struct rlnc_super *sb,
		       struct table_text *t)
{
	u32 own = 0, n = 0, i;

	if (sb->mode == RLNC_DISK_DENSE)
		t->options[n++] = RLNC_OPT_DENSE;
	if (o->allow_discards)
		t->options[n++] = RLNC_OPT_DISCARDS;
	if (o->accept_older)
		t->options[n++] = RLNC_OPT_ACCEPT_OLDER;
	if (o->min_epoch) {
		snprintf(t->option[own], sizeof(t->option[own]), "%s=%" PRIu64,
			 RLNC_OPT_MIN_EPOCH, o->min_epoch);
		t->options[n++] = t->option[own++];
	}
	if (o->rebuild_kbps) {
		snprintf(t->option[own], sizeof(t->option[own]), "%s=%" PRIu64,
			 RLNC_OPT_REBUILD_KBPS, o->rebuild_kbps);
		t->options[n++] = t->option[own++];
	}
	if (o->cache_mb) {
		snprintf(t->option[own], sizeof(t->option[own]), "%s=%" PRIu64,
			 RLNC_OPT_CACHE_MB, o->cache_mb);
		t->options[n++] = t->option[own++];
	}
	for (i = 0; i < o->target_options; i++)
		t->options[n++] = o->target_option[i];
	/* An index that there is not is for the kernel to refuse, in its words. */
	for (i = 0; i < RLNC_MAX_MEMBERS; i++) {
		if (!o->member_deadline[i])
			continue;
		snprintf(t->deadline[i], sizeof(t->deadline[i]), "%s=%u:%u",
			 RLNC_OPT_MEMBER_DEADLINE_MS, i, o->member_deadline[i]);
		t->options[n++] = t->deadline[i];
	}
	return n;
}

static int build_table(const struct options *o, const struct volume *v, struct table_text *t)
{
	struct target_table table = { .k = v->newest->k, .n = v->newest->n, .key = t->key,
				      .option = t->options };
	struct stat st;
	unsigned int i;

	for (i = 0; i < v->newest->n; i++) {
		if (!v->by_index[i])
			continue;
		if (fstat(v->by_index[i]->fd, &st))
			return fail(errno, "member %s: %s", v->by_index[i]->name, strerror(errno));
		snprintf(t->device[i], DEVICE_TEXT, "%u:%u", major(st.st_rdev), minor(st.st_rdev));
		table.device[i] = t->device[i];
	}
	snprintf(t->key, sizeof(t->key), ":%u:logon:rlnc:%s", RLNC_VOLUME_KEY_BYTES, v->uuid);
	table.options = put_options(o, v->newest, t);
	return target_table_format(&table, t->line, sizeof(t->line)) ?
	       fail(EINVAL, "the table is too long") : 0;
}

/* Why the kernel does not want the table, as far as it can be known here. */
static int explain(int rc, const char *name, const struct volume *v, int mark)
{
	switch (-rc) {
	case EBUSY:
	case EEXIST:
		fail(EBUSY, "volume %s is open already, or one of its members is in use", v->uuid);
		break;
	case EPERM:
	case EACCES:
		return fail(EPERM, "not allowed to use device-mapper; are you root?");
	default:
		fail(-rc, "%s: the kernel does not open volume %s: %s", name, v->uuid,
		     strerror(-rc));
	}
	if (!kmsg_show_since(mark, "rlnc"))
		hint("the kernel's log may say why: dmesg | grep rlnc; is the module there? modprobe dm-rlnc");
	return rc;
}

static int activate(const struct options *o, const char *name, const struct volume *v,
		    const struct secret *key)
{
	CLEANUP_FREE struct table_text *t = calloc(1, sizeof(*t));
	CLEANUP_CLOSE int mark = kmsg_mark();
	struct dm_table table = { .target = RLNC_TARGET_NAME, .read_only = o->read_only,
				  .sectors = v->newest->logical_sectors <<
					     (RLNC_SECTOR_SHIFT - 9) };
	char dm_uuid[64];
	int32_t serial;
	int rc;

	if (!t)
		return fail(ENOMEM, "out of memory");
	rc = build_table(o, v, t);
	if (rc)
		return rc;
	table.params = t->line;
	snprintf(dm_uuid, sizeof(dm_uuid), "RLNC-%s", v->uuid);
	/* The word after the second colon of ":32:logon:DESCRIPTION". */
	rc = keyring_add_logon(t->key + strlen(":32:logon:"), key->data, key->len, &serial);
	if (rc)
		return fail(-rc, "the volume key cannot be put into the kernel's keyring: %s",
			    strerror(-rc));
	rc = dm_device_create(name, dm_uuid, &table);
	keyring_unlink(serial);
	if (rc)
		return explain(rc, name, v, mark);
	if (dm_device_wait_node(name, NODE_WAIT_MS))
		warn("/dev/mapper/%s does not appear; is udev or devtmpfs there?", name);
	return 0;
}

static const struct tool_member *by_fd(const struct tool_members *set, int fd)
{
	unsigned int i;

	for (i = 0; i < set->count; i++)
		if (set->member[i].fd == fd)
			return &set->member[i];
	return NULL;
}

/* Members that were repaired without the key. */
static int sign_repaired(const struct volume *v, const struct secret *key)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < v->count && !rc; i++) {
		const struct member *m = &v->member[i];
		CLEANUP_CLOSE int fd = -1;

		if (!m->unsigned_super)
			continue;
		fd = file_reopen(m->fd, O_RDWR);
		rc = fd < 0 ? fail(-fd, "member %s: %s", m->name, strerror(-fd)) :
			      volume_sign(m, fd, key);
		if (!rc)
			warn("member %s was repaired offline: its superblock is signed now; a scrub would check its fragments",
			     m->name);
	}
	return rc;
}

static bool is_used(const struct volume *v, const struct tool_member *m)
{
	unsigned int i;

	for (i = 0; m->fd >= 0 && i < v->newest->n; i++)
		if (v->by_index[i] && v->by_index[i]->fd == m->fd)
			return true;
	return false;
}

/* Those that were connected and could then not be read: nobody else knows of them. */
static void drop_unused(struct tool_members *set, const struct volume *v)
{
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		struct tool_member *m = &set->member[i];

		if (m->remote.kind == REMOTE_NONE || is_used(v, m))
			continue;
		if (m->fd >= 0)
			close(TAKE_FD(m->fd));
		remote_disconnect(m->name, &m->remote);
	}
}

/* What close and status will need.  Without it the volume is open all the same. */
static void remember(const struct options *o, const char *name, const struct volume *v,
		     const struct tool_members *set)
{
	CLEANUP_STATE struct state s = { .count = 0 };
	unsigned int i;

	if (state_init(&s, v->uuid, v->newest->n))
		return;
	for (i = 0; i < s.count; i++) {
		const struct member *found = v->by_index[i];
		const struct tool_member *m = found ? by_fd(set, found->fd) : NULL;

		if (m && state_set(&s.member[i], m, o))
			return;
	}
	if (state_save(name, &s))
		hint("the volume is open, but `rlncsetup close` will not know what to disconnect");
}

/* Whoever comes later has no use for the sealed key.  A volume whose key stays open is closed. */
static int cap(const struct options *o, const char *name)
{
	int rc = o->tpm2_no_cap ? 0 : tpm2_cap(o);

	if (rc)
		dm_device_remove(name);
	return rc;
}

/* It is not open, unless somebody has it open under another name: that one's key stays. */
static void forget_anchor(const char *name, const struct volume *v, int rc)
{
	struct dm_device_info info;

	if (rc != -EBUSY && rc != -EEXIST && !dm_device_info(name, &info) && !info.exists)
		anchor_forget(v->uuid);
}

static int open_volume(const struct options *o, const char *name, char **member, int count,
		       unsigned int how)
{
	CLEANUP_MEMBERS struct tool_members set = { 0 };
	CLEANUP_VOLUME struct volume v = { 0 };
	CLEANUP_SECRET struct secret key = SECRET_NONE;
	CLEANUP_CLOSE int lock = -1;
	struct options with = *o;
	bool sealed;
	int rc;

	if (!dm_name_ok(name))
		return fail(EINVAL, "\"%s\" cannot be the name of a device", name);
	rc = members_open(&set, member, count, how | MEMBERS_MAY_MISS | MEMBERS_BLOCK_ONLY, o);
	if (!rc)
		rc = members_read(&set, &v, true);
	if (!rc)
		rc = volume_identify(&v);
	if (!rc)
		rc = move_check_open(o, v.id, &lock);
	/* Before a passphrase is asked for, and so without proof. */
	if (!rc)
		rc = check_enough(&v, volume_least_demanding(&v));
	if (!rc)
		rc = volume_key_find(&v, o, &key, &sealed);
	if (!rc)
		rc = volume_authenticate(&v, &key);
	if (!rc)
		rc = check_enough(&v, v.newest);
	if (!rc)
		rc = check_quorum(o, &v);
	if (!rc)
		rc = check_free(name);
	if (rc)
		return rc;
	list_stale(&v);
	rc = sign_repaired(&v, &key);
	if (!rc && (with.anchor || with.anchor_reset))
		rc = anchor_begin(&with, &v, &key);
	if (rc)
		return rc;
	/* What a volume uses is not disconnected, and what is connected is noted. */
	interrupt_hold();
	rc = activate(&with, name, &v, &key);
	if (!rc && sealed)
		rc = cap(o, name);
	if (!rc) {
		drop_unused(&set, &v);
		set.keep = true;
		remember(o, name, &v, &set);
		interrupt_forget_all();
	} else if (with.anchor || with.anchor_reset) {
		forget_anchor(name, &v, rc);
	}
	interrupt_release();
	return rc;
}

/**
 * cmd_open - rlncsetup open
 */
int cmd_open(const struct options *o, int argc, char **argv)
{
	CLEANUP_TAB struct tab_entry e = { .members = 0 };
	struct options with = *o;
	int rc;

	if (argc > 1)
		return open_volume(o, argv[0], argv + 1, argc - 1, 0);
	rc = tab_find(o->tab, argv[0], &e, &with);
	return rc ? rc : open_volume(&with, argv[0], e.member, e.members, MEMBERS_MAY_VANISH);
}
