# SPDX-License-Identifier: GPL-2.0-or-later
# Moving a volume from host to host.

UNIT_TESTS	+= test_move
