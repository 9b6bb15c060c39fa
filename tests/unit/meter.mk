# SPDX-License-Identifier: GPL-2.0-or-later
# Records of use, and who writes them.

METER_TESTS	:= test_meter test_meter_keeper test_meter_tool test_meter_collect
UNIT_TESTS	+= $(METER_TESTS)
$(foreach t,$(METER_TESTS),$(eval $(t)_LIBS := -ljansson))

# It runs the programs.
$(O)/test/test_meter_tool: | $(O)/test/hedgectl $(O)/test/skyctl
$(O)/test/test_meter_collect: | $(O)/test/skyd $(O)/test/skyctl
