# SPDX-License-Identifier: GPL-2.0-or-later
# Loops, fibers and what they call.

IO_TESTS	:= test_io_fiber test_io_loop test_io_group test_io_sync test_io_work test_io_net test_io_hand test_io_peer \
		   test_io_file test_io_cancel test_io_accept test_io_probe
UNIT_TESTS	+= $(IO_TESTS)
TSAN_TESTS	+= $(IO_TESTS)
$(foreach t,$(IO_TESTS),$(eval $(t)_LIBS := -luring))
