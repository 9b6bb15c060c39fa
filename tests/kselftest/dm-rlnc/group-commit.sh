#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Writers that flush while a flush is under way share the next: what the members have to
# write for many of them is far less than for the same writers one after the other.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 5

load_module dm-rlnc checkpoint_ms=3600000
held_members 3 24
format 2 --symbol 16K
must create v deadline_ms=600000 -- "${MEMBERS[@]}"
writers=32
pattern 1 group >"$TMPDIR/image"
of() { cat "/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/$1"; }
written() { of stat | awk '{ print $5 }'; }
# What member 1 was asked to write: records of the log, columns of packs.
asked() { of rlnc/member1/writes | awk '{ print $1 }'; }
# Run by itself, so that the process that waits is the one that is known.
put() { exec dd if="$TMPDIR/image" of=/dev/mapper/v bs=4K skip="$1" seek=$(($1 * 8)) count=1 oflag=direct conv=notrunc,fsync status=none; }

# One after the other.
must dmsetup message v 0 checkpoint
before=$(asked)
for ((i = 0; i < writers; i++)); do (put $i) || bail "no write"; done
alone=$(($(asked) - before))
note "$writers flushed writes, one after the other: a member writes $alone times"
check "each flush by itself is a write at least" test "$alone" -ge $writers

# The first is held up by a member; all others have written when it goes on.
must dmsetup message v 0 checkpoint
before=$(asked) begin=$(written)
hold 0
pids=()
for ((i = 0; i < writers; i++)); do put $((i + writers)) & pids+=($!); done
all_written() { [ $(($(written) - begin)) -ge $writers ]; }
waiting() { local pid; for pid in "${pids[@]}"; do grep -q '^State:.*D' "/proc/$pid/status" || return; done; }
must poll_until 60 all_written
check "all wait for the member" poll_until 60 waiting
let_go 0
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
is "$failed" 0 "all are done"
together=$(($(asked) - before))
note "together: $together times"
# Each that comes late may have a pack of its own; what they share is the log's.
check "for half of the writes, or less" test $((together * 2)) -le "$alone"
same()
{
	local i
	for ((i = 0; i < 2 * writers; i++)); do
		cmp <(dd if="$TMPDIR/image" bs=4K skip=$i count=1 status=none) \
			<(dd if=/dev/mapper/v bs=4K skip=$((i * 8)) count=1 iflag=direct status=none) || return
	done
}
check "what they wrote is there" same
