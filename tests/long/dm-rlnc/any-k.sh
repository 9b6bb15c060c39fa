#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Any k of n as in the normal set, with every set of members tried.
# vm: timeout=7200 mem=3G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-any-k rlncsetup
plan 12

load_module dm-rlnc checkpoint_ms=3600000
requires_module nbd

any_k()
{
	local k=$1 n=$2 one_in=$3
	shift 3
	noted . rlnc-any-k -k "$k" -n "$n" -q "$one_in" "$@"
}

check "1 of 1" any_k 1 1 1
check "1 of 3" any_k 1 3 1
check "2 of 3" any_k 2 3 1
check "3 of 6" any_k 3 6 1 present lost away away-crashed disjoint fork
check "4 of 6" any_k 4 6 1 present lost away away-crashed disjoint fork
# All pairs of sets, and all sets after each pair, would be 60,000: a day.
check "3 of 6, two sets in turn, sampled" any_k 3 6 6 in-turn
check "4 of 6, two sets in turn, sampled" any_k 4 6 6 in-turn
check "10 of 16" any_k 10 16 1000 present lost away away-crashed disjoint
check "3 of 6, dense" any_k 3 6 1 present lost away disjoint -D 1
check "1 of 3, nothing is rebuilt" any_k 1 3 1 -B 1 away away-crashed in-turn
check "2 of 3, nothing is rebuilt" any_k 2 3 1 -B 1 away away-crashed in-turn
check "3 of 6, nothing is rebuilt" any_k 3 6 1 -B 1 away away-crashed
