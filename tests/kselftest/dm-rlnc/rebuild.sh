#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A member that was away, and one that was replaced, get what they miss, under
# writes; afterwards they are as good as the others.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 14

load_module dm-rlnc
ram_members 7 24
spare=${MEMBERS[6]}
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"
pattern 8 rebuild >"$TMPDIR/image"
write_part() { must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M skip="$1" seek="$1" count=1 oflag=direct conv=fsync,notrunc status=none; }
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=8 iflag=direct status=none); }
idle() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = "$1" ]; }
for i in 0 1 2; do write_part "$i"; done
must dmsetup message v 0 fail 1
must dmsetup message v 0 fail 4
for i in 3 4; do write_part "$i"; done
is "$(letters v)" AFAAFA "two members have failed"
check "one returns" dmsetup message v 0 return 1
for i in 5 6; do write_part "$i"; done
check "it is rebuilt and in sync" poll_until 30 idle AAAAFA
check "the other is replaced" dmsetup message v 0 replace 4 "$spare"
write_part 7
check "and rebuilt" poll_until 30 idle AAAAAA
check "the table names the new device" grep -q "$(stat -c '%Hr:%Lr' "$spare")" <(dmsetup table v)
is "$(health v)" optimal "the volume is as new"
check_fails "a member in use cannot replace another" dmsetup message v 0 replace 2 /dev/ram0
# Only the rebuilt ones and two others: everything must come from what they got.
must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 2
check "reads need what the rebuilt members hold" same
must gone v
now=("${MEMBERS[@]:0:4}" "$spare" "${MEMBERS[5]}")
check "reopened with all" create v -- "${now[@]}"
check "those that missed the end are rebuilt by themselves" poll_until 30 idle AAAAAA
must gone v
klog_mark
check_fails "the replaced device is refused" create v -- "${MEMBERS[@]}"
check_klog "by name" "$(stat -c '%Hr:%Lr' "${MEMBERS[4]}"): superblock: not a dm-rlnc member"
must create v -- "${now[@]}"
check "and the data is right" same
