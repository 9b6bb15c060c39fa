#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A file system over six NBD servers lives on while two of them are killed in the
# middle of copying the kernel's headers onto it; and opens again, in any order.
# vm: long timeout=600 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
requires nbdkit mkfs.ext4 fsck.ext4 rlncsetup dmsetup sha256sum
plan 17

headers=$(find /usr/src -maxdepth 1 -name 'linux-headers-6.1*-common' -print -quit)
[ -n "$headers" ] || skip_all "needs the kernel's headers in /usr/src"
load_module dm-rlnc
requires_module nbd
requires_module ext4
head -c 32 /dev/urandom >"$TMPDIR/key"

pids=() members=()
start_server() # start_server I
{
	must nbdkit --exit-with-parent --foreground --ipaddr 127.0.0.1 --port $((10800 + $1)) \
		--export-name "m$1" file "$TMPDIR/disk$1" &
	pids[$1]=$!
}
for i in 0 1 2 3 4 5; do
	truncate -s 96M "$TMPDIR/disk$i"
	start_server "$i"
	members+=("nbd://127.0.0.1:$((10800 + i))/m$i")
done
cleanup stop_servers
stop_servers() { kill "${pids[@]}" 2>/dev/null; wait "${pids[@]}" 2>/dev/null; true; }
for i in 0 1 2 3 4 5; do
	poll_until 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$((10800 + i))" || bail "server $i does not answer"
done

letters() { dmsetup status vol | awk '{ print $7 }'; }
checksums() { (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum; }

check "format six members, four of which suffice" rlncsetup format -q -k 4 --volume-key-file "$TMPDIR/key" "${members[@]}"
check "open" rlncsetup open vol --volume-key-file "$TMPDIR/key" "${members[@]}"
cleanup sh -c '[ ! -e /dev/mapper/vol ] || rlncsetup close vol'
is "$(letters)" AAAAAA "all six in sync"
must mkfs.ext4 -q /dev/mapper/vol
mkdir "$TMPDIR/mnt"
must mount /dev/mapper/vol "$TMPDIR/mnt"
cleanup sh -c "! mountpoint -q $TMPDIR/mnt || umount $TMPDIR/mnt"

must cp -a "$headers/include/linux" "$TMPDIR/source"
expected=$(checksums "$TMPDIR/source")
cp -a "$TMPDIR/source" "$TMPDIR/mnt/copy" &
copy=$!
some() { [ "$(find "$TMPDIR/mnt/copy" -type f | head -n 300 | wc -l)" -ge 300 ]; }
poll_until 60 some || bail "the copy does not get going"
kill -9 "${pids[1]}" "${pids[4]}"
sync
check "the copy goes on while two servers are killed" wait "$copy"
check "sync" sync -f "$TMPDIR/mnt"
is "$(letters)" AFAAFA "the two are shown as failed"
drop() { sync; echo 3 >/proc/sys/vm/drop_caches; }
drop
is "$(checksums "$TMPDIR/mnt/copy")" "$expected" "every file is right, read from the four that are left"
must umount "$TMPDIR/mnt"
check "the file system is clean" fsck.ext4 -fn /dev/mapper/vol
check "close" rlncsetup close vol

start_server 1
start_server 4
for i in 1 4; do
	poll_until 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$((10800 + i))" || bail "server $i does not answer"
done
other=("${members[5]}" "${members[2]}" "${members[0]}" "${members[3]}")
check "open again without the two, in another order" rlncsetup open vol --volume-key-file "$TMPDIR/key" "${other[@]}"
is "$(letters)" A-AA-A "the order is what the superblocks say"
must mount -o ro /dev/mapper/vol "$TMPDIR/mnt"
is "$(checksums "$TMPDIR/mnt/copy")" "$expected" "every file is right"
must umount "$TMPDIR/mnt"
check "close" rlncsetup close vol
check "open with the two that missed something" rlncsetup open vol --volume-key-file "$TMPDIR/key" \
	"${members[4]}" "${other[@]}" "${members[1]}"
in_sync() { [ "$(letters)" = AAAAAA ]; }
check "they are given what they missed" poll_until 60 in_sync
must mount -o ro /dev/mapper/vol "$TMPDIR/mnt"
is "$(checksums "$TMPDIR/mnt/copy")" "$expected" "every file is right"
must umount "$TMPDIR/mnt"
check "close" rlncsetup close vol
