#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without virtualisation hedge is loaded all the same, a start says why there is none, and leaves
# nothing behind; as soon as there is KVM, it starts.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
for module in kvm_amd kvm_intel kvm; do
	! module_loaded $module || modprobe -r $module || skip_all "$module is in use"
done
[ ! -e /dev/kvm ] || skip_all "KVM is part of the kernel"
plan 15
load_module hedge
module=$SKYHOLD_BUILD/kmod/$(uname -r)/kernel/hedge/hedge.ko
is "$(modinfo -F depends "$module")" "" "it needs no other module"

why='^[0-9]+ 0 .*there is no KVM: is kvm_amd or kvm_intel loaded'
none() { ! pgrep -x 'hedge|vm:.*'; }
refused "a start says that there is no KVM" "start|a|$guests/hello.hvt||32|||x" "$why"
is "$(cat /proc/monitor)" "ID NAME MODID MODNAME" "no VM is listed"
check "no task is left" poll_until 5 none
refused "and a second one, too" "start|a|$guests/hello.hvt||32|||x" "$why"
head -c 100 "$guests/hello.hvt" >"$TMPDIR/bad"
refused "an image that is none is refused for what it is" "start|a|$TMPDIR/bad||32|||x" ' PATH: '
check "images can be loaded" tell "load|$guests/hello.hvt"
check "a pool is asked for in vain, and not for ever" timeout 60 bash -c 'echo "pool|8" >/proc/monitor'
is "$(awk '$1 == "pool_ready" { print $2 }' /proc/vmstats/hedge)" 0 "no task is ready"
refused "a start from the pool says so, too" "start|a|$guests/hello.hvt||32|||x" "$why"
must tell "pool|0"

# --- somebody has put another thing in its place ---
must mknod /dev/kvm c 1 3
refused "what is not KVM is not taken for it" "start|a|$guests/hello.hvt||32|||x" 'KVM'
must rm /dev/kvm
check "no task is left then" poll_until 5 none

requires_kvm
check "when there is KVM a VM is started" start a hello
check "and ends" poll_until 10 has_ended a
is "$(value a exit_status) $(console a)" "0 Hello from the guest" "as it should"
