#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest's vector registers are its own while the processor that it runs on encrypts, with
# registers of the same kind: for others, between whom and the guest it is switched, and for the
# guest's own disk, within its task.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires dmsetup taskset
requires_kvm
requires_module brd rd_nr=3 rd_size=2048
modprobe aesni-intel || :
requires_module dm-crypt
grep -qw aes /proc/cpuinfo || skip_all "needs a processor with AES"
plan 13
load_module hedge

key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
# Encrypted by whoever writes, and not by a thread for that.
for i in 0 1 2; do
	must dmsetup create "aes$i" --table "0 4096 crypt aes-xts-plain64 $key 0 /dev/ram$i 0 2 no_read_workqueue no_write_workqueue"
	cleanup dmsetup remove "aes$i"
done
users() { awk '$1 == "driver" { d = $3 } $1 == "refcnt" && d == "xts-aes-aesni" { print $3 }' /proc/crypto; }
check "the disks are encrypted by the processor's vector unit" test "$(users)" -ge 4

switched() { awk '/^nonvoluntary/ { print $2 }' "/proc/$(value "fpu$1" pid)/status"; }
encrypt() { while :; do taskset -c "$1" dd if=/dev/zero of="/dev/mapper/aes$1" bs=128K count=16 oflag=direct status=none || break; done; }
cpus=(0) writers=()
[ ! -e /sys/devices/system/cpu/cpu1 ] || cpus=(0 1)
stop_writers() { [ ${#writers[@]} -eq 0 ] || kill "${writers[@]}"; wait; writers=(); }
cleanup stop_writers
for i in "${cpus[@]}"; do
	encrypt "$i" &
	writers+=($!)
done
for i in 0 1; do
	if [ "$i" -ge ${#cpus[@]} ]; then
		for text in 1 2 3; do skip "processor $i: result $text" "there is one processor"; done
		continue
	fi
	stat=/sys/block/dm-$(dmsetup info -c --noheadings -o minor "aes$i")/stat
	written() { awk '{ print $7 }' "$stat"; }
	must tell "start|fpu$i|$guests/fpu.hvt|$i|32|||$((i + 3)) 5000"
	before=$(written)
	meanwhile() { [ "$(written)" -gt $((before + 512)) ] && [ "$(switched "$i")" -ge 5 ]; }
	check "processor $i encrypts and runs a guest, in turns" poll_until 20 meanwhile
	check "which is not over by then" runs "fpu$i"
	must poll_until 60 has_ended "fpu$i"
	is "$(value "fpu$i" exit_status) $(console "fpu$i" | cut -d ' ' -f 1)" "0 kept" "and has kept its registers"
done
stop_writers

# --- its own disk ---
for fast in Y N; do
	echo $fast >/sys/module/hedge/parameters/fast_path
	must start disk fpudisk 7 300 -- block.disk=/dev/mapper/aes2
	must poll_until 60 has_ended disk
	is "$(value disk exit_status) $(console disk)" "0 kept for 300 blocks" "its own disk is encrypted, fast_path=$fast"
	slow=$(value disk exits_slow)
	note "exits_slow $slow"
	if [ $fast = Y ]; then
		check "within KVM_RUN" test "$slow" -lt 300
	else
		check "outside of KVM_RUN" test "$slow" -ge 600
	fi
done
echo Y >/sys/module/hedge/parameters/fast_path
is "$(dd if=/dev/ram2 bs=4096 status=none | grep -c 'vector registers')" 0 "nothing else was written"
check "the disk holds no plain zeros where it was written" test "$(dd if=/dev/ram0 bs=64K count=1 status=none | tr -d '\0' | wc -c)" -gt 60000
