#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The words of a table: each wrong one is refused, the key is never shown, and
# the table can be reloaded under I/O.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl keyctl
plan 23

load_module dm-rlnc
ram_members 3 24
format 2
d="${MEMBERS[*]}"
bad() { check_fails "$1" dmsetup create v --table "0 ${3:-$SECTORS} rlnc $2"; gone v; }

bad "no words" ""
bad "k of 0" "0 3 $KEY 0 $d"
bad "n below k" "3 2 $KEY 0 $d"
bad "k not a number" "x 3 $KEY 0 $d"
bad "a short key" "2 3 ${KEY:2} 0 $d"
bad "a key that is not hexadecimal" "2 3 ${KEY/00/zz} 0 $d"
bad "a key of unknown type" "2 3 :32:strange:x 0 $d"
bad "a key that is not there" "2 3 :32:logon:rlnc:absent 0 $d"
bad "an unknown option" "2 3 $KEY 1 whatever $d"
bad "an option without its value" "2 3 $KEY 1 min_epoch $d"
bad "an option out of range" "2 3 $KEY 1 cache_mb=0 $d"
bad "writes_min below k" "2 3 $KEY 1 writes_min=1 $d"
bad "too few members" "2 3 $KEY 0 /dev/ram0 /dev/ram1"
bad "a member that does not exist" "2 3 $KEY 0 /dev/ram0 /dev/ram1 /dev/nowhere"
bad "a table longer than the volume" "2 3 $KEY 0 $d" $((SECTORS + 8))

must create v -- "${MEMBERS[@]}"
check_fails "the key is not in the table" grep -q "$KEY" <(dmsetup table --showkeys v)
pattern 4 table >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync status=none
( while [ ! -e "$TMPDIR/stop" ]; do
	dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync status=none || touch "$TMPDIR/failed"
done ) &
writer=$!
must keyctl padd logon rlnc:test @s <"$KEY_FILE"
for _ in 1 2 3; do
	must dmsetup reload v --table "${KEY:+$(table cache_mb=1 -- "${MEMBERS[@]}" | sed "s/$KEY/:32:logon:rlnc:test/")}"
	must dmsetup suspend v
	must dmsetup resume v
done
touch "$TMPDIR/stop"
wait "$writer"
check_fails "reloading three times under writes fails none" test -e "$TMPDIR/failed"
check "a key from the keyring is shown by its name" grep -q ":32:logon:rlnc:test" <(dmsetup table v)
check "and the data is right" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none)

must dmsetup suspend v
must dmsetup message v 0 key wipe
check_fails "without its key the volume does not resume" dmsetup resume v
check_fails "another key is refused" dmsetup message v 0 key set "${KEY/0001/ffff}"
check_fails "nothing else is done while suspended" dmsetup message v 0 fail 0
must dmsetup message v 0 key set :32:logon:rlnc:test
must dmsetup resume v
check "with it, it does" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none)
