// SPDX-License-Identifier: GPL-2.0-or-later
/* hang: a loop without an end and without a hypercall. */
#include "lib/guest.h"

GUEST_MANIFEST();

int guest_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	guest_puts("hanging\n");
	for (;;)
		__asm__ volatile("pause");
}
