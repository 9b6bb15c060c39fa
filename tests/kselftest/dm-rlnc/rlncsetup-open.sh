#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rlncsetup open, status and close: any order of members, some of them missing,
# and what is refused, by name and with which exit status.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup dmsetup keyctl
plan 46

load_module dm-rlnc
requires_module brd rd_nr=8 rd_size=24576
m=(/dev/ram0 /dev/ram1 /dev/ram2 /dev/ram3 /dev/ram4 /dev/ram5)
head -c 4194304 /dev/urandom >"$TMPDIR/image"

open() { rlncsetup open v --key-file "$pass" "$@"; }
gone() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup gone
field() { rlncsetup status v --json | sed -n "s/^  \"$1\": \"\\?\\([^\",]*\\).*/\\1/p"; }

must rlncsetup format -q -k 4 "${cheap[@]}" --key-file "$pass" --label six "${m[@]}"

# --- all of them -----------------------------------------------------------------
exits 0 "it opens" "^$" open "${m[@]}"
check "the device is there" test -b /dev/mapper/v
is "$(($(blockdev --getsize64 /dev/mapper/v)))" "$(field bytes)" "its size is what status says"
is "$(field health)" optimal "it is optimal"
is "$(field letters)" AAAAAA "all members are in sync"
exits 0 "status explains it" "any 4 of 6 members suffice" rlncsetup status v
exits 0 "status lists the members" "5 +A +in sync +/dev/ram5" rlncsetup status v
exits 0 "a path is as good as a name" "5 +A +in sync +/dev/ram5" rlncsetup status /dev/mapper/v
must dmsetup create other --table "0 8 zero"
exits 0 "without a name all volumes are listed" "^v +optimal +AAAAAA +any 4 of 6" rlncsetup status
check "and nothing else" sh -c '! rlncsetup status | grep other'
exits 0 "in JSON as a list" '^[[]$' rlncsetup status --json
must poll_until 10 dmsetup remove other
exits 5 "a member that is in use is not unmade" "busy" rlncsetup wipe -q /dev/ram0
check "it is written" dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
exits 1 "no key is left in the keyrings" "" sh -c "keyctl show | grep rlnc: || grep 'rlnc:' /proc/keys"
exits 5 "its name is taken" "exists already" open "${m[@]}"
exits 5 "the volume is not opened twice" "open already|in use" rlncsetup open w --key-file "$pass" "${m[@]}"
exits 0 "dump works on a member in use" "epoch" rlncsetup dump /dev/ram2
exits 5 "format does not" "busy" rlncsetup format -q --force -k 4 "${cheap[@]}" --key-file "$pass" "${m[@]}"
exec 7</dev/mapper/v
exits 5 "it is not closed while in use" "in use" rlncsetup close v
exec 7<&-
exits 0 "checkpoint" "^$" rlncsetup checkpoint v
exits 0 "it closes" "^$" rlncsetup close v
exits 4 "once" "not open" rlncsetup close v
exits 4 "and has no status then" "not open" rlncsetup status v
exits 0 "nor is there another" "^No volume is open.$" rlncsetup status

# --- in any order, and not all ------------------------------------------------------
exits 0 "any order" "^$" open /dev/ram5 /dev/ram3 /dev/ram1 /dev/ram0 /dev/ram2 /dev/ram4
check "the data are there" cmp -n 4194304 "$TMPDIR/image" /dev/mapper/v
exits 0 "status still knows who is who" "3 +A +in sync +/dev/ram3" rlncsetup status v
must rlncsetup close v
exits 0 "one left out" "degraded: 5 of 6" open "${m[@]:1}"
is "$(field letters)" -AAAAA "is absent"
check "the data are there" cmp -n 4194304 "$TMPDIR/image" /dev/mapper/v
must rlncsetup close v
exits 0 "one called missing" "degraded: 5 of 6" open /dev/ram0 missing "${m[@]:2}"
exits 0 "a member is failed by hand" "^$" rlncsetup fail v /dev/ram4
is "$(field letters)" A-AAFA "and shown as such"
exits 1 "a member that is none" "has no member /dev/ram7" rlncsetup fail v /dev/ram7
must rlncsetup close v

# --- what is refused ----------------------------------------------------------------
exits 4 "three of six" "only 3 of 6 .* 4 are needed" open "${m[@]:0:3}"
exits 4 "a stranger" "ram6.*not a dm-rlnc member" open "${m[@]:0:5}" /dev/ram6
exits 4 "a device that is not there" "ram77" open "${m[@]:0:5}" /dev/ram77
exits 1 "the same device twice" "ram0.*the same device" open "${m[@]}" /dev/ram0
must dd if=/dev/ram3 of=/dev/ram6 bs=1M status=none
exits 1 "a copy of a member beside it" "index 3" open "${m[@]}" /dev/ram6
must rlncsetup format -q --force -k 1 "${cheap[@]}" --key-file "$pass" --label alien /dev/ram7
exits 4 "a member of another volume" "ram7 belongs to volume .*alien" open "${m[@]:0:5}" /dev/ram7
printf 'wrong' >"$TMPDIR/wrong"
exits 2 "a wrong passphrase" "no key slot opens" rlncsetup open v --key-file "$TMPDIR/wrong" "${m[@]}"
exits 2 "a volume older than it may be" "older than 100000" open --min-epoch 100000 "${m[@]}"
exits 1 "the kernel's reason is shown" "colour" open --option colour=red "${m[@]}"

# --- read-only, and from standard input ------------------------------------------------
exits 0 "the passphrase comes from a pipe" "^$" sh -c 'printf "correct horse\nrest" | rlncsetup open v -r "$@"' sh "${m[@]:0:4}" "${m[@]:5}" /dev/ram4
is "$(blockdev --getro /dev/mapper/v)" 1 "it is read-only if asked"
must rlncsetup close v
exits 0 "the cache's size is passed on" "^$" open --cache-mb 8 "${m[@]}"
