#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rlncsetup repair --offline and header backup, restore: a lost member is made
# again from any k others without the key, goes on where it was interrupted,
# and is a member like the others once the owner has opened the volume.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup dmsetup mkfs.ext4
plan 35

load_module dm-rlnc
requires_module brd rd_nr=8 rd_size=24576
m=(/dev/ram0 /dev/ram1 /dev/ram2 /dev/ram3 /dev/ram4)
new=/dev/ram5
head -c 6291456 /dev/urandom >"$TMPDIR/image"

open() { rlncsetup open v --key-file "$pass" "$@"; }
gone() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup gone
field() { rlncsetup status v --json | sed -n "s/^  \"$1\": \"\\?\\([^\",]*\\).*/\\1/p"; }
fill() { must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync,notrunc status=none; }
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=6 iflag=direct status=none); }
repair() { rlncsetup repair --offline "$@"; }

must rlncsetup format -q -k 3 "${cheap[@]}" --key-file "$pass" --label five "${m[@]}"
must open "${m[@]}"
fill
exits 5 "a volume that is open is not repaired" "busy" repair "${m[@]:0:4}" --onto $new
must rlncsetup close v

# --- what is refused ---------------------------------------------------------------
exits 1 "nobody is lost" "none is lost" repair "${m[@]}" --onto $new
exits 1 "two are" "members 3 4 are not here" repair "${m[@]:0:3}" --onto $new
exits 1 "not one that is here" "member 1 is among those" repair "${m[@]:0:3}" --member 1 --onto $new
exits 4 "two of five are too few" "2 of these members are in sync, 3 are needed" repair "${m[@]:0:2}" --member 4 --onto $new
exits 5 "a member is not overwritten" "signature: member 3 of" repair "${m[@]:0:3}" --member 4 --onto /dev/ram3
must mkfs.ext4 -q -L precious $new
exits 5 "nor is a file system" "signature: ext4" repair "${m[@]:1}" --onto $new

# --- interrupted: three members, one of which ends in errors ------------------------------
half=$((10 << 11)) whole=$(blockdev --getsz /dev/ram3)
must dmsetup create bad --table "0 $half linear /dev/ram3 0
$half $((whole - half)) error"
drop_bad() { [ ! -e /dev/mapper/bad ] || poll_until 10 dmsetup remove bad; }
cleanup drop_bad
exits 4 "without three that can be read it stops" "say the same again" repair --force /dev/ram1 /dev/ram2 /dev/mapper/bad --member 0 --onto $new
exits 4 "what it made is no member yet" "ram5.*not a dm-rlnc member" open "${m[@]:1}" $new
exits 0 "with another it goes on" "going on where .* at [1-9] MiB" repair /dev/ram1 /dev/ram2 /dev/mapper/bad /dev/ram4 --member 0 --onto $new
must drop_bad
exits 0 "dump shows whose place it has" "member +0" rlncsetup dump $new

# --- and is as good as the one that was lost -------------------------------------------------
exits 1 "the lost one beside it is refused" "are the same .index 0" open "${m[@]}" $new
exits 0 "the owner opens the volume" "repaired offline: its superblock is signed" open $new "${m[@]:1}"
is "$(field letters)" AAAAA "it is in sync"
exits 0 "and every fragment is right" "corrected since it began: 0$" rlncsetup scrub --wait v
must rlncsetup fail v 3
must rlncsetup fail v 4
check "it carries the data" same
must rlncsetup close v

# --- a repair that the volume has left behind --------------------------------------------------
must open $new "${m[@]:1}"
poll() { [ "$(field letters)" = AAAAA ]; }
check "the others catch up" poll_until 30 poll
must rlncsetup close v
exits 0 "another is repaired, from one that was" "member 2" repair $new /dev/ram1 /dev/ram3 --member 2 --onto /dev/ram6
must open $new missing /dev/ram1 /dev/ram3 /dev/ram4
fill
must rlncsetup close v
exits 4 "but the volume went on without it" "ram6 was repaired offline for another state" open $new /dev/ram1 /dev/ram6 /dev/ram3 /dev/ram4
exits 0 "it is repaired again" "member 2" repair --force $new /dev/ram1 /dev/ram3 /dev/ram4 --member 2 --onto /dev/ram6
exits 0 "and opens" "superblock is signed" open $new /dev/ram1 /dev/ram6 /dev/ram3 /dev/ram4
check "the kernel gives it what it was known to lack" poll_until 30 poll
must rlncsetup close v
now=("$new" /dev/ram1 /dev/ram6 /dev/ram3 /dev/ram4)

# --- a head that is damaged --------------------------------------------------------------------
# rlnc_disk.h: the MAC of each copy
forge() { must dd if=/dev/zero of="$1" bs=1 seek="$2" count="$3" conv=notrunc status=none; }
must rlncsetup header backup "$TMPDIR/head" /dev/ram3
for copy in 0 65536; do forge /dev/ram3 $((copy + 24)) 32; done
exits 4 "a superblock without its MAC is not believed" "ram3" open "${now[@]}"

# --- header ------------------------------------------------------------------------------------
exits 5 "a backup is not overwritten" "exists" rlncsetup header backup "$TMPDIR/head" /dev/ram3
is "$(stat -c %a "$TMPDIR/head")" 600 "it is for its owner only"
exits 0 "a head is restored over one that is damaged" "^$" rlncsetup header restore -q "$TMPDIR/head" /dev/ram3
exits 0 "and opens" "^$" open "${now[@]}"
is "$(field letters)" AAAAA "in sync"
exits 5 "not while the volume is open" "busy" rlncsetup header restore -q "$TMPDIR/head" /dev/ram3
fill
must rlncsetup close v
exits 5 "not over a newer one" "the member would be stale" rlncsetup header restore -q "$TMPDIR/head" /dev/ram3
exits 5 "not over another member's" "ram4 is member 4" rlncsetup header restore -q "$TMPDIR/head" /dev/ram4
exits 0 "unless told to" "^$" rlncsetup header restore -q --force "$TMPDIR/head" /dev/ram3
exits 0 "the volume opens" "ram3. is at epoch" open -v "${now[@]}"
check "and rebuilds what is stale" poll_until 30 poll
check "the data are right" same
