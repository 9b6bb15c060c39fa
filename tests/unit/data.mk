# SPDX-License-Identifier: GPL-2.0-or-later
# The gateway's data path.

DATA_TESTS	:= test_data_path test_data_moods test_data_faults test_cache test_cache_disk
UNIT_TESTS	+= $(DATA_TESTS) test_cache_ring
TSAN_TESTS	+= $(DATA_TESTS)
$(foreach t,$(DATA_TESTS),$(eval $(t)_LIBS := -luring -lssl -lIPSec_MB -lisal -ldeflate -lzstd))
