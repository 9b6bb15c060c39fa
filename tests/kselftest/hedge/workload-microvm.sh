#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# skyd's workloads at tier 1 where there is KVM: a microVM's kernel runs by it, beside a unikernel of
# hedge's.  In the emulator that is all that can be shown: its guests of KVM have a timer's interrupt
# now and then that nobody injected, and a kernel that has lost its timer stands still.  Where there
# are processors, the microVM's disk and network card are tried, as skyd/workloads does without KVM.
# vm: boot=own timeout=480

if [ -z "${POLICY_DIR:-}" ]; then
	top=${SKYHOLD_TOP:-$(cd "$(dirname "$0")/../../.." && pwd)}
	export POLICY_CONF="images = %/images
state = %/state
kernel = %/kernel
cmdline = earlyprintk=ttyS0" SKYD_PATIENCE=240 SKYD_CONF="[skyd]
start = 5min" SKYHOLD_BUILD=${SKYHOLD_BUILD:-$top/build}
	exec "$top/tests/kselftest/skyd/with-policy" "$0"
fi

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires skyctl openssl python3 qemu-system-x86_64 cpio tar ip
requires_kvm
requires_module tun
emulated() { grep -q 'QEMU TCG' /proc/cpuinfo; }
if emulated; then plan 11; else plan 15; fi
cd "$TMPDIR" || bail "no $TMPDIR"
# shellcheck source=tests/kselftest/skyd/workload.sh
. "$SKYHOLD_TOP/tests/kselftest/skyd/workload.sh"
make_images
run() { sky workload run description --bundle "$1.bundle"; }

load_module hedge verify=enforce
is "$(sky workload tiers --json | json '[t["available"] for t in d[1:3]]')" "[True, True]" "microVMs and unikernels can be had"
add_guest() { cp "$guests/hang.hvt" hang && add hang; }
must add_guest
describe uni 2 "$digest"
check "a unikernel runs" run hang

must ip tuntap add tap0 mode tap
must ip addr add 10.77.0.1/24 dev tap0
must ip link set tap0 up
head -c 1048576 /dev/urandom >"$POLICY_DIR/disk"
sum=$(sha256sum <"$POLICY_DIR/disk" | cut -d ' ' -f 1)
describe vm 1 "$vm" one two
sed -i "s|}\$|, \"net\": \"tap0\", \"block\": \"$POLICY_DIR/disk\"}|" description
check "a microVM runs" run box.cpio
check "by KVM" sh -c "ls -l /proc/$(pid_of vm)/fd | grep -q anon_inode:kvm-vcpu"
is "$(awk '/^Uid/ { print $2 }' "/proc/$(pid_of vm)/status")" 600000 "its monitor is nobody on the host"
started() { grep -qE "$1" "$POLICY_DIR/state/vm/console"; }
check "its kernel begins with the command" poll_until 120 started 'Command line: .* -- one two'
check "and has found KVM" poll_until 60 started 'Hypervisor detected: KVM'
if ! emulated; then
	told() { tr -d '\r' <"$POLICY_DIR/state/vm/console" | grep -qxF "$1"; }
	check "it has its words, and no others" poll_until 60 told "up one two"
	check "it reads the disk that it was given" poll_until 60 told "disk vda ro=0 $sum"
	check "its network answers" poll_until 60 told "net eth0 answers"
	check "what it writes is on the disk" grep -q "^the guest was here" "$POLICY_DIR/disk"
	note "tier 1 by KVM: $(member vm spawn_ms) ms, $(member vm footprint_mib) MiB; tier 2: $(member uni spawn_ms) ms"
fi
is "$(member uni state)" running "the unikernel has gone on"
check "the microVM is stopped" sky workload stop vm
check "and the unikernel" sky workload stop uni
is "$(sky workload list --json | json 'len(d)')" 0 "in the end nothing runs"
