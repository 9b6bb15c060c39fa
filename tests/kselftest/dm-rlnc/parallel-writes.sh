#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With a member that takes its time for each write, partial writes to many generations
# take as long as one; those to one generation wait for each other.
# vm: long timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl losetup blkdiscard
plan 8

load_module dm-rlnc checkpoint_ms=3600000
requires_module loop
requires_module dm-delay
# Ram disks cannot zero, and device mapper asks for what all members can do.
RAM=() RAM_SECTORS=$((24 * 2048))
for i in {0..5}; do
	must truncate -s 24M "$TMPDIR/member$i"
	RAM+=("$(losetup -f --show "$TMPDIR/member$i")") || bail "no loop device"
	cleanup losetup -d "${RAM[i]}"
	must dmsetup create "m$i" --table "0 $RAM_SECTORS linear ${RAM[i]} 0"
	cleanup poll_until 10 dmsetup remove "m$i"
	MEMBERS+=("/dev/mapper/m$i")
done
format 4 --symbol 16K
must create v hedge_ms=60000 deadline_ms=600000 -- "${MEMBERS[@]}"
many=12
# BLKZEROOUT locks the inode of its block device: each has one of its own.
for ((i = 0; i < many; i++)); do
	must dmsetup create "z$i" --table "0 $SECTORS linear /dev/mapper/v 0"
	cleanup gone "z$i"
done
pattern 4 parallel >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync,notrunc status=none
must dmsetup message v 0 checkpoint

# Member 1 takes so long for each write, and answers reads at once.
delay=$((3000 * SKYHOLD_SLOW))
slow() { become 1 delay "${RAM[1]}" 0 0 "${RAM[1]}" 0 "$delay"; }
well() { become 1 linear "${RAM[1]}" 0; }
cleanup well
slow

# Part of a generation that is zeroed goes into no pack: what it does not cover is read,
# verified, and written anew with it.
zero() { blkdiscard -fz -o "$2" -l 4096 "/dev/mapper/z$1"; }
# timed COMMAND...: at once for each of MANY, numbered; sets took, in delays of a tenth.
timed()
{
	local begin=${EPOCHREALTIME/[.,]/} pids=() i pid failed=0
	for ((i = 0; i < many; i++)); do "$@" "$i" & pids+=($!); done
	for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
	took=$(((${EPOCHREALTIME/[.,]/} - begin) / (delay * 100)))
	tenths="$((took / 10)).$((took % 10)) delays"
	return "$failed"
}
each() { zero "$1" $(($1 * 65536 + 8192)); }
check "$many generations, a part of each at once" timed each
note "$many partial writes to $many generations: $tenths"
check "take one delay, and not $many: $tenths" test "$took" -ge 10 -a "$took" -le 35

# The first is alone; those that come while it is under way are done together.
one() { zero "$1" $((30 * 65536 + $1 * 4096)); }
check "$many parts of one generation at once" timed one
note "$many partial writes to one generation: $tenths"
check "wait for the first: $tenths" test "$took" -ge 20 -a "$took" -le 50

# One after the other, each is by itself.
in_turn() { local i; for i in 0 1 2 3; do zero "$i" $((40 * 65536 + i * 8192)) || return; done; }
begin=${EPOCHREALTIME/[.,]/}
check "four parts of one generation in turn" in_turn
took=$(((${EPOCHREALTIME/[.,]/} - begin) / (delay * 100)))
check "take four delays: $((took / 10)).$((took % 10))" test "$took" -ge 40 -a "$took" -le 70
well
for ((i = 0; i < many; i++)); do
	must dd if=/dev/zero of="$TMPDIR/image" bs=4K seek=$((i * 16 + 2)) count=1 conv=notrunc status=none
	must dd if=/dev/zero of="$TMPDIR/image" bs=4K seek=$((30 * 16 + i)) count=1 conv=notrunc status=none
done
for i in 0 1 2 3; do must dd if=/dev/zero of="$TMPDIR/image" bs=4K seek=$((40 * 16 + i * 2)) count=1 conv=notrunc status=none; done
check "everything is as it was written" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none)
is "$(letters v)" AAAAAA "and all members are well"
for ((i = 0; i < many; i++)); do must gone "z$i"; done
must gone v
