#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest has no interrupt controller, and is not told of one; whoever goes for it, by its
# page, its registers or the task priority, ends alone, and with a reason.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires_kvm
plan 25
load_module hedge

must start other hang
must poll_until 10 said other hanging
while read -r kind status pattern; do
	must start a apic "$kind"
	poll_until 20 has_ended a || must tell "stop|a"
	value a reason
	check "$kind: status $status" test "$(value a exit_status)" = "$status"
	[ "$status" = 0 ] || check "$kind: $pattern" grep -qE -- "$pattern" <(value a reason; console a)
done <<-'TABLE'
	cpuid 0
	base_read 255 ^exception 13: rip 0x1
	base_write 255 ^exception 13: rip 0x1
	x2_read 255 ^exception 13: rip 0x1
	x2_write 255 ^exception 13: rip 0x1
	x2_send 255 ^exception 13: rip 0x1
	unmapped 255 ^exception 14: rip 0x1
	page_read 1 ^read beyond memory, at 0xfee00020
	page_write 1 ^write beyond memory, at 0xfee000b0
	priority 1 ^there is no APIC
	interrupts 1 ^halted without interrupts
TABLE

# What is there in a guest of 4 GiB is memory.
must tell "start|big|$guests/apic.hvt||4096|||page_read"
must poll_until 20 has_ended big
is "$(value big exit_status) $(console big | tail -n 1)" "1 failed: it was let through" "in 4 GiB the page is memory"

# A snapshot has the same processor.
must start b puts 60000 -- cpu_quota=5
must poll_until 10 said b '^00000100 '
must tell "snapshot|b|$TMPDIR/snap"
must tell "stop|b"
must tell "restore|c|$TMPDIR/snap||||cpu_quota=5"
check "a guest from a snapshot runs" poll_until 10 runs c
must tell "stop|c"
runs_on() { runs other && said other hanging; }
check "the other guest has run on" runs_on
must tell "stop|other"
is "$(wc -l </proc/monitor)" 1 "nothing else runs"
