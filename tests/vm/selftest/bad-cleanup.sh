#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A clean-up that fails is a failure.
# expect: status 1 from cleanup: false

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

cleanup false
ok one
