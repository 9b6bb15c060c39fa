#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Zeroes and discards that were answered with FUA, or before a flush, survive a crash as
# writes do, whole generations and parts of them.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl blkdiscard losetup
request=$SKYHOLD_BUILD/kmod-fault/$(uname -r)/skyhold_bio.ko
[ -e "$request" ] || bail "make fault-module builds $request"
plan 14

load_module dm-rlnc checkpoint_ms=3600000
requires_module loop
# Ram disks cannot zero, and device mapper asks for what all members can do.
for i in {0..5}; do
	must truncate -s 24M "$TMPDIR/member$i"
	MEMBERS+=("$(losetup -f --show "$TMPDIR/member$i")") || bail "no loop device"
	cleanup losetup -d "${MEMBERS[i]}"
done
format 4 --symbol 16K
pattern 8 zeroes >"$TMPDIR/image"
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=8 iflag=direct status=none); }
# ask OP BLOCK BLOCKS [FUA]: one request, of blocks of 4 KiB.
ask()
{
	insmod "$request" device=/dev/mapper/v op="$1" sector=$(($2 * 8)) sectors=$(($3 * 8)) fua="${4:-0}" &&
		rmmod skyhold_bio
}
zeros() { must dd if=/dev/zero of="$TMPDIR/image" bs=4K seek="$1" count="$2" conv=notrunc status=none; }
# What a power failure leaves: the members as they are now, with the volume open.
crash()
{
	local i
	for i in {0..5}; do must cp "$TMPDIR/member$i" "$TMPDIR/crash$i"; done
	must gone v
	for i in {0..5}; do must dd if="$TMPDIR/crash$i" of="${MEMBERS[i]}" bs=1M oflag=direct conv=notrunc status=none; done
}
open() { create v allow_discards -- "${MEMBERS[@]}"; }

must open
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync,notrunc status=none
must dmsetup message v 0 checkpoint
before=$(epoch v)
# Generations are of 16 blocks.
check "zeroes with FUA for part of a generation" ask zeroes 3 5 1
zeros 3 5
crash
must open
check "are there after a crash" same

check "zeroes with FUA across generations" ask zeroes 100 77 1
zeros 100 77
check "and a discard with FUA" ask discard 320 64 1
zeros 320 64
crash
must open
check "are there after a crash" same

check "a discard with FUA of less than a generation does nothing" ask discard 641 3 1
check "zeroes" ask zeroes 500 20
zeros 500 20
check "and a discard" ask discard 1024 128
zeros 1024 128
check "and then a flush" sync /dev/mapper/v
crash
must open
check "are there after a crash" same

check "zeroes of what is only in memory yet" dd if="$TMPDIR/image" of=/dev/mapper/v bs=4K seek=700 count=4 oflag=direct conv=notrunc status=none
check "with FUA" ask zeroes 701 2 1
dd if="$TMPDIR/image" of="$TMPDIR/image" bs=4K seek=700 count=4 conv=notrunc status=none
zeros 701 2
crash
must open
check "are there after a crash" same
is "$(epoch v)" $((before + 4)) "and none of this took a checkpoint but for those of the recoveries"
must gone v
