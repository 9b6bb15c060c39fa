#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Many VMs at once, in a machine of 2 GB; started and ended again and again, and killed
# at any instant, they leave nothing behind.
# vm: timeout=600 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "${BASH_SOURCE[0]}")/monitor.sh"
# shellcheck source=tests/kselftest/hedge/taps.sh
. "$(dirname "${BASH_SOURCE[0]}")/taps.sh"
requires ip
requires_kvm
requires_module tun
requires_module brd rd_nr=1 rd_size=8192
CYCLES=${CYCLES:-60} KILLED=${KILLED:-18} TOGETHER=${TOGETHER:-32}
plan 11
load_module hedge

free() { echo $(($(available_kib) / 1024)); }
hangs() { local i; for ((i = 0; i < TOGETHER; i++)); do said "m$i" hanging || return; done; }
# All of the disk now: whether a guest writes to it later must not look like a leak.
must dd if=/dev/zero of=/dev/ram0 bs=1M oflag=direct status=none count=8
drop_caches
before=$(free)
failed=0
for ((i = 0; i < TOGETHER; i++)); do start "m$i" hang || failed=$((failed + 1)); done
is "$failed" 0 "$TOGETHER VMs of 32 MiB are started"
is "$(sed 1d /proc/monitor | wc -l)" "$TOGETHER" "all are listed"
check "all of them run" poll_until 120 hangs
note "$((before - $(free))) MiB for $TOGETHER"
failed=0
for ((i = 0; i < TOGETHER; i++)); do tell "stop|m$i" || failed=$((failed + 1)); done
is "$failed" 0 "all are stopped"

# --- again and again ---
failed=0
must tell "load|$guests/hello.hvt"
for ((i = 0; i < CYCLES; i++)); do
	{ start c hello && poll_until 10 has_ended c && [ "$(value c exit_status)" = 0 ]; } || failed=$((failed + 1))
done >&2
is "$failed" 0 "$CYCLES times from start to end"

# --- at any instant ---
taps hvt0 hvt1
kinds=(starting looping reading calling waiting paused snapshot dump parked)
some_time() { read -rt "0.0$(printf %02d $((RANDOM % 50)))" -u "$_tick" || :; }
# begin KIND: a VM that is doing that; what is not over by then goes on meanwhile.
begin()
{
	case $1 in
	reading)	start k block again -- block.disk=/dev/ram0 && poll_until 20 said k reading ;;
	calling)	start k fuzz "$RANDOM" 1000000000 -- block.disk=/dev/ram0 net.net=hvt0 ;;
	waiting)	start k poll again -- net.one=hvt0 net.two=hvt1 && poll_until 20 said k waiting ;;
	paused)		start k hang && tell "pause|k" ;;
	snapshot|dump)	start k hang && { tell "$1|k|$TMPDIR/file.$i" & } ;;
	*)		start k hang ;;
	esac
}
# hit PATTERN: whoever has such a name, as soon as somebody has.
hit()
{
	local end=$((SECONDS + 10 * SKYHOLD_SLOW))
	until pkill -KILL -x "$1"; do
		[ $SECONDS -lt $end ] || return
	done
}
# Each succeeds if a VM, or what was to become one, was killed and has ended by that.
kill_starting()
{
	local starting
	start k hang &
	starting=$!
	some_time
	hit 'vm:k|hedge' || return
	wait $starting || return 0
	poll_until 20 has_ended k && [ "$(value k exit_status)" = 137 ]
}
kill_parked()
{
	tell "pool|2" || return
	some_time
	hit hedge || return
	start k hello && poll_until 20 has_ended k && [ "$(value k exit_status)" = 0 ] && tell "pool|0"
}
kill_at_any_instant()
{
	begin "$1" || return
	some_time
	kill -KILL "$(value k pid)" || return
	poll_until 20 has_ended k && [ "$(value k reason)" = killed ]
}
declare -A landed=()
hits=0 stuck=0
for ((i = 0; i < KILLED; i++)); do
	kind=${kinds[i % ${#kinds[@]}]}
	case $kind in
	starting|parked)	"kill_$kind" ;;
	*)			kill_at_any_instant "$kind" ;;
	esac && hits=$((hits + 1)) landed[$kind]=$((${landed[$kind]:-0} + 1))
	wait
	rm -f "$TMPDIR/file.$i"
	[ ! -e /proc/vmstats/k ] || has_ended k || { stuck=$((stuck + 1)); tell "stop|k"; }
done >&2
tell "pool|0"
for kind in "${kinds[@]}"; do note "killed $kind: ${landed[$kind]:-0}"; done
is "$stuck" 0 "whoever is killed ends"
check "$hits of $KILLED were killed while they did what they should" test $((4 * hits)) -ge $((3 * KILLED))
is "${#landed[@]}" "${#kinds[@]}" "some in each state"
is "$(wc -l </proc/monitor)" 1 "none is left"
check "another starts" start last hello
given_back()
{
	drop_caches
	left=$((before - $(free)))
	[ "$left" -le 24 ]
}
check "memory is given back" poll_until 20 given_back
note "$left MiB less than before"
