#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The guest goes down before it has given its verdict.
# vm: boot=own
# expect: no verdict
# expect: not ok 1 selftest/no-verdict

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

ok one
echo o >/proc/sysrq-trigger
sleep 100
