#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A volume asks for I/O of whole generations, and has no more memory for buffers than is
# documented, however many requests pile up behind members that do not answer.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl fio
plan 8

load_module dm-rlnc checkpoint_ms=3600000
held_members 3 40
format 2 --symbol 64K			# generations of 128 KiB
must create v deadline_ms=600000 hedge_ms=60000 -- "${MEMBERS[@]}"
of() { cat "/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/$1"; }
is "$(of queue/logical_block_size) $(of queue/minimum_io_size)" "4096 4096" "a sector is the least"
is "$(of queue/optimal_io_size)" 131072 "a generation is the best"

pattern 8 limits >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
must dmsetup message v 0 checkpoint

# Of (n + k) S bytes each: what the pools keep, two for each of 64 requests, one for each of
# 64 short reads, and for checkpoint, packs and scrub; and what is idle.
buffer=$(((3 + 2) * 65536))
bound=$(((8 + 2 * 64 + 64 + 8 + 6 + 2) * buffer + (16 << 20)))
depth=512
# pile BS RW SURE: requests, of which so many are under way when the members go on; sets
# most, the most that there was of buffers.
pile()
{
	local now pid
	most=0
	hold 0 1 2
	fio --name=pile --filename=/dev/mapper/v --direct=1 --ioengine=libaio --iodepth=$depth --norandommap \
		--size=8M --bs="$1" --rw="$2" --io_size=$((depth * ${1%K}))K --thread --output="$TMPDIR/fio" &
	pid=$!
	poll_until 30 piled "$2" "$3" || { note "$(of inflight)"; let_go 0 1 2; wait $pid; return 1; }
	for _ in {1..10}; do now=$(of rlnc/buffer_bytes); [ "$now" -le "$most" ] || most=$now; pause; done
	let_go 0 1 2
	while running $pid; do now=$(of rlnc/buffer_bytes); [ "$now" -le "$most" ] || most=$now; pause; done
	wait $pid
}
piled() { of inflight | awk -v f="$([ "$1" = randread ] && echo 1 || echo 2)" -v d="$2" '{ exit $f < d }'; }

for what in "randread 128K 64" "randwrite 128K 256" "randread 4K 256"; do
	read -r rw bs sure <<<"$what"
	check "requests pile up: $rw $bs, $sure at least" pile "$bs" "$rw" "$sure"
	note "$rw $bs: $((most >> 10)) KiB of buffers, of $((bound >> 10))"
	[ "$bs" = 4K ] || check "the buffers stay within their bound, and are used" \
		test "$most" -le "$bound" -a "$most" -ge $((16 * buffer))
done
check "short reads are within it, too" test "$most" -le "$bound"
