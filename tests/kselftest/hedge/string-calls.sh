#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An OUT with a REP prefix is as many hypercalls, and no more than one of them is between
# what others want of a VM and the VM.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires_kvm
requires_module brd rd_nr=1 rd_size=8192
plan 22
load_module hedge

on=block.disk=/dev/ram0
calls() { value s "hypercall_$1"; }
many() { [ "$(calls "$1")" -gt 2 ]; }
# within WHAT: of some times that it stands still, one is not between two instructions, of
# 1024 calls each.
within()
{
	local i n
	for i in 1 2 3 4 5; do
		must tell "pause|s"
		n=$(calls "$1")
		must tell "resume|s"
		note "$n calls"
		[ $((n % 1024)) -eq 0 ] || return 0
	done
	return 1
}
# fastest KIND WORD...: the best time to stop one of some.
fastest()
{
	local i began took best=1000000000
	for i in 1 2 3 4 5; do
		must start s string "${@:2}" -- $on console=1024
		must poll_until 20 many "$1"
		began=${EPOCHREALTIME/./}
		printf 'stop|s' >/proc/monitor
		took=$((${EPOCHREALTIME/./} - began))
		[ "$(value s reason)" = stopped ] || { value s reason; return 1; }
		[ "$took" -ge "$best" ] || best=$took
	done
	note "${*:2}: stopped in $best us"
	[ "$best" -lt $((100000 * SKYHOLD_SLOW)) ]
}

for fast in Y N; do
	echo $fast >/sys/module/hedge/parameters/fast_path
	while read -r kind words; do
		# shellcheck disable=SC2086 # words are several
		must start s string $words -- $on console=1024
		must poll_until 20 many "$kind"
		check "fast_path=$fast: $words: it stands still within an instruction" within "$kind"
		must tell "stop|s"
		# shellcheck disable=SC2086 # as above
		check "and is stopped within 100 ms" fastest "$kind" $words
	done <<-END
		puts puts 1048576
		block_write write
		block_read read
	END
	# 20 % of a processor for calls that take none of it but their own.
	must start s string puts 1048576 -- $on console=1024 cpu_quota=20
	must poll_until 20 many puts
	check "one with a quota is paused" tell "pause|s"
	check "and goes on" tell "resume|s"
	used() { awk '{ print $14 + $15 }' "/proc/$(value s pid)/stat"; }
	uptime() { cut -d' ' -f1 /proc/uptime | tr -d .; }
	began=$(uptime) before=$(used)
	sleep 3
	share=$((100 * ($(used) - before) / ($(uptime) - began)))
	note "quota of 20 % of a processor: $share %"
	check "its quota is kept" test "$share" -le 30
	must tell "stop|s"
done

# The shortest of calls, without an end.
must start s string puts 1 -- $on max_runtime=1
check "max_runtime ends one of the shortest calls" poll_until 20 has_ended s
is "$(value s reason)" "max_runtime is over" "with that reason"
check "its console has what it wrote" test "$(value s console_bytes)" -gt 0
is "$(value s console_bytes)" "$(value s hypercall_puts)" "each call once"
