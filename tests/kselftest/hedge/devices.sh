#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Devices of guests: what is refused, what is honoured, a disk that fails or hangs costs
# its VM only, limits hold, and a dm-rlnc volume is a disk like any other.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/../dm-rlnc/volume.sh"
requires dmsetup ip blockdev
requires_kvm
requires_module tun
plan 37
load_module hedge
load_module dm-rlnc
ram_members 7 24
spare=${MEMBERS[6]}
MEMBERS=("${MEMBERS[@]:0:6}")

# disk NAME [WORD]... [-- KEY=VALUE...]: the block guest to its end, with status 0.
disk()
{
	local name=$1
	shift
	start "$name" block "$@" && poll_until 120 has_ended "$name" && [ "$(value "$name" exit_status)" = 0 ]
}
on() { echo "block.disk=$1"; }

# --- what is refused ---
refused "a disk that is not given" "start|a|$guests/block.hvt||32|||fill" 'BLK: the image wants a device disk: block.disk='
refused "a disk that is not there" "start|a|$guests/block.hvt||32|/dev/none||fill" 'BLK: the device cannot be opened'
refused "a disk that is none" "start|a|$guests/block.hvt||32|$guests/block.hvt||fill" 'BLK: it is not a block device'
refused "a disk that nobody wants" "start|a|$guests/hello.hvt||32|$spare||x" 'BLK: the manifest has no block device'
refused "one of another name" "start|a|$guests/block.hvt||32|$spare||fill|block.desk=$spare" 'the manifest has no device of that name'
refused "a network in its place" "start|a|$guests/block.hvt||32|||fill|net.disk=lo" 'the manifest has a block device of this name'
refused "blocks that are smaller than the device's" "start|a|$guests/block.hvt||32|$spare||fill|block_size.disk=256" 'block_size'
refused "an interface that is not there" "start|a|$guests/echo.hvt||32||none|x" 'NET: there is no interface of this name'
refused "one that is no TAP" "start|a|$guests/echo.hvt||32||lo|x" 'NET: the interface is not a TAP'
must start a block fill -- "$(on "$spare")" block_iops=1
refused "a disk that another VM has" "start|b|$guests/block.hvt||32|$spare||fill" 'BLK: the device is in use'
must tell "stop|a"
check "when that has ended it can be had" disk b fill -- "$(on "$spare")"
check "and has what was written" disk b check -- "$(on "$spare")"
must blockdev --setro "$spare"
check "one that is read-only is so to the guest" disk c readonly -- "$(on "$spare")"
is "$(value c errors) $(value c last_error)" "1 block_write: error 22" "what was refused is in its record"
is "$(value b errors) $(value b last_error)" "0 " "of one that nothing was refused there is nothing"
must blockdev --setrw "$spare"

# --- limits ---
# Blocks of 512 bytes, one by one: 49152 writes.
must start d block fill -- "$(on "$spare")" block_iops=200
sleep 2
done=$(value d hypercall_block_write)
note "$done writes in two seconds, at 200 a second"
check "block_iops holds" test "$done" -ge 50 -a "$done" -le $((700 * SKYHOLD_SLOW))
began=${EPOCHREALTIME/./}
check "one that waits for its turn is stopped" tell "stop|d"
took=$((${EPOCHREALTIME/./} - began))
note "in $took us"
must ip tuntap add hedge0 mode tap
cleanup ip link del hedge0
must ip addr add 10.96.0.1/24 dev hedge0
must ip link set hedge0 up
must start e echo 10.96.0.2 -- net.net=hedge0
answers() { busybox ping -c 1 -W 2 10.96.0.2; }
check "a network answers" poll_until 10 answers
refused "one that another VM has" "start|f|$guests/echo.hvt||32||hedge0|10.96.0.3" 'network net cannot be attached: somebody else has it'
must tell "stop|e"
check "when that has ended it can be had" start f echo 10.96.0.3 -- net.net=hedge0
must tell "stop|f"

# --- a disk that fails ---
must dmsetup create bad --table "0 2048 linear $spare 0"
remove_bad() { [ ! -e /dev/mapper/bad ] || dmsetup remove bad; }
cleanup remove_bad
must start g block fill -- "$(on /dev/mapper/bad)" block_iops=500
must start h hang
must dmsetup load bad --table "0 2048 error"
must dmsetup resume bad
check "an I/O error ends the VM" poll_until 20 has_ended g
check "and its record says so" grep -q 'of the block device fails' <(value g reason)
is "$(value g exit_status) $(value h state)" "1 running" "another one goes on"

# --- a disk that hangs ---
must dmsetup load bad --table "0 2048 linear $spare 0"
must dmsetup resume bad
must start i block fill -- "$(on /dev/mapper/bad)" block_iops=20
must poll_until 10 runs i
must dmsetup suspend --noflush --nolockfs bad
stuck() { local n; n=$(value i hypercall_block_write); sleep 0.3; [ "$(value i hypercall_block_write)" = "$n" ]; }
must poll_until 10 stuck
check "a VM whose disk hangs is stopped" tell "stop|i"
is "$(value i state)" ended "though it cannot be flushed"
must tell "stop|h"
check "its request is given back when the disk goes on" dmsetup resume bad
free_again() { disk j check -- "$(on /dev/mapper/bad)" || [ "$(value j exit_status)" -ne 2 ]; }
closed() { [ "$(dmsetup info -c --noheadings -o open bad)" = 0 ]; }
check "and the disk closed" poll_until 10 closed
must remove_bad

# --- a volume ---
format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"
check "a guest fills a volume" disk k fill -- "$(on /dev/mapper/v)"
said_blocks() { said k 'in blocks of 4096'; }
check "in blocks of 4 KiB" said_blocks
must dmsetup message v 0 fail 1
must dmsetup message v 0 fail 4
check "without two members another finds it so" disk l check -- "$(on /dev/mapper/v)"
is "$(health v)" degraded "the volume says what it lacks"
must start m block fill -- "$(on /dev/mapper/v)"
must dmsetup message v 0 return 1
must dmsetup message v 0 return 4
check "members return while it is written to" poll_until 60 has_ended m
is "$(value m exit_status)" 0 "which goes on"
in_sync() { [ "$(letters v)" = AAAAAA ]; }
check "all are in sync" poll_until 60 in_sync
check "bounds" disk n bounds -- "$(on /dev/mapper/v)"
must gone v
check "closed and opened again" create v -- "${MEMBERS[@]}"
check "it has what was written" disk o check -- "$(on /dev/mapper/v)"
