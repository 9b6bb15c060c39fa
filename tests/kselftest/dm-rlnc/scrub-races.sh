#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Scrubs that are started, stopped and interrupted just as they end: each has one end,
# which the status and the events agree on; none that is asked for has the end of another.
# vm: long timeout=600

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl rlncsetup
plan 12

told=$TMPDIR/told
load_module dm-rlnc
requires_module dm-delay
held_members 3 24
format 2 --symbol 4K
# Throttled, so that one lasts for a few messages.
must create v rebuild_kbps=12288 -- "${MEMBERS[@]}"
must dd if=<(pattern 2 races) of=/dev/mapper/v bs=1M count=2 iflag=fullblock oflag=direct conv=fsync status=none
rlncsetup monitor --json >"$told" &
monitor=$!
cleanup kill "$monitor"
message() { dmsetup message v 0 "$@"; }
state() { dmsetup status v | awk '{ split($11, work, ":"); print work[1], $16 }'; }
idle() { [[ $(state) == "idle "* ]]; }
listening() { message checkpoint; message scrub start; [ -s "$told" ]; }
must poll_until 20 listening
must poll_until 20 idle
# The events of scrubs, a word each.
events() { sed -nE 's/.*"event":"work_(started|finished|stopped)".*"work":"scrub".*/\1/p' "$told"; }

# settle: every event so far has been told: that of the last checkpoint came after them.
settle()
{
	message checkpoint
	poll_until 20 grep -q "\"event\":\"checkpoint\".*\"epoch\":$(epoch v)," "$told"
}

# --- stopped as it ends -----------------------------------------------------------------
# How long one takes, in polls of its status.
must message scrub start
polls=0
until idle; do polls=$((polls + 1)); done
note "a scrub lasts for $polls looks at the status"
agree() # ROUND'S-END: the last event is of the end that the status tells
{
	case $1 in
	finished) [ "$(events | tail -n 1)" = finished ] ;;
	# It may have been stopped before it began, and then nothing is told of it.
	stopped) [ "$(events | tail -n 1)" = stopped ] || [ "$(events | grep -c started)" -eq "$began" ] ;;
	*) false ;;
	esac
}
rounds=0 disagree=0 finished=0 stopped=0
stop_at=$((SECONDS + 60 * SKYHOLD_SLOW))
while [ "$rounds" -lt 20 ] && { [ "$SECONDS" -lt "$stop_at" ] || [ "$stopped" -eq 0 ]; }; do
	rounds=$((rounds + 1))
	began=$(events | grep -c started)
	must message scrub start
	for ((i = RANDOM % (polls + 2); i > 0; i--)); do state >/dev/null; done
	must message scrub stop
	read -r work end < <(state)
	[ "$work" = idle ] || not_ok "stopped, it is under way: $work"
	case $end in finished) finished=$((finished + 1)) ;; stopped) stopped=$((stopped + 1)) ;; esac
	must settle
	agree "$end" || { disagree=$((disagree + 1)); note "the status says $end, the events $(events | tail -n 3 | tr '\n' ' ')"; }
done
note "of $rounds, $finished had finished and $stopped were stopped"
is "$disagree" 0 "whether a scrub was stopped or had finished, status and events agree"
is $((finished + stopped)) "$rounds" "and each has an end"
check "some were stopped" test "$stopped" -gt 0

# --- stopped when all is read, and it waits to say so --------------------------------------
# A flush that takes long holds up the checkpoint of its end.  The scrub takes 2 seconds.
must gone v
must create v rebuild_kbps=1536 hedge_ms=60000 deadline_ms=600000 -- "${MEMBERS[@]}"
delay=$((6000 * SKYHOLD_SLOW))
become 2 delay "${RAM[2]}" 0 0 "${RAM[2]}" 0 "$delay"
cleanup become 2 linear "${RAM[2]}" 0
began=$(events | grep -c started)
must message scrub start
under_way() { [[ $(field v 8) =~ ^scrub:[1-9] ]]; }
must poll_until 60 under_way
must dd if=/dev/urandom of=/dev/mapper/v bs=4K seek=5 count=1 oflag=direct conv=notrunc status=none
sync /dev/mapper/v &
flush=$!
all_read() { [[ $(field v 8) == scrub:256/* ]]; }
check "everything is read" poll_until 10 all_read
must message scrub stop
read -r work end < <(state)
wait "$flush"
become 2 linear "${RAM[2]}" 0
must settle
check "it has one end: $work $end" agree "$end"
is "$(events | grep -c started) $(events | tail -n 2 | head -n 1)" "$((began + 1)) started" "and it is told once"
must gone v
must create v rebuild_kbps=12288 -- "${MEMBERS[@]}"

# --- started as it ends, from two sides -------------------------------------------------------
seconds=$((10 * SKYHOLD_SLOW))
stop_at=$((SECONDS + seconds))
hammer() { while [ "$SECONDS" -lt "$stop_at" ]; do "$@" || exit 1; done; }
look() { dmsetup status v >>"$TMPDIR/seen"; }
hammer message scrub start & one=$!
hammer message scrub start & two=$!
hammer look & three=$!
check "scrubs are started without end" wait "$one"
wait "$two" || not_ok "by another one"
wait "$three" || not_ok "and looked at"
# A scrub that is under way, and how one ended: that is another one.
is "$(awk '$11 ~ /^scrub:/ && $16 != "none"' "$TMPDIR/seen" | sort | uniq -c | head -n 3)" "" \
	"none that is under way has ended ($(grep -c scrub: "$TMPDIR/seen") of $(wc -l <"$TMPDIR/seen") looks were at one)"
check "the last one ends" poll_until 30 idle
is "$(state)" "idle finished" "as it should"

# --- everything at once -----------------------------------------------------------------------
stop_at=$((SECONDS + seconds))
pausing() { dmsetup suspend v && dmsetup resume v; }
may() { "$@" || :; }		# a message to a suspended volume is refused
rm "$TMPDIR/seen"
hammer may message scrub start & one=$!
hammer may message scrub stop & two=$!
hammer pausing & three=$!
hammer look
wait "$one" "$two" "$three" || not_ok "a hammer broke"
is "$(awk '$11 ~ /^scrub:/ && $16 != "none"' "$TMPDIR/seen" | head -n 3)" "" \
	"started, stopped and interrupted at once, none that is under way has ended"
must message scrub start
whole() { [ "$(state)" = "idle finished" ] && [ "$(events | tail -n 1)" = finished ]; }
check "and one more comes to its end" poll_until 30 whole
must gone v
