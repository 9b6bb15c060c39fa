# SPDX-License-Identifier: GPL-2.0-or-later
# Moving a volume from host to host.

UNIT_TESTS	+= test_move test_move_cancel test_move_tool

# It runs the programs.
$(O)/test/test_move_tool: | $(O)/test/rlncsetup $(O)/test/skyctl
