#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Discard frees slots and reads as zeros; write-zeroes zeroes exactly its range.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl blkdiscard
plan 7

load_module dm-rlnc
ram_members 6 32
format 4 --symbol 16K
must create v allow_discards -- "${MEMBERS[@]}"
used() { field v 7 | cut -d/ -f1; }

must dd if=/dev/mapper/v of=/dev/null bs=1M count=8 iflag=direct status=none
is "$(used)" 0 "reading what was never written takes no slot"
pattern 8 discard >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
must dmsetup message v 0 checkpoint
before=$(used)
check "8 MiB take at least 128 slots of 64 KiB" test "$before" -ge 128
must blkdiscard -o 1M -l 4M /dev/mapper/v
must dmsetup message v 0 checkpoint
is "$((before - $(used)))" 64 "discarding 4 MiB frees 64"
dd if=/dev/zero of="$TMPDIR/image" bs=1M seek=1 count=4 conv=notrunc status=none
check "the discarded range reads as zeros, the rest is there" cmp "$TMPDIR/image" \
	<(dd if=/dev/mapper/v bs=1M count=8 iflag=direct status=none)
must blkdiscard -z -o 28K -l 116K /dev/mapper/v
dd if=/dev/zero of="$TMPDIR/image" bs=4K seek=7 count=29 conv=notrunc status=none
check "write-zeroes across generations" cmp "$TMPDIR/image" \
	<(dd if=/dev/mapper/v bs=1M count=8 iflag=direct status=none)
must gone v
must create v -- "${MEMBERS[@]}"
check "and all of it after reopening" cmp "$TMPDIR/image" \
	<(dd if=/dev/mapper/v bs=1M count=8 iflag=direct status=none)
check_fails "without allow_discards a discard is refused" blkdiscard -o 0 -l 1M /dev/mapper/v
