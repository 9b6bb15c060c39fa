#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fio verifies what it wrote by every pattern: in order, at random and mixed, by
# large and small and unequal blocks, with trims and flushes, from three engines; on
# all members, without two of them, and from those that were rebuilt.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl fio
plan 36

load_module dm-rlnc
ram_members 6 48
format 4 --symbol 4K			# generations of 16 KiB
must create v allow_discards -- "${MEMBERS[@]}"
in_sync() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = AAAAAA ]; }

# run NAME OFFSET SIZE OPTION...
run()
{
	fio --name="$1" --thread --filename=/dev/mapper/v --direct=1 --offset="$2" --size="$3" \
		--verify=crc32c --verify_fatal=1 --verify_state_save=0 "${@:4}" --output="$TMPDIR/fio" && return
	cat "$TMPDIR/fio"
	return 1
}

# A pattern has a region of its own, so that all of them can be read later.
patterns()
{
	check "$1: in order, 1 MiB, libaio" \
		run a 0 4M --rw=write --bs=1M --ioengine=libaio --iodepth=4
	check "$1: in order, 64 KiB, flushed" \
		run b 4M 2M --rw=write --bs=64k --ioengine=psync --fdatasync=4
	check "$1: at random, 4 KiB, 16 at a time, libaio" \
		run c 6M 2M --rw=randwrite --bs=4k --ioengine=libaio --iodepth=16 --verify_backlog=64
	check "$1: at random, 4 KiB, each durable" \
		run d 8M 256K --rw=randwrite --bs=4k --ioengine=psync --sync=dsync
	check "$1: at random, of unequal sizes, io_uring" \
		run e 10M 4M --rw=randwrite --bssplit=4k/50:12k/20:64k/20:256k/10 --ioengine=io_uring --iodepth=8
	check "$1: reads and writes in order, 16 KiB" \
		run f 14M 2M --rw=rw --bs=16k --ioengine=io_uring --iodepth=4
	check "$1: reads and writes at random, 8 KiB, flushed, by two" \
		run g 16M 1M --rw=randrw --bs=8k --ioengine=libaio --iodepth=8 --fsync=16 --numjobs=2 --offset_increment=1M
	check "$1: trims before writes in order, 64 KiB" \
		run h 18M 2M --rw=trimwrite --bs=64k --ioengine=psync
	check "$1: trims before writes at random, 16 KiB" \
		run i 20M 1M --rw=randtrimwrite --bs=16k --ioengine=libaio --iodepth=4
}

# reads TEXT: what the patterns wrote, by others.
reads()
{
	check "$1: read in order" run a 0 4M --rw=read --bs=1M --ioengine=io_uring --iodepth=4
	check "$1: read at random" run c 6M 2M --rw=randread --bs=4k --ioengine=libaio --iodepth=16
	check "$1: all that has not moved" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=24 iflag=direct status=none)
}
remember() { must dd if=/dev/mapper/v of="$TMPDIR/image" bs=1M count=24 iflag=direct status=none; }

patterns "all members"
remember
reads "all members"
must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 4
reads "without two"
patterns "without two"
remember
for i in 0 4; do must dmsetup message v 0 return $i; done
check "the two are rebuilt" poll_until 60 in_sync
must dmsetup message v 0 fail 1
must dmsetup message v 0 fail 3
reads "without two others"
must run k 24M 1M --rw=write --bs=64k --ioengine=psync
check "a trim at random" run k 24M 1M --rw=randtrim --bs=64k --ioengine=psync --verify=0
check "and zeros are what is left" cmp -n 1048576 -i 25165824:0 /dev/mapper/v /dev/zero
must gone v
check "it opens again" create v -- "${MEMBERS[@]}"
check "the two that were away are rebuilt" poll_until 60 in_sync
reads "opened again"
is "$(field v 10)/$(field v 11)" 0/0 "nothing was lost, or did not open"
must gone v
