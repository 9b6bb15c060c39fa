#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rlncsetup add: an open volume gets one member more, which has what the others
# have; what cannot be one is refused and is as it was.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup dmsetup mkfs.ext4
plan 18

load_module dm-rlnc
requires_module brd rd_nr=5 rd_size=24576
m=(/dev/ram0 /dev/ram1 /dev/ram2)
head -c 6291456 /dev/urandom >"$TMPDIR/image"

open() { rlncsetup open v --key-file "$pass" "$@"; }
gone() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup gone
field() { rlncsetup status v --json | sed -n "s/^  \"$1\": \"\\?\\([^\",]*\\).*/\\1/p"; }
synced() { [ "$(field letters)" = AAAA ]; }
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=6 iflag=direct status=none); }

must rlncsetup format -q -k 2 "${cheap[@]}" --key-file "$pass" "${m[@]}"
must open "${m[@]}"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync,notrunc status=none

must mkfs.ext4 -q -L precious /dev/ram3
exits 5 "a device with a file system is refused" "signature: ext4, label .precious" rlncsetup add v /dev/ram3
exits 5 "so is one that is a member" "ram2" rlncsetup add --force v /dev/ram2
exits 4 "and a volume that is not open" "not open" rlncsetup add w /dev/ram3
is "$(field letters)" AAA "nothing has happened so far"
must rlncsetup close v
must open -r "${m[@]}"
before=$(sha256sum </dev/ram3)
exits 4 "one that is read-only takes none" "refused" rlncsetup add --force v /dev/ram3
is "$(sha256sum </dev/ram3)" "$before" "the device that was meant for it has what it had"
must rlncsetup close v

must open "${m[@]}"
exits 0 "with --force it is taken" "^$" rlncsetup add --force --wait v /dev/ram3
is "$(field letters)" AAAA "and in sync when the command ends"
exits 0 "status names it" "3 +A +in sync +/dev/ram3" rlncsetup status v
exits 0 "and the shape" "any 2 of 4 members" rlncsetup status v
exits 0 "it has the key slots" "passphrase" rlncsetup key list /dev/ram3
must rlncsetup fail v 0
must rlncsetup fail v /dev/ram1
check "it carries the data with one other" same
must rlncsetup close v
exits 0 "the volume opens with all four" "^$" open "${m[@]}" /dev/ram3
check "those that were given up are rebuilt" poll_until 30 synced
must rlncsetup close v
exits 0 "and without the first" "degraded: 3 of 4" open "${m[@]:1}" /dev/ram3
check "with the data" same
json() { rlncsetup add --json --wait v /dev/ram4 </dev/null >"$TMPDIR/json"; }
check "another can be added at once" json
is "$(tr -d ' \n' <"$TMPDIR/json")" '{"name":"v","member":4,"device":"/dev/ram4"}' "JSON says who"
