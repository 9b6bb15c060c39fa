#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# KVM is kept in use from the first VM on, whose cgroup can be removed all the same.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires_kvm
plan 6
load_module hedge

root=/sys/fs/cgroup
mountpoint -q $root || { must mount -t cgroup2 none $root; cleanup umount $root; }
# threads: of KVM, and the cgroups that they are in.
threads()
{
	local comm
	for comm in /proc/[0-9]*/comm; do
		! grep -qs '^kvm-nx-lpage' "$comm" || cat "${comm%/comm}/cgroup"
	done
}
none() { [ -z "$(threads)" ]; }
must poll_until 10 none
must mkdir $root/first
check "the first VM is started in a cgroup" start a hang -- cgroup=$root/first
check "KVM has a thread for it there" grep -qxF '0::/first' <(threads)
kept() { threads | grep -qxF '0::/'; }
check "KVM is kept in use in the root's cgroup" poll_until 10 kept
must tell "stop|a"
check "the VM's cgroup can be removed" poll_until 10 rmdir $root/first
is "$(threads)" 0::/ "KVM is in use still"
must rmmod hedge
check "and no more without the module" poll_until 10 none
