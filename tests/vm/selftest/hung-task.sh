#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A task that sleeps for ever and cannot be killed.
# vm: boot=own timeout=60
# expect: no verdict
# expect: console: .*blocked for more than 4 seconds

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

echo 4 >/proc/sys/kernel/hung_task_timeout_secs
check "the module hangs" insmod "$(our_module_file skyhold_fault)" what=hung-task
