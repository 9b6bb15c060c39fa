#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What hypercalls, frames and starts cost under hedge and under a monitor in user space,
# interleaved, in one machine.
# vm: boot=own mem=2G timeout=3000 lane=stock
#
# Leaves logs/hedge.raw: SIDE ROW NANOSECONDS a line, where SIDE is peer, hedge, kept (a start
# of an image that was loaded before), parked (a start from the pool) or metered (the collector
# of records, processor time of one look); `make bench-hedge` makes a table of it.

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/../../kselftest/hedge/monitor.sh"
requires hvt-peer hedgectl ip ping swtpm
requires_kvm
requires_module tun
requires_module brd rd_nr=1 rd_size=16384
ROUNDS=${SKYHOLD_BENCH_ROUNDS:-5} STARTS=${SKYHOLD_BENCH_STARTS:-20} CALLS=500 PINGS=300 FLOOD=1000
plan 7
load_module hedge

raw=$SKYHOLD_LOGS/hedge.raw
: >"$raw"
must ip tuntap add bench mode tap
cleanup ip link del bench
must ip addr add 10.97.0.1/24 dev bench
must ip link set bench up
must ip tuntap add quiet mode tap
cleanup ip link del quiet
echo 1 >/proc/sys/net/ipv6/conf/quiet/disable_ipv6
must ip link set quiet up
# Whoever reads it reads memory.
hello=$TMPDIR/hello.hvt
must cp "$guests/hello.hvt" "$hello"
must dd if=/dev/zero of=/dev/ram0 bs=1M oflag=direct status=none count=16

# note_speeds SIDE FILE: lines of the speed guest.
note_speeds() { sed -n "s/^\([a-z_0-9]*\) \([0-9]*\)$/$1 \1 \2/p" "$2" >>"$raw"; }
speed_of_peer()
{
	hvt-peer --block:disk=/dev/ram0 "$guests/speed.hvt" $CALLS >"$TMPDIR/out" && note_speeds peer "$TMPDIR/out"
}
speed_of_hedge()
{
	start speed speed $CALLS -- block.disk=/dev/ram0 && poll_until 120 has_ended speed &&
		console speed >"$TMPDIR/out" && note_speeds hedge "$TMPDIR/out"
}
nets_of_peer()
{
	hvt-peer --net:net=quiet "$guests/netspeed.hvt" $CALLS >"$TMPDIR/out" && note_speeds peer "$TMPDIR/out"
}
nets_of_hedge()
{
	start speed netspeed $CALLS -- net.net=quiet && poll_until 120 has_ended speed &&
		console speed >"$TMPDIR/out" && note_speeds hedge "$TMPDIR/out"
}
start_meter()
{
	mkdir -p "$TMPDIR/tpm"
	swtpm socket --tpm2 --tpmstate "dir=$TMPDIR/tpm" --server "type=unixio,path=$TMPDIR/tpm/s" \
		--ctrl "type=unixio,path=$TMPDIR/tpm/s.ctrl" --flags startup-clear,not-need-init &
	tpm=$!
	poll_until 30 test -S "$TMPDIR/tpm/s"
}
# The processor time of all it has done, in ticks of 10 ms.
ticks_of() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# What one look at hedge's counters costs, record and all, beside a guest that runs.
meter_samples()
{
	local pid before status=0
	start metered hang || return
	hedgectl meter --records "$TMPDIR/records" --boot-key "$TMPDIR/meter.key" --ak "$TMPDIR/ak" \
		--tcti "swtpm:path=$TMPDIR/tpm/s" --interval 1 &
	pid=$!
	poll_until 300 test -e "$TMPDIR/records/state" || status=1
	quiet && quiet && quiet && quiet
	before=$(ticks_of $pid)
	sleep 20
	echo "metered sample $((($(ticks_of $pid) - before) * 10000000 / 20))" >>"$raw"
	kill -TERM $pid
	wait $pid || status=1
	[ "$(grep -c '"record"' "$TMPDIR"/records/*.jsonl)" -ge 15 ] || status=1
	tell "stop|metered"
	return $status
}

# note_pings SIDE: round trips, one after the other, the median of them; and a flood of
# them, a mean.
note_pings()
{
	poll_until 10 ping -c 1 -W 1 10.97.0.2 || return
	ping -f -q -c $FLOOD 10.97.0.2 |
		sed -n "s/^$FLOOD packets transmitted, $FLOOD received.* time \([0-9]*\)ms$/\1/p" |
		awk -v side="$1" -v n=$FLOOD '{ print side, "net_flood", int($1 * 1000000 / n) } END { if (!NR) exit 1 }' >>"$raw" || return
	ping -i 0.002 -c $PINGS 10.97.0.2 |
		sed -n 's/.* time=\([0-9.]*\) ms$/\1/p' | sort -n |
		awk -v side="$1" '{ t[NR] = $1 } END { if (!NR) exit 1; print side, "net_echo", t[int((NR + 1) / 2)] * 1000000 }' >>"$raw"
}
ping_peer()
{
	local pid status=0
	hvt-peer --net:net=bench "$guests/echo.hvt" 10.97.0.2 >/dev/null &
	pid=$!
	note_pings peer || status=1
	kill -KILL $pid
	wait $pid
	return $status
}
ping_hedge()
{
	local status=0
	start echo echo 10.97.0.2 -- net.net=bench || return
	note_pings hedge || status=1
	tell "stop|echo"
	return $status
}

# A process that ends when its guest does, and a record of the same. Both read the image from
# its file, unless it is kept.
start_peer()
{
	local began=${EPOCHREALTIME/./}
	hvt-peer "$hello" >/dev/null || return
	echo "peer hello $(((${EPOCHREALTIME/./} - began) * 1000))" >>"$raw"
}
# Whoever looked meanwhile would have his share of what is measured.
exec {silence}<> <(:)
quiet() { read -rt 0.3 -u "$silence" || :; }
start_hedge()
{
	tell "start|hello|$hello||32|||x" && quiet && poll_until 10 has_ended hello &&
		[ "$(value hello exit_status)" = 0 ] || return
	echo "$1 hello $(($(value hello up_us) * 1000))" >>"$raw"
	echo "$1 first_instruction $(($(value hello boot_entered_us) * 1000))" >>"$raw"
}
start_kept() { tell "load|$hello" && start_hedge kept && tell "unload|$hello"; }
ready() { [ "$(value hedge pool_ready)" = 1 ]; }
start_parked()
{
	tell "pool|1" && poll_until 10 ready && start_hedge parked && tell "pool|0"
}
# rounds FUNCTION...: each once a round.
rounds()
{
	local i fn
	for ((i = 0; i < ROUNDS; i++)); do
		for fn; do "$fn" || return; done
	done
}
cold() { start_hedge hedge; }
starts() { local i; for ((i = 0; i < STARTS; i++)); do start_peer && cold && start_kept && start_parked || return; done; }
# What is left of the memory of 16 guests that touch next to nothing, for each of them.
available() { awk '/^MemAvailable/ { print $2 }' /proc/meminfo; }
note_memory() { echo "$1 memory $((($2 - $(available)) * 1024 / 16))" >>"$raw"; }
memory_of_peer()
{
	local before i status=0 pids=()
	drop_caches
	before=$(available)
	for ((i = 0; i < 16; i++)); do
		hvt-peer "$guests/hang.hvt" >"$TMPDIR/peer$i" &
		pids+=($!)
	done
	sleep 2
	for i in "${pids[@]}"; do running "$i" || status=1; done
	note_memory peer "$before"
	kill -KILL "${pids[@]}"
	wait "${pids[@]}"
	return $status
}
memory_of_hedge()
{
	local before i status=0
	drop_caches
	before=$(available)
	for ((i = 0; i < 16; i++)); do start "m$i" hang || return; done
	sleep 2
	for ((i = 0; i < 16; i++)); do runs "m$i" || status=1; done
	note_memory hedge "$before"
	for ((i = 0; i < 16; i++)); do tell "stop|m$i"; done
	return $status
}

check "hypercalls and blocks" rounds speed_of_peer speed_of_hedge nets_of_peer nets_of_hedge
check "a TPM for records of use" start_meter
check "records of use" meter_samples
kill "$tpm"
wait "$tpm"
check "frames" rounds ping_peer ping_hedge
check "starts" starts
check "memory" rounds memory_of_peer memory_of_hedge

# hundred SIDE COMMAND...: the time of a hundred, one after the other
hundred()
{
	local i side=$1 began=${EPOCHREALTIME/./}
	shift
	for ((i = 0; i < 100; i++)); do "$@" || return; done
	echo "$side hundred $(((${EPOCHREALTIME/./} - began) * 1000))" >>"$raw"
}
one_of_peer() { hvt-peer "$hello" >/dev/null; }
one_of_hedge() { hedgectl start --wait h "$hello" >/dev/null; }
hundred_of_peer() { hundred peer one_of_peer; }
hundred_of_hedge() { hundred hedge one_of_hedge; }
check "a hundred in a row" rounds hundred_of_peer hundred_of_hedge
