#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A device is a member of one open volume at a time: a second one over the same members,
# or that is told to take one of them up, is refused, and neither is harmed.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 14

load_module dm-rlnc
ram_members 7 24
disks=("${MEMBERS[@]}")
MEMBERS=("${disks[@]:3:4}")
format 2
MEMBERS=("${disks[@]:0:3}")
format 2
cleanup gone x
pattern 2 two >"$TMPDIR/image"
for name in v w; do
	[ $name = v ] || MEMBERS=("${disks[@]:3:4}")
	must create $name -- "${MEMBERS[@]}"
	must dd if="$TMPDIR/image" of=/dev/mapper/$name bs=64K oflag=direct conv=fsync status=none
done
same() { cmp "$TMPDIR/image" <(dd if="/dev/mapper/$1" bs=1M count=2 iflag=direct status=none); }
second() { dmsetup create x --table "$(table -- "${disks[@]:0:3}")"; }

# --- another device with the same members ----------------------------------------------
klog_mark
check_fails "a second volume over the same members is refused" second
check_klog "and the log says whose they are" 'is a member of 25[0-9]:[0-9]*, which is open'
must gone x
check_fails "also with some of them" dmsetup create x --table "$(table accept_older -- - "${disks[@]:1:2}")"
must gone x
must dmsetup suspend v
check_fails "and while the first one is suspended" second
must gone x
must dmsetup resume v
check "the first one has what it had" same v

# --- a message that names one -----------------------------------------------------------
must dmsetup message v 0 fail 2
check_fails "a member of another volume takes no other's place" dmsetup message v 0 replace 2 "${disks[4]}"
check_fails "and is not added" dmsetup message v 0 add "${disks[4]}"
check "the other volume has what it had" same w
is "$(letters w)" AAAA "and all its members"

# --- what is no other -------------------------------------------------------------------
must dmsetup reload v --table "$(table -- "${disks[@]:0:3}")"
must dmsetup suspend v
check "another table of the same device goes live" dmsetup resume v
check "and reads what is there" same v
must gone v
check "when the first one is closed the second may open" second
check "and reads what is there" same x
must gone x
twice() { table -- "${disks[@]:0:3}"; table -- "${disks[@]:0:3}" | sed "s/^0/$SECTORS/"; }
check_fails "a volume that is twice in one table is refused" dmsetup create x --table "$(twice)"
must gone x
must gone w
