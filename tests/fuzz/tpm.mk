# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS	+= fuzz_eventlog fuzz_ima fuzz_attest_policy
$(foreach f,fuzz_eventlog fuzz_ima fuzz_attest_policy,$(eval $(f)_LIBS := -ljansson))
