#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A write behind an object.
# vm: boot=own lane=debug
# expect: no verdict
# expect: console: .*KASAN:

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

check "the module writes" insmod "$(our_module_file skyhold_fault)" what=out-of-bounds
