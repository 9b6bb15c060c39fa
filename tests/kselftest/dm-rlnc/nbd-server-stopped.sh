#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An NBD server is stopped in the middle of verified I/O, which goes on; when the
# server runs again its member returns, is rebuilt, and everything verifies.
# vm: long timeout=400

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires nbdkit nbd-client dmsetup fio
plan 8

load_module dm-rlnc
requires_module nbd

# The connections have no time limit of their own: the target's is what counts.
pids=()
for i in 0 1 2 3 4 5; do
	truncate -s 32M "$TMPDIR/disk$i"
	nbdkit --exit-with-parent --foreground --ipaddr 127.0.0.1 --port $((10800 + i)) \
		--export-name "m$i" file "$TMPDIR/disk$i" &
	pids[i]=$!
done
cleanup stop_servers
stop_servers() { kill "${pids[@]}" 2>/dev/null; wait "${pids[@]}" 2>/dev/null; true; }
for i in 0 1 2 3 4 5; do
	poll_until 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$((10800 + i))" || bail "server $i does not answer"
	must nbd-client -N "m$i" 127.0.0.1 $((10800 + i)) "/dev/nbd$i"
	cleanup nbd-client -d "/dev/nbd$i"
	MEMBERS+=("/dev/nbd$i")
done

format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"
cleanup kill -CONT "${pids[@]}"
stat=/sys/dev/block/$(dmsetup info -c --noheadings --separator : -o major,minor v)/stat
writes() { awk '{ print $5 }' "$stat"; }
progress() { [ "$(writes)" -gt "$1" ]; }
job=(--name=t --filename=/dev/mapper/v --direct=1 --ioengine=libaio --iodepth=4 --bsrange=4k-16k
	--size=8M --verify=crc32c --verify_state_save=0 --randseed=7)
verify() { fio "${job[@]}" --rw=randwrite --verify_only --output="$TMPDIR/fio"; }
in_sync() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = AAAAAA ]; }

# To be read at the moment when the server has stopped.
apart() { dd "$@" bs=64K count=8 status=none; }
must apart if=/dev/urandom of=/dev/mapper/v seek=320 oflag=direct conv=fsync,notrunc
fio "${job[@]}" --rw=randwrite --do_verify=1 --fsync=64 --output="$TMPDIR/fio.job" &
fio=$!
poll_until 60 progress $(($(writes) + 100)) || bail "fio does not get going"
must kill -STOP "${pids[2]}"
must apart if=/dev/mapper/v of=/dev/null skip=320 iflag=direct
check "a server stops: the job goes on and verifies" wait "$fio"
must dd if=/dev/zero of=/dev/mapper/v bs=64K count=1 seek=256 oflag=direct conv=fsync,notrunc status=none
is "$(letters v)" AAFAAA "its member has failed, at the latest with a durable write"
check "all is read again without it" verify
must kill -CONT "${pids[2]}"
check "it returns" poll_until 20 dmsetup message v 0 return 2
check "and is rebuilt" poll_until 120 in_sync
must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 3
check "without two others, what the rebuilt member holds verifies" verify
check "reads were hedged" test "$(field v 12)" -gt 0
is "$(letters v)" FAAFAA "no other member has failed"
must gone v
