#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Neither a VM that runs nor a record costs the host a copy of its image; one that was loaded
# is there for the next VM.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires_kvm
plan 6
load_module hedge

# What is behind an image is read, and digested, but is no part of a guest.
cp "$guests/hang.hvt" "$TMPDIR/hang.hvt"
cp "$guests/hello.hvt" "$TMPDIR/hello.hvt"
truncate -s 32M "$TMPDIR/hang.hvt" "$TMPDIR/hello.hvt"
guests=$TMPDIR
held() { awk '/^VmallocUsed:/ { print $2 }' /proc/meminfo; }
before=$(held)
costs_less() { [ $(($(held) - before)) -lt "$1" ]; }
for i in 1 2 3 4; do must start "hello$i" hello; must poll_until 10 has_ended "hello$i"; done
check "four records have no images" poll_until 5 costs_less 32768
for i in 1 2 3 4; do must start "hang$i" hang; done
check "nor have four VMs that run" poll_until 5 costs_less 32768
for i in 1 2 3 4; do must tell "stop|hang$i"; done
must tell "load|$TMPDIR/hello.hvt"
check_fails "one that was loaded is kept" costs_less 32768
for i in 1 2 3; do must start "again$i" hello; must poll_until 10 has_ended "again$i"; done
is "$(value again3 exit_status)" 0 "and is there for one VM after another"
check "in one copy" costs_less 65536
must tell "unload|$TMPDIR/hello.hvt"
check "until it is unloaded" poll_until 5 costs_less 32768
