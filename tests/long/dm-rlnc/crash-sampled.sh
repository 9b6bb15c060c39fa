#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A power failure at any moment, whatever subset of the unflushed writes it leaves
# on which member, loses no record that was acknowledged.
# vm: timeout=300 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-crash rlncsetup
plan 7

load_module dm-rlnc checkpoint_ms=300
requires_module nbd

# In the log every line of what is tried, beside the results what came of it.
crash() { noted '^(traced|recovery|FAILED|cannot)|cuts(:| lost)' rlnc-crash "$@"; }

check "4 of 6" crash -o 40 -p 20 -r 45 -S 11
check "2 of 3" crash -k 2 -n 3 -o 40 -p 15 -r 30 -S 12
check "1 of 3, symbols of 16 KiB" crash -k 1 -n 3 -s 16384 -o 30 -p 10 -r 20 -S 13
check "2 of 3, dense" crash -k 2 -n 3 -D 1 -o 30 -p 10 -r 20 -S 15
# Writes in order, which are gathered until a generation is whole, or somebody flushes.
tracing=/sys/kernel/tracing
mountpoint -q "$tracing" || must mount -t tracefs none "$tracing"
must eval "echo 1 >$tracing/events/rlnc/rlnc_stage_end/enable"
check "4 of 6, in streams" crash -O 1 -o 400 -p 30 -r 60 -S 16
must eval "echo 0 >$tracing/events/rlnc/rlnc_stage_end/enable"
note "gathered: $(grep -o 'count=[0-9]* error=.*' "$tracing/trace" | sort | uniq -c | tr '\n' ' ')"
check "of which many are cut by a flush" test "$(grep -c 'rlnc_stage_end.*count=[123] error=0' "$tracing/trace")" -ge 20
# Nothing is believed of a test that cannot fail.
check_fails "disks that lie about a flush are found out" crash -k 2 -n 3 -o 20 -p 1 -r 25 -d 0 -f 0 -S 14 -l
