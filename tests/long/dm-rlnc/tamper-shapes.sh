#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Everything on the members changed, as in the normal set, and more of it: larger symbols,
# and a dense volume.
# vm: timeout=4800 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-tamper rlncsetup
plan 2

load_module dm-rlnc checkpoint_ms=3600000
requires_module nbd

tamper() { noted . rlnc-tamper "$@"; }

check "3 of 5, symbols of 8 KiB" tamper -k 3 -n 5 -s 8192 -S 34 -B 8 -b 2
check "3 of 5, dense" tamper -k 3 -n 5 -D 1 -S 35 -B 8 -b 2
