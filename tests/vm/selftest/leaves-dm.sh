#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A device-mapper device that stays.
# expect: left behind: dm forgotten

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

must modprobe dm-mod
check "a device is made" dmsetup create forgotten --table "0 8 error"
