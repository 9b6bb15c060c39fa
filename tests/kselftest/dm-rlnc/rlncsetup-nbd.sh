#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Members as nbd:// URLs: formatted, opened, lost, closed; nothing stays
# connected.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup dmsetup nbdkit ip
plan 20

load_module dm-rlnc
requires_module nbd nbds_max=2
must ip link set lo up
head -c 4194304 /dev/urandom >"$TMPDIR/image"

listening() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

kill_server()
{
	[ -n "${server[$1]:-}" ] || return 0
	kill -KILL "${server[$1]}"
	wait "${server[$1]}" 2>/dev/null
	server[$1]=
}

# serve I WORD...: server I, of what the words tell nbdkit.
serve()
{
	local i=$1
	shift
	nbdkit -f -i 127.0.0.1 -p $((10810 + i)) "$@" &
	server[i]=$!
	cleanup kill_server "$i"
}

# Five servers of one disk, and one of a folder, where the export is named.
for i in 0 1 2 3 4; do
	truncate -s 24M "$TMPDIR/disk$i"
	serve "$i" file "$TMPDIR/disk$i"
	url+=("nbd://127.0.0.1:$((10810 + i))/")
done
must mkdir "$TMPDIR/folder"
truncate -s 24M "$TMPDIR/folder/a disk"
serve 5 file dir="$TMPDIR/folder"
url+=("nbd://127.0.0.1:10815/a%20disk")

for i in 0 1 2 3 4 5; do
	poll_until 10 listening $((10810 + i)) || bail "server $i does not listen"
done

connected() { cat /sys/block/nbd*/pid 2>/dev/null | wc -l; }
open() { rlncsetup open v --key-file "$pass" "$@"; }
gone() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup gone

exits 0 "six exports are formatted" "any 4 of 6" \
	rlncsetup format -q -k 4 "${cheap[@]}" --key-file "$pass" "${url[@]}"
check "nothing stays connected" poll_until 5 test "$(connected)" -eq 0
exits 0 "an export is dumped" "any 4 of 6" rlncsetup dump "${url[5]}"
exits 0 "keys are listed" "passphrase" rlncsetup key list "${url[3]}"
exits 1 "a URL that is none" "not of the form" open "${url[@]:0:5}" nbd://
exits 4 "an export that is not there" "no such export|has no export|refuses the export" \
	rlncsetup dump nbd://127.0.0.1:10815/another

exits 0 "the volume opens" "^$" open "${url[5]}" "${url[@]:0:5}"
is "$(connected)" 6 "over six connections"
exits 0 "status knows the URLs" "5 +A +in sync +/dev/nbd[0-9]+ .*a%20disk" rlncsetup status v
check "it is written" dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none

kill_server 1
kill_server 5
check "it is written with two servers killed" \
	dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M seek=8 oflag=direct conv=fsync status=none
check "and read" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none)
exits 0 "status tells who is lost" "1 +F +failed .*10811" rlncsetup status v
exits 0 "it closes" "" rlncsetup close v
check "nothing stays connected" poll_until 5 test "$(connected)" -eq 0

exits 0 "without the dead servers it opens degraded" "10811/ cannot be reached" open "${url[@]}"
check "what was written is there" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none)
check "all of it" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M skip=8 count=4 iflag=direct status=none)
exits 0 "it closes" "" rlncsetup close v

# A server that accepts and then says nothing.
serve 6 --filter=delay memory 16M delay-open=600
poll_until 10 listening 10816 || bail "the silent server does not listen"
exits 4 "a silent server is given up" "timed out while negotiating" \
	rlncsetup dump --nbd-timeout 2 nbd://127.0.0.1:10816/
