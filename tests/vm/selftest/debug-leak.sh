#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory that nothing points to any more.
# vm: lane=debug
# expect: unreferenced: 0x[0-9a-f]+ \(size (300|320|512)\)

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

load_module skyhold_fault what=leak
ok "an object is lost"
