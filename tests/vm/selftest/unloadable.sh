#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A reference to a module that nobody gives back: found after the last test, too.
# vm: boot=own
# expect: left behind: module skyhold_fault, which does not unload: 1 users
# expect: verdict: something was left behind

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

check "a reference is taken" insmod "$(our_module_file skyhold_fault)" what=refcount
