#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Members stop answering without an error: two of six cost a deadline; with a
# third everything fails in bounded time, nothing hangs, nothing is wrong.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 16

load_module dm-rlnc
held_members 6 16
format 4 --symbol 4K
opts=(hedge_ms=100 deadline_ms=$((1000 * SKYHOLD_SLOW)))
must create v "${opts[@]}" -- "${MEMBERS[@]}"
pattern 4 silent >"$TMPDIR/image"
pattern 4 silent2 >"$TMPDIR/image2"
put() { timeout $((60 * SKYHOLD_SLOW)) dd if="$TMPDIR/$1" of=/dev/mapper/v bs=64K oflag=direct conv=fsync,notrunc status=none; }
get() { timeout $((60 * SKYHOLD_SLOW)) dd if=/dev/mapper/v bs=64K count=64 iflag=direct status=none; }
must put image
hold 1 4
check "two do not answer: what they have is read from the others" cmp "$TMPDIR/image" <(get)
# Probes are sent beside reads, and have the deadline to be answered.
known() { get >/dev/null; [ "$(letters v)" = AFAAFA ]; }
check "reads alone find out that they have failed" poll_until 30 known
let_go 1 4
for i in 1 4; do check "member $i is taken up" poll_until 10 dmsetup message v 0 return $i; done
in_sync() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = AAAAAA ]; }
check "all are in sync" poll_until 30 in_sync
hold 1 4
check "the same two: a durable write goes on" put image2
is "$(letters v)" AFAAFA "they have failed"
check "the data is right" cmp "$TMPDIR/image2" <(get)
hold 0
klog_mark
check_fails "a third one: a write fails" put image
check_fails "and so does a read" get
check_klog "the log says that there are too few members" 'too few members|more than 2 fragments are wrong or missing'
is "$(health v)" failed "the volume shows it"
dmsetup remove v &
remove=$!
waiting() { klog_has 'waiting for dm-[0-9]+ to answer or fail a request'; }
check "removal waits for the members, and says so" poll_until 30 waiting
let_go 0 1 4
check "it ends when they have answered" wait $remove
check "the volume opens again" create v -- "${MEMBERS[@]}"
check "with what was durable" cmp "$TMPDIR/image2" <(get)
must gone v
