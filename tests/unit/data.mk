# SPDX-License-Identifier: GPL-2.0-or-later
# The gateway's data path.

DATA_TESTS	:= test_data_path test_data_moods test_data_faults
UNIT_TESTS	+= $(DATA_TESTS)
TSAN_TESTS	+= $(DATA_TESTS)
$(foreach t,$(DATA_TESTS),$(eval $(t)_LIBS := -luring -lssl -lIPSec_MB -lisal -ldeflate -lzstd))
