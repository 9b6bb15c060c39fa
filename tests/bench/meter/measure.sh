#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What hedge's own benchmark loop takes with records of use and without, interleaved, in one
# machine.
# vm: boot=own tpm=yes mem=1G timeout=900 lane=stock
#
# Leaves logs/meter.raw: SIDE ROW NUMBER a line, where SIDE is off, on or warm; loop is nanoseconds of a
# guest's life, cpu those of the collector's processor time in it, looks its records in all.

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/../../kselftest/hedge/monitor.sh"
requires hedgectl
requires_kvm
[ -c /dev/tpmrm0 ] || skip_all "needs a TPM"
requires_module brd rd_nr=1 rd_size=16384
# A loop has to last for several looks.
ROUNDS=${SKYHOLD_BENCH_ROUNDS:-6} CALLS=4000
plan 3
load_module hedge

raw=$SKYHOLD_LOGS/meter.raw
: >"$raw"
must dd if=/dev/zero of=/dev/ram0 bs=1M oflag=direct status=none count=16

# A look a second, where one a minute is usual: while it is stopped there is none.
hedgectl meter --records "$TMPDIR/records" --boot-key "$TMPDIR/meter.key" --ak "$TMPDIR/ak" \
	--interval 1 >"$TMPDIR/said" 2>&1 &
meter=$!
stop_meter() { kill -KILL $meter 2>/dev/null || :; }
cleanup stop_meter
check "records are made" poll_until 300 test -e "$TMPDIR/records/state"
must kill -STOP $meter

ticks() { awk '{ print $14 + $15 }' "/proc/$meter/stat"; }
# loop SIDE: the guest's own life, from its first instruction to its last.
loop()
{
	local before
	before=$(ticks)
	start speed speed $CALLS -- block.disk=/dev/ram0 && poll_until 120 has_ended speed || return
	echo "$1 loop $(($(value speed up_us) * 1000))" >>"$raw"
	echo "$1 cpu $((($(ticks) - before) * 10000000))" >>"$raw"
}
# It looks at once when it goes on, which may be before the loop, and each second.
with() { kill -CONT $meter && loop on && kill -STOP $meter; }
without() { loop off; }
# One order and then the other: what changes slowly changes both.
interleaved()
{
	local i
	for ((i = 0; i < ROUNDS; i++)); do without && with && with && without || return; done
}
must loop warm
check "hedge's loop" interleaved
looks() { cat "$TMPDIR"/records/*.jsonl | grep -c '"record"'; }
echo "on looks $(looks)" >>"$raw"
check "each was looked at while it ran" test "$(looks)" -ge $((4 * ROUNDS))
must kill -CONT $meter
must kill -TERM $meter
wait $meter || :
