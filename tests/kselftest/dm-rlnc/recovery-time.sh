#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# After a crash with the intent log as full as it can be, recovery takes no more than so
# many reads, and so long: the figures are printed beside those of an orderly close.
# vm: long timeout=400

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl fio
plan 10

load_module dm-rlnc checkpoint_ms=3600000
held_members 6 40
format 4 --symbol 4K
pattern 16 recovery >"$TMPDIR/image"
open() { create v -- "${MEMBERS[@]}"; }
must open
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync,notrunc status=none
must dmsetup message v 0 checkpoint

# Each flush has BATCH sectors from all over the volume, each of another generation.
batch=8 flushes=0
sectors=$((SECTORS / 8 < 4096 ? SECTORS / 8 : 4096))
# burst FLUSHES: so many, and one write after the last, before which fio asks for it.
burst()
{
	flushes=$((flushes + $1))
	fio --name=burst --filename=/dev/mapper/v --direct=1 --rw=randwrite --bs=4k --size=$((sectors * 4096)) \
		--randseed="$flushes" --buffer_pattern=0x5a --ioengine=psync --fsync="$batch" \
		--io_size=$((($1 * batch + 1) * 4096)) --output="$TMPDIR/fio"
}
# How many flushes the log takes: the one after them is a checkpoint.
before=$(epoch v)
must burst 48
is "$(epoch v)" "$before" "so many flushes are no checkpoint"
while [ "$(epoch v)" = "$before" ] && [ "$flushes" -lt 128 ]; do must burst 1; done
fills=$((flushes - 1))
check "a log holds a bounded number of them ($fills of $batch sectors)" test "$fills" -lt 127

# As many again, but for the one that would end it.
must dmsetup message v 0 checkpoint
before=$(epoch v)
must burst $((fills - 1))
must sync /dev/mapper/v
is "$(epoch v)" "$before" "the log is full, and there was no checkpoint"
save crash 6
must dd if=/dev/mapper/v of="$TMPDIR/want" bs=1M count=16 iflag=direct status=none
must gone v

# timed: open it; sets took, in ms, and requests, the reads that it takes.
timed()
{
	local begin before
	before=$(members_stat 1)
	begin=${EPOCHREALTIME/[.,]/}
	open || return
	took=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
	requests=$(($(members_stat 1) - before))
}
check "closed orderly, it opens" timed
clean_ms=$took clean_reads=$requests
must gone v
restore crash 6
klog_mark
check "after the crash it opens" timed
check_klog "by its log" 'replayed [0-9]+ changes'
changes=$(klog | sed -nE 's/.*replayed ([0-9]+) changes.*/\1/p')
note "closed orderly: $clean_ms ms, $clean_reads reads of members"
note "recovery of $fills flushes, $changes changes: $took ms, $requests reads of members"
check "every change that was flushed was replayed" test "$changes" -ge $((fills * batch / 2))
# A record from each member, and a way to the root of the map for each change.
most=$((clean_reads + 6 * (64 + changes * 3)))
check "it has read no more than the log speaks of ($requests of $most)" test "$requests" -le "$most"
check "in 20 seconds at most" test "$took" -le $((20000 * SKYHOLD_SLOW))
check "everything is there" cmp "$TMPDIR/want" <(dd if=/dev/mapper/v bs=1M count=16 iflag=direct status=none)
must gone v
