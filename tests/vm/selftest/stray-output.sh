#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a tool prints is not a result.
# expect: ended after 1 of 2 results

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 2

ok one
echo "ok 2 two"
