#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two locks taken in both orders, by one task, without a deadlock.
# vm: lane=debug
# expect: kernel: .*possible circular locking

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

load_module skyhold_fault what=lock-order
ok "the locks are taken"
