#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever is changed on up to n - k members, in superblocks, nodes, log and data,
# old copies and foreign ones, the newest data comes back; beyond that there are
# errors and refusals, and never wrong data.
# vm: timeout=400 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
requires rlnc-tamper rlncsetup
plan 3

load_module dm-rlnc checkpoint_ms=3600000
requires_module nbd

# In the log every line, beside the results what came of it.
tamper()
{
	local line status
	rlnc-tamper "$@" | tee "$TMPDIR/said"
	status=${PIPESTATUS[0]}
	while read -r line; do note "$line"; done < <(grep -E '^FAILED|failed' "$TMPDIR/said")
	return "$status"
}

check "4 of 6" tamper -k 4 -n 6 -S 21 -B 1201 -q 12
check "2 of 3" tamper -k 2 -n 3 -S 22 -B 801 -q 6
# Nothing is believed of a test that cannot fail.
check_fails "one more than may be wrong is found out" tamper -k 2 -n 3 -S 23 -B 4000 -q 16 -x
