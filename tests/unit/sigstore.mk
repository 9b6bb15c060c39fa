# SPDX-License-Identifier: GPL-2.0-or-later
# Signatures of workloads.

SIGSTORE_TESTS	:= test_admission test_sigstore test_sigstore_fields test_sigstore_fixtures
UNIT_TESTS	+= $(SIGSTORE_TESTS)
$(foreach t,$(SIGSTORE_TESTS),$(eval $(t)_LIBS := -ljansson -lyaml))
