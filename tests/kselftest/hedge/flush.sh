#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a guest has written is flushed before its VM is said to have ended, however that comes
# about: also if it was stopped or killed while the disk had a request of it.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires dmsetup losetup
requires_kvm
plan 20
requires_module dm-delay
requires_module loop

# A disk with a cache, whose flushes are counted: those that have nothing to flush, too.
truncate -s 1M "$TMPDIR/cached"
loop=$(losetup --find --show "$TMPDIR/cached") || bail "no loop device"
cleanup losetup -d "$loop"
flushes() { awk '{ print $16 }' "/sys/block/${loop#/dev/}/stat"; }
grew() { [ "$(flushes)" -gt "$before" ]; }
before=$(flushes)
must sync "$loop"
check "a flush of the disk is counted" grew

# held ARGUMENT...: the disk with reads that are held until it is suspended, or nothing is.
held() { must dmsetup create held --table "0 2048 delay $loop 0 $1 $loop 0 0 $loop 0 0"; }
closed() { [ "$(dmsetup info -c --noheadings -o open held)" = 0 ]; }
go_on()
{
	[ ! -e /dev/mapper/held ] ||
		{ dmsetup load held --table "0 2048 linear $loop 0" && dmsetup suspend held && dmsetup resume held; }
}
let_go()
{
	must go_on
	must poll_until 20 closed
	must dmsetup remove held
}
remove() { [ ! -e /dev/mapper/held ] || dmsetup remove held; }
cleanup remove
load_module hedge
cleanup go_on
on=block.disk=/dev/mapper/held
# waits NAME BYTES: so much was written, and the disk has a request.
waits() { [ "$(value "$1" block_write_bytes)" = "$2" ] && grep -q ' hedge_block_transfer' "/proc/$(value "$1" pid)/stack"; }

# --- nothing is held ---
held 0
before=$(flushes)
must start a block read -- $on
check "who has only read" poll_until 20 has_ended a
is "$(value a exit_status) $(flushes)" "0 $before" "flushes nothing"
must start b block fill -- $on
check "who has written, and ends by itself" poll_until 20 has_ended b
is "$(value b exit_status)" 0 "well"
check "has flushed" grew
let_go

# --- a read is held, after writes that were answered ---
held 600000
must start c block fill -- $on
must poll_until 20 waits c 1048576
before=$(flushes)
check "who is stopped while the disk has a request of his" tell "stop|c"
is "$(value c reason)" stopped "and has ended"
check "has flushed what he wrote before" grew
check_fails "though the disk has the request still" closed
let_go

held 600000
must start d block fill -- $on
must poll_until 20 waits d 1048576
before=$(flushes)
must kill -KILL "$(value d pid)"
check "so has who is killed" poll_until 20 has_ended d
is "$(value d reason)" killed "and not stopped"
check "when he has ended" grew
let_go

held 600000
must start e block read -- $on
must poll_until 20 waits e 0
before=$(flushes)
check "who has written nothing is stopped" tell "stop|e"
is "$(flushes)" "$before" "and flushes nothing"
let_go

# --- the disk does not flush either ---
held 0
must start f block churn -- $on
written() { [ "$(value f hypercall_block_write)" -gt 0 ]; }
must poll_until 20 written
must dmsetup suspend --noflush --nolockfs held
klog_mark
check "a disk that hangs is not waited for without an end" tell "stop|f"
is "$(value f reason)" stopped "the VM has ended"
check_klog "and who reads the log is told" 'is not flushed after 10 s'
before=$(flushes)
must dmsetup resume held
check "it is flushed when the disk goes on" poll_until 20 grew
check "and closed" poll_until 20 closed
let_go
