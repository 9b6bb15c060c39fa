#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 64 TiB are activated with as few blocks read, and as little memory, as 1 GiB; a
# crash costs what its log says; 4 PiB are the limit, and are told so.
# vm: timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl blockdev
plan 23

load_module dm-rlnc checkpoint_ms=3600000
# Far larger than the machine; what is not written to takes no memory.
FULL_MIB=1180000000
held_members 6 1000 $FULL_MIB
mib() { echo $(($1 * 2048)); }

# blocks: of 4 KiB that were read from all members so far.
blocks() { echo $(($(members_stat 3) / 8)); }
# activate [OPTION...]: sets READ, blocks, and TAKEN, KiB of memory.
activate()
{
	local memory before
	drop_caches
	memory=$(available_kib)
	before=$(blocks)
	create v "$@" -- "${MEMBERS[@]}" || return
	READ=$(($(blocks) - before))
	TAKEN=$((memory - $(available_kib)))
}
cached() { cat "/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/rlnc/cache_bytes"; }
put() { dd if=<(pattern 1 "$1") of=/dev/mapper/v bs=1M seek="$2" iflag=fullblock oflag=direct conv=fsync,notrunc status=none; }
image() { pattern 1 "$1" | cmp - <(dd if=/dev/mapper/v bs=1M skip="$2" count=1 iflag=direct status=none); }

format 4 --size 1G
check "1 GiB" activate
must put small 1023
must gone v
must activate
small=$READ
note "1 GiB: $READ blocks read, $TAKEN KiB of memory, $(cached) bytes of nodes"
must gone v

must below "$(mib 18000000)" linear
format 4 --size 64T --force
is "$SECTORS" $((64 << 31)) "64 TiB"
check "are activated" activate
is "$(blockdev --getsize64 /dev/mapper/v)" $((64 << 40)) "with all their size"
check "a write at the very end" put end $(((64 << 20) - 1))
check "one in the middle" put middle $((31 << 20))
must gone v
check "activated again" activate
note "64 TiB: $READ blocks read, $TAKEN KiB of memory, $(cached) bytes of nodes"
check "no more blocks than for 1 GiB are read" test "$READ" -le $((small + 48)) -a "$READ" -le 512
# A leaf of the bitmap counts four times.
check "the nodes in memory are three roots, and where the log is in the bitmap" test "$(cached)" -le $((3 * 65536 + 5 * 65536))
check "no more than 24 MiB of memory are taken" test "$TAKEN" -le $((24 * 1024))
check "the end is there" image end $(((64 << 20) - 1))
check "so is the middle" image middle $((31 << 20))

# --- a crash ------------------------------------------------------------------------
for ((i = 0; i < 40; i++)); do echo $((i * 16777213 % (64 << 18) * 64 + i)); done >"$TMPDIR/places"
pattern 1 places >"$TMPDIR/places.image"
write_places() # write_places FROM: a flushed 4 KiB at each
{
	local place i=$1
	while read -r place; do
		dd if="$TMPDIR/places.image" of=/dev/mapper/v bs=4K count=1 skip=$((i++)) seek="$place" oflag=direct conv=fsync,notrunc status=none || return
	done <"$TMPDIR/places"
}
read_places()
{
	local place
	while read -r place; do
		dd if=/dev/mapper/v bs=4K count=1 skip="$place" iflag=direct status=none
	done <"$TMPDIR/places"
}
must write_places 0
must dmsetup message v 0 checkpoint
before=$(epoch v)
check "writes all over it, flushed" write_places 100
is "$(epoch v)" "$before" "are in the log"
must below "$(mib 18000000)" error
must gone v
must below "$(mib 18000000)" linear
klog_mark
check "after a crash it is activated" activate
note "64 TiB after a crash with 40 changes: $READ blocks read, $TAKEN KiB of memory, $(cached) bytes of nodes"
check_klog "from its log" 'replayed 40 changes'
# 16 blocks a node: the ways to 40 leaves, the packs, bitmaps; and n blocks a record.
check "the blocks read are those of the log and of what it speaks of" test "$READ" -le $((512 + 41 * 6 + 40 * 5 * 16 + 20 * 16))
check "everything is there" cmp -n $((40 * 4096)) -i 0:$((100 * 4096)) <(read_places) "$TMPDIR/places.image"
must gone v

# --- up to the limit ----------------------------------------------------------------
must below "$(mib $FULL_MIB)" linear
LIMIT=$((1 << 43))
SECTORS=$LIMIT
check "it grows to 4 PiB" activate
note "growing to 4 PiB: $READ blocks read, $TAKEN KiB of memory"
check "and takes a write at the end of that" put last $(((4 << 30) - 1))
must gone v
SECTORS=$((LIMIT + 8))
klog_mark
check_fails "more is refused" dmsetup create v --table "$(table -- "${MEMBERS[@]}")"
check_klog "and the log says why" "cannot grow to $SECTORS sectors: no volume has more than $LIMIT"
SECTORS=$LIMIT
must activate
all_there() { image last $(((4 << 30) - 1)) && image end $(((64 << 20) - 1)) && image middle $((31 << 20)); }
check "everything is there" all_there
must gone v
