#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests that make hypercalls at random, with pointers at random, for as long as is asked
# for; a well-behaved one beside them does not notice.
# vm: boot=own timeout=9000 mem=1G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/../../kselftest/hedge/monitor.sh"
requires ip
requires_kvm
requires_module tun
requires_module brd rd_nr=2 rd_size=1024
HOSTILE_SECONDS=${SKYHOLD_HOSTILE_SECONDS:-600}
plan 6
load_module hedge

must ip tuntap add wild mode tap
cleanup ip link del wild
must ip link set wild up
must start steady fpu 1 1000000000
seed=$((RANDOM * 32768 + RANDOM)) odd=''
declare -A sum=([wild]=0 [tame]=0)
# count KIND: what the VM has done is added to what those of its kind have.
count()
{
	local key value
	while read -r key value; do
		case $key in
		hypercall_*)	sum[$1.calls]=$((${sum[$1.calls]:-0} + value)) sum[$key]=$((${sum[$key]:-0} + value)) ;;
		block_*_ops)	sum[$1.blocks]=$((${sum[$1.blocks]:-0} + value)) ;;
		net_*_packets)	sum[$1.packets]=$((${sum[$1.packets]:-0} + value)) ;;
		esac
	done </proc/vmstats/wild
}
note "from seed $seed on"
end=$((SECONDS + HOSTILE_SECONDS))
while [ "$SECONDS" -lt "$end" ]; do
	kind=wild words=(wild)
	[ $((seed % 8)) -ne 0 ] || kind=tame words=()
	if start wild fuzz "$seed" 3000 "${words[@]}" -- block.disk=/dev/ram0 net.net=wild max_runtime=20; then
		poll_until 40 has_ended wild || { odd+=" $seed: does not end;"; tell "stop|wild"; }
		[ -n "$(value wild reason)" ] || odd+=" $seed: no reason;"
		count $kind
	else
		odd+=" $seed: not started;"
	fi
	seed=$((seed + 1)) sum[$kind]=$((${sum[$kind]:-0} + 1))
done >&2
for key in "${!sum[@]}"; do note "$key ${sum[$key]}"; done
# mean WHAT: of the wild ones, of which each call may be the last.
mean() { echo $((${sum[wild.$1]:-0} / (sum[wild] ? sum[wild] : 1))); }
note "${sum[wild]} wild guests, with means of $(mean calls) calls, $(mean blocks) requests to the disk and $(mean packets) packets; ${sum[tame]} tame ones"
check "wild guests make calls by the dozen" test "$(mean calls)" -ge 50
check "and use their disk and network" test "$(mean blocks)" -ge 5 -a "$(mean packets)" -ge 1
missing=''
for call in walltime puts poll block_write block_read net_write net_read halt; do
	[ "${sum[hypercall_$call]:-0}" -gt 0 ] || missing+=" $call"
done
is "$missing" "" "no call was left out"
is "$odd" "" "each has ended, with a reason"
is "$(value steady state)" running "the steady one runs"
must tell "stop|steady"
check "another starts" start last hello
