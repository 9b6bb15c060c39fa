#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One member of six takes two seconds to answer: the p99 of random reads stays
# within three times what it is with all of them well, and the data is right.
# vm: timeout=300 lane=stock,real

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl fio jq
plan 7

load_module dm-rlnc
requires_module dm-delay
held_members 6 24
format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"
pattern 32 slow >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
hedged() { field v 12; }

p99() # p99 NAME: of four seconds of random reads, in us, to file NAME
{
	must fio --name=t --filename=/dev/mapper/v --size=32M --direct=1 --ioengine=libaio --rw=randread \
		--bs=4k --iodepth=4 --time_based --runtime=4 --output-format=json --output="$TMPDIR/fio"
	sed -n '/^{/,$p' "$TMPDIR/fio" |
		jq '.jobs[0].read | .clat_ns.percentile["99.000000"] / 1000 | floor' >>"$TMPDIR/$1"
}
median() { sort -n "$TMPDIR/$1" | sed -n 2p; }

p99 warm
for round in 1 2 3; do
	p99 healthy
	become 1 delay "${RAM[1]}" 0 2000 "${RAM[1]}" 0 0
	p99 slow
	become 1 linear "${RAM[1]}" 0
	# The probe that is out finds out within its own two seconds.
	recovered()
	{
		local before
		before=$(hedged)
		dd if=/dev/mapper/v bs=64K count=16 iflag=direct of=/dev/null status=none
		[ "$(hedged)" = "$before" ]
	}
	check "round $round: the member is read again once it is well" poll_until 20 recovered
done
note "p99 of 4 KiB random reads: $(median healthy) us healthy, $(median slow) us with one member 2 s late; all: $(tr '\n' ' ' <"$TMPDIR/healthy") / $(tr '\n' ' ' <"$TMPDIR/slow")"
check "p99 with a slow member is within 3x of the healthy one" test "$(median slow)" -le $((3 * $(median healthy)))
check "reads went to other members" test "$(hedged)" -gt 0
become 1 delay "${RAM[1]}" 0 2000 "${RAM[1]}" 0 0
check "the data is right" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=32 iflag=direct status=none)
is "$(letters v)" AAAAAA "a slow member has not failed"
become 1 linear "${RAM[1]}" 0
must gone v
