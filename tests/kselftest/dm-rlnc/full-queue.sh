#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A member hangs whose queue is short: reads that do not get into it any more go to
# the others as soon as one of those before them has waited in vain.  Where there are
# no others, they wait until it answers.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires nbdkit nbd-client dmsetup fio
plan 6

load_module dm-rlnc
requires_module nbd
ram_members 2 16
truncate -s 16M "$TMPDIR/disk"
nbdkit --exit-with-parent --foreground --ipaddr 127.0.0.1 --port 10809 file "$TMPDIR/disk" &
server=$!
cleanup stop_server
stop_server() { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; true; }
poll_until 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/10809" || bail "the server does not answer"
must nbd-client 127.0.0.1 10809 /dev/nbd0
cleanup nbd-client -d /dev/nbd0
MEMBERS=(/dev/nbd0 "${MEMBERS[@]}")
format 2 --symbol 4K
echo 8 >/sys/block/nbd0/queue/nr_requests || bail "the queue cannot be made shorter"
# Ten minutes: nothing ends because of it in this test.
must create v deadline_ms=600000 -- "${MEMBERS[@]}"
cleanup kill -CONT "$server"
must dd if=/dev/zero of=/dev/mapper/v bs=1M count=4 oflag=direct conv=fsync status=none
pattern 4 queue >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync,notrunc status=none

read_at_random()
{
	fio --name=t --filename=/dev/mapper/v --direct=1 --ioengine=libaio --rw=randread --bs=4k --iodepth=32 \
		--size=4M --io_size=1M --output="$TMPDIR/fio" &
	fio=$!
}

must kill -STOP "$server"
read_at_random
check "32 reads at once do without it" poll_until 30 ended "$fio"
letters=$(letters v)
must kill -CONT "$server"
check "they are answered" wait "$fio"
is "$letters" AAA "it was still a member"
must dmsetup message v 0 fail 2
must kill -STOP "$server"
read_at_random
check_fails "without it there are too few, so that reads wait" poll_until 4 ended "$fio"
must kill -CONT "$server"
check "and are answered when it is back" wait "$fio"
check "everything is right" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none)
must gone v
