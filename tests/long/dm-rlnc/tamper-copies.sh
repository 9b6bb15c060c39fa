#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Everything on the members changed, as in the normal set, and more of it: every third
# byte of the fields of a superblock, of volumes of which few members suffice.
# vm: timeout=4800 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-tamper rlncsetup
plan 2

load_module dm-rlnc checkpoint_ms=3600000
requires_module nbd

tamper() { noted . rlnc-tamper "$@"; }

check "2 of 3" tamper -k 2 -n 3 -S 32 -B 3 -b 4
check "1 of 3, symbols of 16 KiB" tamper -k 1 -n 3 -s 16384 -m 6 -S 33 -B 8 -b 2
