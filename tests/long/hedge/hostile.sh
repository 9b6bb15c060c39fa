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
plan 4
load_module hedge

must ip tuntap add wild mode tap
cleanup ip link del wild
must ip link set wild up
must start steady fpu 1 1000000000
seed=$((RANDOM * 32768 + RANDOM)) runs=0 odd=''
note "from seed $seed on"
end=$((SECONDS + HOSTILE_SECONDS))
while [ "$SECONDS" -lt "$end" ]; do
	wild=()
	[ $((seed % 3)) -eq 0 ] || wild=(wild)
	start wild fuzz "$seed" 2000 "${wild[@]}" -- block.disk=/dev/ram0 net.net=wild max_runtime=20 ||
		odd+=" $seed: not started;"
	poll_until 40 has_ended wild || { odd+=" $seed: does not end;"; tell "stop|wild"; }
	seed=$((seed + 1)) runs=$((runs + 1))
done >&2
note "$runs guests"
check "guests were started" test "$runs" -gt 0
is "$odd" "" "each has ended"
is "$(value steady state)" running "the steady one runs"
must tell "stop|steady"
check "another starts" start last hello
