#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Many VMs at once, in a machine of 2 GB; started and ended again and again, and killed
# at any instant, they leave nothing behind.
# vm: timeout=600 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "${BASH_SOURCE[0]}")/monitor.sh"
requires_kvm
CYCLES=${CYCLES:-60} KILLED=${KILLED:-40} TOGETHER=${TOGETHER:-32}
plan 9
load_module hedge

free() { awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo; }
hangs() { local i; for ((i = 0; i < TOGETHER; i++)); do said "m$i" hanging || return; done; }
drop_caches
before=$(free)
failed=0
for ((i = 0; i < TOGETHER; i++)); do start "m$i" hang || failed=$((failed + 1)); done
is "$failed" 0 "$TOGETHER VMs of 32 MiB are started"
is "$(sed 1d /proc/monitor | wc -l)" "$TOGETHER" "all are listed"
check "all of them run" poll_until 120 hangs
note "$((before - $(free))) MiB for $TOGETHER"
failed=0
for ((i = 0; i < TOGETHER; i++)); do tell "stop|m$i" || failed=$((failed + 1)); done
is "$failed" 0 "all are stopped"

# --- again and again ---
failed=0
must tell "load|$guests/hello.hvt"
for ((i = 0; i < CYCLES; i++)); do
	{ start c hello && poll_until 10 has_ended c && [ "$(value c exit_status)" = 0 ]; } || failed=$((failed + 1))
done >&2
is "$failed" 0 "$CYCLES times from start to end"

# --- at any instant ---
failed=0
for ((i = 0; i < KILLED; i++)); do
	start k hang &
	starting=$!
	delay=$((RANDOM % 30))
	read -rt "0.$(printf %03d $delay)" -u "$_tick" || :
	pkill -KILL -x 'vm:k|hedge' || :
	wait "$starting" || :
	poll_until 20 has_ended k || [ ! -e /proc/vmstats/k ] || { tell "stop|k"; has_ended k; } || failed=$((failed + 1))
done >&2
is "$failed" 0 "$KILLED killed at any instant"
is "$(wc -l </proc/monitor)" 1 "none is left"
check "another starts" start last hello
drop_caches
left=$((before - $(free)))
note "$left MiB less than before"
check "memory is given back" test "$left" -le 32
