#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Members that fail, come back or are late while a request is under way: a member that
# came back has no fragment of what was being written, and a read counts one time.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 8

load_module dm-rlnc checkpoint_ms=3600000
held_members 6 24
format 4 --symbol 16K
must create v writes_min=6 hedge_ms=500 deadline_ms=60000 -- "${MEMBERS[@]}"
pattern 4 old >"$TMPDIR/image"
pattern 4 new >"$TMPDIR/new"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync status=none
folder=/sys/dev/block/$(dmsetup info -c --noheadings --separator : -o major,minor v)/rlnc
of() { cut -d' ' -f1 "$folder/$1"; }
letters_are() { [ "$(letters v)" = "$1" ]; }
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=64K count=64 iflag=direct status=none); }

# All members but one have their fragment when one of those fails and comes back.
hold 0
writes=$(of member1/writes)
dd if="$TMPDIR/new" of=/dev/mapper/v bs=64K count=1 oflag=direct conv=notrunc status=none &
writer=$!
written() { [ "$(of member1/writes)" -gt "$writes" ]; }
must poll_until 20 written
must dmsetup message v 0 fail 1
dmsetup message v 0 return 1 &
return=$!
must poll_until 20 letters_are AsAAAA
let_go 0
check_fails "a write that fewer than writes_min members have is an error" wait $writer
check "the member has come back" wait $return
check "and is rebuilt" poll_until 30 letters_are AAAAAA
check "the write has changed nothing" same
check "the next one" dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync,notrunc status=none

# One is late, and then two of those that are asked instead.
hold 0 4 5
before=$(of hedged)
dd if=/dev/mapper/v of=/dev/null bs=64K count=1 iflag=direct status=none &
reader=$!
late() { [ "$(of member4/hedged)" -ge 1 ]; }
must poll_until 20 late
let_go 0 4 5
check "a read that three members are late for ends" wait $reader
is "$(of member0/hedged) $(of member4/hedged) $(of member5/hedged)" "1 1 1" "it counts one time for each"
is "$(($(of hedged) - before))" 1 "and one time in all"
must gone v
