#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every bit of the fields of a superblock changed, and 16 bits of every block that is in
# use, of the smallest volume that survives a loss.
# vm: timeout=9000 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-tamper rlncsetup
plan 1

load_module dm-rlnc checkpoint_ms=3600000
requires_module nbd

check "1 of 2, every bit of the superblock" noted . rlnc-tamper -k 1 -n 2 -S 30 -B 1 -e -b 16
