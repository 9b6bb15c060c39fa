#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that was paused while it waited for a network, and got something meanwhile, waits
# as long as it asks for the next time.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires ip
requires_kvm
requires_module tun
plan 2
load_module hedge

for tap in hedge0 hedge1; do
	must ip tuntap add $tap mode tap
	cleanup ip link del $tap
	sysctl -q "net.ipv6.conf.$tap.disable_ipv6=1" || :
	must ip link set $tap up
done
must ip addr add 10.97.0.1/24 dev hedge0
must start a poll again -- net.one=hedge0 net.two=hedge1
must poll_until 10 said a waiting
must tell "pause|a"
busybox ping -c 1 -W 1 10.97.0.2
must tell "resume|a"
check "it ends" poll_until 60 has_ended a
is "$(value a exit_status) $(console a | tail -n 1)" "0 waiting" "and has waited for two seconds"
