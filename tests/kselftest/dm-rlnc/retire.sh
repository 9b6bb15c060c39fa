#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A device that was replaced has no superblock any more, where it answers, and nothing
# waits long where it does not; what has become another disk is left alone.  Neither does
# adding a device that does not answer wait for it.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 30

load_module dm-rlnc checkpoint_ms=3600000
held_members 12 12 16
spare=("${MEMBERS[@]:6}")
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 4K
deadline=$((2 * SKYHOLD_SLOW))
open() { create v "deadline_ms=$((deadline * 1000))" -- "${MEMBERS[@]}"; }
must open
pattern 4 retire >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync,notrunc status=none
must dmsetup message v 0 checkpoint
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=64K count=64 iflag=direct status=none); }
in_sync() { [ "$(field v 8)" = idle ] && [[ $(letters v) =~ ^A+$ ]]; }
# supers RAM: how many of a disk's two copies begin with what a superblock begins with.
supers()
{
	local at count=0
	dd if="$1" of="$TMPDIR/head" bs=64K count=2 iflag=direct status=none || bail "$1 cannot be read"
	for at in 0 65536; do
		cmp -s -n 8 -i "$at:$at" "$TMPDIR/head" "$TMPDIR/like" && count=$((count + 1))
	done
	echo $count
}
must dd if="${RAM[0]}" of="$TMPDIR/like" bs=64K count=2 iflag=direct status=none
# bounded COMMAND...: it ends by itself, in a few deadlines; sets status.
bounded()
{
	local since=$SECONDS
	"$@" &
	poll_until 60 ended $! || { not_ok "it ends: $*"; return; }
	wait $!
	status=$?
	check "it ends in $((SECONDS - since)) s" test $((SECONDS - since)) -le $((6 * deadline + 5))
}

# --- one that answers ---------------------------------------------------------------------
replace() { dmsetup message v 0 replace "$@" >"$TMPDIR/answer"; }
is "$(supers "${RAM[1]}")" 2 "a member has two superblocks"
klog_mark
check "it is replaced" replace 1 "${spare[0]}"
is "$(cat "$TMPDIR/answer")" erased "the message says that they are erased"
check_klog "and so does the log" "was member 1; its superblocks are erased"
is "$(supers "${RAM[1]}")" 0 "the old device has none"
must poll_until 30 in_sync
must dmsetup message v 0 fail 2
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K count=4 oflag=direct conv=fsync,notrunc status=none
check "one that has failed, but answers again, is replaced" dmsetup message v 0 replace 2 "${spare[1]}"
is "$(supers "${RAM[2]}")" 0 "and has none, either"
must poll_until 30 in_sync

# --- one that does not --------------------------------------------------------------------
hold 3
klog_mark
bounded replace 3 "${spare[2]}"
is "$status $(cat "$TMPDIR/answer")" "0 left" "one that does not answer is replaced, and left as it is"
check_klog "the log says that they are not erased" "was member 3, and its superblocks cannot be erased"
check "the new device is in sync" poll_until 30 in_sync
let_go 3
is "$(supers "${RAM[3]}")" 2 "the old one has them still"

# --- one that has become another disk -------------------------------------------------------
must dmsetup message v 0 fail 4
must dd if="$TMPDIR/image" of="${RAM[11]}" bs=1M count=1 oflag=direct status=none
become 4 linear "${RAM[11]}" 0
klog_mark
check "the number of a failed member is another disk's" replace 4 "${spare[3]}"
is "$(cat "$TMPDIR/answer")" none "the message says that there is nothing to erase"
check_klog "and so does the log" "has no superblock of member 4"
check "that disk has what it had" cmp -n 1048576 "$TMPDIR/image" "${RAM[11]}"
must poll_until 30 in_sync
must gone v
become 4 linear "${RAM[4]}" 0

# --- what they are taken for --------------------------------------------------------------
old=("${MEMBERS[@]}")
now=("${old[0]}" "${spare[@]:0:4}" "${old[5]}")
for i in 1 2; do
	MEMBERS=("${now[@]}")
	MEMBERS[i]=${old[i]}
	klog_mark
	check_fails "the old device of member $i is refused" open
	check_klog "as none" "$(stat -Lc '%Hr:%Lr' "${old[i]}"): superblock: not a dm-rlnc member"
done
MEMBERS=("${now[@]}")
MEMBERS[3]=${old[3]}
klog_mark
check_fails "so is the one that did not answer" open
check_klog "since it was replaced" "member 3 .*was replaced by another device"
MEMBERS=("${now[@]}")
check "the new ones are taken" open
check "with everything" same

# --- adding -----------------------------------------------------------------------------
hold 10
bounded dmsetup message v 0 add "${spare[4]}"
check "a device that does not answer is not added" test "$status" -ne 0
is "$(letters v)" AAAAAA "and the volume is as it was"
let_go 10
added() { dmsetup message v 0 add "${spare[4]}"; }
check "once it answers it is" poll_until 20 added
check "and rebuilt" poll_until 30 in_sync
check "nothing is lost" same
must gone v
