// SPDX-License-Identifier: GPL-2.0-only
/*
 * The code of a volume, and plans for reading round losses.  A plan costs a
 * matrix inversion, so those for recent loss patterns are kept.
 */
#include <linux/list.h>
#include <linux/slab.h>
#include "dm-rlnc.h"

#define PLANS_KEPT	32

struct rlnc_plan_entry {
	struct list_head link;		/* plan_lock */
	refcount_t ref;
	u32 m;
	u8 have[RLNC_MAX_K];
	u16 want[RLNC_MAX_K];
	struct rlnc_plan plan;		/* last: it has a flexible end */
};

void rlnc_codec_free(struct rlnc_codec *codec)
{
	kvfree(codec->encode);
	kvfree(codec->code);
}

static int fill_codec(struct rlnc_volume *v, u32 n, struct rlnc_codec *codec)
{
	u8 rows[RLNC_MAX_N];
	u32 i;
	int ret;

	codec->code = kvzalloc(rlnc_code_size(v->k, n), GFP_KERNEL);
	if (!codec->code)
		return -ENOMEM;
	ret = rlnc_code_init(codec->code, v->k, n, RLNC_SYSTEMATIC, v->sb->coeff_seed);
	if (ret || n == v->k)
		return ret;
	codec->encode = kvzalloc(rlnc_plan_size(v->k, n - v->k), GFP_KERNEL);
	if (!codec->encode)
		return -ENOMEM;
	for (i = v->k; i < n; i++)
		rows[i - v->k] = i;
	return rlnc_plan_encode(codec->encode, codec->code, rows, n - v->k);
}

/**
 * rlnc_codec_make - a code of so many rows, and the plan for writing them
 * @v:		volume with its superblock read
 * @n:		rows; those that two numbers have in common are the same
 * @codec:	filled in; rlnc_codec_free() takes it back
 *
 * Return: 0, -ENOMEM, or -EINVAL for parameters the codec refuses.
 */
int rlnc_codec_make(struct rlnc_volume *v, u32 n, struct rlnc_codec *codec)
{
	int ret;

	memset(codec, 0, sizeof(*codec));
	ret = fill_codec(v, n, codec);
	if (ret)
		rlnc_codec_free(codec);
	return ret;
}

int rlnc_codec_init(struct rlnc_volume *v)
{
	spin_lock_init(&v->plan_lock);
	INIT_LIST_HEAD(&v->plans);
	return rlnc_codec_make(v, v->n, &v->codec);
}

static void entry_put(struct rlnc_plan_entry *entry)
{
	if (refcount_dec_and_test(&entry->ref))
		kvfree(entry);
}

void rlnc_codec_plan_put(struct rlnc_plan_entry *entry)
{
	entry_put(entry);
}

void rlnc_codec_exit(struct rlnc_volume *v)
{
	struct rlnc_plan_entry *entry, *next;

	if (v->plans.next)
		list_for_each_entry_safe(entry, next, &v->plans, link)
			entry_put(entry);
	rlnc_codec_free(&v->codec);
}

static struct rlnc_plan_entry *find_plan(struct rlnc_volume *v, const u8 *have,
					 const u16 *want, u32 m)
{
	struct rlnc_plan_entry *entry;

	list_for_each_entry(entry, &v->plans, link) {
		if (entry->m != m || memcmp(entry->have, have, v->k) ||
		    memcmp(entry->want, want, m * sizeof(*want)))
			continue;
		list_move(&entry->link, &v->plans);
		refcount_inc(&entry->ref);
		return entry;
	}
	return NULL;
}

static void keep_plan(struct rlnc_volume *v, struct rlnc_plan_entry *entry)
{
	struct rlnc_plan_entry *old = NULL;

	spin_lock(&v->plan_lock);
	refcount_inc(&entry->ref);
	list_add(&entry->link, &v->plans);
	if (++v->plan_count > PLANS_KEPT) {
		old = list_last_entry(&v->plans, struct rlnc_plan_entry, link);
		list_del(&old->link);
		v->plan_count--;
	}
	spin_unlock(&v->plan_lock);
	if (old)
		entry_put(old);
}

/* As rlnc_codec_plan(), but NULL when it has to be made. */
const struct rlnc_plan *rlnc_codec_plan_kept(struct rlnc_volume *v, const u8 *have,
					     const u16 *want, u32 m,
					     struct rlnc_plan_entry **entry)
{
	struct rlnc_plan_entry *e;

	spin_lock(&v->plan_lock);
	e = find_plan(v, have, want, m);
	spin_unlock(&v->plan_lock);
	*entry = e;
	return e ? &e->plan : NULL;
}

/**
 * rlnc_codec_plan - a plan that computes symbols from k fragments
 * @v:		volume
 * @have:	k distinct rows, in the order of the inputs
 * @want:	rows or RLNC_DATA(j), in the order of the outputs
 * @m:		how many are wanted, at most k
 * @entry:	receives what rlnc_codec_plan_put() takes back
 *
 * Return: the plan, or NULL without memory.
 */
const struct rlnc_plan *rlnc_codec_plan(struct rlnc_volume *v, const u8 *have,
					const u16 *want, u32 m,
					struct rlnc_plan_entry **entry)
{
	const struct rlnc_plan *plan = rlnc_codec_plan_kept(v, have, want, m, entry);
	struct rlnc_plan_entry *e;

	if (!plan) {
		e = kvzalloc(offsetof(struct rlnc_plan_entry, plan) +
			     rlnc_plan_size(v->k, m), GFP_NOIO);
		if (!e)
			return NULL;
		refcount_set(&e->ref, 1);
		e->m = m;
		memcpy(e->have, have, v->k);
		memcpy(e->want, want, m * sizeof(*want));
		if (rlnc_plan_combine(&e->plan, v->codec.code, have, want, m)) {
			kvfree(e);
			return NULL;
		}
		keep_plan(v, e);
		*entry = e;
		plan = &e->plan;
	}
	return plan;
}
