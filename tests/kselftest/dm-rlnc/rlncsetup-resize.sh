#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rlncsetup resize: an open volume grows when all of its members have grown, and
# what is on it stays in use; what cannot be is refused before the kernel is asked.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup dmsetup blockdev mkfs.ext4 resize2fs
plan 18

load_module dm-rlnc
requires_module brd rd_nr=3 rd_size=98304
m=(/dev/mapper/m0 /dev/mapper/m1 /dev/mapper/m2)
for i in 0 1 2; do
	must dmsetup create "m$i" --table "0 65536 linear /dev/ram$i 0"
	cleanup poll_until 10 dmsetup remove "m$i"
done

larger()
{
	must dmsetup suspend --nolockfs "m$1"
	must dmsetup reload "m$1" --table "0 196608 linear /dev/ram$1 0"
	must dmsetup resume "m$1"
}
open() { rlncsetup open v --key-file "$pass" "$@"; }
resize() { rlncsetup resize --key-file "$pass" "$@"; }
gone() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup gone
bytes() { blockdev --getsize64 /dev/mapper/v; }

must rlncsetup format -q -k 2 "${cheap[@]}" --key-file "$pass" "${m[@]}"
must open --cache-mb 8 "${m[@]}"
small=$(bytes)
must mkfs.ext4 -q /dev/mapper/v
must mkdir "$TMPDIR/mnt"
must mount /dev/mapper/v "$TMPDIR/mnt"
unmounted() { ! mountpoint -q "$TMPDIR/mnt" || umount "$TMPDIR/mnt"; }
cleanup unmounted
must dd if=/dev/urandom of="$TMPDIR/mnt/file" bs=1M count=4 status=none
sum=$(sha256sum <"$TMPDIR/mnt/file")

exits 0 "members that have not grown: nothing to do" "v has .* already" resize v
exits 4 "more than they hold is refused" "the members hold .* at most" resize --size 1G v
exits 1 "so is less than there is" "cannot be made smaller" resize --size 4M v
larger 0
larger 1
exits 0 "the smallest member rules" "v has .* already" resize v
larger 2
printf wrong >"$TMPDIR/wrong"
exits 2 "a wrong passphrase changes nothing" "no key slot opens" rlncsetup resize --key-file "$TMPDIR/wrong" v
is "$(bytes)" "$small" "the volume is as it was"
exits 0 "to a size" "v has 80 MiB now" resize --size 80M /dev/mapper/v
is "$(bytes)" $((80 << 20)) "it has that"
exits 0 "and to all there is" "v has .* now" resize v
check "which is more" [ "$(bytes)" -gt $((150 << 20)) ]
check "the options are those it was opened with" grep -q cache_mb=8 <(dmsetup table v)
exits 1 "no key is left in the keyrings" "" sh -c "grep 'rlnc:' /proc/keys"
check "the file system grows on it" resize2fs /dev/mapper/v
must unmounted
must rlncsetup close v
exits 0 "the volume opens in its new size" "^$" open "${m[@]}"
must mount /dev/mapper/v "$TMPDIR/mnt"
is "$(sha256sum <"$TMPDIR/mnt/file")" "$sum" "what was there is there"
must unmounted
must rlncsetup close v
must open missing "${m[@]:1}"
exits 4 "not without a member" "member 0 is absent" resize v
check "which is refused before anything happens" [ "$(bytes)" -gt $((150 << 20)) ]
exits 4 "what is not open" "not open" resize w
