#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a log replay commits again was written without a member that was away then:
# the member must not be taken to hold it.
# vm: timeout=300 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-any-k rlncsetup
plan 1

load_module dm-rlnc checkpoint_ms=3600000
requires_module nbd
check "1 of 3, two sets in turn, the first ends in a crash" rlnc-any-k -k 1 -n 3 -S 2 in-turn
