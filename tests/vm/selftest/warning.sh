#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A warning of the kernel, which panics.
# vm: boot=own
# expect: no verdict
# expect: console: .*deliberate warning

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

check "the module warns" insmod "$(our_module_file skyhold_fault)" what=warn
