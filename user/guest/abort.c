// SPDX-License-Identifier: GPL-2.0-or-later
/* abort: status 255 without a cookie. */
#include "lib/guest.h"

GUEST_MANIFEST();

int guest_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	guest_puts("aborting\n");
	guest_abort();
}
