// SPDX-License-Identifier: GPL-2.0-or-later
/* cmdline ...: what it was given, between brackets, and how long that is. */
#include "lib/guest.h"

GUEST_MANIFEST();

int guest_main(int argc, char **argv)
{
	const char *line = (const char *)(uintptr_t)guest_boot->cmdline;

	(void)argv;
	guest_puts("[");
	guest_puts(line);
	guest_puts("]\n");
	guest_printf("%lu bytes, %d words\n", strlen(line), argc);
	return 0;
}
