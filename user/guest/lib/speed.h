/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What something costs, by the TSC: done in batches of ten, the median batch. */
#ifndef GUEST_SPEED_H
#define GUEST_SPEED_H

#include "guest.h"

#define SPEED_BATCH	10
#define SPEED_MAX	4096		/* batches */

static uint64_t speed_took[SPEED_MAX];

static inline void speed_sort(uint64_t *v, unsigned int n)
{
	unsigned int i, j;
	uint64_t t;

	for (i = 1; i < n; i++)
		for (j = i; j && v[j - 1] > v[j]; j--) {
			t = v[j];
			v[j] = v[j - 1];
			v[j - 1] = t;
		}
}

/* How many batches the first word asks for. */
static inline unsigned int speed_batches(int argc, char **argv)
{
	uint64_t n = argc > 0 ? guest_number(argv[0]) / SPEED_BATCH : 100;

	if (!n || n > SPEED_MAX)
		guest_fail("a number from 10 to %u\n", SPEED_MAX * SPEED_BATCH);
	return n;
}

/* Prints a line: @name, and nanoseconds for one of @run. */
static inline void speed_measure(const char *name, void (*run)(void), unsigned int n)
{
	unsigned int i, j;
	uint64_t began;

	for (i = 0; i < n; i++) {
		began = guest_monotonic_ns();
		for (j = 0; j < SPEED_BATCH; j++)
			run();
		speed_took[i] = (guest_monotonic_ns() - began) / SPEED_BATCH;
	}
	speed_sort(speed_took, n);
	guest_printf("\n%s %llu\n", name, (unsigned long long)speed_took[n / 2]);
}

#endif /* GUEST_SPEED_H */
