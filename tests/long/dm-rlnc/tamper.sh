#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Everything on the members changed, as in the normal set, with nothing left out:
# every bit of the fields of a superblock, every byte of the fields in more shapes,
# every byte behind a log record, some bits of every block that is in use.
# vm: timeout=4800 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-tamper rlncsetup
plan 6

load_module dm-rlnc checkpoint_ms=3600000
requires_module nbd

tamper()
{
	local line status
	rlnc-tamper "$@" | tee "$TMPDIR/said"
	status=${PIPESTATUS[0]}
	while read -r line; do note "$line"; done <"$TMPDIR/said"
	return "$status"
}

check "1 of 2, every bit of the superblock" tamper -k 1 -n 2 -S 30 -B 1 -e -b 16
check "4 of 6" tamper -k 4 -n 6 -S 31 -B 1 -b 4
check "2 of 3" tamper -k 2 -n 3 -S 32 -B 1 -b 4
check "1 of 3, symbols of 16 KiB" tamper -k 1 -n 3 -s 16384 -S 33 -B 8 -b 2
check "3 of 5, symbols of 8 KiB" tamper -k 3 -n 5 -s 8192 -S 34 -B 8 -b 2
check "3 of 5, dense" tamper -k 3 -n 5 -D 1 -S 35 -B 8 -b 2
