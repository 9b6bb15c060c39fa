// SPDX-License-Identifier: GPL-2.0-or-later
/* tls: variables of the thread have their values, and places of their own. */
#include "lib/guest.h"

GUEST_MANIFEST();

static __thread uint64_t given = 0x1122334455667788;
static __thread uint64_t zero[100];
static __thread uint8_t last = 0x5a;

int guest_main(int argc, char **argv)
{
	volatile uint64_t *word = &given, *array = zero;
	volatile uint8_t *byte = &last;
	unsigned int i;

	(void)argc;
	(void)argv;
	if (*word != 0x1122334455667788 || *byte != 0x5a)
		guest_fail("initial values are lost\n");
	for (i = 0; i < GUEST_COUNT(zero); i++)
		if (array[i])
			guest_fail("word %u is not zero\n", i);
	for (i = 0; i < GUEST_COUNT(zero); i++)
		array[i] = ~0ull;
	if (*word != 0x1122334455667788 || *byte != 0x5a)
		guest_fail("one variable covers another\n");
	guest_puts("thread variables are as they should be\n");
	return 0;
}
