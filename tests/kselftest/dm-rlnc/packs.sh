#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Small writes: gathered in packs, readable at once, durable after a flush, merged
# when packs run out, and as safe as everything else.
# vm: timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl fio
plan 18

load_module dm-rlnc checkpoint_ms=3600000
ram_members 7 24
spare=${MEMBERS[6]}
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 16K			# generations of 64 KiB, 95 packs
must create v -- "${MEMBERS[@]}"
pattern 8 packs >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
pattern 8 new >"$TMPDIR/new"
used() { field v 7 | cut -d/ -f1; }
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=8 iflag=direct status=none); }
# put BLOCK [COUNT [FLAG]]: so many blocks of 4 KiB of the new data; the image follows.
put()
{
	must dd if="$TMPDIR/new" of=/dev/mapper/v bs=4K seek="$1" skip="$1" count="${2:-1}" oflag=direct conv="notrunc${3:+,$3}" status=none
	dd if="$TMPDIR/new" of="$TMPDIR/image" bs=4K seek="$1" skip="$1" count="${2:-1}" conv=notrunc status=none
}
copy() { local i; for i in {0..5}; do must dd if="/dev/ram$i" of="$TMPDIR/$1$i" bs=1M iflag=direct status=none; done; }
crash() { local i; for i in {0..5}; do must dd if="$TMPDIR/$1$i" of="/dev/ram$i" bs=1M oflag=direct conv=notrunc status=none; done; }

must dmsetup message v 0 checkpoint
before=$(used)
for i in {0..31}; do put $((i * 61)); done
is $(($(used) - before)) 2 "32 writes to 32 generations take two slots"
check "they are read from memory" same
put 77 3				# some positions of the third pack
put 15 2				# across two generations
check "and so are those in a pack that is open" same
before=$(epoch v)
put 500 1 fsync
put 501 2 fsync
is "$(epoch v)" "$before" "a flush of some is no checkpoint"
copy flushed
cp "$TMPDIR/image" "$TMPDIR/flushed"
for i in {0..20}; do put $((3 + i * 77)); done
must dmsetup message v 0 checkpoint
check "they are read from the members" same

# Two members lost, in every way that is different for data in a pack.
must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 5
check "and without two of them" same
for i in {0..9}; do put $((9 + i * 101)); done
check "small writes without two of them" same
healed() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = AAAAAA ]; }
must dmsetup message v 0 return 0
must dmsetup message v 0 replace 5 "$spare"
check "one returns, one is replaced, and both are rebuilt" poll_until 60 healed
must dmsetup message v 0 fail 1
must dmsetup message v 0 fail 2
check "the rebuilt ones have what is in packs" same
must gone v

# A crash: what was flushed is there.
crash flushed
check "after a crash it opens" create v -- "${MEMBERS[@]}"
cp "$TMPDIR/flushed" "$TMPDIR/image"
check "what was flushed into packs is there" same
for i in {0..9}; do put $((2 + i * 91)) 1 fsync; done
check "and small writes go on" same
must gone v

# A member with junk in all its slots: found, and mended by the reads and a scrub.
must dd if=/dev/urandom of="${MEMBERS[1]}" bs=1M seek=1 count=22 oflag=direct conv=notrunc status=none
must create v -- "${MEMBERS[@]}"
check "a member full of junk is outvoted" same
must dmsetup message v 0 scrub start
idle() { [ "$(field v 8)" = idle ]; }
check "a scrub ends" poll_until 60 idle
klog_mark
must dmsetup message v 0 scrub start
check "another" poll_until 60 idle
check_klog "finds nothing left to mend" 'scrub finished: 0 mended, 0 could not be'

# More than the packs hold, over and over: merging keeps up, nothing is lost.  A block
# is not written anew while fio still reads what it wrote there before.
check "random small writes, many times what packs hold" \
	fio --name=t --filename=/dev/mapper/v --direct=1 --ioengine=libaio --rw=randwrite --bs=4k \
	--iodepth=16 --size=8M --io_size=24M --norandommap --serialize_overlap=1 --verify=crc32c --verify_fatal=1 \
	--do_verify=1 --verify_backlog=512 --minimal --output="$TMPDIR/fio"
is "$(health v)" optimal "nothing went wrong on the way"
