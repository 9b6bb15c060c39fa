// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The backend asks nobody: a gateway says now and then how its cache is, and hears what has to go.
 * What was done of it is in the next question, so that who waits for it knows.
 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "cache.h"

struct cache_teller {
	struct gateway *g;
	u8 gateway[META_GATEWAY_BYTES];
	u64 heard;
};

struct cache_teller *cache_teller_open(struct gateway *g)
{
	struct cache_teller *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->g = g;
	if (!random_bytes(t->gateway, sizeof(t->gateway)))
		return t;
	free(t);
	return NULL;
}

void cache_teller_close(struct cache_teller *t)
{
	free(t);
}

static void describe(const struct cache_teller *t, struct meta_cache *m)
{
	struct cache_state s;
	unsigned int i;

	cache_state(t->g, &s);
	*m = (struct meta_cache){
		.heard = t->heard, .disk = s.disk, .size = s.size, .bytes = s.bytes,
		.entries = s.entries, .disk_size = s.disk_size, .disk_bytes = s.disk_bytes,
		.disk_entries = s.disk_entries, .hits = s.counts.hits,
		.disk_hits = s.counts.disk_hits, .misses = s.counts.misses,
		.hit_bytes = s.counts.hit_bytes, .filled_bytes = s.counts.filled_bytes,
		.shared = s.counts.shared, .evicted = s.evicted, .disk_evicted = s.disk_evicted,
		.wrong = s.counts.wrong, .disk_errors = s.counts.disk_errors,
		.disk_late = s.counts.disk_late,
	};
	memcpy(m->gateway, t->gateway, sizeof(m->gateway));
	for (i = 0; i < CACHE_REFUSALS; i++)
		m->refused += s.counts.refused[i];
}

int cache_tell(struct cache_teller *t, bool left, int64_t deadline)
{
	struct meta_cache_order order;
	struct meta_cache ask;
	const struct link_call call = {
		META_CACHE, &meta_cache_schema, &ask, -1, &meta_cache_order_schema, &order, 0,
	};
	int rc;

	do {
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;

		describe(t, &ask);
		ask.left = left;
		order = (struct meta_cache_order){ 0 };
		rc = link_do(t->g->backend, &call, &answer, deadline);
		if (rc)
			return rc;
		cache_drop(t->g, &order);
		t->heard = order.number;
	} while (order.kind && !left);
	return 0;
}
