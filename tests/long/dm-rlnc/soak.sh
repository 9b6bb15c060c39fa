#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SOAK_MINUTES of everything that can happen to a volume while fio writes and
# verifies, and allocations and bios fail: no error, and nothing lost.
# vm: timeout=7200 lane=debug boot=own mem=1500M

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/../../kselftest/dm-rlnc/volume.sh"
CHURN_SEED=${SKYHOLD_SOAK_SEED:-}
# shellcheck source=tests/kselftest/dm-rlnc/churn.sh
. "$(dirname "$0")/../../kselftest/dm-rlnc/churn.sh"
requires dmsetup openssl fio blkdiscard
nomem=$SKYHOLD_BUILD/kmod-fault/$(uname -r)/skyhold_nomem.ko
[ -e "$nomem" ] || bail "make vm-soak builds $nomem"
plan $((3 + CHURN_RESULTS))

churn_begin
churn_faults "$nomem"
klog_mark
check "${SKYHOLD_SOAK_MINUTES:-20} minutes with seed $CHURN_SEED" churn $((${SKYHOLD_SOAK_MINUTES:-20} * 60))
knob one_in 0
failed=$(cat "$NOMEM/failed")
check "allocations have failed ($failed)" test "$failed" -gt 0
check_klog "and so have bios" 'name fail_make_request'
churn_verdict
