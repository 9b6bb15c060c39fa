#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SOAK_SECONDS of everything that can happen to a volume while fio writes and
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
seconds=${SKYHOLD_SOAK_SECONDS:-1200}
[ -e "$nomem" ] || bail "make vm-soak builds $nomem"
plan $((5 + CHURN_RESULTS))

churn_begin
churn_faults "$nomem"
check "allocations that are to fail do fail, and only those of the module" churn_faults_work
check "$seconds s with seed $CHURN_SEED" churn seconds "$seconds"
churn_no_faults
check "allocations from slabs have failed: $SLABS" test "$SLABS" -gt 0
check "allocations of pages have failed: $PAGES" test "$PAGES" -gt 0
check "bios to members have failed: $BIOS" test "$BIOS" -gt 0
churn_verdict
