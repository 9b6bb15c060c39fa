#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# More writes than there are workers wait for a checkpoint, while short reads are under
# way that the checkpoint waits for.
# vm: timeout=240 mem=1536M

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup fio
plan 3

load_module dm-rlnc
# Disks that answer from an interrupt, a millisecond later; ram disks answer at once.
requires_module null_blk nr_devices=0
remove_disks() { rmdir /sys/kernel/config/nullb/nullb*; }
cleanup remove_disks
MEMBERS=()
for i in 0 1 2; do
	disk=/sys/kernel/config/nullb/nullb$i
	must mkdir "$disk"
	for setting in size=48 memory_backed=1 irqmode=2 completion_nsec=1000000 blocksize=4096 power=1; do
		echo "${setting#*=}" >"$disk/${setting%=*}" || bail "the disk cannot be made"
	done
	MEMBERS+=("/dev/nullb$i")
done
format 2 --symbol 4K
must create v -- "${MEMBERS[@]}"
must dd if=/dev/zero of=/dev/mapper/v bs=1M count=$((SECTORS / 2048)) oflag=direct conv=fsync status=none

# Whole generations, so that slots run out, and a checkpoint is waited for.
fio --filename=/dev/mapper/v --direct=1 --ioengine=libaio --time_based --runtime=15 --randseed=3 \
	--name=write --rw=randwrite --bs=8k --iodepth=160 \
	--name=read --rw=randread --bs=4k --iodepth=32 --output="$TMPDIR/fio" &
fio=$!
check "reads and writes come to their end" poll_until 120 ended "$fio"
check "without an error" wait "$fio"
is "$(letters v)" AAA "all members are there"
must gone v
