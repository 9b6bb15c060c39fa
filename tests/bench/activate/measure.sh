#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What activation costs, by size of the volume: 1 GiB to 64 TiB, 4+2, sparse members.
# vm: boot=own mem=2G smp=1 timeout=1500 lane=stock
#
# Leaves logs/activate.txt, a table, and logs/activate.json.  Blocks are of 4 KiB, by
# the statistics of the members, all six together; memory is the difference of
# MemAvailable.  Ram disks take memory where they are written to, which is left out:
# what a write costs there is not dm-rlnc's.
#
# What is more than its bound fails.

# shellcheck source=tests/kselftest/lib.sh
. "$SKYHOLD_TOP/tests/kselftest/lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$SKYHOLD_TOP/tests/kselftest/dm-rlnc/volume.sh"
requires dmsetup fio
SIZES=(1 16 256 1024 4096 16384 65536)	# GiB
CHANGES=100
plan $((4 * ${#SIZES[@]}))

# Superblocks, three roots, and where the log is in the bitmap.
CLEAN_BLOCKS=300
# Three roots, the way to where the log is, and that leaf, which counts four times.
CLEAN_NODES_KIB=$(((3 + 2 + 4) * 64))
CLEAN_MEMORY_KIB=$((24 * 1024))

load_module dm-rlnc checkpoint_ms=3600000
held_members 6 1000 18000000
blocks() { echo $(($(members_stat "$1") / 8)); } # blocks 3|7: read or written so far
available() { awk '/^MemAvailable/ { print $2 }' /proc/meminfo; }
of() { cat "/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/rlnc/$1"; }
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# take COMMAND...: sets MS, what it reads and writes, READ and WROTE, and KIB of memory.
take()
{
	local start memory
	drop_caches
	memory=$(available) READ=$(blocks 3) WROTE=$(blocks 7) start=$(now_ms)
	must "$@"
	MS=$(($(now_ms) - start)) READ=$(($(blocks 3) - READ)) WROTE=$(($(blocks 7) - WROTE))
	KIB=$((memory - $(available)))
}

# value NAME NUMBER UNIT [BOUND]: a column of the row, and an entry of the list.
value()
{
	local bound='null, "ratio": null, "target": null, "met": null' peer=null met=false
	if [ $# -gt 3 ]; then
		[ "$2" -gt "$4" ] || met=true
		peer='"bound"'
		bound="$4, \"ratio\": $(awk "BEGIN { printf \"%.3f\", $2 / $4 }"), \"target\": 1, \"met\": $met"
	fi
	ROW+=("$2")
	VALUES+=("{\"name\": \"$SIZE-$1\", \"value\": $2, \"unit\": \"$3\", \"peer\": $peer, \"peer_value\": $bound}")
}
# bounded TEXT NAME NUMBER UNIT BOUND: a value, and a result.
bounded()
{
	value "${@:2}"
	check "$SIZE: $1: $3 $4, and at most $5" test "$3" -le "$5"
}

open_it() { create v -- "${MEMBERS[@]}"; }
put() { dd if=/dev/urandom of=/dev/mapper/v bs=4K count=1 seek="$1" oflag=direct conv=notrunc,fsync status=none; }

# change: flushed writes all over the volume, to the same places each time.
change()
{
	must fio --name=t --filename=/dev/mapper/v --direct=1 --ioengine=psync --rw=randwrite --bs=4k --fsync=1 \
		--size="$SIZE" --io_size=$((CHANGES * 4))k --norandommap --random_generator=tausworthe64 \
		--output="$TMPDIR/fio"
}

# ways GIB: nodes of the map that so many changes can have on their ways to the root:
# no level has more than there are of it.
ways()
{
	awk -v gens=$(($1 << 14)) -v changes=$CHANGES 'BEGIN {
		do {
			gens = int((gens + 122) / 123)
			n += gens < changes ? gens : changes
		} while (gens > 1)
		print n
	}'
}

measure() # measure GIB
{
	local sectors option=(--force)
	# A quarter of it; nodes twice, a 32nd to spare, and packs.
	sectors=$((($1 * 106 << 19) / 100 / 2048 * 2048 + (1 << 21)))
	SIZE=$1G
	[ "$1" -lt 1024 ] || SIZE=$(($1 / 1024))T
	[ "$1" != "${SIZES[0]}" ] || option=()
	ROW=("$SIZE")
	must below "$sectors" linear
	must format 4 --size "$SIZE" "${option[@]}"
	must open_it
	must put $((SECTORS / 8 - 1))
	must dmsetup message v 0 checkpoint
	change
	must dmsetup message v 0 checkpoint
	must gone v

	take open_it
	value clean-time "$MS" ms
	bounded "blocks read by a clean activation" clean-read "$READ" blocks $CLEAN_BLOCKS
	bounded "memory of nodes after it" clean-nodes $(($(of cache_bytes) / 1024)) KiB $CLEAN_NODES_KIB
	value clean-buffers $(($(of buffer_bytes) / 1024)) KiB
	bounded "memory that it has taken" clean-memory "$KIB" KiB $CLEAN_MEMORY_KIB
	value clean-memory-per-tib $((KIB * 1024 / $1)) KiB

	change
	must below "$sectors" error
	must gone v
	must below "$sectors" linear
	take open_it
	value crash-time "$MS" ms
	# 16 blocks a node; a record from all six for each change, and one that ends them.
	bounded "blocks read after a crash" crash-read "$READ" blocks \
		$((CLEAN_BLOCKS + 6 * (CHANGES + 1) + 16 * ($(ways "$1") + 20)))
	value crash-written "$WROTE" blocks
	value crash-nodes $(($(of cache_bytes) / 1024)) KiB
	must gone v
	# shellcheck disable=SC2059 # a format for two lines
	printf "$ROW_FORMAT" "${ROW[@]}" >>"$SKYHOLD_LOGS/activate.txt"
}

VALUES=()
ROW_FORMAT='%-5s  %6s %6s %6s %7s %7s %8s  %6s %6s %7s %6s\n'
{
	# shellcheck disable=SC2059
	printf "$ROW_FORMAT" size clean blocks nodes buffers memory KiB crash blocks blocks nodes
	# shellcheck disable=SC2059
	printf "$ROW_FORMAT" "" ms read KiB KiB KiB "per TiB" ms read written KiB
} >"$SKYHOLD_LOGS/activate.txt"
for size in "${SIZES[@]}"; do measure "$size"; done
(IFS=,; echo "[${VALUES[*]}]") | sed 's/},{/},\n {/g' >"$SKYHOLD_LOGS/activate.json"
