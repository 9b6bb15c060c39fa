# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS			+= fuzz_super fuzz_log fuzz_node fuzz_keyslot fuzz_nbd fuzz_nvme_url fuzz_repair_note
fuzz_keyslot_LIBS	:= -largon2

# Of the program itself: how the monitor says what it has heard.
FUZZERS			+= fuzz_events
fuzz_events_LIBS	:= -lnl-genl-3 -lnl-3 -ljansson -lsystemd
CFLAGS_tests/fuzz/fuzz_events := -isystem /usr/include/libnl3
fuzz_events_OBJS	:= user/tools/rlncsetup/monitor_say.o
