#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Short reads, which need no worker: the right data, wherever in memory they are
# wanted, with all members, with two of them gone, silent, or full of junk.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup fio
plan 12

load_module dm-rlnc
held_members 6 24
format 4
must create v hedge_ms=20 -- "${MEMBERS[@]}"
hedged() { field v 12; }

# io RW [OPTION...]: write or verify 8 MiB, each 4 KiB of which has its own checksum.
io()
{
	local rw=$1
	shift
	fio --name=t --filename=/dev/mapper/v --size=8M --direct=1 --ioengine=libaio --iodepth=4 \
		--verify=crc32c --verify_interval=4k --verify_fatal=1 --randseed=7 --rw="$rw" "$@"
}
# Memory that is 512 bytes off a page: every sector lies in two of them.
odd=--iomem_align=512

must io write --bs=64k --do_verify=0 --end_fsync=1
check "4 KiB" io randread --bs=4k
check "4 KiB, each across two pages" io randread --bs=4k $odd
check "16 KiB" io randread --bs=16k
check "16 KiB, each across five pages" io randread --bs=16k $odd

# A member that does not answer, at first; then reads pass it over.
hold 1
check "a member is silent" io randread --bs=4k
check "and others were asked instead" test "$(hedged)" -gt 0
let_go 1
is "$(letters v)" AAAAAA "which is no failure of it"

must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 2
check "two members failed" io randread --bs=4k
check "and across two pages" io randread --bs=4k $odd
must dmsetup message v 0 return 0
must dmsetup message v 0 return 2
all_in_sync() { [ "$(letters v)" = AAAAAA ]; }
check "they come back" poll_until 30 all_in_sync
must gone v

# Two of them, one of the data and one of the others, with junk in all fragments.
for i in 1 4; do
	must dd if=/dev/urandom of="${MEMBERS[i]}" bs=1M seek=1 count=22 oflag=direct status=none
done
must create v -- "${MEMBERS[@]}"
check "two members of junk" io randread --bs=4k
check "were found out" test "$(auth_failures v)" -gt 0
must gone v
