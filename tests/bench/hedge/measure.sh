#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What hypercalls, frames and starts cost under hedge and under a monitor in user space,
# interleaved, in one machine.
# vm: boot=own mem=2G timeout=1500 lane=stock
#
# Leaves logs/hedge.raw: SIDE ROW NANOSECONDS a line, where SIDE is peer, hedge or parked
# (a start from the pool); `make bench-hedge` makes a table of it.

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/../../kselftest/hedge/monitor.sh"
requires hvt-peer ip ping
requires_kvm
requires_module tun
requires_module brd rd_nr=1 rd_size=16384
ROUNDS=${SKYHOLD_BENCH_ROUNDS:-5} STARTS=20 CALLS=500 PINGS=300
plan 5
load_module hedge

raw=$SKYHOLD_LOGS/hedge.raw
: >"$raw"
must ip tuntap add bench mode tap
cleanup ip link del bench
must ip addr add 10.97.0.1/24 dev bench
must ip link set bench up
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

# note_pings SIDE: round trips, one after the other, the median of them.
note_pings()
{
	poll_until 10 ping -c 1 -W 1 10.97.0.2 || return
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

# A process that ends when its guest does, and a record of the same.
start_peer()
{
	local began=${EPOCHREALTIME/./}
	hvt-peer "$guests/hello.hvt" >/dev/null || return
	echo "peer hello $(((${EPOCHREALTIME/./} - began) * 1000))" >>"$raw"
}
# Whoever looked meanwhile would have his share of what is measured.
exec {silence}<> <(:)
quiet() { read -rt 0.3 -u "$silence" || :; }
start_hedge()
{
	start hello hello && quiet && poll_until 10 has_ended hello || return
	echo "$1 hello $(($(value hello up_us) * 1000))" >>"$raw"
	echo "$1 first_instruction $(($(value hello boot_entered_us) * 1000))" >>"$raw"
}
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
starts() { local i; for ((i = 0; i < STARTS; i++)); do start_peer && cold && start_parked || return; done; }
memory_of_one()
{
	local before i
	drop_caches
	before=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
	for ((i = 0; i < 16; i++)); do start "m$i" hang || return; done
	sleep 2
	echo "hedge memory_kib $(((before - $(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)) / 16))" >>"$raw"
	for ((i = 0; i < 16; i++)); do tell "stop|m$i"; done
}

must tell "load|$guests/hello.hvt"
check "hypercalls and blocks" rounds speed_of_peer speed_of_hedge
check "frames" rounds ping_peer ping_hedge
check "starts" starts
check "memory" memory_of_one
hundred() { local i; for ((i = 0; i < 100; i++)); do start h hello || return; poll_until 10 has_ended h; done; }
began=${EPOCHREALTIME/./}
check "a hundred in a row" hundred
echo "hedge hundred $(((${EPOCHREALTIME/./} - began) * 1000))" >>"$raw"
