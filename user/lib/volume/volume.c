// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/text.h"
#include "super_mac.h"
#include "volume.h"

/**
 * volume_init - an empty set of members
 * @v:		filled in
 * @max_members: how many will be added at most
 *
 * Return: 0 or -ENOMEM.
 */
int volume_init(struct volume *v, unsigned int max_members)
{
	memset(v, 0, sizeof(*v));
	v->unlocked_slot = -1;
	v->member = calloc(max_members ? max_members : 1, sizeof(*v->member));
	return v->member ? 0 : -ENOMEM;
}

/**
 * volume_free - release what volume_add() read; descriptors stay open
 */
void volume_free(struct volume *v)
{
	while (v->count)
		member_unload(&v->member[--v->count]);
	free(v->member);
	v->member = NULL;
}

/**
 * volume_add - read one more member
 * @v:		from volume_init()
 * @name:	how messages call it; kept by reference
 * @fd:		from member_open(); kept
 *
 * Return: 0, or -errno when it cannot be read; that is not reported here.
 */
int volume_add(struct volume *v, const char *name, int fd)
{
	struct member *m = &v->member[v->count];
	int rc = member_load(m, name, fd);

	if (rc)
		member_unload(m);
	else
		v->count++;
	return rc;
}

/* The volume that most members name; the first of them decides a tie. */
static const struct rlnc_super *majority(const struct volume *v)
{
	const struct rlnc_super *winner = NULL;
	unsigned int i, j, votes, most = 0;

	for (i = 0; i < v->count; i++) {
		const struct rlnc_super *sb = member_best(&v->member[i]);

		if (!sb)
			continue;
		for (j = 0, votes = 0; j < v->count; j++) {
			const struct rlnc_super *other = member_best(&v->member[j]);

			votes += other && !memcmp(sb->volume_id, other->volume_id, RLNC_ID_BYTES);
		}
		if (votes > most) {
			most = votes;
			winner = sb;
		}
	}
	return winner;
}

static int refuse_unsound(const struct member *m)
{
	enum rlnc_super_error why = member_why_not(m);
	int rc = fail(ENODEV, "member %s: superblock: %s", m->name, rlnc_super_strerror(why));

	if (why == RLNC_SUPER_MAGIC)
		hint("was it formatted by `rlncsetup format`, and is it the right device?");
	else
		hint("write \"missing\" in its place to open without it");
	return rc;
}

static int refuse_stranger(const struct volume *v, const struct member *m)
{
	const struct rlnc_super *sb = member_best(m);
	char theirs[UUID_TEXT_MAX], label[sizeof(sb->label)];

	text_printable(sb->label, label, sizeof(label));
	return fail(ENODEV, "member %s belongs to volume %s%s%s%s, the others to %s", m->name,
		    uuid_format(sb->volume_id, theirs), *label ? " (" : "", label,
		    *label ? ")" : "", v->uuid);
}

static void find_newest(struct volume *v)
{
	unsigned int i;

	v->newest = NULL;
	for (i = 0; i < v->count; i++) {
		const struct rlnc_super *sb = member_best(&v->member[i]);

		if (sb && (!v->newest || sb->epoch > v->newest->epoch))
			v->newest = sb;
	}
}

/**
 * volume_identify - check that all members are of one volume
 * @v:		members have been added
 *
 * Return: 0, or -ENODEV after it has been reported which member is not sound or
 * is a stranger.
 */
int volume_identify(struct volume *v)
{
	const struct rlnc_super *sb = majority(v);
	unsigned int i;

	for (i = 0; i < v->count; i++)
		if (!member_best(&v->member[i]))
			return refuse_unsound(&v->member[i]);
	if (!sb)
		return fail(ENODEV, "no member can be read");
	memcpy(v->id, sb->volume_id, sizeof(v->id));
	uuid_format(v->id, v->uuid);
	for (i = 0; i < v->count; i++)
		if (memcmp(member_best(&v->member[i])->volume_id, v->id, sizeof(v->id)))
			return refuse_stranger(v, &v->member[i]);
	find_newest(v);
	return 0;
}

/**
 * volume_least_demanding - of what the members say, that with the smallest k
 * @v:		identified
 *
 * Nothing is authentic yet: what one hostile member asks for must not make people
 * look for members that there never were, before it is found out by name.
 *
 * Return: a superblock.
 */
const struct rlnc_super *volume_least_demanding(const struct volume *v)
{
	const struct rlnc_super *least = v->newest;
	unsigned int i;

	for (i = 0; i < v->count; i++)
		if (member_best(&v->member[i])->k < least->k)
			least = member_best(&v->member[i]);
	return least;
}

/**
 * volume_check_order - is each member what was written to it just now?
 * @v:		members have been added in the order of their indexes
 * @id:		of the volume
 *
 * Return: 0, -EIO for a member that says something else, -EINVAL for two that are
 * one storage; reported.
 */
int volume_check_order(const struct volume *v, const u8 id[RLNC_ID_BYTES])
{
	unsigned int i;

	for (i = 0; i < v->count; i++) {
		const struct rlnc_super *found = member_best(&v->member[i]);

		/* A hostile one may name an index that was given to nobody. */
		if (!found || memcmp(found->volume_id, id, RLNC_ID_BYTES) ||
		    found->member >= v->count)
			return fail(EIO, "member %s does not keep what is written to it",
				    v->member[i].name);
		if (found->member != i)
			return fail(EINVAL, "members %s and %s are the same storage",
				    v->member[i].name, v->member[found->member].name);
	}
	return 0;
}

/* Believe the newest superblock whose MAC is good; -1 when none is. */
static int authenticate_member(struct member *m, const u8 key[RLNC_MAC_BYTES])
{
	unsigned int i;

	m->best = -1;
	for (i = 0; i < RLNC_SUPER_COPIES; i++) {
		struct member_super *s = &m->super[i];
		int rc;

		if (s->err)
			continue;
		rc = super_check_mac(m->area + i * RLNC_SUPER_STRIDE,
				     rlnc_super_bytes(&s->sb->geo, s->sb->n), key);
		if (rc == -EKEYREJECTED) {
			s->err = RLNC_SUPER_MAC;
			continue;
		}
		if (rc)
			return rc;
		if (m->best < 0 || s->sb->epoch > m->super[m->best].sb->epoch)
			m->best = i;
	}
	return 0;
}

static int place_member(struct volume *v, struct member *m)
{
	const struct rlnc_super *sb = member_best(m);
	const u8 *expected;
	struct member *other;

	if (sb->member >= v->newest->n)
		return fail(ENODEV, "member %s: index %u is not below n = %u", m->name,
			    sb->member, v->newest->n);
	other = v->by_index[sb->member];
	if (other)
		return fail(EINVAL, "members %s and %s are the same (index %u): a device given twice, or a copy",
			    other->name, m->name, sb->member);
	expected = v->newest->members[sb->member].id;
	if (memcmp(sb->members[sb->member].id, expected, RLNC_ID_BYTES))
		return fail(ENODEV, "member %s was replaced: index %u is another device now",
			    m->name, sb->member);
	v->by_index[sb->member] = m;
	v->present++;
	return 0;
}

/* Do two superblocks say the same, but for whose they are and the MAC? */
static bool same_but_member(const u8 *a, const u8 *b, size_t bytes)
{
	struct rlnc_disk_super x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	x.member = y.member;
	x.crc = y.crc;
	memcpy(x.mac, y.mac, sizeof(x.mac));
	return !memcmp(&x, &y, sizeof(x)) &&
	       !memcmp(a + sizeof(x), b + sizeof(y), bytes - sizeof(x));
}

static const u8 *super_bytes(const struct member *m, unsigned int copy)
{
	return m->area + copy * RLNC_SUPER_STRIDE;
}

static bool is_unsigned(const struct member *m, unsigned int copy)
{
	static const u8 no_mac[RLNC_MAC_BYTES];
	struct rlnc_disk_super d;

	if (m->super[copy].err != RLNC_SUPER_MAC)
		return false;
	memcpy(&d, super_bytes(m, copy), sizeof(d));
	return !memcmp(d.mac, no_mac, sizeof(no_mac));
}

/*
 * What `repair --offline` made without the key.  Nothing in it is taken on
 * trust: it has to say what an authentic member says.
 */
static bool adopt(const struct volume *v, struct member *m)
{
	unsigned int i, copy;

	for (copy = 0; copy < RLNC_SUPER_COPIES; copy++) {
		const struct rlnc_super *sb = m->super[copy].sb;

		if (!is_unsigned(m, copy))
			continue;
		for (i = 0; i < v->count; i++) {
			const struct member *peer = &v->member[i];

			if (peer->best < 0 || peer->unsigned_super ||
			    member_best(peer)->n != sb->n || member_best(peer)->k != sb->k ||
			    !same_but_member(super_bytes(peer, peer->best), super_bytes(m, copy),
					     rlnc_super_bytes(&sb->geo, sb->n)))
				continue;
			m->best = (int)copy;
			m->unsigned_super = true;
			return true;
		}
		fail(ENODEV, "member %s was repaired offline for another state of the volume than the others have",
		     m->name);
		hint("repair it again, or write \"missing\" in its place and replace it");
		return false;
	}
	return false;
}

/**
 * volume_sign - sign the superblock of a member that was repaired offline
 * @m:		of an authenticated volume, with unsigned_super set
 * @fd:		the same device, open for writing
 * @key:	the volume key
 *
 * Return: 0 or -errno, reported.
 */
int volume_sign(const struct member *m, int fd, const struct secret *key)
{
	const struct rlnc_super *sb = member_best(m);
	size_t bytes = rlnc_super_bytes(&sb->geo, sb->n);
	CLEANUP_FREE u8 *buf = malloc(bytes);
	u8 mac_key[RLNC_MAC_BYTES];
	int rc = buf ? super_mac_key(key, sb->volume_id, mac_key) : -ENOMEM;

	if (!rc)
		rc = super_write(sb, mac_key, buf);
	explicit_bzero(mac_key, sizeof(mac_key));
	if (!rc)
		rc = member_write(fd, buf, bytes, (u64)m->best * RLNC_SUPER_STRIDE);
	return rc ? fail(-rc, "member %s: superblock: %s", m->name, strerror(-rc)) : 0;
}

/**
 * volume_authenticate - check every superblock's MAC and who is who
 * @v:		identified
 * @key:	the volume key
 *
 * Afterwards @v->newest is authentic and @v->by_index says who is who.  A member
 * that was repaired offline passes if it says what an authentic one says; its
 * superblock is still to be signed.
 *
 * Return: 0, -EKEYREJECTED when the key opens no superblock at all, or another
 * -errno; reported.
 */
int volume_authenticate(struct volume *v, const struct secret *key)
{
	u8 mac_key[RLNC_MAC_BYTES];
	const struct member *bad = NULL;
	unsigned int i, good = 0;
	int rc;

	rc = super_mac_key(key, v->id, mac_key);
	for (i = 0; i < v->count && !rc; i++)
		rc = authenticate_member(&v->member[i], mac_key);
	explicit_bzero(mac_key, sizeof(mac_key));
	if (rc)
		return fail(-rc, "superblock MACs cannot be computed: %s", strerror(-rc));
	for (i = 0; i < v->count; i++) {
		if (v->member[i].best >= 0)
			good++;
	}
	if (!good)
		return fail(EKEYREJECTED, "volume %s: this is not its volume key", v->uuid);
	for (i = 0; i < v->count && !bad; i++)
		if (v->member[i].best < 0 && !adopt(v, &v->member[i]))
			bad = &v->member[i];
	if (bad)
		return refuse_unsound(bad);
	find_newest(v);
	memset(v->by_index, 0, sizeof(v->by_index));
	v->present = 0;
	for (i = 0; i < v->count; i++) {
		rc = place_member(v, &v->member[i]);
		if (rc)
			return rc;
	}
	return 0;
}
