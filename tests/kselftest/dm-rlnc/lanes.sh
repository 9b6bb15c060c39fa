#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Partial writes to one generation serialise only with each other: while one waits
# for its members, writes to others, reads and flushes end.
# vm: timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl blkdiscard losetup
plan 12

load_module dm-rlnc checkpoint_ms=3600000
requires_module loop
requires_module dm-delay
# Ram disks cannot zero, and device mapper asks for what all members can do.
RAM=() RAM_SECTORS=$((24 * 2048))
for i in 0 1 2 3 4 5; do
	must truncate -s 24M "$TMPDIR/member$i"
	RAM+=("$(losetup -f --show "$TMPDIR/member$i")") || bail "no loop device"
	cleanup losetup -d "${RAM[i]}"
	must dmsetup create "m$i" --table "0 $RAM_SECTORS linear ${RAM[i]} 0"
	cleanup poll_until 10 dmsetup remove "m$i"
	MEMBERS+=("/dev/mapper/m$i")
done
format 4 --symbol 16K
must create v hedge_ms=60000 deadline_ms=600000 -- "${MEMBERS[@]}"
must test "$(cat "/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/queue/write_zeroes_max_bytes")" -gt 0
# BLKZEROOUT locks the inode of its block device: each has one of its own.
for i in 0 1; do
	must dmsetup create "z$i" --table "0 $SECTORS linear /dev/mapper/v 0"
	cleanup gone "z$i"
done
pattern 2 lanes >"$TMPDIR/image"
put() { dd if="$TMPDIR/image" of=/dev/mapper/v oflag=direct conv=notrunc status=none "$@"; }
get() { dd if=/dev/mapper/v iflag=direct status=none "$@"; }

# Slots are given out in order: the first 16 have the first generations, and not
# those from 16 on.
must put bs=64K count=16
must dmsetup message v 0 checkpoint
must put bs=64K count=16 skip=16 seek=16 conv=notrunc,fsync
must dmsetup message v 0 checkpoint

# From now on these slots are not read from any member; dm-delay lets go of everything
# when it is suspended.
for i in 0 1 2 3 4 5; do
	must dmsetup suspend --nolockfs "m$i"
	must dmsetup reload "m$i" <<-TABLE
	0 2048 linear ${RAM[i]} 0
	2048 512 delay ${RAM[i]} 2048 3600000 ${RAM[i]} 2048 0
	2560 $((RAM_SECTORS - 2560)) linear ${RAM[i]} 2560
	TABLE
	must dmsetup resume "m$i"
done
let_go_of_all() { local i; for i in 0 1 2 3 4 5; do become "$i" linear "${RAM[i]}" 0; done; }
cleanup let_go_of_all

# busy: the volume has something to do.
busy()
{
	local stat
	read -r -a stat <"/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/stat"
	[ "${stat[8]}" -gt 0 ]
}
# ends COMMAND...: by itself; what does not is left to go on.
ends()
{
	"$@" &
	poll_until 20 ended $! && wait $!
}
first_waits() { poll_until 10 busy && running "$first"; }
right() { cmp -n 65536 -i 0:$((20 * 65536)) <(get bs=64K count=1 skip=20) "$TMPDIR/image"; }

# Zeroes for one sector: the other 15 have to be read, verified and carried over.
blkdiscard -fz -o 4096 -l 4096 /dev/mapper/z0 &
first=$!
check "a partial write waits for its members" first_waits
put bs=4K count=1 skip=100 seek=2 &
second=$!

check "small writes to others end" ends put bs=4K count=64 skip=300 seek=300
check "whole ones end" ends put bs=64K count=4 skip=24 seek=40
check "so does a partial one that has to read" ends blkdiscard -fz -o $((18 * 65536)) -l 4096 /dev/mapper/z1
check "one to the same leaf of the map, with a flush" ends put bs=4K count=1 skip=301 seek=280 conv=notrunc,fsync
check "and a read" ends right
check "while the first still waits" running "$first"
check "and the next to the same generation" running "$second"

let_go_of_all
check "it ends when its members answer" wait "$first"
check "and the next one after it" wait "$second"
wait
expected() { dd if="$TMPDIR/image" bs=4K count=1 status=none; head -c 4096 /dev/zero; dd if="$TMPDIR/image" bs=4K skip=100 count=1 status=none; dd if="$TMPDIR/image" bs=4K skip=3 count=13 status=none; }
check "with what was written in each" cmp <(expected) <(get bs=64K count=1)
is "$(letters v)" AAAAAA "all members are well"
must gone z0
must gone z1
must gone v
