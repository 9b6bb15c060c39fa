#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A member that does not answer costs one deadline and has failed; what it does
# with old requests later harms nothing, and it is not taken up before that.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 24

load_module dm-rlnc
requires_module dm-delay
held_members 7 16
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 4K
opts=(hedge_ms=100 deadline_ms=$((1000 * SKYHOLD_SLOW)))
must create v "${opts[@]}" -- "${MEMBERS[@]}"
put() { dd if="$TMPDIR/$1" of=/dev/mapper/v bs=1M oflag=direct conv=fsync,notrunc status=none; }
same() { cmp "$TMPDIR/$1" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none); }
in_sync() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = AAAAAA ]; }
for i in 1 2 3 4; do pattern 4 "late$i" >"$TMPDIR/image$i"; done

must put image1
check "the table shows the options" grep -q "hedge_ms=100 deadline_ms=" <(dmsetup table v)

# Writes that are late.
must dd if="${RAM[1]}" of="$TMPDIR/old" bs=1M iflag=direct status=none
hold 1
check "a write goes on without a member that does not answer" put image2
is "$(letters v)" AFAAAA "which has failed"
check "the data is right" same image2
klog_mark
check_fails "it is not taken up while a write is out" dmsetup message v 0 return 1
check_klog "and the log says so" 'member 1 .*has not answered all requests of before'
check "meanwhile the slots are used again" put image3
check "and again" put image1
let_go 1
check "when it has answered it is taken up" poll_until 10 dmsetup message v 0 return 1
check "and rebuilt" poll_until 30 in_sync
must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 3
check "what it has now is right: the others alone do not suffice" same image1
must dmsetup message v 0 return 0
must dmsetup message v 0 return 3
check "all are back" poll_until 30 in_sync

# A liar: it had answered, but the old writes land now.
must dmsetup message v 0 checkpoint
must dd if="$TMPDIR/old" of="${RAM[1]}" bs=1M skip=1 seek=1 oflag=direct status=none
was=$(corrected v)
check "old fragments on a member in sync are found out" same image1
check "and made good" test "$(corrected v)" -gt "$was"
must dmsetup message v 0 scrub start
idle() { [ "$(field v 8)" = idle ]; }
check "a scrub mends the rest" poll_until 30 idle

# Reads that are late, with old data.
must dd if="${RAM[2]}" of="${RAM[6]}" bs=1M iflag=direct oflag=direct status=none
must put image2
must dmsetup message v 0 checkpoint
become 2 delay "${RAM[6]}" 0 $((400 * SKYHOLD_SLOW)) "${RAM[2]}" 0 0
was=$(field v 12)
for i in 1 2 3; do check "a member answers late, with old data: read $i is right" same image2; done
check "reads were hedged" test "$(field v 12)" -gt "$was"
become 2 linear "${RAM[2]}" 0

# Another table, while writes of the old one are out.
become 4 delay "${RAM[4]}" 0 0 "${RAM[4]}" 0 $((4000 * SKYHOLD_SLOW))
must put image4
must dmsetup reload v --table "$(table "${opts[@]}" -- "${MEMBERS[@]}")"
klog_mark
check "the table is changed while a member holds writes of the old one" dmsetup resume v
check_klog "which leaves that member out" 'member 4 .*has not answered a write of the table before|/dm-4.*does not answer'
become 4 linear "${RAM[4]}" 0
check "it returns when they have ended" poll_until 10 dmsetup message v 0 return 4
check "and is rebuilt" poll_until 30 in_sync
must dmsetup message v 0 fail 1
must dmsetup message v 0 fail 2
check "the data is right with what it has" same image4
must gone v
