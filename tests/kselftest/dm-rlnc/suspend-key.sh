#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The key is wiped only when the last checkpoint before a suspension has been written: it
# is sealed with it.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 4

load_module dm-rlnc checkpoint_ms=3600000
held_members 3 32
format 2
must create v deadline_ms=60000 -- "${MEMBERS[@]}"
pattern 4 old >"$TMPDIR/old"
must dd if="$TMPDIR/old" of=/dev/mapper/v bs=64K oflag=direct conv=fsync status=none
must dmsetup message v 0 checkpoint
pattern 4 new >"$TMPDIR/new"
must dd if="$TMPDIR/new" of=/dev/mapper/v bs=64K oflag=direct status=none
suspended() { [ "$(dmsetup info -c --noheadings -o suspended v)" = Suspended ]; }

hold 2
dmsetup suspend v &
suspend=$!
must poll_until 20 suspended
dmsetup message v 0 key wipe &
wipe=$!
sleep 1
check "the suspension waits for a member" running "$suspend"
let_go 2
check "it comes to its end" wait "$suspend"
check "and the key is wiped" wait "$wipe"
must dmsetup message v 0 key set "$KEY"
must dmsetup resume v
must gone v
must create v -- "${MEMBERS[@]}"
check "what was written before the suspension is there" cmp "$TMPDIR/new" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none)
