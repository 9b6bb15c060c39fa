#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A write to nowhere.
# vm: boot=own
# expect: no verdict
# expect: console: .*(NULL pointer dereference|unable to handle page fault)

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

check "the module oopses" insmod "$(our_module_file skyhold_fault)" what=oops
