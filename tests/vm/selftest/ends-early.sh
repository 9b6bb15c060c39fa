#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A test that ends by itself before its plan is met.
# expect: ended after 1 of 2 results

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 2

ok one
exit 0
