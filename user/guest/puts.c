// SPDX-License-Identifier: GPL-2.0-or-later
/* puts N: so many numbered lines of 64 bytes, each a hypercall. */
#include "lib/guest.h"

GUEST_MANIFEST();

int guest_main(int argc, char **argv)
{
	uint64_t i, n = argc > 0 ? guest_number(argv[0]) : 1000;

	for (i = 0; i < n; i++)
		guest_printf("%08llu 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOP\n",
			     (unsigned long long)i);
	return 0;
}
