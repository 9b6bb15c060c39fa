// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Generations that may be sent: reservations of the backend, kept for each revision of a
 * storage policy.  One is taken from here once and never comes back, so no fragment's name is
 * used twice; what has not long to live is thrown away.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <asm/byteorder.h>
#include <linux/kernel.h>

#include "data_path.h"
#include "log.h"

#define STOCKS_MAX	64u		/* policies; the one used least lately goes */
#define STOCK_MAX	128u		/* generations of each */
#define STOCK_LOW	16u		/* ask for more when there are no more than that */
#define STOCK_FIRST	8u		/* asked for with META_OPEN of an unknown bucket */
#define LOOKED_AT	8u		/* of a stock, for one without dead locations */
#define LIFE_LEAST_US	30000000u	/* to be sent and committed */
#define HINTS		256u		/* buckets whose policy is remembered */
#define ASK_MS		10000

struct stock_name {
	u64 team, id, revision;
};

struct stock {
	struct stock *next;		/* the one used last is first */
	struct stock_name name;
	u32 generation_bytes;
	struct slot slot[STOCK_MAX];	/* a ring */
	unsigned int first, count;
	bool asking;
	struct io_event asked;
	unsigned int users;		/* fibers that wait for it */
};

struct slots_hint {
	char bucket[64];
	u8 len;
	struct stock_name name;
};

struct gateway_slots {
	struct stock *stocks;
	unsigned int count;
	struct slots_hint hint[HINTS];
};

u64 data_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

int slots_open(struct gateway *g)
{
	g->slots = calloc(1, sizeof(*g->slots));
	return g->slots ? 0 : -ENOMEM;
}

void slots_close(struct gateway *g)
{
	struct stock *s;

	while (g->slots && (s = g->slots->stocks)) {
		g->slots->stocks = s->next;
		free(s);
	}
	free(g->slots);
	g->slots = NULL;
}

/* --- stocks ------------------------------------------------------------------------ */

static struct stock *stock_find(struct gateway_slots *slots, const struct stock_name *name)
{
	struct stock **at, *s;

	for (at = &slots->stocks; (s = *at); at = &s->next) {
		if (memcmp(&s->name, name, sizeof(*name)))
			continue;
		*at = s->next;
		s->next = slots->stocks;
		slots->stocks = s;
		return s;
	}
	return NULL;
}

/* The last one that nobody waits for. */
static void stock_drop_one(struct gateway_slots *slots)
{
	struct stock **at, **last = NULL, *s;

	for (at = &slots->stocks; (s = *at); at = &s->next)
		if (!s->users && !s->asking)
			last = at;
	if (!last)
		return;
	s = *last;
	*last = s->next;
	slots->count--;
	free(s);
}

static struct stock *stock_of(struct gateway_slots *slots, const struct meta_policy *policy)
{
	const struct stock_name name = { policy->team, policy->id, policy->revision };
	struct stock *s = stock_find(slots, &name);

	if (s)
		return s;
	if (slots->count >= STOCKS_MAX)
		stock_drop_one(slots);
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->name = name;
	s->generation_bytes = policy->generation_bytes;
	io_event_init(&s->asked);
	s->next = slots->stocks;
	slots->stocks = s;
	slots->count++;
	return s;
}

static struct slot *stock_at(struct stock *s, unsigned int i)
{
	return &s->slot[(s->first + i) % STOCK_MAX];
}

/* Reservations do not end in the order in which they came. */
static void stock_expire(struct stock *s)
{
	const u64 now = data_now_us();
	unsigned int i, left = 0;

	for (i = 0; i < s->count; i++)
		if (stock_at(s, i)->until > now + LIFE_LEAST_US)
			*stock_at(s, left++) = *stock_at(s, i);
	s->count = left;
}

/* -EBADMSG, and nothing is added, when one of them makes no sense. */
static int stock_add(struct stock *s, const struct meta_slots *slots, unsigned int n)
{
	unsigned int i, row;
	__le16 number;

	if (slots->count > META_SLOTS_MAX)
		return -EBADMSG;
	for (i = 0; i < slots->count; i++)
		if (slots->slot[i].locations.len != 2 * n)
			return -EBADMSG;
	for (i = 0; i < slots->count && s->count < STOCK_MAX; i++) {
		struct slot *slot = stock_at(s, s->count++);

		*slot = (struct slot){
			.reservation = slots->reservation, .number = i, .n = n,
			.until = slots->until, .revision = slots->revision,
		};
		memcpy(slot->generation, slots->slot[i].generation, META_GENERATION_BYTES);
		for (row = 0; row < n; row++) {
			memcpy(&number, (const u8 *)slots->slot[i].locations.data + 2 * row, 2);
			slot->location[row] = le16_to_cpu(number);
		}
	}
	return 0;
}

static unsigned int downs(struct gateway *g, const struct slot *slot)
{
	unsigned int row, count = 0;

	for (row = 0; row < slot->n; row++)
		count += place_down(g, slot->location[row]);
	return count;
}

static bool stock_take(struct gateway *g, struct stock *s, struct slot *slot)
{
	unsigned int i, best = 0, least = UINT32_MAX;

	stock_expire(s);
	for (i = 0; i < s->count && i < LOOKED_AT && least; i++) {
		unsigned int count = downs(g, stock_at(s, i));

		if (count < least) {
			least = count;
			best = i;
		}
	}
	if (!s->count)
		return false;
	*slot = *stock_at(s, best);
	*stock_at(s, best) = *stock_at(s, 0);
	s->first = (s->first + 1) % STOCK_MAX;
	s->count--;
	return true;
}

void slots_forget(struct gateway *g, u64 reservation)
{
	struct stock *s;
	unsigned int i;

	for (s = g->slots->stocks; s; s = s->next)
		for (i = 0; i < s->count; i++)
			if (stock_at(s, i)->reservation == reservation)
				stock_at(s, i)->until = 0;
}

/* --- asking ------------------------------------------------------------------------ */

static int ask(struct gateway *g, const struct meta_caller *caller, struct rpc_bytes bucket,
	       struct stock *s, unsigned int n, int64_t deadline)
{
	const struct meta_slots_ask question = {
		.caller = *caller, .bucket = bucket, .count = META_SLOTS_MAX,
	};
	struct meta_slots slots = { 0 };
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct link_call call = {
		.operation = META_SLOTS, .ask = &meta_slots_ask_schema, .question = &question,
		.fd = -1, .give = &meta_slots_schema, .reply = &slots,
		.room = META_SLOTS_MAX * sizeof(struct meta_slot),
	};
	int rc;

	s->asking = true;
	io_event_clear(&s->asked);
	rc = link_do(g->backend, &call, &answer, data_step(deadline, ASK_MS));
	if (!rc)
		rc = stock_add(s, &slots, n);
	s->asking = false;
	io_event_set(&s->asked);
	return rc;
}

/* Asks when the request that made it necessary may have gone: with copies of its texts. */
struct refill {
	struct gateway *g;
	struct stock *stock;
	unsigned int n;
	struct meta_caller caller;
	struct rpc_bytes bucket;
	char text[];
};

static struct rpc_bytes text_copy(char **to, struct rpc_bytes from)
{
	struct rpc_bytes copy = { *to, from.len };

	if (from.len)
		memcpy(*to, from.data, from.len);
	*to += from.len;
	return copy;
}

static int refill_run(void *arg)
{
	struct refill *r = arg;
	int rc = ask(r->g, &r->caller, r->bucket, r->stock, r->n, 0);

	if (rc && rc != -ECANCELED)
		log_line(LEVEL_DEBUG, "no reservation ahead of need: %d", rc);
	r->stock->users--;
	free(r);
	return 0;
}

static void refill(struct gateway *g, const struct meta_caller *caller, struct rpc_bytes bucket,
		   struct stock *s, unsigned int n)
{
	const struct meta_caller *c = caller;
	struct refill *r = malloc(sizeof(*r) + c->access_key.len + c->address.len + c->agent.len +
				  c->referer.len + bucket.len);
	char *at;

	if (!r)
		return;
	at = r->text;
	*r = (struct refill){ .g = g, .stock = s, .n = n };
	r->caller.access_key = text_copy(&at, c->access_key);
	r->caller.address = text_copy(&at, c->address);
	r->caller.agent = text_copy(&at, c->agent);
	r->caller.referer = text_copy(&at, c->referer);
	r->caller.secure = c->secure;
	r->bucket = text_copy(&at, bucket);
	s->users++;
	s->asking = true;
	io_event_clear(&s->asked);
	if (!io_spawn(g->repairs, refill_run, r, NULL))
		return;
	s->asking = false;
	io_event_set(&s->asked);
	s->users--;
	free(r);
}

int slots_take(struct gateway *g, const struct meta_caller *caller, struct rpc_bytes bucket,
	       const struct meta_policy *policy, struct slot *slot, int64_t deadline)
{
	struct stock *s = stock_of(g->slots, policy);
	bool asked = false;
	int rc = 0;

	if (!s)
		return -ENOMEM;
	s->users++;
	while (!rc && !stock_take(g, s, slot)) {
		if (s->asking) {
			rc = io_event_wait(&s->asked, data_step(deadline, ASK_MS));
			continue;
		}
		/* Others may have been refused what this caller may have. */
		rc = asked ? -EBADMSG : ask(g, caller, bucket, s, policy->n, deadline);
		asked = true;
	}
	s->users--;
	if (!rc && s->count <= STOCK_LOW && !s->asking)
		refill(g, caller, bucket, s, policy->n);
	return rc;
}

/* --- together with META_OPEN ------------------------------------------------------- */

static struct slots_hint *hint_of(struct gateway_slots *slots, struct rpc_bytes bucket)
{
	const u8 *at = bucket.data;
	u32 hash = 2166136261u, i;

	for (i = 0; i < bucket.len; i++)
		hash = (hash ^ at[i]) * 16777619u;	/* FNV-1a */
	return &slots->hint[hash % HINTS];
}

u8 slots_wanted(struct gateway *g, struct rpc_bytes bucket, u64 size)
{
	const struct slots_hint *hint = hint_of(g->slots, bucket);
	struct stock *s = NULL;
	u64 need;

	if (!size)
		return 0;
	if (bucket.len && hint->len == bucket.len && !memcmp(hint->bucket, bucket.data, bucket.len))
		s = stock_find(g->slots, &hint->name);
	if (!s)
		return STOCK_FIRST;
	stock_expire(s);
	need = size == UINT64_MAX ? 1 : size / s->generation_bytes + 1;
	if (need < s->count || s->asking)
		return 0;
	return min_t(u64, max_t(u64, need, STOCK_LOW), META_SLOTS_MAX);
}

void slots_give(struct gateway *g, struct rpc_bytes bucket, const struct meta_policy *policy,
		const struct meta_slots *slots)
{
	struct slots_hint *hint = hint_of(g->slots, bucket);
	struct stock *s = stock_of(g->slots, policy);

	if (!s)
		return;
	if (bucket.len <= sizeof(hint->bucket)) {
		hint->name = s->name;
		hint->len = bucket.len;
		memcpy(hint->bucket, bucket.data, bucket.len);
	}
	if (slots->count && stock_add(s, slots, policy->n))
		log_line(LEVEL_ERROR, "the backend has sent a reservation that makes no sense");
}
