#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A scrub finds every wrong fragment and mends it; what reading finds wrong is
# mended at once.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 11

load_module dm-rlnc
ram_members 6 24
format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"
pattern 6 scrub >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
read_all() { dd if=/dev/mapper/v bs=64K count=96 iflag=direct status=none; }
ruin() { must dd if=/dev/urandom of="$1" bs=1M seek=1 count=22 oflag=direct conv=notrunc status=none; }
idle() { [ "$(field v 8)" = idle ]; }
scrub() { must dmsetup message v 0 scrub start; poll_until 60 idle; }
must gone v
ruin /dev/ram3
must create v -- "${MEMBERS[@]}"
check "reading over a ruined data member" cmp "$TMPDIR/image" <(read_all)
before=$(corrected v)
check "finds fragments wrong" test "$before" -gt 0
check "reading again" cmp "$TMPDIR/image" <(read_all)
is "$(corrected v)" "$before" "finds none: they were written back"

# What was not read is not mended: of a dense volume, a third of each member.
if [ -n "${FORMAT:-}" ]; then scrub; fi
ruin /dev/ram1
ruin /dev/ram5
klog_mark
before=$(corrected v)
check "a scrub of two ruined members ends" scrub
check_klog "and mends" 'scrub finished: [1-9][0-9]* mended, 0 could not be'
mended=$(klog | sed -nE 's/.*scrub finished: ([0-9]+) mended.*/\1/p')
is "$(($(corrected v) - before))" "$mended" "each page is counted once, though some are found by reading, too"
members=0
for i in 0 1 2 3 4 5; do members=$((members + $(cat "/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/rlnc/member$i/corrected"))); done
is "$members" "$(corrected v)" "at a member each"
klog_mark
scrub
check_klog "a second one finds nothing" 'scrub finished: 0 mended, 0 could not be'
must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 2
check "the mended members carry the data" cmp "$TMPDIR/image" <(read_all)
must dmsetup message v 0 scrub start
check "a scrub can be abandoned" dmsetup message v 0 scrub stop
