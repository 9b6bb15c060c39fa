#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that waits for its disk is not silent: watchdog= has patience with it, for as long
# as it takes, and none with one that computes.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires dmsetup
requires_kvm
requires_module brd rd_nr=1 rd_size=1024
plan 10

held()
{
	must dmsetup suspend --noflush --nolockfs disk
	must poll_until 20 under_way
}
under_way() { grep -q ' hedge_block_transfer' "/proc/$(value a pid)/stack"; }
seconds_later() { [ "$(value "$1" up_us)" -ge $(($2 + $3 * 1000000)) ]; }

must dmsetup create disk --table "0 2048 linear /dev/ram0 0"
cleanup poll_until 10 dmsetup remove disk
load_module hedge
cleanup dmsetup resume disk
watchdog=$((2 * SKYHOLD_SLOW))
for fast in Y N; do
	echo $fast >/sys/module/hedge/parameters/fast_path
	must start a block churn -- block.disk=/dev/mapper/disk watchdog=$watchdog
	held
	up=$(value a up_us)
	must poll_until $((4 * watchdog)) seconds_later a "$up" $((2 * watchdog))
	is "$(value a state)$(value a reason)" running "fast_path=$fast: one that waits for its disk is not ended by the watchdog"
	before=$(value a block_write_bytes)
	must dmsetup resume disk
	goes_on() { [ "$(value a block_write_bytes)" -gt "$before" ]; }
	check "it goes on with it" poll_until 20 goes_on
	check "and is stopped" tell "stop|a"
	must start b hang -- watchdog=1
	check "one that computes is ended" poll_until 20 has_ended b
	is "$(value b reason)" "watchdog: no hypercall for too long" "by the watchdog"
done
