#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A block request that is as long as the disk is done, and paid for, in slices: no limit is
# overdrawn by more than one, and whoever stops the VM, has it pause, or wants a snapshot of
# it, does not wait for the end of it.
# vm: timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires dmsetup ip
requires_kvm
requires_module tun
plan 28
load_module hedge
requires_module brd rd_nr=1 rd_size=8192

SIZE=$((8 << 20)) SLICE=$((256 << 10))
disk=block.disk=/dev/ram0
written() { value "$1" block_write_bytes; }
moving() { [ "$(written "$1")" -gt 0 ]; }
ends_well() { poll_until 60 has_ended "$1" && [ "$(value "$1" exit_status)" = 0 ]; }

# --- without limits ---
must start a block whole -- $disk
check "all of a disk is written by one request, and read by one" ends_well a
is "$(value a hypercall_block_write) $(value a block_write_ops) $(value a block_write_bytes)" "1 1 $SIZE" "which are counted as such"
is "$(value a hypercall_block_read) $(value a block_read_ops) $(value a block_read_bytes)" "1 1 $SIZE" "both"

# --- limits ---
# within RATE UNIT: what was written of a VM is no more than what its life up to now has paid
# for (RATE units a second, and a burst of 100 ms), and one slice.
within()
{
	awk -v rate="$2" -v slice="$3" '{ v[$1] = $2 }
		END { most = rate * (v["up_us"] / 1e6 + 0.1) + slice
		      print v["block_write_bytes"] " bytes in " v["up_us"] " us, at most " most
		      exit v["block_write_bytes"] > most }' "/proc/vmstats/$1"
}
# watched NAME RATE SLICE: it is so at any time.
watched()
{
	local i
	for ((i = 0; i < 20; i++)); do
		within "$@" || return
		pause
	done
}
must start b block whole -- $disk block_kbps=512
must poll_until 10 said b writing
check "block_kbps holds for a long request" watched b $((512 << 10)) $(((512 << 10) / 10))
check "of which something is done" moving b
check "and not all" test "$(written b)" -lt $SIZE
is "$(value b hypercall_block_write)" 0 "it is under way"
check "it is stopped" tell "stop|b"
is "$(value b reason)" stopped "and its record says so"
must start c block whole -- $disk block_iops=4
must poll_until 10 said c writing
check "so does block_iops, of which it takes one for each 256 KiB" watched c $((4 * SLICE)) $SLICE
check "and something is done" moving c
must tell "stop|c"

# soon WHAT KEY=VALUE...: one that is within a request is stopped within 100 ms, by the median.
soon()
{
	local i took=()
	for i in 1 2 3 4 5 6 7 8 9; do
		tell "start|s|$guests/block.hvt||$mem|||$1|$2${3:+|$3}" || return
		poll_until 10 said s "$word" || return
		took+=("$(time_to_stop s)")
		[ "$(value s reason)" = stopped ] || { value s reason; return 1; }
	done
	note "$1, ${*:2}: stopped in ${took[*]} us"
	[ "$(median "${took[@]}")" -lt $((100000 * SKYHOLD_SLOW)) ]
}
mem=32 word=writing
check "one that waits for bytes is stopped within 100 ms" soon whole $disk block_kbps=1
check "one that waits for operations, too" soon whole $disk block_iops=1
word=reading
check "one that waits for nothing, too" soon again $disk
must dmsetup create zeros --table "0 $((128 << 11)) zero"
cleanup dmsetup remove zeros
mem=160
check "one of 128 MiB, of a disk that is as fast as memory, too" soon again block.disk=/dev/mapper/zeros

# --- in the middle of it ---
must start d block whole -- $disk block_kbps=2048
must poll_until 10 moving d
check "one that is within a request stands still" tell "pause|d"
is "$(value d state) $(value d hypercall_block_write)" "paused 0" "there"
before=$(written d)
check "has a core" tell "dump|d|$TMPDIR/core"
sleep 0.5
is "$(written d)" "$before" "takes nothing"
check "and goes on" tell "resume|d"
check "to its end, with what it wrote" ends_well d
is "$(value d block_write_bytes)" $SIZE "no slice of it was written twice"

must start e block whole -- $disk block_kbps=2048
must poll_until 10 moving e
check "one has a snapshot of it" tell "snapshot|e|$TMPDIR/snap"
is "$(value e hypercall_block_write)" 0 "before it has ended"
must tell "stop|e"
must tell "restore|f|$TMPDIR/snap||/dev/ram0|"
check "in which it is done again" ends_well f

# A request that is read over itself while it is interrupted is what it was at first.
must start g block over -- $disk block_kbps=2048
must poll_until 10 said g reading
reads() { [ "$(value g block_read_bytes)" -gt "$1" ]; }
for i in 1 2 3 4; do
	must poll_until 10 reads $((i << 19))
	must tell "pause|g"
	must tell "resume|g"
done
check "a request that is read over is done as it was asked for" ends_well g

# --- packets ---
for tap in hvt0 hvt1; do
	must ip tuntap add $tap mode tap
	cleanup ip link del $tap
	must ip link set $tap up
done
must start h poll long -- net.one=hvt0 net.two=hvt1 net_kbps=1 net_pps=1
check "what is no packet is not paid for" ends_well h
check "and what is one goes" test "$(value h net_write_packets)" = 1
