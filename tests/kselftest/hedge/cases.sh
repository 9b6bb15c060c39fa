# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # status, out and err are of who sources this
#
# What each of the small guests does, under any monitor.  Whoever sources this has:
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

# --- alone ---

ends "hello" 0 '^Hello from the guest$' "$guests/hello.hvt"
ends "the least memory" 0 '^Hello' --mem=2 "$guests/hello.hvt"
ends "an odd number of MiB" 0 '^Hello' --mem=5 "$guests/hello.hvt"
ends "4 GiB" 0 '^Hello' --mem=4096 "$guests/hello.hvt"
hvt-image good >"$TMPDIR/good" || bail "hvt-image good"
ends "an image made by hand" 0 '' "$TMPDIR/good"
for name in writable_code abi_version_3 name_twice; do
	hvt-image $name >"$TMPDIR/bad" || bail "hvt-image $name"
	ends "refused: $name" 2 "$(hvt-image --list | sed -n "s/^$name\t//p")" "$TMPDIR/bad"
done
ends "thread variables" 0 'as they should be' "$guests/tls.hvt"
ends "clocks" 0 '^wall ' "$guests/clock.hvt"
now=$(date +%s)
guest=$(head -n 1 "$out")
check "the wall clock is the host's" test $((now - guest / 1000000000)) -ge 0 -a $((now - guest / 1000000000)) -lt 60
ends "a command line" 0 '^\[a  b=c/d\]$' "$guests/cmdline.hvt" 'a ' 'b=c/d'
long=$(printf '%8191s' '' | tr ' ' x)
ends "the longest" 0 '^8191 bytes, 1 words$' "$guests/cmdline.hvt" "$long"
ends "a longer one" 2 'too long' "$guests/cmdline.hvt" "x$long"
for code in 0 1 42 254; do
	ends "exit status $code" $code '' "$guests/exit.hvt" $code
done
ends "abort" 255 '^aborting$' --core="$TMPDIR/core.abort" "$guests/abort.hvt"
is "$(stat -c %s "$TMPDIR/core.abort")" $((32 * 1048576 + 4096)) "its core has all memory"
guest "$guests/puts.hvt" 500
check "500 lines, in order" cmp "$out" <(for ((i = 0; i < 500; i++)); do
	printf '%08d 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOP\n' $i
done)
guest_begin hang "$guests/hang.hvt"
must poll_until 10 said hang hanging
guest_kill hang
guest_end hang
is "$status" 137 "hang"

# --- what ends it ---

while read -r kind vector; do
	ends "exception: $kind" 255 "^exception $vector: rip 0x1" "$guests/exception.hvt" "$kind"
done <<-'TABLE'
	divide 0
	breakpoint 3
	opcode 6
	interrupt 13
	canonical 13
	null 14
	low 14
	beyond 14
	segment 13
	stack 14
TABLE
for kind in code rodata answer_to_code answer_to_rodata; do
	ends "memory: $kind" 1 'host/guest translation fault' "$guests/memory.hvt" $kind
done
ends "pointer: good" 0 '^.?fine$' "$guests/pointer.hvt" good
for kind in data_end data_beyond data_high data_overflow len_beyond len_overflow len_to_zero \
	    argument_end argument_beyond argument_across argument_high halt_beyond; do
	ends "pointer: $kind" 1 'not in its memory' "$guests/pointer.hvt" $kind
done
for kind in first beyond other highest byte word in string string_in; do
	ends "port: $kind" 1 'no hypercall' "$guests/port.hvt" $kind
done

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

for tap in hvt0 hvt1; do
	must ip tuntap add $tap mode tap
	cleanup ip link del $tap
	echo 1 >/proc/sys/net/ipv6/conf/$tap/disable_ipv6
	must ip link set $tap up
done
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

# --- together ---

for seed in 1 2; do
	guest_begin fpu$seed --cpu=0 "$guests/fpu.hvt" $seed 3000
done
for seed in 1 2; do
	guest_end fpu$seed
	is "$status" 0 "guest $seed of two on one processor ends"
	check "and has kept its vector registers" said fpu$seed '^kept'
done

# --- at random ---

all=("$disk" --net:net=hvt1 "$guests/fuzz.hvt")
for seed in 1 2 3; do
	ends "hypercalls at random, seed $seed" 0 'fuzzed to the end' "${all[@]}" $seed 500
done
# One in many halts, with a status at random: what must not be is a signal or a hang.
died=''
for ((seed = 1; seed <= 12; seed++)); do
	guest "${all[@]}" $seed 500 wild
	case $status in
	124|13[2-9])	died+=" $seed: $status" ;;
	esac
done
is "$died" "" "with wild pointers, 12 seeds"
ends "what hypercalls cost" 0 '^block_read_64k [0-9]+$' "$disk" "$guests/speed.hvt" 200
note "$(grep -E '^[a-z]' "$out" | tr '\n' ' ')ns"
