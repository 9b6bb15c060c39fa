// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is who, which state is the newest, and whether enough members are here to
 * be sure of both.
 */
#include <linux/slab.h>
#include "dm-rlnc.h"

/* --- identity: in the constructor --------------------------------------------- */

/* The volume that most of the members belong to. */
static int choose_volume(struct rlnc_volume *v, struct rlnc_super *sb, u8 *id)
{
	u8 (*ids)[RLNC_ID_BYTES];
	enum rlnc_super_error err;
	u32 i, j, votes, most = 0;
	bool *have;
	int ret = -ENOMEM;

	ids = kvcalloc(v->n, sizeof(*ids), GFP_KERNEL);
	have = kvcalloc(v->n, sizeof(*have), GFP_KERNEL);
	if (!ids || !have)
		goto out;
	for (i = 0; i < v->n; i++) {
		if (!v->devs[i] || rlnc_super_read(v, v->devs[i], RLNC_EPOCH_NONE, sb, &err))
			continue;
		have[i] = true;
		memcpy(ids[i], sb->volume_id, sizeof(ids[i]));
	}
	for (i = 0; i < v->n; i++) {
		for (j = 0, votes = 0; have[i] && j < v->n; j++)
			votes += have[j] && !memcmp(ids[i], ids[j], sizeof(ids[i]));
		if (votes <= most)
			continue;
		most = votes;
		memcpy(id, ids[i], sizeof(ids[i]));
	}
	ret = most ? 0 : -EINVAL;
	if (ret)
		v->ti->error = "None of the devices is a dm-rlnc member";
out:
	kvfree(have);
	kvfree(ids);
	return ret;
}

/* Does a member's authentic superblock fit the table and the other members? */
static int check_member(struct rlnc_volume *v, struct dm_dev *dev,
			const struct rlnc_super *sb, const u8 *id)
{
	const char *why = NULL;

	if (memcmp(sb->volume_id, id, RLNC_ID_BYTES))
		why = "belongs to another volume";
	else if (sb->k != v->k || sb->n > v->n)
		why = "k and n of the table are not those of the volume";
	else if (v->member[sb->member].dev)
		why = "another device given is the same member";
	else if (rlnc_slots_for_bytes(&sb->geo, bdev_nr_bytes(dev->bdev)) < sb->slots)
		why = "device is smaller than when it was formatted";
	if (!why)
		return 0;
	DMERR("member %u (%s): %s", sb->member, dev->name, why);
	v->ti->error = "A member does not belong here; see the kernel log";
	return -EINVAL;
}

/* The table must have as many members as the newest state. */
static int check_count(struct rlnc_volume *v)
{
	if (v->sb->n == v->n)
		return 0;
	DMERR("the volume has %u members, but the table gives %u; a '-' stands for one that is absent",
	      v->sb->n, v->n);
	v->ti->error = "n is not that of the volume; see the kernel log";
	return -EINVAL;
}

/**
 * rlnc_identify - find each device's place in the volume, and set the keys
 * @v:		volume with its devices opened
 * @key:	the volume key
 *
 * Every device given must be an authentic member of one volume, each another
 * one.  A device that cannot be read counts as absent.  v->sb is filled in with
 * the newest superblock, which may be outdated when the table goes live.
 *
 * Return: 0 or a negative error with ti->error set; the log names the member.
 */
int rlnc_identify(struct rlnc_volume *v, const u8 *key)
{
	struct dm_dev *newest = NULL;
	u8 id[RLNC_ID_BYTES];
	enum rlnc_super_error err;
	struct rlnc_super *sb = v->sb;
	u64 epoch = 0;
	u32 i;
	int ret;

	ret = choose_volume(v, sb, id);
	if (!ret)
		ret = rlnc_crypt_set_key(&v->crypt, id, key);
	if (ret)
		return ret;
	for (i = 0; i < v->n; i++) {
		if (!v->devs[i])
			continue;
		ret = rlnc_super_read(v, v->devs[i], RLNC_EPOCH_NONE, sb, &err);
		if (ret == -EBADMSG) {
			DMERR("%s: superblock: %s", v->devs[i]->name,
			      rlnc_super_strerror(err));
			v->ti->error = err == RLNC_SUPER_MAC ?
				"Wrong key, or a member of a foreign volume; see the kernel log" :
				"A member's superblock is not good; see the kernel log, or give '-' for it";
			return -EINVAL;
		}
		if (ret) {
			DMWARN("%s: cannot be read (%d); going on without it",
			       v->devs[i]->name, ret);
			continue;
		}
		ret = check_member(v, v->devs[i], sb, id);
		if (ret)
			return ret;
		v->member[sb->member].dev = v->devs[i];
		if (sb->epoch <= epoch)
			continue;
		epoch = sb->epoch;
		newest = v->devs[i];
	}
	if (!newest) {
		v->ti->error = "No member could be read";
		return -EIO;
	}
	ret = rlnc_super_read(v, newest, RLNC_EPOCH_NONE, sb, &err);
	if (ret)
		v->ti->error = "A member cannot be read any more";
	return ret ?: check_count(v);
}

/* --- state: when the table goes live ----------------------------------------------- */

/* What a present member's superblock says, as far as the choice needs it. */
struct claim {
	bool present;
	u64 epoch;
	u8 body[32];			/* digest of all but which member it is */
	u8 id[RLNC_ID_BYTES];
};

/* Two superblocks are of one checkpoint exactly when this is the same. */
static int digest_body(struct rlnc_volume *v, struct rlnc_super *sb, u8 digest[32])
{
	size_t bytes = rlnc_super_bytes(&sb->geo, sb->n);
	void *buf = kvmalloc(bytes, GFP_KERNEL);
	int ret;

	if (!buf)
		return -ENOMEM;
	sb->member = 0;
	rlnc_super_format(sb, buf);
	ret = rlnc_crypt_digest(&v->crypt, buf, bytes, digest);
	kvfree(buf);
	return ret;
}

static int read_claims(struct rlnc_volume *v, u64 below, struct rlnc_super *sb,
		       struct claim *claims)
{
	enum rlnc_super_error err;
	u32 i, present = 0;
	int ret;

	for (i = 0; i < v->n; i++) {
		if (!v->member[i].dev)
			continue;
		if (rlnc_flights_out(NULL, v->member[i].dev, true)) {
			DMWARN("%s: member %u (%s) has not answered a write of the table before; left out until it is returned",
			       rlnc_name(v), i, v->member[i].dev->name);
			continue;
		}
		ret = rlnc_super_read(v, v->member[i].dev, below, sb, &err);
		if (ret) {
			DMWARN("%s: member %u (%s): superblock cannot be read any more, or there is no older one (%d)",
			       rlnc_name(v), i, v->member[i].dev->name, ret);
			v->member[i].dev = NULL;
			continue;
		}
		claims[i].present = true;
		claims[i].epoch = sb->epoch;
		memcpy(claims[i].id, sb->members[i].id, RLNC_ID_BYTES);
		ret = digest_body(v, sb, claims[i].body);
		if (ret)
			return ret;
		present++;
	}
	return present ? present : -EIO;
}

static u32 count_claims(struct rlnc_volume *v, const struct claim *claims,
			const struct claim *of)
{
	u32 i, count = 0;

	for (i = 0; i < v->n; i++)
		count += claims[i].present && claims[i].epoch == of->epoch &&
			 !memcmp(claims[i].body, of->body, sizeof(of->body));
	return count;
}

static u32 count_epoch(struct rlnc_volume *v, const struct claim *claims, u64 epoch)
{
	u32 i, count = 0;

	for (i = 0; i < v->n; i++)
		count += claims[i].present && claims[i].epoch == epoch;
	return count;
}

/*
 * The newest state: the highest epoch.  Crashes can leave two states of one
 * epoch, of which one at most was committed, by w members.  When the absent ones
 * could make it either, it takes the owner's word.
 *
 * Return: a member that holds it, or v->n when that cannot be told.
 */
static u32 choose_claim(struct rlnc_volume *v, const struct claim *claims, u32 present,
			u32 writes_min)
{
	u32 i, holders, best = v->n, most = 0, possible = 0;
	u64 epoch = 0;

	for (i = 0; i < v->n; i++)
		if (claims[i].present && claims[i].epoch > epoch)
			epoch = claims[i].epoch;
	for (i = 0; i < v->n; i++) {
		if (!claims[i].present || claims[i].epoch != epoch)
			continue;
		holders = count_claims(v, claims, &claims[i]);
		/* May this and a different state both have been committed? */
		if (holders + v->n - present >= writes_min &&
		    holders < count_epoch(v, claims, epoch))
			possible += 1;
		if (holders > most) {
			most = holders;
			best = i;
		}
	}
	if (possible <= most || v->opt.accept_older)
		return best;
	DMERR("%s: the members hold two states of epoch %llu, and without the absent ones it cannot be told which was committed; give more members, or accept_older to take the one that %u hold",
	      rlnc_name(v), epoch, most);
	return v->n;
}

/* From what the winner says of a member, and what it says itself. */
static void settle_member(struct rlnc_volume *v, u32 i, const struct claim *claim,
			  const struct claim *winner)
{
	struct rlnc_member *m = &v->member[i];
	bool behind;

	m->index = i;
	m->info = v->sb->members[i];
	if (!claim->present) {
		if (m->info.state == RLNC_MEMBER_SYNC)
			m->info.valid_through = v->sb->epoch;
		m->info.since = RLNC_EPOCH_NONE;
		m->info.state = RLNC_MEMBER_FAILED;
		m->state = RLNC_MEMBER_FAILED;
		return;
	}
	/*
	 * One epoch behind is what a crash between two superblocks leaves: the
	 * member was flushed before the first of them was written.
	 */
	behind = claim->epoch + 1 < winner->epoch ||
		 (claim->epoch == winner->epoch &&
		  memcmp(claim->body, winner->body, sizeof(claim->body)));
	if (m->info.state == RLNC_MEMBER_FAILED || behind) {
		if (m->info.state == RLNC_MEMBER_SYNC ||
		    claim->epoch < m->info.valid_through)
			m->info.valid_through = claim->epoch - (claim->epoch == winner->epoch);
		/* What the log has of the next epoch, it may have missed as well. */
		m->info.since = v->sb->epoch + 2;
		m->info.state = RLNC_MEMBER_STALE;
		DMWARN("%s: member %u (%s) is stale: it has what was written up to epoch %llu of %llu",
		       rlnc_name(v), i, m->dev->name, m->info.valid_through,
		       v->sb->epoch);
	}
	m->state = m->info.state;
}

static void name_missing(struct rlnc_volume *v)
{
	u32 i;

	for (i = 0; i < v->n; i++)
		if (v->member[i].state != RLNC_MEMBER_SYNC)
			DMERR("%s: member %u is %s; it has what was written up to epoch %llu",
			      rlnc_name(v), i, v->member[i].dev ? "stale" : "missing",
			      v->member[i].info.valid_through);
}

/* Is there a span of epochs that fewer than k of the present members hold? */
static int check_coverage(struct rlnc_volume *v)
{
	if (rlnc_coverage(v, v->sb->epoch, true))
		return 0;
	DMERR("%s: fewer than k = %u members hold what was written last", rlnc_name(v),
	      v->k);
	name_missing(v);
	return -ENODATA;
}

/* Any two committed states share a member only when enough members are here. */
static int check_freshness(struct rlnc_volume *v, u32 present)
{
	if (v->opt.min_epoch && v->sb->epoch < v->opt.min_epoch) {
		DMERR("%s: the members hold epoch %llu, but min_epoch is %llu: rewound, or newer members are missing",
		      rlnc_name(v), v->sb->epoch, v->opt.min_epoch);
		return -ESTALE;
	}
	if (present > v->n - v->sb->writes_min || v->opt.min_epoch || v->opt.accept_older)
		return 0;
	DMERR("%s: %u of %u members present; at least %u are needed to be sure that this is the newest state. Give min_epoch=%llu, or accept_older to take the risk",
	      rlnc_name(v), present, v->n, v->n - v->sb->writes_min + 1, v->sb->epoch);
	return -ESTALE;
}

/* Is every member as the superblock has it? */
static bool states_unchanged(struct rlnc_volume *v)
{
	u32 i;

	for (i = 0; i < v->n; i++)
		if (memcmp(&v->member[i].info, &v->sb->members[i], sizeof(v->member[i].info)))
			return false;
	return true;
}

static int choose_state(struct rlnc_volume *v, u64 below)
{
	enum rlnc_super_error err;
	struct claim *claims;
	u32 i, best;
	int ret;

	claims = kvcalloc(v->n, sizeof(*claims), GFP_KERNEL);
	if (!claims)
		return -ENOMEM;
	ret = read_claims(v, below, v->sb, claims);
	if (ret < 0)
		goto out;
	i = ret;
	best = choose_claim(v, claims, i, v->sb->writes_min);
	if (best == v->n) {
		ret = -ENOTUNIQ;
		goto out;
	}
	ret = rlnc_super_read(v, v->member[best].dev, below, v->sb, &err) ?:
	      check_count(v) ?:
	      check_freshness(v, i);
	if (ret)
		goto out;
	v->writes_min = max(v->opt.writes_min, v->sb->writes_min);
	for (i = 0; i < v->n; i++) {
		if (claims[i].present &&
		    memcmp(claims[i].id, v->sb->members[i].id, RLNC_ID_BYTES)) {
			DMERR("%s: member %u (%s) was replaced by another device; give that one, or '-'",
			      rlnc_name(v), i, v->member[i].dev->name);
			ret = -EINVAL;
			goto out;
		}
		settle_member(v, i, &claims[i], &claims[best]);
	}
	ret = check_coverage(v);
	rlnc_background_resume(v, states_unchanged(v));
out:
	kvfree(claims);
	return ret;
}

/* The log had nothing of the next epoch: whoever is back holds all of that. */
static void hold_from_birth(struct rlnc_volume *v)
{
	u32 i;

	for (i = 0; i < v->n; i++)
		if (v->member[i].state == RLNC_MEMBER_STALE)
			v->member[i].info.since = min(v->member[i].info.since, v->birth);
}

/* The roots must open now, rather than at the first read. */
static int open_roots(struct rlnc_volume *v)
{
	struct rlnc_node *node;
	u32 t;
	int ret;

	ret = rlnc_tree_shape_init(&v->shape[RLNC_TREE_MAP], &v->geo,
				   rlnc_data_generations(&v->geo, v->sb->logical_sectors)) ?:
	      rlnc_tree_shape_init(&v->shape[RLNC_TREE_SPACE], &v->geo,
				   rlnc_space_generations(&v->geo, v->sb->slots)) ?:
	      rlnc_tree_shape_init(&v->shape[RLNC_TREE_PACK], &v->geo,
				   rlnc_pack_entries(&v->geo, v->sb->packs));
	if (ret)
		return ret;
	for (t = 0; t < RLNC_TREES; t++) {
		memcpy(v->root[t], v->sb->root[t], v->geo.ptr_bytes);
		node = rlnc_node_get(v, t, v->shape[t].top, 0);
		if (IS_ERR(node)) {
			DMERR("%s: the root of tree %u at epoch %llu cannot be read from these members",
			      rlnc_name(v), t, v->sb->epoch);
			return PTR_ERR(node);
		}
		rlnc_node_put(v, node);
	}
	return rlnc_event_durable(v);
}

static int alloc_super_pages(struct rlnc_volume *v)
{
	u32 i;

	for (i = 0; i < v->n; i++) {
		if (!v->member[i].dev || v->member[i].super_pages)
			continue;
		v->member[i].super_pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, RLNC_SUPER_ORDER);
		if (!v->member[i].super_pages)
			return -ENOMEM;
	}
	return 0;
}

/*
 * The newest state, or one before it.
 *
 * What a superblock refers to was flushed before it was written, so that k
 * members which should hold a root and do not were damaged or changed: no crash
 * leaves that.  To go on with the epoch before by itself would let such members
 * pass an older state for the newest, so that it takes the owner's word.  A root
 * that cannot be read may be there when it is tried again: a bound on epochs, which
 * is given beforehand, is no word on that.
 */
static int take_state(struct rlnc_volume *v)
{
	u64 below = RLNC_EPOCH_NONE;
	int ret;

	for (;;) {
		ret = choose_state(v, below) ?: alloc_super_pages(v) ?: rlnc_slots_init(v);
		if (ret)
			return ret;
		ret = open_roots(v);
		if (ret != -EBADMSG && ret != -EIO)
			return ret;
		if (ret == -EIO && !v->opt.accept_older) {
			DMERR("%s: members do not read; try again, or give accept_older to try the epoch before",
			      rlnc_name(v));
			return ret;
		}
		if (!v->opt.accept_older && !v->opt.min_epoch) {
			DMERR("%s: the epoch before may be readable: give accept_older, or the min_epoch from which on a state will do",
			      rlnc_name(v));
			return ret;
		}
		below = v->sb->epoch;
		DMWARN("%s: epoch %llu is given up; trying an older one", rlnc_name(v), below);
		rlnc_cache_forget(v);
	}
}

/**
 * rlnc_activate - take up the newest state, when the table goes live
 * @v:	volume
 *
 * Return: 0; -ESTALE when it cannot be known to be the newest, or is known not
 * to be; -ENODATA when fewer than k members hold what was written last; or
 * another negative error.  The log names the members.
 */
int rlnc_activate(struct rlnc_volume *v)
{
	u32 i, writable;
	int ret;

	if (!v->crypt.has_key) {
		DMERR("%s: the key is wiped; set it before resuming", rlnc_name(v));
		return -ENOKEY;
	}
	if (v->active)
		return 0;
	if (v->tried) {
		DMERR("%s: could not be activated; load the table again", rlnc_name(v));
		return -EIO;
	}
	ret = rlnc_registry_claim(v);
	if (ret)
		return ret;
	v->tried = true;
	ret = take_state(v);
	if (ret)
		return ret;
	v->birth = v->sb->epoch + 1;
	v->phase = v->birth & 1;
	rlnc_packs_activate(v);
	ret = rlnc_log_replay(v);
	if (ret < 0)
		return ret;
	if (!ret)
		hold_from_birth(v);
	writable = rlnc_members_writable(v);
	DMINFO("%s: active at epoch %llu with %u of %u members, %u needed",
	       rlnc_name(v), v->sb->epoch, writable, v->n, v->k);
	for (i = 0; i < v->n; i++)
		if (!v->member[i].dev)
			DMWARN("%s: member %u is absent", rlnc_name(v), i);
	if (!(dm_table_get_mode(v->ti->table) & FMODE_WRITE))
		v->stopped = "the table is read-only";
	else if (writable < v->writes_min)
		rlnc_volume_stop(v, "fewer than writes_min members");
	else
		rlnc_checkpoint(v);	/* if the log had anything */
	ret = rlnc_grow(v);
	v->active = !ret;
	return ret;
}
