#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A member that failed and came back while a generation was being written has no fragment
# of it.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 5

load_module dm-rlnc checkpoint_ms=3600000
held_members 6 24
format 4 --symbol 16K
must create v writes_min=6 deadline_ms=60000 -- "${MEMBERS[@]}"
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
must gone v
