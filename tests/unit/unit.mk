# SPDX-License-Identifier: GPL-2.0-or-later
# A test program: name it in UNIT_TESTS, its source is tests/unit/NAME.c.

UNIT_TESTS	+= test_rlnc_backend test_rlnc_choice test_rlnc_code test_rlnc_decoder test_rlnc_gf256 test_rlnc_gfni_avx2 test_rlnc_gfni_avx512 \
		   test_rlnc_isal test_rlnc_mix test_rlnc_packet test_rlnc_plan test_rlnc_selftest \
		   test_histogram
test_rlnc_isal_LIBS := -lisal

# The list is complete only when all fragments have been read.
check-unit: $$(addprefix $(O)/test/,$$(UNIT_TESTS)) ## unit tests with sanitizers (KTAP)
	@tests/unit/run $(sort $(filter $(O)/test/%,$^))

# ThreadSanitizer wants its memory where a kernel that randomises much may have put something.
check-tsan: $$(addprefix $(O)/tsan/bin/,$$(TSAN_TESTS)) ## unit tests of what has threads, with ThreadSanitizer (KTAP)
	@TEST_SECONDS=300 setarch --addr-no-randomize tests/unit/run $(sort $(filter $(O)/tsan/bin/%,$^))

.PHONY: check-unit check-tsan
