#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A minute or two of everything that can happen to a volume while fio writes and verifies:
# no error, and nothing lost. `make vm-soak` has the long one, with faults injected.
# vm: long timeout=600 mem=1500M smp=2

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
# shellcheck source=tests/kselftest/dm-rlnc/churn.sh
. "$(dirname "$0")/churn.sh"
requires dmsetup openssl fio blkdiscard
plan $((1 + CHURN_RESULTS))

churn_begin
check "24 steps with seed $CHURN_SEED" churn steps 24
churn_verdict
