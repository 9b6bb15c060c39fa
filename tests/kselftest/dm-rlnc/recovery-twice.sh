#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A log record that one recovery took for unfinished, for some who have it were away,
# is not taken up by the next one: its slots may hold something else by then.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 7

load_module dm-rlnc checkpoint_ms=3600000
ram_members 6 16
format 4 --symbol 4K			# generations of 16 KiB
must create v -- "${MEMBERS[@]}"
pattern 2 old >"$TMPDIR/old"
pattern 2 new >"$TMPDIR/new"
must dd if="$TMPDIR/old" of=/dev/mapper/v bs=16K oflag=direct conv=fsync status=none
save before 1
must dd if="$TMPDIR/new" of=/dev/mapper/v bs=16K count=8 oflag=direct conv=notrunc,fsync status=none
save crash 6
must gone v
mapfile -t records < <(comm -13 <(log_records "$TMPDIR/before0" | sort) <(log_records "$TMPDIR/crash0" | sort))
is "${#records[@]}" 1 "the flush took one record"

# Power failed when four of six had it.
restore crash 6
for i in 4 5; do must dd if=/dev/zero of="/dev/ram$i" bs=4K seek="${records[0]}" count=1 oflag=direct conv=notrunc status=none; done
klog_mark
check "it opens with three of those who have it" create v -- "${MEMBERS[@]:0:3}" - "${MEMBERS[@]:4:2}"
check_klog "and says that the record was not finished" '3 members have log record 0, and it takes 4'
check "the data is that of before" old_or_new v 16384 8
# Not flushed: with luck nothing of it remains but what it wrote over.
must dd if="$TMPDIR/new" of=/dev/mapper/v bs=16K seek=64 skip=64 count=60 oflag=direct conv=notrunc status=none
save again 6
must gone v

restore again 6
check "after another power failure it opens with all of them" create v -- "${MEMBERS[@]}"
check "each generation is as before or as after the flush" old_or_new v 16384 128
is "$(field v 10)" 0 "nothing is lost"
