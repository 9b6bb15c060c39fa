#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A scrub and a rebuild that are interrupted go on where they were: after the volume was
# suspended, with another table, and opened again.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 13

load_module dm-rlnc checkpoint_ms=3600000
ram_members 7 24
spare=${MEMBERS[6]}
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 4K
# As slow as that, either takes more than 12 seconds.
slowly="rebuild_kbps=$((512 / SKYHOLD_SLOW))"
must create v "$slowly" -- "${MEMBERS[@]}"
pattern 4 goes-on >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none); }
idle() { [ "$(field v 8) $(letters v)" = "idle AAAAAA" ]; }

# came_to WORK: how many generations it has come to, nothing if it is not under way.
came_to() { field v 8 | sed -nE "s,^$1:([0-9]+)/.*,\1,p"; }
past() { [ "$(came_to "$1")" -ge "$2" ]; }

# on_from WORK N: since the mark it has begun one time, at that generation.
on_from() { is "$(klog | sed -nE "s/.*: $1 begins at generation ([0-9]+) .*/\1/p" | tr '\n' ' ')" "$2 " "$3"; }

# suspended WORK: suspend the volume, some generations further.
suspended()
{
	must poll_until 60 past "$1" $((at + 3))
	must dmsetup suspend v
	at=$(came_to "$1")
	[ "${at:-0}" -gt 0 ] || bail "the $1 is not under way"
	klog_mark
}

goes_on() # WORK: it is under way
{
	local before
	at=0
	suspended "$1"
	must dmsetup resume v
	must poll_until 60 past "$1" $((at + 1))
	on_from "$1" "$at" "a $1 that was suspended goes on at generation $at"
	suspended "$1"
	must dmsetup reload v --table "$(table "$slowly" -- "${MEMBERS[@]}")"
	must dmsetup resume v
	must poll_until 60 past "$1" $((at + 1))
	on_from "$1" "$at" "with another table at $at"
	before=$((at + 1))
	klog_mark
	must gone v
	must create v "$slowly" -- "${MEMBERS[@]}"
	must poll_until 60 past "$1" "$before"
	at=$(klog | sed -nE "s/.*: $1 begins at generation ([0-9]+) .*/\1/p")
	check "closed and opened again at ${at:-nothing}" test "${at:-0}" -ge "$before"
	suspended "$1"
	must dmsetup reload v --table "$(table -- "${MEMBERS[@]}")"
	must dmsetup resume v
	check "it comes to its end" poll_until 60 idle
	on_from "$1" "$at" "from $at on"
}

must dmsetup message v 0 scrub start
goes_on scrub
is "$(field v 13)" finished "it has finished"

must gone v
must create v "$slowly" -- "${MEMBERS[@]}"
must dmsetup message v 0 replace 3 "$spare"
MEMBERS[3]=$spare
goes_on rebuild
must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 5
check "the member has everything" same
must dmsetup message v 0 return 0
must dmsetup message v 0 return 5
check "and is whole with the others" poll_until 30 idle
must gone v
