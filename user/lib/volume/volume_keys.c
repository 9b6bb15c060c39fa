// SPDX-License-Identifier: GPL-2.0-or-later
/* The key slots of a volume: one logical set, replicated on its members. */
#include <errno.h>
#include <string.h>

#include "base/report.h"
#include "volume.h"

/*
 * Sets that are tried at most: each may cost a derivation per slot.  Whoever has
 * 2 * (n - k) places, and fills them with sets that k members vote for, has fewer
 * than this as long as n is below nine times k.
 */
#define MAX_SETS_TRIED	16

static const struct keyslot_set *member_set(const struct volume *v, unsigned int i,
					    unsigned int copy)
{
	const struct member_keyslots *k = &v->member[i].keys[copy];

	if (k->err || memcmp(k->set->volume_id, v->id, sizeof(v->id)))
		return NULL;
	return k->set;
}

/*
 * The next set in falling order of sequence numbers, each content once: after
 * (@seq, @mac), or the first of all when @after is NULL.
 */
static const struct keyslot_set *next_set(const struct volume *v,
					  const struct keyslot_set *after)
{
	const struct keyslot_set *best = NULL;
	unsigned int i, copy;

	for (i = 0; i < v->count; i++) {
		for (copy = 0; copy < RLNC_KEYSLOT_COPIES; copy++) {
			const struct keyslot_set *set = member_set(v, i, copy);

			if (!set)
				continue;
			if (after && (set->seq > after->seq ||
				      (set->seq == after->seq &&
				       memcmp(set->mac, after->mac, sizeof(set->mac)) >= 0)))
				continue;
			if (!best || set->seq > best->seq ||
			    (set->seq == best->seq &&
			     memcmp(set->mac, best->mac, sizeof(set->mac)) > 0))
				best = set;
		}
	}
	return best;
}

/* The bytes on the medium that a set was parsed from. */
static const u8 *set_bytes(const struct volume *v, const struct keyslot_set *set)
{
	unsigned int i, copy;

	for (i = 0; i < v->count; i++)
		for (copy = 0; copy < RLNC_KEYSLOT_COPIES; copy++)
			if (v->member[i].keys[copy].set == set)
				return v->member[i].area + RLNC_KEYSLOT_OFFSET +
				       copy * RLNC_KEYSLOT_STRIDE;
	return NULL;
}

static int check_set(const struct volume *v, const struct keyslot_set *set,
		     const struct secret *key)
{
	CLEANUP_FREE u8 *copy = malloc(KEYSLOT_SET_MAX);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, set_bytes(v, set), (1 + set->count) * RLNC_KEYSLOT_BLOCK);
	return keyslot_check_mac(copy, set, key);
}

static const struct keyslot *slot_numbered(const struct keyslot_set *set, u32 number)
{
	u32 i;

	for (i = 0; i < set->count; i++)
		if (set->slot[i].number == number)
			return &set->slot[i];
	return NULL;
}

/* Members that carry this very set. */
static unsigned int votes_for(const struct volume *v, const struct keyslot_set *set)
{
	unsigned int i, copy, votes = 0;

	for (i = 0; i < v->count; i++) {
		for (copy = 0; copy < RLNC_KEYSLOT_COPIES; copy++) {
			const struct keyslot_set *other = member_set(v, i, copy);

			if (!other || other->seq != set->seq ||
			    memcmp(other->mac, set->mac, sizeof(set->mac)))
				continue;
			votes++;
			break;
		}
	}
	return votes;
}

/* Sets that were tried already, or would be in vain. */
struct tried {
	const struct keyslot_set *set[MAX_SETS_TRIED];
	unsigned int count;
};

static bool was_tried(const struct tried *t, const struct keyslot_set *set)
{
	unsigned int i;

	for (i = 0; i < t->count; i++)
		if (t->set[i]->seq == set->seq &&
		    !memcmp(t->set[i]->mac, set->mac, sizeof(set->mac)))
			return true;
	return false;
}

/*
 * The set to be tried next: the one that most members carry, of several the newest.
 * Nobody can tell yet which are authentic, and slots that one hostile member made up
 * may cost minutes each, and all memory.
 */
static const struct keyslot_set *next_to_try(const struct volume *v, const struct tried *t,
					     unsigned int *votes, const char **carrier)
{
	const struct keyslot_set *best = NULL;
	unsigned int i, copy, n;

	*votes = 0;
	for (i = 0; t->count < MAX_SETS_TRIED && i < v->count; i++) {
		for (copy = 0; copy < RLNC_KEYSLOT_COPIES; copy++) {
			const struct keyslot_set *set = member_set(v, i, copy);

			n = set && !was_tried(t, set) ? votes_for(v, set) : 0;
			if (!n || n < *votes || (n == *votes && set->seq <= best->seq))
				continue;
			best = set;
			*votes = n;
			*carrier = v->member[i].name;
		}
	}
	return best;
}

/* Does whatever opens one open the other? */
static bool same_lock(const struct keyslot *a, const struct keyslot *b)
{
	return keyslot_same(a, b) && a->created == b->created && !strcmp(a->label, b->label) &&
	       a->cost.time == b->cost.time && a->cost.memory_kib == b->cost.memory_kib &&
	       a->cost.lanes == b->cost.lanes && !memcmp(a->salt, b->salt, sizeof(a->salt)) &&
	       a->blob_bytes == b->blob_bytes && !memcmp(a->blob, b->blob, a->blob_bytes);
}

/* The same slot in a set that was tried does not open in this one, either. */
static bool slot_was_tried(const struct tried *t, const struct keyslot *slot)
{
	unsigned int i;
	u32 j;

	for (i = 0; i < t->count; i++)
		for (j = 0; j < t->set[i]->count; j++)
			if (same_lock(&t->set[i]->slot[j], slot))
				return true;
	return false;
}

/* What is not for a slot of that type does not open it. */
static int open_slot(const struct keyslot_set *set, const struct keyslot *slot,
		     const struct volume_opener *by, struct secret *key)
{
	CLEANUP_SECRET struct secret sealed = SECRET_NONE;
	int rc;

	if (slot->type != RLNC_KEYSLOT_TPM2)
		return by->pass ? keyslot_unwrap(set, slot, by->pass, key) : -EKEYREJECTED;
	rc = by->unseal ? by->unseal(by->arg, slot, &sealed) : -EKEYREJECTED;
	return rc ? rc : keyslot_unwrap(set, slot, &sealed, key);
}

/* Try each slot once. -ENOMEM if one of those that did not open was too costly. */
static int unlock_set(struct volume *v, const struct keyslot_set *set, const struct tried *t,
		      const struct volume_opener *by, struct secret *key)
{
	int rc = -EKEYREJECTED, worst = -EKEYREJECTED;
	u32 i;

	for (i = 0; i < set->count; i++) {
		if (slot_was_tried(t, &set->slot[i]))
			continue;
		rc = open_slot(set, &set->slot[i], by, key);
		if (!rc)
			break;
		if (rc == -EKEYREJECTED)
			continue;
		warn("key slot %u: %s", set->slot[i].number,
		     rc == -ENOMEM ? "not enough memory for its key derivation" : strerror(-rc));
		if (rc == -ENOMEM)
			worst = rc;
	}
	if (rc)
		return worst;
	rc = check_set(v, set, key);
	if (rc) {
		secret_free(key);
		if (rc == -EKEYREJECTED)
			warn("key slots number %llu were changed by someone without the volume key",
			     (unsigned long long)set->seq);
		return rc;
	}
	v->unlocked_slot = set->slot[i].number;
	v->unlocked_set = set;
	note("key slot %u opened", set->slot[i].number);
	return 0;
}

/* What opened may be in the newest set as well: only that one's numbers count. */
static void prefer_newest(struct volume *v, const struct volume_opener *by,
			  const struct secret *key)
{
	CLEANUP_SECRET struct secret again = SECRET_NONE;
	const struct tried none = { .count = 0 };
	const struct keyslot_set *newest = volume_trusted_keyslots(v, key);
	const struct keyslot *opened = slot_numbered(v->unlocked_set, v->unlocked_slot), *now;

	if (!newest || volume_unlocked_newest(v, key))
		return;
	now = slot_numbered(newest, v->unlocked_slot);
	if (now && same_lock(now, opened))
		v->unlocked_set = newest;
	else
		unlock_set(v, newest, &none, by, &again);
}

/**
 * volume_keyslots - the newest set of key slots on any member
 * @v:		identified
 *
 * Return: the set or NULL; authentic only if it has been unlocked.
 */
const struct keyslot_set *volume_keyslots(const struct volume *v)
{
	return next_set(v, NULL);
}

/**
 * volume_has_keyslot - is there a slot of this type on any member?
 * @v:		identified
 * @type:	enum rlnc_keyslot_type
 */
bool volume_has_keyslot(const struct volume *v, u32 type)
{
	unsigned int i, copy;
	u32 j;

	for (i = 0; i < v->count; i++) {
		for (copy = 0; copy < RLNC_KEYSLOT_COPIES; copy++) {
			const struct keyslot_set *set = member_set(v, i, copy);

			for (j = 0; set && j < set->count; j++)
				if (set->slot[j].type == type)
					return true;
		}
	}
	return false;
}

/**
 * volume_unlock - find the volume key with a passphrase, a key file or a TPM
 * @v:		identified
 * @by:		the passphrase or the file's contents, or who asks the TPM
 * @key:	receives the volume key; secret_free() it
 *
 * The set that most members carry is tried first.  When nothing in it opens, or it
 * is not authentic, the others are tried, so that members that are hostile, or have
 * missed a change, cannot lock the owner out.
 *
 * Return: 0; -ENOKEY when there are no key slots, reported; -EKEYREJECTED when
 * none opens, not reported, so that the caller can ask again; or -errno.
 */
int volume_unlock(struct volume *v, const struct volume_opener *by, struct secret *key)
{
	const struct keyslot_set *set = next_set(v, NULL);
	struct tried t = { .count = 0 };
	const char *carrier = NULL;
	unsigned int votes, most = 0;
	int rc = -EKEYREJECTED, worst = -EKEYREJECTED;
	bool any = false;

	if (!set)
		return fail(ENOKEY, "volume %s: no usable key slots on these members", v->uuid);
	while (rc && (set = next_to_try(v, &t, &votes, &carrier))) {
		if (votes < most && set->count)
			warn("trying the key slots of member %s, which most members do not have",
			     carrier);
		else
			most = votes;
		any |= set->count;
		rc = unlock_set(v, set, &t, by, key);
		if (rc == -ENOMEM)
			worst = rc;
		t.set[t.count++] = set;
	}
	if (!any) {
		fail(ENOKEY, "volume %s has no key slots", v->uuid);
		hint("open it with --volume-key-file, or add a slot with `rlncsetup key add --volume-key-file`");
		return -ENOKEY;
	}
	if (rc)
		return worst;
	prefer_newest(v, by, key);
	if (!volume_unlocked_newest(v, key))
		warn("only key slots number %llu, older than the newest, open with this; `rlncsetup key list` shows which members have them",
		     (unsigned long long)v->unlocked_set->seq);
	return 0;
}

/**
 * volume_trusted_keyslots - the newest set that the volume key vouches for
 * @v:		identified
 * @key:	the volume key
 *
 * Return: the set or NULL.
 */
const struct keyslot_set *volume_trusted_keyslots(const struct volume *v,
						  const struct secret *key)
{
	const struct keyslot_set *set = next_set(v, NULL);

	while (set && check_set(v, set, key))
		set = next_set(v, set);
	return set;
}

/**
 * volume_unlocked_newest - did the newest key slots open, and not a removed one?
 * @v:		from volume_unlock()
 * @key:	the volume key
 *
 * A slot's number means nothing outside its own set: what opened an older one
 * may have been removed since, and its number been given to somebody else.
 *
 * Return: true also when no slot was used, but the volume key itself.
 */
bool volume_unlocked_newest(const struct volume *v, const struct secret *key)
{
	const struct keyslot_set *newest = volume_trusted_keyslots(v, key);

	return !v->unlocked_set ||
	       (newest && !memcmp(newest->mac, v->unlocked_set->mac, sizeof(newest->mac)));
}

/**
 * volume_keyslot_donor - whose key slots a new member shall have
 * @v:		identified
 *
 * Without the key nobody can say which set is authentic: the one that most
 * members carry is taken, of two such the newer.
 *
 * Return: a member that carries it, or NULL.
 */
const struct member *volume_keyslot_donor(const struct volume *v)
{
	const struct member *donor = NULL;
	unsigned int i, copy, votes, most = 0;
	u64 seq = 0;

	for (i = 0; i < v->count; i++) {
		for (copy = 0; copy < RLNC_KEYSLOT_COPIES; copy++) {
			const struct keyslot_set *set = member_set(v, i, copy);

			votes = set ? votes_for(v, set) : 0;
			if (votes < most || !votes || (votes == most && set->seq <= seq))
				continue;
			most = votes;
			seq = set->seq;
			donor = &v->member[i];
		}
	}
	return donor;
}

/*
 * One pass over the members, or with @newest over those that are behind it; which
 * of the two places, @set->seq says.
 */
static int write_everywhere(const struct volume *v, const struct keyslot_set *set,
			    const struct secret *key, u8 *buf,
			    const struct keyslot_set *newest)
{
	size_t bytes = keyslot_format(set, key, buf);
	unsigned int i;
	int rc, worst = 0;

	if (!bytes)
		return fail(EIO, "the MAC of the key slots cannot be computed");
	for (i = 0; i < v->count; i++) {
		if (newest && !volume_keyslots_behind(v, i, newest))
			continue;
		rc = member_write_keyslots(v->member[i].fd, buf, bytes, set->seq);
		if (rc)
			worst = fail(-rc, "member %s: key slots not written: %s",
				     v->member[i].name, strerror(-rc));
	}
	return worst;
}

/**
 * volume_write_keyslots - replace the key slots on every member
 * @v:		identified
 * @set:	its number is set to what follows the newest that is trusted
 * @key:	the volume key
 *
 * Two passes, one for each place: there is a good set on a member at any time,
 * and nothing of a removed slot stays.
 *
 * Return: 0, or -errno after it has been reported which member still has the old
 * ones.
 */
int volume_write_keyslots(struct volume *v, struct keyslot_set *set,
			  const struct secret *key)
{
	CLEANUP_FREE u8 *buf = malloc(KEYSLOT_SET_MAX);
	const struct keyslot_set *old = volume_trusted_keyslots(v, key);
	int rc;

	if (!buf)
		return fail(ENOMEM, "out of memory");
	memcpy(set->volume_id, v->id, sizeof(set->volume_id));
	set->seq = old ? old->seq + 1 : 1;
	rc = write_everywhere(v, set, key, buf, NULL);
	if (rc)
		return rc;
	set->seq++;
	return write_everywhere(v, set, key, buf, NULL);
}

/**
 * volume_member_keyslots - the newest set on one member
 * @i:		which, below @v->count
 * @key:	only what this volume key vouches for; NULL: anything sound
 *
 * Return: the set or NULL.
 */
const struct keyslot_set *volume_member_keyslots(const struct volume *v, unsigned int i,
						 const struct secret *key)
{
	const struct keyslot_set *best = NULL;
	unsigned int copy;

	for (copy = 0; copy < RLNC_KEYSLOT_COPIES; copy++) {
		const struct keyslot_set *set = member_set(v, i, copy);

		if (!set || (best && best->seq >= set->seq) || (key && check_set(v, set, key)))
			continue;
		best = set;
	}
	return best;
}

/**
 * volume_keyslots_behind - whether a member has anything but the slots of @set
 *
 * In both places: what is left of older slots in one of them still opens.
 */
bool volume_keyslots_behind(const struct volume *v, unsigned int i,
			    const struct keyslot_set *set)
{
	bool has_it = false;
	unsigned int copy;

	for (copy = 0; copy < RLNC_KEYSLOT_COPIES; copy++) {
		const struct keyslot_set *have = member_set(v, i, copy);

		if (!have || !keyslot_same_slots(have, set))
			return true;
		has_it |= !memcmp(have->mac, set->mac, sizeof(set->mac));
	}
	return !has_it;
}

/*
 * Whether @slot of @old was replaced by what @newest has under its number. Sets
 * of one number were made apart from each other, and so was a slot that is
 * younger than the one in its place.
 */
static bool replaced(const struct keyslot_set *newest, const struct keyslot_set *old,
		     const struct keyslot *slot, const struct keyslot *now)
{
	return keyslot_same(now, slot) ||
	       (old->seq < newest->seq && slot->created <= now->created);
}

/**
 * volume_lost_keyslot - a slot that the newest set lacks and a member's own has
 * @v:		identified
 * @key:	only sets that it vouches for count
 * @except:	number of a slot that is to be lost, or -1
 * @member:	receives which member, below @v->count
 *
 * Either it was removed and this member was not there, or it was added while the
 * others were not: the sets do not say which.
 *
 * Return: the first such slot or NULL.
 */
const struct keyslot *volume_lost_keyslot(const struct volume *v, const struct secret *key,
					  int except, unsigned int *member)
{
	const struct keyslot_set *newest = volume_trusted_keyslots(v, key);
	unsigned int i;
	u32 j;

	for (i = 0; newest && i < v->count; i++) {
		const struct keyslot_set *old = volume_member_keyslots(v, i, key);

		for (j = 0; old && j < old->count; j++) {
			const struct keyslot *slot = &old->slot[j];
			const struct keyslot *now = slot_numbered(newest, slot->number);

			if (now ? replaced(newest, old, slot, now) : (int)slot->number == except)
				continue;
			*member = i;
			return slot;
		}
	}
	return NULL;
}

/**
 * volume_sync_keyslots - give the newest set to the members that are behind it
 * @v:		identified
 * @key:	the volume key
 *
 * They get the very sets that the others have, in the order in which these were
 * written.
 *
 * Return: how many members were behind, or -errno, reported.
 */
int volume_sync_keyslots(struct volume *v, const struct secret *key)
{
	CLEANUP_FREE u8 *buf = malloc(KEYSLOT_SET_MAX);
	CLEANUP_FREE struct keyslot_set *set = malloc(sizeof(*set));
	const struct keyslot_set *newest = volume_trusted_keyslots(v, key);
	unsigned int i;
	int rc, behind = 0;

	if (!buf || !set)
		return fail(ENOMEM, "out of memory");
	if (!newest)
		return fail(ENOKEY, "volume %s: no usable key slots on these members", v->uuid);
	for (i = 0; i < v->count; i++)
		behind += volume_keyslots_behind(v, i, newest);
	*set = *newest;
	if (set->seq < 2)	/* the first set of all, and the second was never written */
		rc = volume_write_keyslots(v, set, key);
	else
		rc = write_everywhere(v, set, key, buf, newest);
	if (!rc && newest->seq >= 2) {
		set->seq--;
		rc = write_everywhere(v, set, key, buf, newest);
	}
	return rc ? rc : behind;
}
