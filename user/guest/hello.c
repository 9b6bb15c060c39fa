// SPDX-License-Identifier: GPL-2.0-or-later
/* hello: one line, and the end. */
#include "lib/guest.h"

GUEST_MANIFEST();

int guest_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	guest_puts("Hello from the guest\n");
	return 0;
}
