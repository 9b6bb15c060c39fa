#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a VM sends is no more than net_pps and net_kbps let it, which its network has counted, too;
# and memory and processor time are of the cgroup that it is in, which can end it, alone.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
# shellcheck source=tests/kselftest/hedge/taps.sh
. "$(dirname "$0")/taps.sh"
requires ip
requires_kvm
requires_module tun
plan 21
load_module hedge

taps hvt0 hvt1
nets=(net.one=hvt0 net.two=hvt1)
LEN=1000
received() { cat "/sys/class/net/hvt0/statistics/rx_$1"; }

# within VM KEY RATE MORE: what was counted as KEY is no more than what its life up to now has
# paid for (RATE a second, and a burst of 100 ms) and MORE. The network, which is read before, has
# counted the same and no more.
within()
{
	local net
	net=$(($(received "${2##*_}") - before))
	awk -v key="$2" -v rate="$3" -v more="$4" -v net="$net" '{ v[$1] = $2 }
		END { most = rate * (v["up_us"] / 1e6 + 0.1) + more
		      print v[key] " in " v["up_us"] " us, at most " most ", the network has " net
		      exit v[key] > most || net > most }' "/proc/vmstats/$1"
}
watched()
{
	local i
	for ((i = 0; i < 20; i++)); do
		within "$@" || return
		pause
	done
}
sent() { [ "$(value "$1" net_write_packets)" -ge "$2" ]; }
# limited KEY=VALUE COUNTER RATE MORE
limited()
{
	before=$(received "${2##*_}")
	must start a poll send -- "${nets[@]}" "$1"
	must poll_until 10 said a sending
	check "$1 holds" watched a "$2" "$3" "$4"
	check "something goes on" poll_until 20 sent a 4
	check "up to now" within a "$2" "$3" "$4"
	must tell "stop|a"
}
limited net_pps=20 net_write_packets 20 1
limited net_kbps=20 net_write_bytes $((20 << 10)) $LEN
must start a poll send -- "${nets[@]}"
check "without a limit more goes" poll_until 60 sent a 300
check_fails "than these would let it" within a net_write_packets 20 1
must tell "stop|a"

# --- memory and processor time ---
root=/sys/fs/cgroup
mountpoint -q $root || { must mount -t cgroup2 none $root; cleanup umount $root; }
echo '+memory' >$root/cgroup.subtree_control
for group in vms small; do
	must mkdir $root/$group
	cleanup poll_until 5 rmdir $root/$group
done
current() { echo $(($(cat "$root/$1/memory.current") >> 20)); }
must tell "start|m|$guests/memory.hvt||72|||touch|cgroup=$root/vms"
must poll_until 30 said m '^touched'
note "$(console m | tail -n 1): $(current vms) MiB are charged"
check "the memory that a guest has touched is charged to its cgroup" test "$(current vms)" -ge 64
check "and not much more" test "$(current vms)" -le 96
check "its record says the same" test $(($(value m resident_bytes) >> 20)) -ge 64 -a $(($(value m resident_bytes) >> 20)) -le 80

used() { awk '$1 == "usage_usec" { print $2 }' "$root/$1/cpu.stat"; }
began=$(used vms)
must start loop hang -- "cgroup=$root/vms"
has_used() { [ "$(value loop cpu_us)" -ge 300000 ]; }
must poll_until 30 has_used
least=$(value loop cpu_us)
check "so is the processor time of a loop" test $(($(used vms) - began)) -ge $((least * 9 / 10))

# --- too much ---
echo 32M >$root/small/memory.max
[ ! -e $root/small/memory.swap.max ] || echo 0 >$root/small/memory.swap.max
must tell "start|n|$guests/memory.hvt||72|||touch|cgroup=$root/small"
check "who wants more than memory.max is killed" poll_until 60 has_ended n
is "$(value n exit_status) $(value n reason)" "137 killed" "as its record says"
check "for that" test "$(awk '$1 == "oom_kill" { print $2 }' $root/small/memory.events)" -ge 1
check "when it had touched some" grep -q touching <(console n)
check_fails "and not all" grep -q touched <(console n)
empty() { [ "$(current small)" -le 2 ]; }
check "what it had is given back" poll_until 10 empty
check "the others run on" runs m
check "both" runs loop
must tell "stop|m"
must tell "stop|loop"
must start n hello -- "cgroup=$root/small"
check "another starts there" poll_until 20 has_ended n
