// SPDX-License-Identifier: GPL-2.0-only
/* dmsetup status and table; include/uapi/rlnc_dm.h describes the lines. */
#include <crypto/sha2.h>
#include "dm-rlnc.h"

static const char *health(struct rlnc_volume *v, u32 n)
{
	u32 i, sync = 0;

	for (i = 0; i < n; i++)
		sync += rlnc_member_letter(v, i) == RLNC_LETTER_SYNC;
	if (rlnc_members_writable(v) < v->k)
		return "failed";
	if (READ_ONCE(v->stopped))
		return "read-only";
	return sync == n ? "optimal" : "degraded";
}

static void status_info(struct rlnc_volume *v, char *result, unsigned int maxlen)
{
	u8 root[RLNC_DIGEST_BYTES];
	unsigned int sz = 0;
	struct rlnc_background_state bg;
	u64 used, epoch;
	u32 i, n = smp_load_acquire(&v->n);	/* one may be added: before what it has */

	spin_lock(&v->node_lock);
	used = v->slots_used;
	spin_unlock(&v->node_lock);
	epoch = rlnc_events_state(v, root);
	rlnc_background_state(v, &bg);
	DMEMIT("%s %u %u ", health(v, n), v->k, n);
	for (i = 0; i < n; i++)
		DMEMIT("%c", rlnc_member_letter(v, i));
	DMEMIT(" %llu %8phN %llu/%llu %s", epoch, root, used, v->slots,
	       rlnc_work_name(bg.kind));
	if (bg.kind)
		DMEMIT(":%llu/%llu", bg.done,
		       v->shape[RLNC_TREE_MAP].count[0]);
	DMEMIT(" %lld %lld %lld %lld %s", atomic64_read(&v->corrected),
	       atomic64_read(&v->unrecoverable), atomic64_read(&v->auth_failures),
	       atomic64_read(&v->hedged), rlnc_scrub_end_name(bg.scrub_end));
	DMEMIT(" %llu %lld", READ_ONCE(v->bg.lost), atomic64_read(&v->stale_fragments));
}

/* The options of the table, behind how many there are. */
static unsigned int emit_options(struct rlnc_volume *v, u32 n, char *result,
				 unsigned int maxlen, unsigned int sz)
{
	const struct rlnc_table *opt = &v->opt;
	u32 i, own = 0;

	/* A message may change what a member has. */
	spin_lock(&v->member_lock);
	for (i = 0; i < n; i++)
		own += !!opt->member_deadline_ms[i];
	DMEMIT(" %u", 1 + v->dense + opt->allow_discards + opt->accept_older +
	       !!opt->min_epoch + !!opt->writes_min + !!opt->rebuild_kbps + !!opt->hedge_ms +
	       (opt->deadline_ms != RLNC_DEADLINE_MS) + own);
	for (i = 0; i < n; i++)
		if (opt->member_deadline_ms[i])
			DMEMIT(" " RLNC_OPT_MEMBER_DEADLINE_MS "=%u:%u", i,
			       opt->member_deadline_ms[i]);
	spin_unlock(&v->member_lock);
	DMEMIT(" " RLNC_OPT_CACHE_MB "=%u", opt->cache_mb);
	if (v->dense)
		DMEMIT(" " RLNC_OPT_DENSE);
	if (opt->allow_discards)
		DMEMIT(" " RLNC_OPT_DISCARDS);
	if (opt->accept_older)
		DMEMIT(" " RLNC_OPT_ACCEPT_OLDER);
	if (opt->min_epoch)
		DMEMIT(" " RLNC_OPT_MIN_EPOCH "=%llu", opt->min_epoch);
	if (opt->writes_min)
		DMEMIT(" " RLNC_OPT_WRITES_MIN "=%u", opt->writes_min);
	if (opt->rebuild_kbps)
		DMEMIT(" " RLNC_OPT_REBUILD_KBPS "=%u", opt->rebuild_kbps);
	if (opt->hedge_ms)
		DMEMIT(" " RLNC_OPT_HEDGE_MS "=%u", opt->hedge_ms);
	if (opt->deadline_ms != RLNC_DEADLINE_MS)
		DMEMIT(" " RLNC_OPT_DEADLINE_MS "=%u", opt->deadline_ms);
	return sz;
}

static void status_table(struct rlnc_volume *v, char *result, unsigned int maxlen)
{
	u32 i, n = smp_load_acquire(&v->n);	/* one may be added: before what it has */
	unsigned int sz = 0;

	DMEMIT("%u %u %s", v->k, n, v->key_word);
	sz = emit_options(v, n, result, maxlen, sz);
	for (i = 0; i < n; i++)
		DMEMIT(" %s", v->devs[i] ? v->devs[i]->name : "-");
}

/* What one member is called in what dm-ima attests.  Return: how long that is. */
static int ima_member(const struct rlnc_volume *v, u32 i, char *word, size_t size)
{
	return scnprintf(word, size, ",member_%u=%s", i,
			 v->member[i].dev ? v->member[i].dev->name : "-");
}

/* Who carries the volume: the list, if there is room for all of it, or its digest. */
static unsigned int emit_ima_members(const struct rlnc_volume *v, u32 n, char *result,
				     unsigned int maxlen, unsigned int sz)
{
	static const char end[] = ";";
	u8 digest[SHA256_DIGEST_SIZE];
	char word[32];			/* a device's name has 15 characters at most */
	struct sha256_state sha;
	unsigned int bytes = 0;
	int len;
	u32 i;

	sha256_init(&sha);
	for (i = 0; i < n; i++) {
		len = ima_member(v, i, word, sizeof(word));
		sha256_update(&sha, word, len);
		bytes += len;
	}
	sha256_final(&sha, digest);
	if (sz + bytes + sizeof(end) > maxlen) {
		DMEMIT(",members_sha256=%*phN", SHA256_DIGEST_SIZE, digest);
		return sz;
	}
	for (i = 0; i < n; i++) {
		ima_member(v, i, word, sizeof(word));
		DMEMIT("%s", word);
	}
	return sz;
}

/*
 * What dm-ima attests: the volume's identity and shape, and who carries it.  It has two
 * KiB, and what goes beyond is cut off without a word: so that has to be said otherwise.
 */
static void status_ima(struct rlnc_volume *v, char *result, unsigned int maxlen)
{
	u32 n = smp_load_acquire(&v->n);	/* one may be added: before what it has */
	unsigned int sz = 0;

	DMEMIT_TARGET_NAME_VERSION(v->ti->type);
	DMEMIT(",volume_id=%*phN,k=%u,n=%u,symbol=%u,mode=%s,writes_min=%u,min_epoch=%llu,cipher=gcm(aes)",
	       RLNC_ID_BYTES, v->sb->volume_id, v->k, n, v->geo.symbol,
	       v->sb->mode == RLNC_DISK_DENSE ? "dense" : "systematic", v->writes_min,
	       v->opt.min_epoch);
	sz = emit_ima_members(v, n, result, maxlen, sz);
	DMEMIT(";");
}

void rlnc_status(struct dm_target *ti, status_type_t type, unsigned int flags,
		 char *result, unsigned int maxlen)
{
	struct rlnc_volume *v = ti->private;

	switch (type) {
	case STATUSTYPE_INFO:
		status_info(v, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		status_table(v, result, maxlen);
		break;
	case STATUSTYPE_IMA:
		status_ima(v, result, maxlen);
		break;
	}
}
