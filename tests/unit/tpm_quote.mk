# SPDX-License-Identifier: GPL-2.0-or-later
# What a TPM vouches for: quotes, certificates of endorsement keys, credentials, predictions.

UNIT_TESTS	+= test_event_keys test_tpm_quote test_tpm_ek test_tpm_swtpm test_tpm_pe test_tpm_predict test_tpm_tool
test_tpm_predict_LIBS := -ljansson
test_tpm_swtpm_LIBS = $(TPM_ESYS_LIBS)

# It runs the program.
$(O)/test/test_tpm_tool: | $(O)/test/skyctl

# Volume keys that a TPM has sealed: both programs.
UNIT_TESTS	+= test_tpm_sealed
$(O)/test/test_tpm_sealed: | $(O)/test/rlncsetup $(O)/test/skyctl

UNIT_TESTS	+= test_tpm_anchor
test_tpm_anchor_LIBS = $(TPM_ESYS_LIBS)

UNIT_TESTS	+= test_tpm_ledger
test_tpm_ledger_LIBS = $(TPM_ESYS_LIBS)
CFLAGS_tests/unit/test_tpm_ledger := -Iuser/skyd

# The attester's key, from one start to the next.
UNIT_TESTS	+= test_attester_key
test_attester_key_LIBS = $(TPM_ESYS_LIBS)

# The ledger's counter, under what the backend's process may do.
UNIT_TESTS	+= test_tpm_sandbox
$(O)/test/test_tpm_sandbox: | $(O)/test/skyd
test_tpm_sandbox_LIBS = -lseccomp $(TPM_ESYS_LIBS)
CFLAGS_tests/unit/test_tpm_sandbox := -Iuser/skyd
