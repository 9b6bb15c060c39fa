#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A test that ends neither by itself nor when it is told to.
# vm: timeout=5
# expect: timed out after 5 seconds
# expect: not ok [0-9]+ selftest/time-out

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

trap "" TERM
ok one
while :; do
	sleep 100
done
