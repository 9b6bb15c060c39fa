#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Streams of small writes: a generation is gathered until it is whole, so that it is put
# on the members once; whoever comes to it earlier, or wants it durable, gets all of it.
# vm: timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl fio blkdiscard
plan 52

load_module dm-rlnc checkpoint_ms=3600000
held_members 7 40
spare=${MEMBERS[6]}
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 16K			# generations of 64 KiB, which are 16 sectors
must create v allow_discards -- "${MEMBERS[@]}"
tracing=/sys/kernel/tracing
mountpoint -q "$tracing" || must mount -t tracefs none "$tracing"
pattern 48 streams >"$TMPDIR/new"
pattern 48 other >"$TMPDIR/other"
truncate -s 48M "$TMPDIR/image"

written_kib() { echo $(($(members_stat 7) / 2)); }
read_kib() { echo $(($(members_stat 3) / 2)); }
# stream FIRST COUNT [FLAG]: blocks of 4 KiB, one after the other; the image follows.
# again FIRST COUNT: the same with other data, which is not at this place otherwise.
data=$TMPDIR/new
stream()
{
	must dd if="$data" of=/dev/mapper/v bs=4K seek="$1" skip="$1" count="$2" oflag=direct conv="notrunc${3:+,$3}" status=none
	must dd if="$data" of="$TMPDIR/image" bs=4K seek="$1" skip="$1" count="$2" conv=notrunc status=none
}
again() { data=$TMPDIR/other; stream "$@"; data=$TMPDIR/new; }
# same FIRST COUNT: of the blocks.
same() { cmp -n $(($2 * 4096)) -i $(($1 * 4096)):0 "$TMPDIR/image" <(dd if=/dev/mapper/v bs=4K skip="$1" count="$2" iflag=direct status=none); }
whole() { same 0 12288; }
# ended WORDS: stages that ended so since the trace began.
ended() { grep -c "rlnc_stage_end.*$1" "$tracing/trace"; }
watch_stages() { echo >"$tracing/trace"; echo 1 >"$tracing/events/rlnc/rlnc_stage_end/enable"; }

# What it is for.
logical=$((32 << 10))
for what in "new" "written over"; do
	before=$(written_kib) reads=$(read_kib)
	stream 0 8192
	must dmsetup message v 0 checkpoint
	cost=$(($(written_kib) - before))
	note "$what: $cost KiB for $logical KiB"
	check "32 MiB in order, 4 KiB at a time, $what: n/k and at most 3 % more" \
		test "$cost" -le $((logical * 6 * 103 / 4 / 100 + 1024))
	check "and at least n/k" test "$cost" -ge $((logical * 6 / 4))
	is "$(read_kib)" "$reads" "nothing was read for it"
	data=$TMPDIR/other
done
data=$TMPDIR/new
check "it is all there" whole

# Others come to a generation that is being gathered: 40 sectors from a generation's first
# on are a stream; the last 8 of them are part of a generation.
watch_stages
stream 9600 40
is "$(ended .)" 1 "one whole generation was gathered, and nothing more is written"
check "who reads a part of one" same 9632 8
check "and a part of that" same 9635 2
is "$(ended .)" 1 "has it from memory"
check "and what is behind it from the members" same 9640 8
is "$(ended .)" 1 "which changes nothing, either"
around() { cmp -n 65536 -i $((602 * 65536)):0 "$TMPDIR/image" <(dd if=/dev/mapper/v bs=64K skip=602 count=1 iflag=direct status=none); }
check "and both at once" around
is "$(ended "count=8 error=0")" 1 "is read when it was put into packs"
stream 9648 40
again 9681 3				# into the middle
check "written once more" same 9680 16
stream 9728 40
again 9775 1				# not where it ends
check "and behind its end" same 9760 16
stream 9808 40
must dd if="$TMPDIR/other" of=/dev/mapper/v bs=64K seek=615 skip=615 count=1 oflag=direct conv=notrunc status=none
must dd if="$TMPDIR/other" of="$TMPDIR/image" bs=64K seek=615 skip=615 count=1 conv=notrunc status=none
check "and as a whole" same 9824 32
stream 9888 40
must blkdiscard -o $((9920 * 4096)) -l 65536 /dev/mapper/v
must dd if=/dev/zero of="$TMPDIR/image" bs=4K seek=9920 count=16 conv=notrunc status=none
check "or discarded" same 9910 32
stream 9968 33
must blkdiscard -z -o $((10000 * 4096)) -l 4096 /dev/mapper/v
must dd if=/dev/zero of="$TMPDIR/image" bs=4K seek=10000 count=1 conv=notrunc status=none
check "or one sector made zeros" same 9990 32

# More streams than there are stages, of which all but the last go no further.
must dmsetup message v 0 checkpoint
watch_stages
for first in 4800 4960 5120 5280; do stream $first 40; done
is "$(ended "count=8")" 0 "four that have stopped are kept"
stream 6400 200
is "$(ended "count=8 error=0") $(ended "count=16 error=0")" "1 15" "another one has the place of the first"
check "nothing is lost by that" same 4800 1800

# Durable when somebody asks, and not gathered when somebody asks all the time.
must dmsetup message v 0 checkpoint
watch_stages
before=$(epoch v)
stream 10400 40 fsync
is "$(ended "count=8 error=0")" 1 "a flush has what was gathered put into packs"
is "$(epoch v)" "$before" "and is no checkpoint"
save flushed 6
cp "$TMPDIR/image" "$TMPDIR/flushed"
watch_stages
must dd if="$TMPDIR/new" of=/dev/mapper/v bs=4K seek=10480 skip=10480 count=40 oflag=direct,dsync conv=notrunc status=none
is "$(ended .)" 0 "writes that are flushed one by one are not gathered"
must gone v
restore flushed 6
must create v allow_discards -- "${MEMBERS[@]}"
cp "$TMPDIR/flushed" "$TMPDIR/image"
check "after a power failure all of it is there that was flushed" whole

# What becomes of the volume meanwhile.
stream 10800 40
must dmsetup suspend v
must dmsetup resume v
check "suspended and resumed" same 10790 60
stream 11000 40
must dmsetup reload v --table "$(table allow_discards -- "${MEMBERS[@]}")"
must dmsetup suspend --noflush v
must dmsetup resume v
check "with another table, for which nobody waited" same 10990 60
stream 11200 40
must dmsetup message v 0 fail 0
check "without a member" same 11190 60
stream 11300 40
must dmsetup message v 0 return 0
must dmsetup message v 0 checkpoint
check "and when it is back" same 11290 60
stream 11400 40
must gone v
must create v allow_discards -- "${MEMBERS[@]}"
check "closed and opened" whole
watch_stages
stream 11520 40
must dmsetup message v 0 add "$spare"
is "$(ended "count=8 error=0")" 1 "a member more: what was gathered is written before"
check "and is there" whole
must gone v
MEMBERS+=("$spare")
must create v -- "${MEMBERS[@]}"
check "closed and opened with it" whole

# Several at once, more than there are stages, mixed with what is no stream.
job=(--filename=/dev/mapper/v --direct=1 --ioengine=libaio --size=3M --offset_increment=6M --numjobs=6 --verify=crc32c --verify_fatal=1 --randrepeat=0 --group_reporting --minimal)
check "six streams, one request at a time, verified" fio --name=one --rw=write --bs=4k --iodepth=1 "${job[@]}" --output=/dev/null
check "six streams of 12 KiB, 16 requests at a time" fio --name=deep --rw=write --bs=12k --iodepth=16 "${job[@]}" --output=/dev/null
check "streams with a flush now and then" fio --name=flush --rw=write --bs=4k --iodepth=4 --fsync=37 "${job[@]}" --output=/dev/null
check "and mixed with reads of the same" fio --name=mixed --rw=rw --bs=4k --iodepth=4 "${job[@]}" --output=/dev/null

# What cannot be put on the members: never what was there before.
must gone v
must create v writes_min=6 -- "${MEMBERS[@]}"
must dd if=/dev/mapper/v of="$TMPDIR/image" bs=1M count=48 iflag=direct status=none
watch_stages
again 8000 40
must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 1
check_fails "a flush that too few members can take" dd if=/dev/zero of=/dev/mapper/v bs=4K seek=0 count=1 oflag=direct conv=notrunc,fsync status=none
note "$(grep -o 'rlnc_stage_end.*' "$tracing/trace" | tail -3 | tr '\n' ' ')"
check "what was gathered can be read" same 8032 8
# Generation 502 is gathered up to its middle.
reads() { cmp -n "$1" -i $(($1 * $2)):0 "$TMPDIR/image" <(dd if=/dev/mapper/v bs="$1" skip="$2" count=1 iflag=direct status=none); }
across() { reads 65536 502 && reads 36864 893 && reads 16384 2009; }
check "also together with what is behind it" across
check "others read what is theirs" same 4096 512
must dmsetup suspend v
must dmsetup resume v
check "so it can after the volume was suspended" same 8032 8
check "and together with the rest" across
check_fails "which takes no writes" dd if=/dev/zero of=/dev/mapper/v bs=4K seek=0 count=1 oflag=direct conv=notrunc,fsync status=none
must gone v
must create v -- "${MEMBERS[@]}"
check "opened again, all is there that was durable" same 4096 512

# Generations that are short, of one fragment, or the last and never whole.
must gone v
MEMBERS=("${MEMBERS[@]:0:2}")
format 1 --symbol 4K --force		# a generation is one sector
must create v -- "${MEMBERS[@]}"
: >"$TMPDIR/image"
stream 0 200
check "a sector is a generation" same 0 200
must gone v
format 1 --symbol 16K --force
must create v -- "${MEMBERS[@]}"
stream 0 2001
check "one fragment is a generation" same 0 2001
must gone v
must create v -- "${MEMBERS[@]}"
check "and is there when it is closed and opened" same 0 2001
must gone v
SECTORS=$((2002 * 8))			# half a generation at the end
must create v -- "${MEMBERS[@]}"
stream 1900 102
check "the last generation need not be whole" same 1900 102
must gone v
must create v -- "${MEMBERS[@]}"
check "to be there" same 0 2002
