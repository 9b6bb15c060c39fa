#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A slab cache destroyed with an object in it.
# vm: boot=own
# expect: no verdict
# expect: console: .*skyhold_fault.*(Objects remaining|still has objects)

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

check "the module leaks" insmod "$(our_module_file skyhold_fault)" what=slab
