#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What I/O costs on the members: nothing where nothing was written, no reads for
# whole generations, and for sequential writing hardly more than n/k.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 10

load_module dm-rlnc
# Ram disks do not count what they are asked for; what is above these does.
held_members 6 40
format 4 --symbol 16K
must create v -- "${MEMBERS[@]}"

# read_kib, written_kib: what the members have been asked for so far.
read_kib() { echo $(($(members_stat 3) / 2)); }
written_kib() { echo $(($(members_stat 7) / 2)); }
sequential() { dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync,notrunc status=none; }
pattern 48 costs >"$TMPDIR/image"
must cmp -n 65536 /dev/zero /dev/mapper/v

before=$(read_kib)
check "what was never written" cmp -n $((16 << 20)) /dev/zero <(dd if=/dev/mapper/v bs=1M count=16 iflag=direct status=none)
is "$(read_kib)" "$before" "is read without the members"

# In KiB.  The rest is metadata: nodes of the trees, records of the log, superblocks.
logical=$((48 << 10)) metadata=1024
limit=$((logical * 6 * 103 / 4 / 100 + metadata))
for what in "new" "written over"; do
	before=$(written_kib) reads=$(read_kib)
	must sequential
	must dmsetup message v 0 checkpoint
	cost=$(($(written_kib) - before))
	note "$what: $cost KiB for $logical KiB"
	check "48 MiB in order, $what: n/k and at most 3 % more" test "$cost" -le "$limit"
	check "and at least n/k" test "$cost" -ge $((logical * 6 / 4))
	is "$(read_kib)" "$reads" "nothing was read for it"
done
must gone v
must create v -- "${MEMBERS[@]}"
must cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=48 iflag=direct status=none)
must gone v
must create v allow_discards -- "${MEMBERS[@]}"
must blkdiscard /dev/mapper/v
must dmsetup message v 0 checkpoint
before=$(read_kib)
check "what was discarded" cmp -n $((16 << 20)) /dev/zero <(dd if=/dev/mapper/v bs=1M count=16 iflag=direct status=none)
is "$(read_kib)" "$before" "is read without the members, too"
