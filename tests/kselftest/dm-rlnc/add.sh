#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A member is added under I/O: it is rebuilt, and then any k of n + 1 give back
# everything. What cannot be a member is refused, and so is the table of before.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 41

load_module dm-rlnc
ram_members 11 200
all=("${MEMBERS[@]}")
MEMBERS=("${all[@]:0:6}")
format 4 --symbol 4K
pattern 6 add >"$TMPDIR/image"
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=6 iflag=direct status=none); }
put() { must dd if="$TMPDIR/image" of=/dev/mapper/v bs=256K skip="$1" seek="$1" count="$2" oflag=direct conv=fsync,notrunc status=none; }
idle() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = "$1" ]; }
add() { dmsetup message v 0 add "$1"; }
writes_min() { od -An -tu4 -j $(($2 * 65536 + 116)) -N 4 "$1" | tr -d ' '; }

must create v -- "${MEMBERS[@]}"
put 0 12

# --- what cannot be one ---------------------------------------------------------------
refused() # TEXT LOG-PATTERN DEVICE
{
	klog_mark
	check_fails "$1 is refused" add "$3"
	check_klog "$1: the log says why" "$2"
}
must dmsetup create small --table "0 4096 linear ${all[9]} 0"
cleanup dmsetup remove small
must dmsetup create frail --table "0 409600 error"
cleanup dmsetup remove frail
refused "a device that is too small" "is too small to be a member" /dev/mapper/small
refused "a member" "is a member already" "${all[3]}"
refused "what is no block device" "/dev/zero cannot be opened .*a member is a block device" /dev/zero
refused "a device that does not write" "cannot be written" /dev/mapper/frail
refused "the volume itself" "cannot be (a member|opened)" /dev/mapper/v
is "$(field v 3) $(letters v)" "6 AAAAAA" "the volume is as it was"

# --- adding, under writes ----------------------------------------------------------------
for _ in 1 2 3; do
	dd if="$TMPDIR/image" of=/dev/mapper/v bs=16K skip=192 seek=192 count=192 oflag=direct conv=fsync,notrunc status=none || exit
done >"$TMPDIR/writer" 2>&1 &
writer=$!
check "a device is added" add "${all[6]}"
is "$(field v 3)" 7 "n is one more"
check "the writes go on" wait "$writer"
check "it is rebuilt" poll_until 30 idle AAAAAAA
is "$(health v)" optimal "the volume is whole"
check "the table has it" grep -q " 4 7 .* $(stat -c '%Hr:%Lr' "${all[6]}")\$" <(dmsetup table v)
check "the data are there" same
must dmsetup message v 0 fail 1
must dmsetup message v 0 fail 2
must dmsetup message v 0 fail 5
check "and without three others" same
for i in 1 2 5; do must dmsetup message v 0 return "$i"; done
check "which return" poll_until 30 idle AAAAAAA
put 12 12
must gone v

# --- the table of before, and sets with and without the new one ------------------------------
klog_mark
check_fails "the old table" dmsetup create v --table "$(table -- "${MEMBERS[@]}")"
check_klog "is refused, with the number of members" "k and n of the table|has 7 members, but the table gives 6"
MEMBERS=("${all[@]:0:7}")
klog_mark
check_fails "a table of more members than there are" dmsetup create v --table "$(table -- "${MEMBERS[@]}" -)"
check_klog "is refused, with the number of members" "has 7 members, but the table gives 8"
without() # INDEX...: a set without these, read-only
{
	local set=("${MEMBERS[@]}") i
	for i; do set[i]=-; done
	gone v
	dmsetup create -r v --table "$(table accept_older -- "${set[@]}")"
}
any() { without "$@" && same; }
for lost in "0 1 2" "1 3 5" "2 3 4" "0 4 5" "3 4 6" "0 1 6"; do
	# shellcheck disable=SC2086 # words
	check "everything without members $lost" any $lost
done
check_fails "not without four" without 0 1 2 6
gone v
check "in any order" create v -- "${all[6]}" "${all[3]}" "${all[4]}" "${all[0]}" "${all[1]}" "${all[5]}" "${all[2]}"

# --- one more while the last is being rebuilt, and a member away ------------------------------
must gone v
must create v rebuild_kbps=256 -- "${MEMBERS[@]}"
must dmsetup message v 0 fail 0
check "one more" add "${all[7]}"
check "and another, while that is being rebuilt" add "${all[8]}"
is "$(field v 3) $(letters v)" "9 FAAAAAAss" "both are stale"
must gone v
MEMBERS=("${all[@]:0:9}")
check "it opens again" create v -- "${MEMBERS[@]}"
check "the rebuild goes on, also of the one that was away" poll_until 30 idle AAAAAAAAA
check "the data are there" same
is "$(writes_min /dev/ram8 0)/$(writes_min /dev/ram8 1)" 5/5 "writes_min has followed n"
must gone v

# --- as many as there can be ----------------------------------------------------------------------
MEMBERS=("${all[@]:0:8}")
format 1 --force --symbol 512K
must create v -- "${MEMBERS[@]}"
refused "a ninth member of 512 KiB symbols" "8 members are the most that there can be" "${all[8]}"
