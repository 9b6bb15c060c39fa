#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A daemon that stays, in a session of its own.
# expect: left behind: process [0-9]+ sleep 1234

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

setsid --fork sleep 1234
ok "a daemon is started"
