#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With next to no memory left, a file system on the volume is written to, by write()
# and by mmap(), far beyond what is left: reclaim waits for the volume, and gets it.
# vm: boot=own mem=768M timeout=420 lane=stock

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup fio mkfs.ext4 e2fsck mountpoint
requires_module ext4
plan 9

load_module dm-rlnc
# A ram disk takes its memory at the first write: from then on only the volume needs any.
ram_members 6 48
for i in "${MEMBERS[@]}"; do must dd if=/dev/zero of="$i" bs=1M oflag=direct status=none count=48; done
format 4
must create v cache_mb=1 -- "${MEMBERS[@]}"
must mkfs.ext4 -q -F -m 0 -J size=8 /dev/mapper/v
must mkdir "$TMPDIR/fs" "$TMPDIR/hog"
unmount() { ! mountpoint -q "$1" || umount "$1"; }
must mount /dev/mapper/v "$TMPDIR/fs"
cleanup unmount "$TMPDIR/fs"
must mount -t tmpfs -o size=100% hog "$TMPDIR/hog"
cleanup unmount "$TMPDIR/hog"

# Dirty pages may take most of what there is, so that it is reclaim that finds them.
# What is left over is for the programs' own pages, which come from a file system, too.
set_vm() { local old; old=$(<"/proc/sys/vm/$1"); cleanup eval "echo $old >/proc/sys/vm/$1"; echo "$2" >"/proc/sys/vm/$1"; }
set_vm dirty_background_ratio 60
set_vm dirty_ratio 80
set_vm dirty_expire_centisecs 60000
set_vm min_free_kbytes 4096

available() { awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo; }
count() { awk -v f="^($1)$" '$1 ~ f { n += $2 } END { print n }' /proc/vmstat; }
# writers [OPTION...]: two that write and two that dirty what they have mapped, each
# to a file of its own; every block can be verified.
writers()
{
	fio --directory="$TMPDIR/fs" --thread --size=32M --bs=4k --verify=crc32c --verify_fatal=1 --fallocate=none \
		--output="$TMPDIR/fio" "$@" \
		--name=write --ioengine=psync --rw=write --bs=64k --name=random --ioengine=psync --rw=randwrite \
		--name=map1 --ioengine=mmap --rw=randwrite --name=map2 --ioengine=mmap --rw=write || { cat "$TMPDIR/fio"; return 1; }
}
LEFT=72
drop_caches
must dd if=/dev/zero of="$TMPDIR/hog/memory" bs=1M count=$(($(available) - LEFT)) status=none
note "$(available) MiB are left"
klog_mark
direct=$(count 'pgscan_direct') stalls=$(count 'allocstall_.*') kswapd=$(count pgscan_kswapd)
check "128 MiB are written, and read back" writers
note "$(($(count 'pgscan_direct') - direct)) pages scanned by who needed them, $(($(count pgscan_kswapd) - kswapd)) by kswapd; $(($(count 'allocstall_.*') - stalls)) stalls"
check "memory was so short that they had to find some themselves" test "$(count 'pgscan_direct')" -gt "$direct"
check "all of it becomes durable" timeout $((60 * SKYHOLD_SLOW)) sync -f "$TMPDIR/fs"
check "the cache has not grown" test "$(cat "/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/rlnc/cache_bytes")" -le $((8 << 20))
check_fails "nobody was killed for it, and no memory that was needed failed" klog_has 'Out of memory|oom-kill|page allocation failure|blocked for more than'
must rm "$TMPDIR/hog/memory"
must umount "$TMPDIR/fs"
is "$(letters v) $(corrected v)" "AAAAAA 0" "all members are well"
check "the file system is clean" e2fsck -fn /dev/mapper/v
must gone v
must create v -- "${MEMBERS[@]}"
must mount /dev/mapper/v "$TMPDIR/fs"
check "the data is right after another activation" writers --verify_only
is "$(corrected v)" 0 "and nothing had to be corrected"
must umount "$TMPDIR/fs"
must gone v
