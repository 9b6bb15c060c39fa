#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A module that stays.
# expect: left behind: module skyhold_fault

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

check "a module is loaded" insmod "$(our_module_file skyhold_fault)"
