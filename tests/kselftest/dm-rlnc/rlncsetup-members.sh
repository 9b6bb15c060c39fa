#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rlncsetup return, replace and scrub: a member that failed, one that is a new
# device, one that is a new server, and what is said while and after the work
# is done.
# vm: timeout=360

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup dmsetup nbdkit ip mkfs.ext4 blkid
plan 50

load_module dm-rlnc
requires_module brd rd_nr=6 rd_size=24576
requires_module nbd nbds_max=2
must ip link set lo up
m=(/dev/ram0 /dev/ram1 /dev/ram2 /dev/ram3)
head -c 6291456 /dev/urandom >"$TMPDIR/image"

open() { rlncsetup open v --key-file "$pass" "$@"; }
gone() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup gone
field() { rlncsetup status v --json | sed -n "s/^  \"$1\": \"\\?\\([^\",]*\\).*/\\1/p"; }
work() { rlncsetup status v --json | tr -d '\n ' | sed 's/.*"work":{"name":"\([^"]*\)".*/\1/'; }
busy_with() { [ "$(work)" = "$1" ]; }
fill() { must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync,notrunc status=none; }
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=6 iflag=direct status=none); }
listening() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

must rlncsetup format -q -k 2 "${cheap[@]}" --key-file "$pass" --label four "${m[@]}"
must open "${m[@]}"
fill

# --- return ------------------------------------------------------------------------
exits 5 "a member in use is not taken up again" "refused" rlncsetup return v 1
must rlncsetup fail v 1
fill
exits 0 "a failed one is, by its device" "^$" rlncsetup return --wait v /dev/ram1
is "$(field letters)" AAAA "and in sync when the command ends"

# --- replace -----------------------------------------------------------------------
must mkfs.ext4 -q -L precious /dev/ram4
exits 5 "a device with a file system is refused" "signature: ext4, label .precious" rlncsetup replace v 2 /dev/ram4
exits 5 "so is one that is a member" "ram3" rlncsetup replace --force v 2 /dev/ram3
exits 1 "so is the place of a member that is none" "has no member 9" rlncsetup replace --force v 9 /dev/ram4
must dmsetup create small --table "0 16384 linear /dev/ram5 0"
exits 4 "so is one that is too small" "too small: it has 8.*MiB" rlncsetup replace v 2 /dev/mapper/small
must poll_until 10 dmsetup remove small
is "$(field letters)" AAAA "nothing has happened so far"
must dd if=/dev/ram2 of="$TMPDIR/head" bs=64K count=2 iflag=direct status=none
exits 0 "with --force it is taken, and what became of the old one is said" "^/dev/ram2 was member 2: its superblocks are erased.$" rlncsetup replace --force --wait v 2 /dev/ram4
is "$(field letters)" AAAA "and in sync when the command ends"
exits 0 "status names it" "2 +A +in sync +/dev/ram4" rlncsetup status v
exits 1 "and not the old one" "has no member /dev/ram2" rlncsetup fail v /dev/ram2
exits 0 "it has the key slots" "passphrase" rlncsetup key list /dev/ram4
check "blkid sees nothing of what was there" sh -c '! blkid -p /dev/ram4'

# --- what the kernel refuses is as it was ----------------------------------------------
must mkfs.ext4 -q -L kept /dev/ram5
before=$(sha256sum </dev/ram5)
exits 5 "a place is taken once while it is open" "member 2 was replaced since the volume was opened" rlncsetup replace --force v 2 /dev/ram5
is "$(sha256sum </dev/ram5)" "$before" "the device that was meant for it has what it had"

# --- replace by a server -------------------------------------------------------------
must truncate -s 24M "$TMPDIR/disk"
nbdkit -f -i 127.0.0.1 -p 10810 file "$TMPDIR/disk" &
server=$!
cleanup kill "$server"
poll_until 10 listening 10810 || bail "the server does not listen"
by_url() { rlncsetup replace --json --wait v /dev/ram3 nbd://127.0.0.1:10810/ </dev/null >"$TMPDIR/json"; }
check "a URL takes the place of another" by_url
is "$(tr -d ' \n' <"$TMPDIR/json" | sed 's/nbd[0-9]*/nbdN/')" '{"name":"v","member":3,"device":"/dev/nbdN","old":{"device":"/dev/ram3","superblocks":"erased"}}' \
	"JSON says who, and what became of the old one"
exits 0 "status names it" "3 +A +in sync +/dev/nbd[0-9]+ .nbd://127.0.0.1:10810/" rlncsetup status v
must rlncsetup fail v 0
must rlncsetup fail v 1
check "the two that are new carry the data" same
must rlncsetup close v
check "the server is disconnected" sh -c '! cat /sys/block/nbd*/pid'
replaced() { open /dev/ram0 /dev/ram1 /dev/ram2 nbd://127.0.0.1:10810/; }
exits 4 "what was replaced is refused" "ram2.*not a dm-rlnc member" replaced
must dd if="$TMPDIR/head" of=/dev/ram2 bs=64K count=2 oflag=direct conv=notrunc status=none
exits 4 "also with a copy of what it had" "ram2 was replaced: index 2" replaced
must dd if=/dev/zero of=/dev/ram2 bs=64K count=2 oflag=direct conv=notrunc status=none
exits 0 "its key slots are there to be erased" "^1 member wiped" rlncsetup wipe -q /dev/ram2
now=(/dev/ram0 /dev/ram1 /dev/ram4 nbd://127.0.0.1:10810/)

# --- scrub, throttled -----------------------------------------------------------------
synced() { [ "$(field letters)" = AAAA ] && busy_with idle; }
must open "${now[@]}"
check "those that missed the end are rebuilt" poll_until 30 synced
must rlncsetup close v
exits 0 "open takes a limit for the work" "^$" open --rebuild-kbps 200 "${now[@]}"
check "the kernel has it" grep -q rebuild_kbps=200 <(dmsetup table v)
exits 0 "a scrub begins" "^$" rlncsetup scrub v
check "status knows it" poll_until 10 busy_with scrub
exits 0 "and says in words how far it is" "work +scrub, .* [0-9]+ of [0-9]+ generations" rlncsetup status v
exits 0 "it is stopped" "^$" rlncsetup scrub v stop
is "$(work)" idle "at once"
exits 1 "there is nothing else to do with it" "start or stop" rlncsetup scrub v now
exits 1 "or to wait for" "nothing to --wait" rlncsetup scrub --wait v stop
must rlncsetup close v

# --- scrub, to its end ----------------------------------------------------------------
must dd if=/dev/urandom of=/dev/ram1 bs=1M seek=1 count=20 oflag=direct conv=notrunc status=none
must open "${now[@]}"
exits 0 "a scrub of a ruined member says what it mended" "corrected since it began: [1-9]" rlncsetup scrub --wait v
exits 0 "the next has nothing to mend" "corrected since it began: 0$" rlncsetup scrub --wait v start

# --- how far it is, on a terminal -------------------------------------------------------
# bars COMMAND...: what it draws on a terminal, one state of the line after the other.
bars() { TERM=xterm script -qefc "$*" /dev/null </dev/null | tr '\r' '\n' >"$TMPDIR/bars"; }
percents() { sed -n "s/^$1 \[#* *\] *\([0-9]*\) %\$/\1/p" "$TMPDIR/bars"; }
must rlncsetup close v
must open --rebuild-kbps 4000 "${now[@]}"
check "a scrub is followed on a terminal" bars rlncsetup scrub --wait v start
note "percent: $(percents scrub | tr '\n' ' ')"
check "its bar only grows" sort -n -c <(percents scrub)
check "in steps that can be followed" test "$(percents scrub | sort -un | wc -l)" -ge 3
check "and is erased at the end" grep -q $'^\e\\[K' "$TMPDIR/bars"
TERM=xterm rlncsetup scrub --wait v start >"$TMPDIR/bars" 2>&1 </dev/null
is "$?/$(grep -c '\[' "$TMPDIR/bars")" 0/0 "nobody draws into a file"
must rlncsetup close v
must open "${now[@]}"
check "and the data are right" same
must rlncsetup close v
must dd if=/dev/urandom of=/dev/ram0 bs=1M seek=1 count=20 oflag=direct conv=notrunc status=none
must dd if=/dev/urandom of=/dev/ram1 bs=1M seek=1 count=20 oflag=direct conv=notrunc status=none
must open "${now[@]}"
exits 0 "two of four may be ruined" "corrected since it began: [1-9]" rlncsetup scrub --wait v
must rlncsetup fail v 2
must rlncsetup fail v 3
check "those two carry the data" same
must rlncsetup close v
must open "${now[@]}"
check "those that were given up are taken up again" poll_until 30 synced
for disk in /dev/ram0 /dev/ram1 /dev/ram4; do
	must dd if=/dev/urandom of=$disk bs=1M seek=1 count=20 oflag=direct conv=notrunc status=none
done
exits 4 "what cannot be read any more is said" "[1-9][0-9]* sectors? could not be read" rlncsetup scrub --wait v
must rlncsetup fail v 1
must rlncsetup fail v 2
exits 4 "so is a volume that is at its end" "could not be read|cannot have come to its end" rlncsetup scrub --wait v
exits 4 "a name that is not open" "is not open" rlncsetup scrub w
must rlncsetup close v

# --- replace of one that does not answer -------------------------------------------------
must dmsetup create held --table "0 49152 linear /dev/ram0 0"
cleanup poll_until 10 dmsetup remove held
cleanup dmsetup resume held
must rlncsetup format -q --force -k 1 "${cheap[@]}" --key-file "$pass" /dev/mapper/held /dev/ram1 /dev/ram2
must open --option deadline_ms=1000 /dev/mapper/held /dev/ram1 /dev/ram2
must rlncsetup fail v 0
must dmsetup suspend --noflush held
exits 0 "that it is not erased is said" "^/dev/dm-[0-9]+ was member 0: its superblocks are NOT erased; wipe it" \
	rlncsetup replace --force v 0 /dev/ram3
must dmsetup resume held
must rlncsetup close v
must open missing /dev/ram1 /dev/ram2
exits 0 "and that there was none" "^Member 0 had no device to be erased.$" rlncsetup replace --force --wait v 0 /dev/ram4
must rlncsetup close v
