# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # STACKS and TOP are for who sources this
#
# The five stacks that are compared, 4+2 over six ram disks each:
#
#	rlnc	dm-rlnc
#	a	dm-crypt aes-gcm over dm-integrity (direct) over md-raid6
#	b	md-raid6 over six of dm-crypt aes-gcm over dm-integrity (journal)
#	c	md-raid6
#	d	dm-crypt aes-xts over md-raid6
#
# All stacks are on the same six disks at once, each on a slice of its own, so
# that they can be measured in turns.  A ram disk keeps no statistics; the slices,
# dm-linear devices, do.
#
# Tables are those that cryptsetup and integritysetup make, with their defaults.

STACKS=(rlnc a b c d)
MEMBERS_OF_ALL=6
CHUNK_KIB=64			# of md; a full stripe is 256 KiB
GCM_KEY=$KEY
XTS_KEY=$KEY$(tr 0-9a-f a-f0-9 <<<"$KEY")

# slices SET STACK MIB: cut the next slice off every disk; sets SLICES.
next_sector=0
slices()
{
	local i name
	SLICES=()
	for ((i = 0; i < MEMBERS_OF_ALL; i++)); do
		name=$1-$2-$i
		must dmsetup create "$name" --table "0 $(($3 * 2048)) linear /dev/ram$i $next_sector"
		cleanup gone "$name"
		SLICES+=("/dev/mapper/$name")
	done
	next_sector=$((next_sector + $3 * 2048))
}

# minors SET STACK: of its slices.
minors()
{
	local i node
	for ((i = 0; i < MEMBERS_OF_ALL; i++)); do
		node=$(readlink -f "/dev/mapper/$1-$2-$i")
		[ -b "$node" ] || return
		printf '%d ' "0x$(stat -c %T "$node")"
	done
}

sectors() { blockdev --getsz "$1"; }

# integrity NAME DEVICE J|D: room for 28 bytes beside each 4 KiB, for the nonce and
# the tag.  The target formats a device that begins with zeros, however little of
# it the table asks for, and then says in its superblock how much there is.
integrity()
{
	local name=$1 device=$2 mode=$3 provided
	must dmsetup create "$name" --table "0 8 integrity $device 0 28 $mode 1 block_size:4096"
	must dmsetup remove --retry "$name"
	provided=$(od -An -tu8 -j 16 -N 8 "$device" | tr -d ' ')
	must dmsetup create "$name" --table "0 $provided integrity $device 0 28 $mode 1 block_size:4096"
	cleanup gone "$name"
}

# crypt_gcm NAME DEVICE, crypt_xts NAME DEVICE
crypt_gcm()
{
	must dmsetup create "$1" --table "0 $(sectors "$2") crypt capi:gcm(aes)-random $GCM_KEY 0 $2 0 2 integrity:28:aead sector_size:4096"
	cleanup gone "$1"
}

crypt_xts()
{
	must dmsetup create "$1" --table "0 $(sectors "$2") crypt aes-xts-plain64 $XTS_KEY 0 $2 0 1 sector_size:4096"
	cleanup gone "$1"
}

# raid6 NUMBER DEVICE...: the disks are zeros, or, under dm-integrity, what the
# filling will have written: there is nothing to synchronise.
raid6()
{
	local number=$1
	shift
	cleanup stop_raid "$number"
	must mdadm --create "/dev/md$number" --run --quiet --assume-clean --level=6 --metadata=1.2 \
		--raid-devices=$# --chunk=$CHUNK_KIB --bitmap=none "$@" </dev/null
}

# wipe_ends DEVICE: where mdadm looks for metadata before it writes its own.
wipe_ends()
{
	local mib=$(($(sectors "$1") / 2048))
	must dd if=/dev/zero of="$1" bs=1M count=3 oflag=direct status=none
	must dd if=/dev/zero of="$1" bs=4k seek=$(((mib - 1) * 256)) \
		count=$((($(sectors "$1") - (mib - 1) * 2048) / 8)) oflag=direct status=none
}

stop_raid() { [ ! -e "/sys/block/md$1/md" ] || poll_until 10 mdadm --quiet --stop "/dev/md$1"; }

# touch_slices: a ram disk makes its pages when they are first written, which the
# others, who write in place, have had done by then.
touch_slices()
{
	local slice
	for slice in "${SLICES[@]}"; do
		must dd if=/dev/zero of="$slice" bs=1M count="$SLICE_MIB" oflag=direct status=none
	done
}

# build SET STACK NUMBER: sets TOP, the device to measure, and RAID.
build_rlnc()
{
	local name=$1-rlnc
	MEMBERS=("${SLICES[@]}")
	touch_slices
	# shellcheck disable=SC2086 # words
	format 4 ${SKYHOLD_BENCH_FORMAT:-}
	must create "$name" -- "${MEMBERS[@]}"
	TOP=/dev/mapper/$name
}

build_a()
{
	raid6 "$2" "${SLICES[@]}"
	integrity "$1-a-integrity" "/dev/md$2" D
	crypt_gcm "$1-a-crypt" "/dev/mapper/$1-a-integrity"
	TOP=/dev/mapper/$1-a-crypt
}

build_b()
{
	local i legs=()
	for ((i = 0; i < MEMBERS_OF_ALL; i++)); do
		integrity "$1-b-integrity$i" "${SLICES[i]}" J
		crypt_gcm "$1-b-crypt$i" "/dev/mapper/$1-b-integrity$i"
		legs+=("/dev/mapper/$1-b-crypt$i")
		wipe_ends "${legs[i]}"
	done
	raid6 "$2" "${legs[@]}"
	TOP=/dev/md$2
}

build_c()
{
	raid6 "$2" "${SLICES[@]}"
	TOP=/dev/md$2
}

build_d()
{
	raid6 "$2" "${SLICES[@]}"
	crypt_xts "$1-d-crypt" "/dev/md$2"
	TOP=/dev/mapper/$1-d-crypt
}

# lose_two SET STACK NUMBER: the first two members of a stack are no more.
lose_two()
{
	local i leg
	for i in 0 1; do
		if [ "$2" = rlnc ]; then
			must dmsetup message "$1-rlnc" 0 fail "$i"
			continue
		fi
		leg=/dev/mapper/$1-$2-$i
		[ "$2" != b ] || leg=/dev/mapper/$1-b-crypt$i
		must mdadm --quiet "/dev/md$3" --fail "$(readlink -f "$leg")"
	done
}
