#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Reads and writes of any size, alignment and depth return what was written last.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires fio dmsetup openssl
plan 6

load_module dm-rlnc
ram_members 6 48
format 4 --symbol 16K
must create v -- "${MEMBERS[@]}"

verify() # verify TEXT OPTION...
{
	local text=$1
	shift
	check "$text" fio --name=t --filename=/dev/mapper/v --direct=1 --ioengine=libaio \
		--verify=crc32c --verify_fatal=1 --do_verify=1 --randrepeat=0 \
		--minimal --output="$TMPDIR/fio" "$@"
}

verify "random sizes and places, 16 deep" --rw=randwrite --bsrange=4k-200k --blockalign=4k \
	--iodepth=16 --size=12M
verify "sequential, a generation at a time" --rw=write --bs=64k --iodepth=4 --size=12M
verify "small random writes over old data" --rw=randwrite --bs=4k --iodepth=16 --size=4M

# Through the page cache, in pieces that fit nothing.
pattern 24 one >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=7777 conv=fsync status=none
check "odd pieces through the page cache" cmp "$TMPDIR/image" <(head -c 24M /dev/mapper/v)
printf 'torn across two generations' >"$TMPDIR/bit"
must dd if="$TMPDIR/bit" of="$TMPDIR/image" bs=1 seek=$((65536 * 5 - 11)) conv=notrunc status=none
must dd if="$TMPDIR/bit" of=/dev/mapper/v bs=1 seek=$((65536 * 5 - 11)) conv=notrunc,fsync status=none
drop_caches
check "a few bytes across two generations" cmp "$TMPDIR/image" <(head -c 24M /dev/mapper/v)
is "$(health v)" optimal "nothing went wrong on the way"
