#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nodes of the trees stay within cache_mb, whatever is read and written; those that
# are dirty bring on a checkpoint; and what is clean goes when memory is asked back.
# vm: timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl fio
plan 13

load_module dm-rlnc checkpoint_ms=3600000
# 64 TiB: every request has a way to the root of its own.
ram_members 6 18000000
format 4 --size 64T
NODE=65536
DEPTH=8

folder() { echo "/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/rlnc"; }
of() { cat "$(folder)/$1"; }

# peak FILE COMMAND...: the most that the file of sysfs has said meanwhile, in PEAK.
peak()
{
	local file now pid
	file=$(folder)/$1
	shift
	"$@" &
	pid=$!
	PEAK=0
	while running "$pid"; do
		read -r now <"$file"
		[ "$now" -le "$PEAK" ] || PEAK=$now
		pause
	done
	wait "$pid"
}

# random RW COUNT [OPTION...]: so many requests of 4 KiB all over the volume.
random()
{
	fio --name=t --filename=/dev/mapper/v --direct=1 --ioengine=libaio --iodepth=$DEPTH --rw="$1" --bs=4k \
		--size=64T --io_size=$(($2 * 4))k --norandommap --random_generator=tausworthe64 \
		--output="$TMPDIR/fio" "${@:3}"
}

# What requests under way hold beyond the limit: each at most a way to the root of
# the map, of the packs and of the bitmap, whose leaf counts four times.
SLACK=$((DEPTH * 14 * NODE))

must create v cache_mb=1 -- "${MEMBERS[@]}"
is "$(of cache_min_bytes) $(of cache_max_bytes)" "$((64 * NODE)) $((64 * NODE))" "the least cache is 64 nodes"
max=$(of cache_max_bytes)
check "random reads of nothing" peak cache_bytes random randread 800
note "cache_bytes: $PEAK at most, $(of cache_bytes) at the end, limit $max"
check "stay within the limit" test "$PEAK" -le $((max + SLACK))
check "and leave no more than that" test "$(of cache_bytes)" -le "$max"

before=$(epoch v)
check "random writes, and reading them back" peak cache_bytes random randwrite 160 --verify=crc32c --do_verify=1
note "cache_bytes: $PEAK at most, $(of cache_bytes) at the end, limit $max; $(($(epoch v) - before)) checkpoints"
check "stay within it, too" test "$PEAK" -le $((max + SLACK))
check "since they have brought on checkpoints" test "$(epoch v)" -ge $((before + 3))
check "random writes again" peak cache_dirty_bytes random randwrite 100
check "dirty nodes take a third of it, but for requests under way" test "$PEAK" -le $((max / 3 + DEPTH * 4 * NODE))
must gone v

must create v cache_mb=32 -- "${MEMBERS[@]}"
max=$(of cache_max_bytes)
must random randread 1200
check "a larger cache is filled" test "$(of cache_bytes)" -gt $((max * 3 / 4)) -a "$(of cache_bytes)" -le "$max"
echo 2 >/proc/sys/vm/drop_caches
note "cache_bytes after drop_caches: $(of cache_bytes), the least $(of cache_min_bytes)"
check "drop_caches leaves the least there is" test "$(of cache_bytes)" -le "$(of cache_min_bytes)"
pattern 1 cache >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K seek=777777 oflag=direct conv=fsync,notrunc status=none
echo 2 >/proc/sys/vm/drop_caches
check "what is dirty is not dropped" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=64K skip=777777 count=16 iflag=direct status=none)
must gone v
must create v -- "${MEMBERS[@]}"
check "nor lost" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=64K skip=777777 count=16 iflag=direct status=none)
must gone v
