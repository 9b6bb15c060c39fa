# SPDX-License-Identifier: GPL-2.0-or-later
# Measured boots.

TPM_TESTS	:= test_eventlog test_ima test_attest test_attest_policy test_ear
UNIT_TESTS	+= $(TPM_TESTS)
$(foreach t,$(TPM_TESTS),$(eval $(t)_LIBS := -ljansson))
