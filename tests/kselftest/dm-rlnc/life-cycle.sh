#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Suspended with and without a flush, its table swapped for another volume's or
# wiped, removed while it is open, its module pulled: all of it under writes, and
# nothing that was written is lost.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl fio
plan 18

load_module dm-rlnc
ram_members 4 48
format 2
cleanup gone v

# writers SECONDS: fio writes and verifies, in the background; written ends with
# its status.
writers()
{
	fio --name=w --filename=/dev/mapper/v --rw=randrw --bsrange=4k-128k --size=24M --direct=1 \
		--ioengine=libaio --iodepth=8 --fsync=16 --verify=crc32c --verify_fatal=1 --verify_backlog=64 \
		--time_based --runtime="$1" --minimal >"$TMPDIR/fio" 2>&1 &
	fio=$!
	poll_until 20 writes_done $(($(writes) + 20)) || { cat "$TMPDIR/fio"; return 1; }
}
writes() { awk '{ print $5 }' "/sys/dev/block/$(dmsetup info -c --noheadings -o major,minor v)/stat"; }
writes_done() { [ "$(writes)" -ge "$1" ]; }
written() { wait "$fio"; }

# --- suspended and resumed ------------------------------------------------------------
must create v -- "${MEMBERS[@]}"
must writers 12
for how in "" --noflush --nolockfs "--noflush --nolockfs" "" --noflush; do
	# shellcheck disable=SC2086 # several words
	must dmsetup suspend $how v
	must dmsetup resume v
done
check "writes go on over suspensions, flushed or not" written
is "$(health v)" optimal "the volume is healthy"
must dmsetup suspend v
is "$(health v)" optimal "it answers for its state while suspended"
timeout 2 dd if=/dev/zero of=/dev/mapper/v bs=4K count=1 oflag=direct status=none &
writer=$!
check "a write waits for the resume" sleep 1
check "it has not ended" running "$writer"
must dmsetup resume v
check "then it is done" wait "$writer"

# --- reloaded -----------------------------------------------------------------------------
must writers 12
for cache in 1 64 2 8; do
	must dmsetup reload v --table "$(table cache_mb=$cache -- "${MEMBERS[@]}")"
	must dmsetup suspend --noflush v
	must dmsetup resume v
done
check "writes go on over reloads" written
is "$(dmsetup table v | grep -o 'cache_mb=[0-9]*')" cache_mb=8 "the last table is in use"
must dmsetup reload v --table "$(table cache_mb=4 -- "${MEMBERS[@]}")"
must dmsetup clear v
is "$(dmsetup table v | grep -o 'cache_mb=[0-9]*')" cache_mb=8 "a table that was loaded and cleared is not"
check_fails "a table that is not good leaves the old one" dmsetup reload v --table "$(table cache_mb=0 -- "${MEMBERS[@]}")"

# --- swapped ------------------------------------------------------------------------------
pattern 8 swap >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync status=none
must dmsetup reload v --table "0 $SECTORS zero"
must dmsetup suspend v
must dmsetup resume v
check "another target takes its place" cmp -n 65536 /dev/zero <(dd if=/dev/mapper/v bs=64K count=1 iflag=direct status=none)
must dmsetup reload v --table "$(table -- "${MEMBERS[@]}")"
must dmsetup suspend v
must dmsetup resume v
check "it comes back with what it had" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=8 iflag=direct status=none)

# --- wiped, removed, unloaded -------------------------------------------------------------
exec {held}</dev/mapper/v
check_fails "what is open is not removed" dmsetup remove v
check_fails "a module in use is not unloaded" rmmod dm_rlnc
exec {held}<&-
must writers 30
must dmsetup wipe_table --noflush v
is "$(dmsetup table v)" "0 $SECTORS error " "a table that is wiped under writes fails them"
check_fails "and the writers hear of it" written
must gone v
must create v -- "${MEMBERS[@]}"
is "$(health v)" optimal "the volume opens again"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K seek=400 oflag=direct conv=fsync status=none
must gone v
check "and its module goes" rmmod dm_rlnc
