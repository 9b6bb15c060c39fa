#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A sleeping call under a spinlock, which happens not to sleep.
# vm: lane=debug
# expect: kernel: .*sleeping function called from invalid context

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

load_module skyhold_fault what=atomic-sleep
ok "the call is made"
