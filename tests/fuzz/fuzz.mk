# SPDX-License-Identifier: GPL-2.0-or-later
# A fuzz target: name it in FUZZERS, its source is tests/fuzz/NAME.c, its first
# inputs are tests/fuzz/corpus/NAME/.

FUZZERS		+= fuzz_rlnc_packet
FUZZ_SECONDS	?= 600
SMOKE_SECONDS	?= 5

# The list is complete only when all fragments have been read.
fuzz: $$(addprefix $(O)/fuzz/bin/,$$(FUZZERS)) ## every fuzzer for FUZZ_SECONDS
	@tests/fuzz/run $(FUZZ_SECONDS) $(O)/fuzz $(sort $(filter $(O)/fuzz/bin/%,$^))

fuzz-smoke check-fuzz: $$(addprefix $(O)/fuzz/bin/,$$(FUZZERS)) ## every fuzzer for a moment (KTAP)
	@tests/fuzz/run $(SMOKE_SECONDS) $(O)/fuzz $(sort $(filter $(O)/fuzz/bin/%,$^))

.PHONY: fuzz fuzz-smoke check-fuzz
