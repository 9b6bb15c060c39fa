// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a fragment goes that has to leave its location. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pipe/manifest.h"
#include "plan_private.h"

int plan_move(struct backend *b, const struct policy *policy, const struct record *r,
	      const struct plan_move *move, u16 *target, struct policy_error *err)
{
	u16 have[2 * SKY_MAX_N];
	struct requirement need = {
		.n = 1, .bytes = policy->generation_bytes / policy->k + SKY_FRAGMENT_ALIGN,
		.backends = &policy->backends, .edge_devices = &policy->edge_devices,
		.have = have, .only = move->onlys ? move->only : NULL, .onlys = move->onlys,
	};
	struct catalogue *c = catalogue_get(b);
	unsigned int i;
	u16 chosen;
	u64 seed;
	int rc;

	for (i = 0; i < r->n; i++)
		if (r->location[i] != move->from && r->location[i] != SKY_NO_LOCATION)
			have[need.haves++] = r->location[i];
	for (i = 0; i < move->nots && need.haves < 2 * SKY_MAX_N; i++)
		have[need.haves++] = move->not[i];
	memcpy(&seed, r->generation, sizeof(seed));
	catalogue_states(c);
	rc = placement_choose(c->location, c->count, &need, seed + move->row, &chosen, err);
	if (!rc)
		*target = c->location[chosen].id;
	catalogue_put(c);
	return rc;
}

bool plan_is_draining(const struct backend *b, u16 location)
{
	const struct plan_place *p = catalogue_find(b->plan->catalogue, location);

	return p && p->row.state == STORE_DRAINING;
}

bool plan_is_removed(const struct backend *b, u16 location)
{
	const struct plan_place *p = catalogue_find(b->plan->catalogue, location);

	return p && p->row.state == STORE_DISABLED;
}
