#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A member that has been part of another copy of the volume, which came further than this
# one, is not taken up again: its superblocks would be the newest there are.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 5

load_module dm-rlnc checkpoint_ms=3600000
ram_members 4 24
format 2
must create v -- "${MEMBERS[@]}"
write() { pattern 1 "$1" >"$TMPDIR/image"; must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync status=none; must dmsetup message v 0 checkpoint; }
write 1
must gone v
save early 4
must create v -- "${MEMBERS[@]}"
for i in 2 3 4 5 6; do write "$i"; done
late=$(epoch v)
must gone v
must dd if=/dev/ram3 of="$TMPDIR/late3" bs=1M count=1 iflag=direct status=none

restore early 4
must create v -- "${MEMBERS[@]}"
must dmsetup message v 0 fail 3
write 7
note "this one is at epoch $(epoch v), the other was at $late"
must dd if="$TMPDIR/late3" of=/dev/ram3 bs=1M oflag=direct conv=notrunc status=none
klog_mark
check_fails "it is not taken up again" dmsetup message v 0 return 3
check_klog "and the log says why" "member 3 .* has epoch $late"
is "$(letters v)" AAAF "it has failed as before"
must gone v
check "the volume opens without it" create v -- "${MEMBERS[@]:0:3}" -
check "and has what was written last" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=1 iflag=direct status=none)
