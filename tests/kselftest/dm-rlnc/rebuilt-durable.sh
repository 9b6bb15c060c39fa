#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A member whose rebuild has ended, and which fails before what was written to it is
# durable, is not said to have it: when it returns, all is rebuilt again.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl losetup
plan 8

load_module dm-rlnc checkpoint_ms=3600000
requires_module loop
requires_module dm-delay
requires_module dm-flakey
# Ram disks have no cache that could be flushed.
RAM=() RAM_SECTORS=$((24 * 2048)) MIB=8
for i in 0 1 2; do
	must truncate -s 24M "$TMPDIR/member$i"
	RAM+=("$(losetup -f --show "$TMPDIR/member$i")") || bail "no loop device"
	cleanup losetup -d "${RAM[i]}"
	must dmsetup create "m$i" --table "0 $RAM_SECTORS linear ${RAM[i]} 0"
	cleanup poll_until 10 dmsetup remove "m$i"
	MEMBERS+=("/dev/mapper/m$i")
done
# A device that fails every write, for what member 2 flushes.
must dmsetup create unable --table "0 $RAM_SECTORS flakey ${RAM[2]} 0 0 3600 1 error_writes"
cleanup poll_until 10 dmsetup remove unable
cleanup become 2 linear "${RAM[2]}" 0
format 2 --symbol 16K
must create v rebuild_kbps=2048 writes_min=2 -- "${MEMBERS[@]}"

moved_kib() { echo $((($(members_stat 3) + $(members_stat 7)) / 2)); }
begun() { [[ $(field v 8) == rebuild:[1-9]* ]]; }
idle() { [ "$(field v 8) $(letters v)" = "idle $1" ]; }
# A full rebuild reads two fragments of each generation, and writes one.
full=$((MIB * 1024 * 3 / 2))

must dmsetup message v 0 fail 2
pattern "$MIB" image >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
check "a member that missed all returns" dmsetup message v 0 return 2
check "and is being rebuilt" poll_until 30 begun
become 2 delay "${RAM[2]}" 0 0 "${RAM[2]}" 0 0 /dev/mapper/unable 0 0
check "it takes every write, but flushes nothing: it has failed when the rebuild is over" poll_until 60 idle AAF
must dmsetup suspend v
must dmsetup reload v --table "$(table rebuild_kbps=0 writes_min=2 -- "${MEMBERS[@]}")"
must dmsetup resume v
become 2 linear "${RAM[2]}" 0
before=$(moved_kib)
check "it returns once more" dmsetup message v 0 return 2
check "and is rebuilt" poll_until 60 idle AAA
moved=$(($(moved_kib) - before))
check "all of it: $moved KiB are moved, of at least $full" test "$moved" -ge "$full"
must dmsetup message v 0 fail 0
check "what it has is right" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count="$MIB" iflag=direct status=none)
is "$(auth_failures v)" 0 "and nothing had to be guessed"
must gone v
