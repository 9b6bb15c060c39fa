# SPDX-License-Identifier: GPL-2.0-or-later
# Governance: its policy language, its state, its folder, and shares of keys.

UNIT_TESTS	+= test_tlog_policy test_govern test_govern_folder test_recovery test_witness_ask test_pcr_policy
$(foreach t,test_govern test_govern_folder test_recovery test_pcr_policy,$(eval $(t)_LIBS := -ljansson -lyaml))

# The programs themselves are built beside the tests that run them.
UNIT_TESTS	+= test_govern_cmd
test_govern_cmd_LIBS := -largon2 -ljansson
$(O)/test/test_govern_cmd: | $(O)/test/skyd $(O)/test/skyctl
UNIT_TESTS	+= test_govern_boot
$(O)/test/test_govern_boot: | $(O)/test/skyd $(O)/test/skyctl $(O)/test/rlncsetup
UNIT_TESTS	+= test_audit_cmd
$(O)/test/test_audit_cmd: | $(O)/test/skyd $(O)/test/skyctl
