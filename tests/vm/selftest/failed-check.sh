#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A result that is not ok fails the test.
# expect: not ok 2 two
# expect: not ok [0-9]+ selftest/failed-check

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 3

ok one
check two false
ok three
