#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A VM that is stopped while a disk has its request, which comes back before the VM has
# closed that disk.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires dmsetup losetup
requires_kvm
plan 6
load_module hedge
requires_module brd rd_nr=1 rd_size=8192
requires_module dm-delay

# The first disk takes its time to be flushed, the second to be read.  A flush gets no
# further than to the queue of a disk that says that it has no cache, as those of brd do.
requires_module loop
truncate -s 1M "$TMPDIR/cached"
loop=$(losetup --find --show "$TMPDIR/cached") || bail "no loop device"
cleanup losetup -d "$loop"
must dmsetup create first --table "0 2048 delay $loop 0 0 $loop 0 0 $loop 0 1500"
cleanup poll_until 10 dmsetup remove first
must dmsetup create second --table "0 2048 delay /dev/ram0 0 400"
cleanup poll_until 10 dmsetup remove second
closed() { [ "$(dmsetup info -c --noheadings -o open "$1")" = 0 ]; }
reads() { [ "$(value "$1" hypercall_block_read)" -ge 2 ]; }
for i in 1 2; do
	must start "a$i" copy hold -- block.from=/dev/mapper/first block.to=/dev/mapper/second
	must poll_until 20 reads "a$i"
	check "a VM whose disk is late is stopped" tell "stop|a$i"
	check "its first disk is closed" poll_until 10 closed first
	check "and its second" poll_until 10 closed second
done
