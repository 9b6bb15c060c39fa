#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rebuild_kbps is how much a scrub and a rebuild move, reading and writing, and mending
# what is damaged; without it they move more.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 8

load_module dm-rlnc checkpoint_ms=3600000
# Ram disks do not count what they are asked for; what is above these does.
held_members 7 16
counts=()
for i in "${MEMBERS[@]}"; do counts+=("/sys/dev/block/$(stat -Lc '%Hr:%Lr' "$i")/stat"); done
spare=${MEMBERS[6]}
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"
must dd if=<(pattern 2 rate) of=/dev/mapper/v bs=1M count=2 iflag=fullblock oflag=direct conv=fsync status=none

limit=128
begun() { [[ $(field v 8) == "$1":[1-9]* ]]; }
idle() { [ "$(field v 8) $(letters v)" = "idle AAAAAA" ]; }
scrubbed() { idle && [ "$(field v 13)" = finished ]; }
# moved_kib: read from the members, and written to them, so far.
moved_kib() { awk '{ n += $3 + $7 } END { printf "%d\n", n / 2 }' "${counts[@]}"; }
moved_since() { [ $(($(moved_kib) - $1)) -ge $((4 * limit)) ]; }

# rate COMMAND...: KiB a second until that is so; BEFORE is what had been moved.  The clock
# is looked at outside, so that it is never more than what it has been.
rate()
{
	local to after
	poll_until 60 "$@" || bail "nothing moves"
	after=$(moved_kib)
	to=${EPOCHREALTIME/[.,]/}
	echo $(((after - before) * 1000000 / (to - from)))
}
mark() { from=${EPOCHREALTIME/[.,]/}; before=$(moved_kib); }
within() # WORK TEXT
{
	local kib
	must poll_until 60 begun "$1"
	mark
	kib=$(rate moved_since "$before")
	check "$2: it moves $kib KiB/s, of $limit" test "$kib" -le $((limit * 12 / 10))
	check "and has not ended" begun "$1"
}
beyond() { check "a $1 without a limit moves more: $2 KiB/s" test "$2" -gt $((limit * 2)); }

# begin [OPTION]: the volume anew, with that option.
begin() { must gone v; must create v "$@" -- "${MEMBERS[@]}"; }
swap_member()
{
	local old=${MEMBERS[5]}
	must dmsetup message v 0 replace 5 "$spare"
	MEMBERS[5]=$spare
	spare=$old
}

begin rebuild_kbps=$limit
must dmsetup message v 0 scrub start
within scrub "a scrub"
must gone v
for i in 1 4; do must dd if=/dev/urandom of="${MEMBERS[i]}" bs=1M seek=1 count=15 oflag=direct conv=notrunc status=none; done
begin rebuild_kbps=$limit
within scrub "a scrub that mends"

begin
must poll_until 60 scrubbed
mark
must dmsetup message v 0 scrub start
beyond scrub "$(rate scrubbed)"

begin rebuild_kbps=$limit
swap_member
within rebuild "a rebuild"
begin
must poll_until 60 idle
mark
swap_member
beyond rebuild "$(rate idle)"
must gone v
