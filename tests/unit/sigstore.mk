# SPDX-License-Identifier: GPL-2.0-or-later
# Signatures of workloads.

SIGSTORE_TESTS	:= test_admission test_sigstore test_sigstore_fields test_sigstore_fixtures
UNIT_TESTS	+= $(SIGSTORE_TESTS)

# The command itself; its objects come after the library, which is named once more.
UNIT_TESTS	+= test_workload
CFLAGS_tests/unit/test_workload := -Iuser/tools
test_workload_LIBS := $(O)/san/libsky.a -ljansson -lyaml
$(O)/test/test_workload: $(O)/san/user/tools/skyctl/cmd_workload.o

$(foreach t,$(SIGSTORE_TESTS),$(eval $(t)_LIBS := -ljansson -lyaml))
