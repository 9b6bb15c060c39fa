#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every k of n members give back what was fully written; what some wrote while
# others were away is found by every set that holds it, and no other set is taken
# for the newest.  The sets of larger volumes are sampled.
# vm: timeout=600 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-any-k rlncsetup
plan 9

load_module dm-rlnc checkpoint_ms=3600000
requires_module nbd

# any_k K N ONE_IN SEED [SCENARIO...]
any_k()
{
	local k=$1 n=$2 one_in=$3 seed=$4
	shift 4
	noted . rlnc-any-k -k "$k" -n "$n" -q "$one_in" -S "$seed" "$@"
}

check "1 of 1" any_k 1 1 1 1
check "1 of 3" any_k 1 3 1 2
check "2 of 3" any_k 2 3 1 3
check "3 of 6" any_k 3 6 16 4
check "4 of 6" any_k 4 6 16 5
check "10 of 16" any_k 10 16 4000 6 present lost away away-crashed disjoint
check "2 of 3, dense" any_k 2 3 1 7 -D 1
check "1 of 3, nothing is rebuilt" any_k 1 3 1 8 -B 1 away away-crashed in-turn
check "2 of 3, nothing is rebuilt" any_k 2 3 1 9 -B 1 away away-crashed in-turn
