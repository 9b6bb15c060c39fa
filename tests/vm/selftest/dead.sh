#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that does nothing any more, not even take interrupts.
# vm: boot=own timeout=2 smp=1
# expect: hang: no sign of life within the time limit of selftest/dead
# expect: no verdict
# expect: console: .*(fault_dead|fault_init)

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

check "the module takes the processor" insmod "$(our_module_file skyhold_fault)" what=dead
