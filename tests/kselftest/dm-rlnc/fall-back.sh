#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A newest state whose root more than n - k members have ruined is refused; with
# the owner's word the one before is taken up, with its log, and never unasked.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 18

load_module dm-rlnc checkpoint_ms=3600000
held_members 6 24
format 4 --symbol 4K
pattern 1 one >"$TMPDIR/one"
pattern 1 two >"$TMPDIR/two"
pattern 1 three >"$TMPDIR/three"
put() { must dd if="$TMPDIR/$1" of=/dev/mapper/v bs=1M oflag=direct status=none; }
shows() { cmp "$TMPDIR/$1" <(dd if=/dev/mapper/v bs=64K count=16 iflag=direct status=none); }

# root EPOCH TREE DEVICE: where a root is, in blocks of 4 KiB.
root()
{
	local slot
	slot=$(dd if="$3" bs=4K skip=$(($1 % 2 * 16)) count=1 iflag=direct status=none | od -An -tu8 -j $((512 + $2 * 144)) -N 8)
	echo $((256 + slot))
}
# ruin EPOCH TREE DEVICE...: junk over the root of a tree (rlnc_disk.h: the root
# pointers of 144 bytes follow the head of the superblock).
ruin()
{
	local epoch=$1 tree=$2
	shift 2
	for member; do
		must dd if=/dev/urandom of="$member" bs=4K count=1 seek="$(root "$epoch" "$tree" "$member")" conv=notrunc oflag=direct status=none
	done
}

refused() # TEXT LOG-PATTERN [OPTION...] -- MEMBER...
{
	local text=$1 pattern=$2
	shift 2
	klog_mark
	check_fails "$text: refused" dmsetup create v --table "$(table "$@")"
	check_klog "$text: the log says why" "$pattern"
	gone v
}

must create v -- "${MEMBERS[@]}"
put one
must dmsetup message v 0 checkpoint
put two
must dmsetup message v 0 checkpoint
newest=$(epoch v)
must gone v
ruin "$newest" 0 "${RAM[0]}" "${RAM[4]}"
check "two fragments of the root are ruined: it opens" create v -- "${MEMBERS[@]}"
check "at the newest state" shows two
must gone v

# A root that cannot be read may be there when it is tried again.
at=$(($(root "$newest" 0 "${RAM[0]}") * 8))
for i in 0 2 4; do
	printf '0 %d linear %s 0\n%d 8 error\n%d %d linear %s %d\n' $at "${RAM[i]}" $at $((at + 8)) $((RAM_SECTORS - at - 8)) "${RAM[i]}" $((at + 8)) |
		dmsetup reload "m$i" && must dmsetup resume "m$i"
done
refused "three do not read" "members do not read; try again" -- "${MEMBERS[@]}"
refused "also where an older epoch would do" "members do not read; try again" min_epoch=$((newest - 1)) -- "${MEMBERS[@]}"
for i in 0 2 4; do become "$i" linear "${RAM[i]}" 0; done
check "when they do again, nothing was given up" create v -- "${MEMBERS[@]}"
must gone v

ruin "$newest" 0 "${RAM[0]}" "${RAM[2]}" "${RAM[4]}"
refused "three are ruined" "root of tree 0 at epoch $newest cannot be read" -- "${MEMBERS[@]}"
refused "the newest epoch is asked for" "min_epoch is $newest" min_epoch="$newest" -- "${MEMBERS[@]}"
klog_mark
check "with the owner's word it opens" create v accept_older -- "${MEMBERS[@]}"
check_klog "the log says what was given up" "epoch $newest is given up"
is "$(epoch v)" "$((newest - 1))" "the epoch is the one before"
check "the data are those of that epoch" shows one
must dd if="$TMPDIR/three" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
must dmsetup message v 0 checkpoint
must gone v
check "after a checkpoint it needs no word any more" create v -- "${MEMBERS[@]}"
check "and shows what was written since" shows three

# What was flushed before the epoch that is lost is in the log of the one before.
# The first flush of an activation is a checkpoint, the second one is not.
must dd if=/dev/urandom of=/dev/mapper/v bs=64K seek=32 count=1 oflag=direct conv=fsync status=none
must dd if="$TMPDIR/two" of=/dev/mapper/v bs=1M count=1 oflag=direct conv=fsync status=none
must dmsetup message v 0 checkpoint
newest=$(epoch v)
must gone v
ruin "$newest" 1 "${RAM[1]}" "${RAM[2]}" "${RAM[3]}"
must create v min_epoch=$((newest - 1)) -- "${MEMBERS[@]}"
check "nothing that was flushed is lost" shows two
