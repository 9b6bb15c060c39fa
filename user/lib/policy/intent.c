// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/kernel.h>

#include "placement.h"

/* Redundancy beyond the losses that may be, at most. */
#define MORE_REDUNDANT	8

/* Numbers of data symbols, the most usual first. */
static const uint8_t symbols[] = { 4, 5, 6, 8, 10, 12, 16, 3, 2, 1 };

/* Is an object on these as likely to be there as it is to be? */
static bool available(const struct intent *intent, const struct location *all,
		      const uint16_t *chosen, unsigned int n, unsigned int k,
		      struct policy_error *err)
{
	const double up = placement_availability(all, chosen, n, k);

	if (up >= intent->availability)
		return true;
	snprintf(err->text, sizeof(err->text), "availability: %u of %u would have %.9f", k, n, up);
	return false;
}

/* After the quorum the promise holds: so many may be lost of what is durable then. */
static void fill(struct policy *p, const struct intent *intent, const struct location *all,
		 const uint16_t *chosen, unsigned int n, unsigned int k)
{
	unsigned int i;

	policy_default(p);
	p->k = k;
	p->redundant = n - k;
	p->quorum = min(n, k + max(intent->losses, 1u));
	for (i = 0; i < n; i++) {
		const struct location *l = &all[chosen[i]];
		struct policy_places *list = l->edge ? &p->edge_devices : &p->backends;

		list->id[list->count++] = l->id;
	}
}

/* At most the average that the price allows, for each: then it holds for all together. */
static struct requirement requirement_of(const struct intent *intent, unsigned int n,
					 unsigned int k)
{
	return (struct requirement){
		.n = n,
		.jurisdiction = intent->jurisdiction,
		.gdpr = intent->gdpr,
		.max_latency_ms = intent->max_latency_ms,
		.max_storage_price = intent->max_price * k / n,
	};
}

int policy_from_intent(struct policy *p, const struct intent *intent,
		       const struct location *all, size_t count, uint64_t seed,
		       struct policy_error *err)
{
	struct requirement need;
	uint16_t chosen[SKY_MAX_N];
	struct policy_error first = { "" };
	unsigned int i, more, k, n;

	if (intent->losses > SKY_MAX_N - 1) {
		snprintf(err->text, sizeof(err->text), "losses: %u is not from 0 to %d",
			 intent->losses, SKY_MAX_N - 1);
		return -ENOSPC;
	}
	for (i = 0; i < ARRAY_SIZE(symbols); i++)
		for (more = 0; more <= MORE_REDUNDANT; more++) {
			k = symbols[i];
			n = k + intent->losses + more;
			if (n > SKY_MAX_N)
				break;
			need = requirement_of(intent, n, k);
			if (!placement_choose(all, count, &need, seed, chosen, err) &&
			    available(intent, all, chosen, n, k, err)) {
				fill(p, intent, all, chosen, n, k);
				return 0;
			}
			if (!*first.text)
				first = *err;
		}
	*err = first;
	return -ENOSPC;
}
