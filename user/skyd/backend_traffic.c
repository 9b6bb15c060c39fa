// SPDX-License-Identifier: GPL-2.0-or-later
/* What gateways have counted of teams. */
#include <errno.h>

#include "backend_private.h"

#define USED_BITS	52	/* of what one batch says of a team */

/* A gateway is not believed what nobody can ask for: its totals would overflow. */
static bool is_possible(const struct meta_traffic *ask)
{
	u32 i;

	for (i = 0; i < ask->teams; i++)
		if ((ask->used[i].requests | ask->used[i].received | ask->used[i].sent) >>
		    USED_BITS)
			return false;
	return true;
}

static int answer_traffic(struct link_request *r, const void *question, void *answer)
{
	const struct meta_traffic *ask = question;
	struct call *c;
	int rc = call_plain(r, &c);

	(void)answer;
	if (!rc && (!ask->number || !is_possible(ask)))
		rc = -EINVAL;
	return rc ? rc : backend_status(store_traffic_add(c->b->store, ask));
}

const struct link_operation backend_traffic[] = {
	{ META_TRAFFIC, "traffic", &meta_traffic_schema, NULL,
	  META_USED_MAX * sizeof(struct meta_used), GATEWAY, answer_traffic },
	{ 0 },
};
