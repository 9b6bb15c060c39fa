#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mount that stays.
# expect: left behind: mount /tmp/forgotten

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 1

mkdir /tmp/forgotten
check "a file system is mounted" mount -t tmpfs tmpfs /tmp/forgotten
