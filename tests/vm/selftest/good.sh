#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Control: a test that does everything right passes.
# vm: boot=own
# expect: ok [0-9]+ selftest/good

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 4

klog_mark
load_module skyhold_fault what=none
check_klog "the module speaks" "committing .none."
mount -t tmpfs tmpfs "$TMPDIR"
cleanup umount "$TMPDIR"
sleep 1000 &
cleanup kill $!
check "polling ends in time" poll_until 10 test -d "/proc/$!"
check_fails "failure can be asked for" false
is "$(hostname)" skyhold-vm "it runs in the guest"
