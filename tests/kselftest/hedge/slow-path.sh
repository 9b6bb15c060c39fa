#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With fast_path=0 each hypercall leaves KVM_RUN, and does what it does within; with keep_kvm=0
# KVM is nobody's while no VM runs.
# vm: timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires ip busybox losetup
requires_kvm
requires_module tun
requires_module loop
plan 38
load_module hedge fast_path=0 keep_kvm=0

# shellcheck source=tests/kselftest/hedge/by-hedge.sh
. "$(dirname "$0")/by-hedge.sh"
# shellcheck source=tests/kselftest/hedge/cases-io.sh
. "$(dirname "$0")/cases-io.sh"

calls() { awk '/^hypercall_/ { n += $2 } END { print n }' "/proc/vmstats/$1"; }
ends "hello" 0 '^Hello from the guest$' "$guests/hello.hvt"
ends "abort" 255 '^aborting$' "$guests/abort.hvt"
ends "answer to code" 1 'host/guest translation fault' "$guests/memory.hvt" answer_to_code
ends "a pointer beyond memory" 1 'not in its memory' "$guests/pointer.hvt" data_beyond
ends "no hypercall" 1 'no hypercall' "$guests/port.hvt" beyond
guest "$guests/puts.hvt" 500
check "500 lines" test "$(wc -l <"$out")" = 500
check "each call has left KVM_RUN" test "$(value guest exits_slow)" -ge "$(calls guest)" -a "$(calls guest)" -ge 500

# --- nobody's ---
module=kvm_amd
module_loaded $module || module=kvm_intel
users() { cat /sys/module/$module/refcnt; }
unused() { [ "$(users)" = 0 ]; }
must start loop hang
check "a VM that runs has KVM" test "$(users)" -gt 0
must tell "stop|loop"
check "when none does, nobody has" poll_until 10 unused
check "and it can be unloaded" modprobe -r $module
requires_kvm
ends "loaded again, it is there for the next" 0 '^Hello' "$guests/hello.hvt"
