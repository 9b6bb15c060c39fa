// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How fast this machine's time stamp counter runs, in kHz.  The emulated machine's is the same
 * one, and its kernel would measure it while it may be kept waiting for long.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define TRIES		50
#define PAUSE_NS	200000000l

struct moment {
	uint64_t ticks;
	int64_t ns;
};

/* Both at once, as nearly as can be: of some tries the one that took least. */
static struct moment now(void)
{
	struct moment best = { 0, 0 };
	uint64_t least = UINT64_MAX;
	int i;

	for (i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc(), after;
		struct timespec t;

		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		after = __rdtsc();
		if (after - before >= least)
			continue;
		least = after - before;
		best.ticks = before + least / 2;
		best.ns = t.tv_sec * 1000000000ll + t.tv_nsec;
	}
	return best;
}

int main(void)
{
	const struct timespec pause = { 0, PAUSE_NS };
	struct moment from = now(), to;

	nanosleep(&pause, NULL);
	to = now();
	if (to.ticks <= from.ticks || to.ns <= from.ns)
		return 1;
	printf("%llu\n", (unsigned long long)((to.ticks - from.ticks) * 1000000.0 /
					      (to.ns - from.ns)));
	return 0;
}
