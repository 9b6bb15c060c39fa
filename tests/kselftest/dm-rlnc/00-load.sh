#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The module loads, passes its self-test, registers its target and unloads.
# vm: timeout=60

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
requires dmsetup
plan 4

klog_mark
load_module dm-rlnc
check_klog "the self-test passes" 'rlnc: codec self-test passed'
check "the target is registered" sh -c 'dmsetup targets | grep -q "^rlnc "'
check "it unloads" unload_module dm_rlnc
check_fails "and is gone" module_loaded dm_rlnc
