// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ids of generations: 11 random bytes, and the second since 1970 at which they were drawn.  So a
 * fragment that nothing names says itself how old it is, wherever it lies.
 */
#include <string.h>

#include "base/secret.h"
#include "plan_private.h"

#define TIME_BYTES	5u

int plan_draw(void *ids, unsigned int count)
{
	u8 (*generation)[SKY_GENERATION_ID_BYTES] = ids;
	const u64 now = plan_now() / 1000000;
	unsigned int i, j;
	int rc = random_bytes(ids, count * SKY_GENERATION_ID_BYTES);

	for (i = 0; i < count; i++)
		for (j = 0; j < TIME_BYTES; j++)
			generation[i][SKY_GENERATION_ID_BYTES - 1 - j] = now >> 8 * j;
	return rc;
}

u64 plan_drawn(const u8 generation[SKY_GENERATION_ID_BYTES])
{
	u64 seconds = 0;
	unsigned int j;

	for (j = SKY_GENERATION_ID_BYTES - TIME_BYTES; j < SKY_GENERATION_ID_BYTES; j++)
		seconds = seconds << 8 | generation[j];
	return seconds * 1000000;
}
