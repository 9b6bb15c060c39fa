// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "plan_private.h"

#define POLICIES	256u	/* revisions that are kept parsed */

struct policy_slot {
	u64 id, revision, team;		/* id 0: free */
	u64 used;			/* when, in uses of the table */
	struct policy policy;
};

u64 plan_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

/* --- life ------------------------------------------------------------------------------- */

int plan_open(struct backend *b)
{
	struct backend_plan *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return -ENOMEM;
	b->plan = p;
	/* A gateway that has outlived a backend knows a lower one. */
	p->revision = plan_now();
	io_semaphore_init(&p->loading, 1);
	p->policies = calloc(POLICIES, sizeof(*p->policies));
	rc = p->policies ? plan_first(b) : -ENOMEM;
	if (!rc)
		rc = catalogue_load(b, &p->catalogue);
	if (rc)
		plan_close(b);
	return rc;
}

void plan_close(struct backend *b)
{
	struct backend_plan *p = b->plan;
	unsigned int i;

	if (!p)
		return;
	b->plan = NULL;
	catalogue_put(p->catalogue);
	reservations_free(p);
	for (i = 0; i < SKY_NO_LOCATION; i++) {
		if (p->live[i])
			explicit_bzero(&p->live[i]->signer, sizeof(p->live[i]->signer));
		free(p->live[i]);
	}
	free(p->policies);
	free(p);
}

int plan_reload(struct backend *b)
{
	struct backend_plan *p = b->plan;
	struct catalogue *c, *old;
	int rc = io_acquire(&p->loading, 1, 0);

	if (rc)
		return rc;
	rc = catalogue_load(b, &c);
	if (!rc) {
		old = p->catalogue;
		p->revision += memcmp(old->digest, c->digest, sizeof(c->digest)) != 0;
		p->catalogue = c;
		catalogue_put(old);
	}
	io_release(&p->loading, 1);
	return rc;
}

u64 plan_revision(const struct backend *b)
{
	return b->plan->revision;
}

/* --- policies --------------------------------------------------------------------------- */

static struct policy_slot *find_policy(struct backend_plan *p, u64 id, u64 revision)
{
	unsigned int i;

	for (i = 0; i < POLICIES; i++)
		if (p->policies[i].id == id && p->policies[i].revision == revision)
			return &p->policies[i];
	return NULL;
}

static struct policy_slot *oldest_policy(struct backend_plan *p)
{
	struct policy_slot *oldest = &p->policies[0];
	unsigned int i;

	for (i = 1; i < POLICIES; i++)
		if (p->policies[i].used < oldest->used)
			oldest = &p->policies[i];
	return oldest;
}

/* What the store has is in the one form that policy_print_json() writes: it nests no deeper. */
static int read_policy(struct backend *b, u64 team, u64 id, u64 revision, struct store_arena *a,
		       struct policy_slot **slot)
{
	struct store_policy row;
	struct policy_error err;
	struct policy *parsed;
	int rc = store_policy_get(b->store, team, id, revision, a, &row);

	if (rc)
		return rc;
	parsed = store_alloc(a, sizeof(*parsed));
	if (!parsed)
		return -ENOMEM;
	rc = policy_parse_json(parsed, row.body.data, row.body.len, &err);
	if (rc) {
		log_line(LEVEL_ERROR, "policy %llu, revision %llu, cannot be read: %s",
			 (unsigned long long)id, (unsigned long long)row.revision, err.text);
		return rc == -EINVAL ? -EUCLEAN : rc;
	}
	*slot = oldest_policy(b->plan);
	**slot = (struct policy_slot){
		.id = row.id, .revision = row.revision, .team = row.team, .policy = *parsed,
	};
	return 0;
}

int plan_policy(struct backend *b, u64 team, u64 id, u64 revision, struct store_arena *a,
		const struct policy **policy)
{
	struct backend_plan *p = b->plan;
	struct policy_slot *slot = revision ? find_policy(p, id, revision) : NULL;
	struct policy *copy;
	int rc;

	if (!slot) {
		rc = read_policy(b, team, id, revision, a, &slot);
		if (rc)
			return rc;
	}
	if (slot->team && slot->team != team)
		return -STORE_NO_SUCH_POLICY;
	slot->used = ++p->policy_uses;
	copy = store_alloc(a, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = slot->policy;
	*policy = copy;
	return 0;
}

/* --- what gateways are told of locations ------------------------------------------------ */

static struct rpc_bytes bytes(struct store_arena *a, const void *data, size_t len)
{
	void *to = len ? store_alloc(a, len) : NULL;

	if (to)
		memcpy(to, data, len);
	return (struct rpc_bytes){ to, to ? len : 0 };
}

/* The URL without a slash at the end: what plan_split_url() took off is off. */
static struct rpc_bytes url_of(struct store_arena *a, const struct plan_place *p)
{
	const struct str end = p->path.len ? p->path : p->host;

	return bytes(a, p->row.url.data, end.at + end.len - (const char *)p->row.url.data);
}

int plan_locations(struct backend *b, struct store_arena *a, struct meta_locations *give)
{
	struct catalogue *c = b->plan->catalogue;
	struct meta_location *to = store_alloc(a, (c->count + 1) * sizeof(*to));
	unsigned int i;

	if (!to)
		return -ENOMEM;
	*give = (struct meta_locations){ .revision = b->plan->revision, .location = to };
	for (i = 0; i < c->count; i++) {
		const struct plan_place *p = &c->place[i];

		if (!p->host.len || p->row.state == STORE_DISABLED)
			continue;
		to[give->count] = (struct meta_location){
			.id = p->row.id, .edge = p->row.kind == STORE_EDGE, .url = url_of(a, p),
			.ca = bytes(a, p->ca.data, p->ca.len), .latency_us = p->latency_us,
		};
		if (!to[give->count].url.len || to[give->count].ca.len != p->ca.len)
			return -ENOMEM;
		give->count++;
	}
	return 0;
}
