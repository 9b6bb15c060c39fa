# SPDX-License-Identifier: GPL-2.0-or-later
# Measured boots.

TPM_TESTS	:= test_eventlog test_ima test_attest test_attest_forged test_attest_policy test_ear \
		   test_attest_cmd
UNIT_TESTS	+= $(TPM_TESTS)
$(foreach t,$(TPM_TESTS),$(eval $(t)_LIBS := -ljansson))

# The program itself is built beside the tests that run it.
$(O)/test/test_attest_cmd: | $(O)/test/skyctl
