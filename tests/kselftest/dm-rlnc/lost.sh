#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Members lost in flight: up to n - k cost nothing; beyond that writes fail
# cleanly and what was durable is there when they are back.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 10

load_module dm-rlnc
held_members 6 24
lose() { become "$1" error; }
mend() { become "$1" linear "${RAM[$1]}" 0; }

format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"
pattern 4 lost >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
lose 1
lose 3
check "reads go on with two lost" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none)
check "so do durable writes" dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K seek=64 oflag=direct conv=fsync status=none
is "$(letters v)" AFAFAA "the lost ones are shown"
is "$(health v)" degraded "as degraded"
lose 0
check_fails "a third one: a durable write fails" dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K seek=64 count=8 oflag=direct conv=fsync
check_fails "and so does reading" dd if=/dev/mapper/v of=/dev/null bs=1M count=4 iflag=direct
must gone v
for i in 0 1 3; do mend "$i"; done
check "all are back: it opens" create v rebuild_kbps=1 -- "${MEMBERS[@]}"
is "$(letters v)" AsAsAA "those that missed something are stale"
check "the first write is there" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none)
check "and the one made without them" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M skip=4 count=4 iflag=direct status=none)
must gone v
