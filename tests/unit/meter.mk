# SPDX-License-Identifier: GPL-2.0-or-later
# Records of use, and who writes them.

METER_TESTS	:= test_meter test_meter_keeper
UNIT_TESTS	+= $(METER_TESTS)
$(foreach t,$(METER_TESTS),$(eval $(t)_LIBS := -ljansson))
