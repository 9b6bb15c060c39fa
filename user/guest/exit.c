// SPDX-License-Identifier: GPL-2.0-or-later
/* exit N: the end, with that status. */
#include "lib/guest.h"

GUEST_MANIFEST();

int guest_main(int argc, char **argv)
{
	if (argc != 1)
		guest_fail("exit N\n");
	return guest_number(argv[0]);
}
