// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * clock: the wall clock goes forward, and at the speed of the TSC; a poll without
 * devices sleeps.  Prints the time, for comparison with the host's.
 */
#include "lib/guest.h"

#define MSEC	1000000ull

GUEST_MANIFEST();

static void forward(void)
{
	uint64_t then = guest_wall_ns(), now;
	unsigned int i;

	for (i = 0; i < 100; i++, then = now) {
		now = guest_wall_ns();
		if (now < then)
			guest_fail("the wall clock went back by %llu ns\n",
				   (unsigned long long)(then - now));
	}
}

int guest_main(int argc, char **argv)
{
	uint64_t wall = guest_wall_ns(), mono = guest_monotonic_ns();

	(void)argc;
	(void)argv;
	guest_printf("%llu\n", (unsigned long long)wall);
	forward();
	if (guest_poll(200 * MSEC, NULL))
		guest_fail("something is ready, and there is no device\n");
	mono = guest_monotonic_ns() - mono;
	wall = guest_wall_ns() - wall;
	guest_printf("wall %llu us, TSC %llu us\n", (unsigned long long)(wall / 1000),
		     (unsigned long long)(mono / 1000));
	if (wall < 200 * MSEC || mono < 180 * MSEC)
		guest_fail("it slept less than 200 ms\n");
	if (mono > wall * 2 || wall > mono * 2)
		guest_fail("the clocks do not go at the same speed\n");
	return 0;
}
