// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * clock: the wall clock goes forward, and at the speed of the TSC; a poll without
 * devices sleeps.  Prints the time, for comparison with the host's.
 *
 * clock again: how far the TSC is from the wall clock, since the start, ten times a second.
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

static void again(void)
{
	uint64_t wall = guest_wall_ns(), mono = guest_monotonic_ns(), went, ticked;

	for (;;) {
		went = guest_wall_ns() - wall;
		ticked = guest_monotonic_ns() - mono;
		guest_printf("off %llu us of %llu\n", (unsigned long long)
			     (went > ticked ? went - ticked : ticked - went) / 1000,
			     (unsigned long long)went / 1000);
		guest_poll(100 * MSEC, NULL);
	}
}

int guest_main(int argc, char **argv)
{
	uint64_t wall = guest_wall_ns(), mono = guest_monotonic_ns();

	if (argc > 0 && !strcmp(argv[0], "again"))
		again();
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
