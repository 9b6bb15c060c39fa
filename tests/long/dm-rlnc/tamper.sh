#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Everything on the members changed, as in the normal set, and more of it: every third
# byte of the fields of a superblock, every byte behind a log record, some bits of every
# block that is in use.
# vm: timeout=4800 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-tamper rlncsetup
plan 1

load_module dm-rlnc checkpoint_ms=3600000
requires_module nbd

tamper() { noted . rlnc-tamper "$@"; }

check "4 of 6" tamper -k 4 -n 6 -S 31 -B 3 -b 4
