# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # status, out and err are of who sources this
#
# What the small guests do with disks and networks, and all hypercalls at random, under any
# monitor.  Whoever sources this has:
#
#	guest OPTION... IMAGE WORD...		run one to its end: $status, files $out and $err
#	guest_begin NAME OPTION... IMAGE WORD...	start one
#	said NAME PATTERN	it has printed that
#	guest_runs NAME		it has not ended
#	guest_kill NAME		end it
#	guest_end NAME		wait for its end: $status
#
# Options are --mem=MIB --cpu=N --core=FILE, and for devices --block:NAME=FILE,
# --block-size:NAME=BYTES, --readonly:NAME, --net:NAME=TAP and --mac:NAME=MAC.  Status is
# 2 when it cannot be started.

# shellcheck source=tests/kselftest/hedge/taps.sh
. "$(dirname "${BASH_SOURCE[0]}")/taps.sh"
guests=$SKYHOLD_BUILD/guest

# ends TEXT STATUS PATTERN ARGUMENT...: one result: it ends so, and has said so.
ends()
{
	local text=$1 want=$2 pattern=$3
	shift 3
	guest "$@"
	if [ "$status" = "$want" ] && { [ -z "$pattern" ] || grep -qaE -- "$pattern" "$out" "$err"; }; then
		ok "$text"
	else
		note "status $status, expected $want and '$pattern': $(head -c 200 "$err" | head -n 1)"
		not_ok "$text"
	fi
}

# --- disks ---

must dd if=/dev/urandom of="$TMPDIR/from" bs=1024 count=515 status=none
must truncate -s $((515 * 1024)) "$TMPDIR/disk"
disk=--block:disk=$TMPDIR/disk
ends "a disk is filled" 0 '^fill: 527360 bytes in blocks of 512$' "$disk" "$guests/block.hvt" fill
ends "the next one finds it so" 0 '^check: ' "$disk" "$guests/block.hvt" check
before=$(sha256sum "$TMPDIR/disk")
ends "bounds" 0 '^bounds: ' "$disk" "$guests/block.hvt" bounds
ends "a disk that is read only" 0 '^readonly: ' --readonly:disk "$disk" "$guests/block.hvt" readonly
is "$(sha256sum "$TMPDIR/disk")" "$before" "neither has written anything"
must truncate -s $((512 * 1024)) "$TMPDIR/disk"
ends "blocks of 4 KiB" 0 'in blocks of 4096$' --block-size:disk=4096 "$disk" "$guests/block.hvt" fill
ends "bounds of these" 0 '^bounds: ' --block-size:disk=4096 "$disk" "$guests/block.hvt" bounds
must truncate -s 515K "$TMPDIR/to"
ends "two disks" 0 '^527360 bytes copied$' --block:from="$TMPDIR/from" --block:to="$TMPDIR/to" "$guests/copy.hvt"
check "each is itself" cmp "$TMPDIR/from" "$TMPDIR/to"
ends "a disk that is not there" 2 'wants a device disk' "$guests/block.hvt" read

# --- networks ---

taps hvt0 hvt1
must ip addr add 10.98.0.1/24 dev hvt0
must ip addr add 10.98.1.1/24 dev hvt1

for mem in 2 64; do
	ends "the state at the start, $mem MiB" 0 "^memory $((mem * 1048576)) kernel_end" --mem=$mem \
		"$disk" --net:net=hvt0 "$guests/boot.hvt"
done
taps=(--net:one=hvt0 --net:two=hvt1)
ends "polls that end when their time is over" 0 '^300 ms: ' "${taps[@]}" "$guests/poll.hvt" timeout
ends "handles that are none" 0 '' "${taps[@]}" "$guests/poll.hvt" bounds

guest_begin poll "${taps[@]}" "$guests/poll.hvt" wait
must poll_until 10 said poll waiting
while guest_runs poll; do
	# Nobody has these addresses, so there are frames that ask for them.
	busybox ping -c 1 -W 1 10.98.0.9 >&2
	busybox ping -c 1 -W 1 10.98.1.9 >&2
done
guest_end poll
is "$status" 0 "polls that end because something has come"
check "for the first" said poll 'ready 0x2 '
check "for the second" said poll 'ready 0x[46] '

guest_begin echo --net:net=hvt0 --mac:net=02:00:00:12:34:56 "$guests/echo.hvt" 10.98.0.2
must poll_until 10 said echo 'is at 02:00:00:12:34:56, mtu 1500'
check "it answers pings" busybox ping -c 3 -W 5 10.98.0.2
is "$(ip neigh show 10.98.0.2 | awk '{ print $5 }')" 02:00:00:12:34:56 "from its own address"
exec {udp}<>/dev/udp/10.98.0.2/7
echo "there and back" >&"$udp"
# Not by the shell, which reads single bytes, and the rest of a datagram is lost.
is "$(timeout $((10 * SKYHOLD_SLOW)) head -n 1 <&"$udp")" "there and back" "and datagrams"
exec {udp}<&-
echo >/dev/udp/10.98.0.2/9
gone_by_itself() { ! guest_runs echo; }
check "and ends when it is told to" poll_until 10 gone_by_itself
guest_end echo
is "$status" 0 "with status 0"
check "it has counted them" said echo frames

# --- at random ---

all=("$disk" --net:net=hvt1 "$guests/fuzz.hvt")
for seed in 1 2 3; do
	ends "hypercalls at random, seed $seed" 0 'fuzzed to the end' "${all[@]}" $seed 500
done
# Most of them end by what they do, with a status of any kind: what must not be is a signal or a hang.
died=''
for ((seed = 1; seed <= 6; seed++)); do
	guest "${all[@]}" $seed 500 wild
	case $status in
	124|13[2-9])	died+=" $seed: $status" ;;
	esac
done
is "$died" "" "with wild pointers, 6 seeds"
