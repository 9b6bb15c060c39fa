#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Members that do not belong are refused, by name; so is too small a set.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 22

load_module dm-rlnc
ram_members 9 24
all=("${MEMBERS[@]}")
m=("${all[@]:0:6}")
MEMBERS=("${all[@]:6:2}")
format 1
MEMBERS=("${m[@]}")
format 4
must create v -- "${m[@]}"
must dd if=/dev/urandom of=/dev/mapper/v bs=1M count=4 oflag=direct conv=fsync status=none
gone v

refused() # refused TEXT LOG-PATTERN [OPTION...] -- MEMBER...
{
	local text=$1 pattern=$2
	shift 2
	klog_mark
	check_fails "$text: refused" dmsetup create v --table "$(table "$@")"
	check_klog "$text: the log names it" "$pattern"
	gone v
}

refused "a stranger" "ram8.*|1:8: superblock: not a dm-rlnc member" -- "${m[@]:0:5}" /dev/ram8
refused "a member of another volume" "1:6.*(belongs to another volume|MAC does not match)" -- "${m[@]:0:5}" /dev/ram6
refused "the same device twice" "ram2.*given twice" -- "${m[@]:0:5}" /dev/ram2
must dd if=/dev/ram3 of=/dev/ram8 bs=1M status=none
refused "a copy of a member beside it" "member 3 .*another device given is the same member" -- "${m[@]:0:5}" /dev/ram8

# A flipped bit in both copies of the superblock.
for at in 200 65736; do
	byte=$(od -An -tu1 -j "$at" -N 1 /dev/ram5)
	printf '%b' "$(printf '\\x%02x' $((byte ^ 4)))" | dd of=/dev/ram5 bs=1 seek="$at" conv=notrunc status=none
done
refused "a damaged superblock" "1:5: superblock: (damaged|not a dm-rlnc member)" -- "${m[@]}"
check "one damaged member may be left out" create v -- "${m[@]:0:5}" -
is "$(letters v)" AAAAA- "and is shown as absent"
gone v

sync
refused "three members of six" "fewer than k" -- "${m[@]:0:3}" - - -
check_klog "what is missing is named" "member 4 is missing"
refused "no member at all" "" -- - - - - - -

good=$KEY
KEY=${KEY/0001/ffff}
refused "a wrong key" "MAC does not match; wrong key" -- "${m[@]}"
KEY=$good
refused "an epoch that no member has reached" "min_epoch" min_epoch=100000 -- "${m[@]:0:5}" -
check_fails "another k" dmsetup create v --table "$(TABLE_K=3 table -- "${m[@]:0:5}" -)"
