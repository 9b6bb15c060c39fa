#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The crash test of the normal set, at length: every flush, and torn subsets by the
# thousand, of two shapes; with frequent checkpoints and with hardly any.
# vm: timeout=3000 mem=3G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-crash rlncsetup
plan 6

load_module dm-rlnc checkpoint_ms=300
requires_module nbd

crash() { noted '^(traced|recovery|FAILED|cannot)|cuts(:| lost)' rlnc-crash "$@"; }

check "4 of 6" crash -o 60 -p 0 -r 2000 -S 101
echo 3600000 >/sys/module/dm_rlnc/parameters/checkpoint_ms
check "2 of 3, without checkpoints but those that are needed" crash -k 2 -n 3 -s 16384 -o 60 -p 0 -r 1000 -S 102
echo 300 >/sys/module/dm_rlnc/parameters/checkpoint_ms
check "4 of 6, always activated from fewer" crash -o 60 -p 20 -r 100 -f 100 -d 0 -S 77
check "3 of 5, dense" crash -k 3 -n 5 -D 1 -o 60 -p 0 -r 500 -S 104
check "4 of 6, in streams" crash -O 1 -o 400 -p 0 -r 1000 -S 105
check_fails "disks that lie about a flush are found out" crash -k 2 -n 3 -o 20 -p 1 -r 60 -d 0 -f 0 -S 103 -l
