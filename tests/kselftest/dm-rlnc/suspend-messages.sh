#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A message that comes while a volume is being suspended, and takes longer than that,
# leaves nothing that runs: another table may have the members from then on.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 5

load_module dm-rlnc checkpoint_ms=3600000
held_members 5 32
spare=${MEMBERS[4]}
MEMBERS=("${MEMBERS[@]:0:4}")
format 2
must create v deadline_ms=60000 rebuild_kbps=256 -- "${MEMBERS[@]}"
must dmsetup message v 0 fail 3
pattern 16 messages >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync status=none
must dmsetup message v 0 return 3
rebuilding() { [[ $(field v 8) == rebuild:* ]]; }
suspended() { [ "$(dmsetup info -c --noheadings -o suspended v)" = Suspended ]; }
must poll_until 10 rebuilding

# A write keeps the suspension from its end, and the device to be added the message.
hold 0 4
dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K count=1 oflag=direct conv=notrunc status=none &
writer=$!
sleep 1
dmsetup suspend v &
suspend=$!
sleep 2
dmsetup message v 0 add "$spare" &
add=$!
sleep 2
check "the suspension waits for a write" running "$suspend"
let_go 0
check "the write ends" wait "$writer"
sleep 2
let_go 4
wait "$add"
note "the member was added: $?"
check "the suspension ends" wait "$suspend"
check "the volume is suspended" suspended
before=$(members_stat 5)
sleep 4
is "$(members_stat 5)" "$before" "and its members are left alone"
must dmsetup resume v
