#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A member may have a deadline of its own: shorter than the others', and it costs only
# that; longer, and it is waited for while another that is silent is given up.  It is in
# the table, a reload keeps it, and a message changes it.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 28

load_module dm-rlnc checkpoint_ms=3600000
held_members 6 16
format 4 --symbol 4K
short=$((1000 * SKYHOLD_SLOW))
pattern 1 deadlines >"$TMPDIR/image"
# Seconds that a durable write takes; it succeeds.
put()
{
	local since=$SECONDS
	timeout $((300 * SKYHOLD_SLOW)) dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync,notrunc status=none ||
		return 1
	took=$((SECONDS - since))
}
options() { dmsetup table v | grep -oE 'member_deadline_ms=[0-9:]+' | tr '\n' ' '; }
deadline() { cat "/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/rlnc/member$1/deadline_ms"; }
in_sync() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = AAAAAA ]; }
back() { must dmsetup message v 0 return "$1"; must poll_until 30 in_sync; }

# --- what is refused -----------------------------------------------------------------------
for word in member_deadline_ms member_deadline_ms=500 member_deadline_ms=6:500 member_deadline_ms=:500 \
	member_deadline_ms=1: member_deadline_ms=1:99 member_deadline_ms=1:600001 member_deadline_ms=-1:500 \
	member_deadline_ms=0001:500 member_deadline_ms=4294967297:500; do
	check_fails "$word is refused" create v "$word" -- "${MEMBERS[@]}"
done

# --- shorter than the others' ---------------------------------------------------------------
must create v hedge_ms=100 deadline_ms=600000 "member_deadline_ms=1:$short" member_deadline_ms=3:77777 -- "${MEMBERS[@]}"
is "$(options)" "member_deadline_ms=1:$short member_deadline_ms=3:77777 " "the table shows them"
is "$(deadline 0) $(deadline 1) $(deadline 3)" "600000 $short 77777" "so do the counters"
must put
hold 1
check "a member with a short one does not answer: a durable write goes on" put
check "after $took s" test "$took" -le $((30 * SKYHOLD_SLOW))
is "$(letters v)" AFAAAA "that member has failed, and no other"
let_go 1
back 1

# --- longer than the others' ----------------------------------------------------------------
for i in 0 2 3 4 5; do must dmsetup message v 0 member $i deadline_ms "$short"; done
check "a message gives one" dmsetup message v 0 member 1 deadline_ms 600000
is "$(deadline 0) $(deadline 1)" "$short 600000" "it holds at once"
hold 1 4
put &
writer=$!
only_four() { [ "$(letters v)" = AAAAFA ]; }
check "two do not answer: the one with the short time is given up" poll_until 60 only_four
check "the other is waited for" test -d "/proc/$writer"
let_go 1
check "and the write ends well when it answers" wait "$writer"
is "$(letters v)" AAAAFA "it has not failed"
let_go 4
back 4

# --- what stays ------------------------------------------------------------------------------
check_fails "a member that there is not is refused" dmsetup message v 0 member 6 deadline_ms 500
check_fails "so is a time that is none" dmsetup message v 0 member 1 deadline_ms 99
check_fails "and one that is too long" dmsetup message v 0 member 1 deadline_ms 600001
check_fails "and any other attribute" dmsetup message v 0 member 1 colour 500
must dmsetup message v 0 member 1 deadline_ms 0
is "$(deadline 1)" 600000 "0 is the volume's"
must dmsetup message v 0 member 5 deadline_ms 12345
line=$(dmsetup table v | sed "s/ 0\{64\} / $KEY /")
must dmsetup reload v --table "$line"
must dmsetup suspend v
must dmsetup resume v
is "$(options)" "member_deadline_ms=0:$short member_deadline_ms=2:$short member_deadline_ms=3:$short member_deadline_ms=4:$short member_deadline_ms=5:12345 " \
	"the table loaded anew has what the messages said"
check "the data is right" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=64K count=16 iflag=direct status=none)
must gone v
