#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest is started, prints, and ends; what is left of it is a record.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
plan 6

requires_kvm
load_module hedge
guest() { echo "$SKYHOLD_BUILD/guest/$1.hvt"; }
tell() { echo "+ $1" >&2; printf '%s' "$1" >/proc/monitor || { tail -n 1 /proc/vmstats/errors; return 1; }; }
value() { awk -v k="$2" '$1 == k { $1 = ""; print substr($0, 2) }' "/proc/vmstats/$1"; }
ended() { [ "$(value "$1" state)" = ended ]; }

is "$(cat /proc/monitor)" "ID NAME MODID MODNAME" "there is no VM"
check "one is started" tell "start|hello|$(guest hello)||32|||Hello"
check "it ends" poll_until 10 ended hello
cat /proc/vmstats/hello /proc/vmstats/hedge /proc/vmstats/metrics
id=$(value hello id)
cat "/proc/vmcons/vm$id"
is "$(value hello exit_status)" 0 "with status 0"
check "it has printed" grep -q "Hello" "/proc/vmcons/vm$id"
is "$(wc -l </proc/monitor)" 1 "it is no longer listed"
dmesg | tail -5
