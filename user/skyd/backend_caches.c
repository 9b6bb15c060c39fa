// SPDX-License-Identifier: GPL-2.0-or-later
/* What gateways say of their caches, and what they are told. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "backend_private.h"
#include "caches.h"
#include "log.h"

#define NS_OF_MS	1000000ll

int caches_open(struct backend *b)
{
	u64 changed = 0;
	int rc = store_policy_changed(b->store, &changed);

	if (rc)
		return rc;
	b->caches = calloc(1, sizeof(*b->caches));
	if (!b->caches)
		return -ENOMEM;
	io_event_init(&b->caches->told);
	/* Above what is lost, also by a clock that is behind. */
	b->caches->last = max_t(u64, backend_now(), changed + 1);
	/* An order that the backend before this one may not have given any more. */
	b->caches->lost = changed;
	return 0;
}

void caches_close(struct backend *b)
{
	free(b->caches);
	b->caches = NULL;
}

/* --- orders ------------------------------------------------------------------------ */

void caches_hold(struct backend *b)
{
	struct caches *c = b->caches;

	if (c && !c->holds++)
		c->held = c->last;
}

void caches_release(struct backend *b)
{
	if (b->caches)
		b->caches->holds--;
}

/* Higher than anybody has heard of. */
static u64 next_number(struct caches *c)
{
	c->last = max_t(u64, c->last + 1, backend_now());
	return c->last;
}

static struct rpc_bytes keep(struct rpc_bytes text, char *to, size_t room)
{
	const u32 len = min_t(size_t, text.len, room);

	memcpy(to, text.data ? text.data : "", len);
	return (struct rpc_bytes){ to, len };
}

static void remove_order(struct caches *c, unsigned int i)
{
	c->orders--;
	memmove(c->order + i, c->order + i + 1, (c->orders - i) * sizeof(*c->order));
	for (; i < c->orders; i++) {
		c->order[i].say.bucket_name.data = c->order[i].bucket_name;
		c->order[i].say.name.data = c->order[i].name;
	}
}

/* What a later order of the same policy throws out is all that an earlier one would. */
static void merge(struct caches *c, const struct meta_cache_order *what)
{
	unsigned int i;

	for (i = 0; i < c->orders; i++)
		if (what->kind == META_CACHE_POLICY && c->order[i].say.kind == what->kind &&
		    c->order[i].say.policy == what->policy) {
			remove_order(c, i);
			return;
		}
}

u64 caches_order(struct backend *b, const struct meta_cache_order *what)
{
	struct caches *c = b->caches;
	struct cache_order *o;

	if (!c)
		return 0;
	merge(c, what);
	if (c->orders == CACHES_ORDERS) {
		c->lost = c->order[0].say.number;
		remove_order(c, 0);
	}
	o = &c->order[c->orders++];
	o->say = *what;
	o->say.bucket_name = keep(what->bucket_name, o->bucket_name, sizeof(o->bucket_name));
	o->say.name = keep(what->name, o->name, sizeof(o->name));
	o->say.number = next_number(c);
	return o->say.number;
}

/* The first that it has not heard; else up to where it has heard all. */
static void choose(struct caches *c, u64 heard, struct meta_cache_order *give)
{
	unsigned int i;

	if (!heard || heard <= c->lost || heard > c->last) {
		give->kind = META_CACHE_ALL;
		give->number = c->holds ? c->held : next_number(c);
		/* It has to be above what is lost, or it would be told the same for ever. */
		give->number = max_t(u64, give->number, c->lost + 1);
		return;
	}
	for (i = 0; i < c->orders; i++)
		if (c->order[i].say.number > heard) {
			*give = c->order[i].say;
			return;
		}
	give->number = c->holds ? max_t(u64, heard, c->held) : next_number(c);
}

/* --- META_CACHE -------------------------------------------------------------------- */

unsigned int caches_count(struct backend *b)
{
	struct caches *c = b->caches;
	unsigned int i = 0;

	if (!c)
		return 0;
	while (i < c->rows)
		if (io_now() - c->row[i].seen > CACHES_GONE_MS * NS_OF_MS)
			c->row[i] = c->row[--c->rows];
		else
			i++;
	return c->rows;
}

static struct cache_row *row_of(struct caches *c, const u8 gateway[META_GATEWAY_BYTES], bool add)
{
	struct cache_row *oldest = c->row;
	unsigned int i;

	for (i = 0; i < c->rows; i++) {
		if (!memcmp(c->row[i].said.gateway, gateway, META_GATEWAY_BYTES))
			return &c->row[i];
		if (c->row[i].seen < oldest->seen)
			oldest = &c->row[i];
	}
	if (!add)
		return NULL;
	return c->rows < CACHES_MAX ? &c->row[c->rows++] : oldest;
}

static int answer_cache(struct link_request *r, const void *question, void *answer)
{
	const struct meta_cache *ask = question;
	struct meta_cache_order *give = answer;
	struct backend *b = r->ctx;
	struct caches *c = b->caches;
	struct cache_row *row = row_of(c, ask->gateway, !ask->left);

	if (ask->left) {
		if (row)
			*row = c->row[--c->rows];
		give->number = ask->heard;
	} else {
		row->said = *ask;
		row->seen = io_now();
		snprintf(row->host, sizeof(row->host), "%s", r->host ? r->host : "");
		choose(c, ask->heard, give);
	}
	io_event_set(&c->told);
	return 0;
}

const struct link_operation backend_caches[] = {
	{ META_CACHE, "cache", &meta_cache_schema, &meta_cache_order_schema, 0, GATEWAY,
	  answer_cache },
	{ 0 },
};

/* --- who waits for them ------------------------------------------------------------ */

bool cache_row_heard(const struct cache_row *row, u64 number, int64_t since)
{
	return row->seen > since && row->said.heard >= number;
}

static bool have_heard(struct backend *b, u64 number, int64_t since)
{
	unsigned int i, n = caches_count(b);

	for (i = 0; i < n; i++)
		if (!cache_row_heard(&b->caches->row[i], number, since))
			return false;
	return n;
}

int caches_wait(struct backend *b, u64 number, int64_t since, int ms)
{
	const int64_t until = io_after_ms(ms);
	int rc = b->caches ? 0 : -ETIMEDOUT;

	while (!rc && !have_heard(b, number, since)) {
		io_event_clear(&b->caches->told);
		rc = io_event_wait(&b->caches->told, until);
	}
	return rc;
}
