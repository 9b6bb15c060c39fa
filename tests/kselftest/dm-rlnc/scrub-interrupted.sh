#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A scrub that could not mend everything says so at its end, whatever interrupts it: the
# volume is suspended, has another table, is closed, has a member more.  A rebuild that is
# suspended goes on counting, too.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl rlncsetup
plan 20

told=$TMPDIR/told
rlncsetup monitor --json >"$told" &
cleanup kill "$!"
told() { poll_until 20 grep -qE "$1" "$told"; }

load_module dm-rlnc checkpoint_ms=3600000
ram_members 8 16
spares=("${MEMBERS[@]:6}")
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"
pattern 1 interrupted >"$TMPDIR/image"		# 64 generations
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=16K oflag=direct conv=fsync status=none

# Generation 2 is lost: nothing but this write changes a member, so that where it went
# can be seen, and three of its fragments become junk.
save before 1
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=16K seek=2 skip=2 count=1 oflag=direct conv=notrunc status=none
save after 1
at=$(($(cmp "$TMPDIR/before0" "$TMPDIR/after0" | awk '{ gsub(",", ""); print $5 }') / 4096))
must gone v
for i in 0 1 2; do must dd if=/dev/urandom of="/dev/ram$i" bs=4K seek="$at" count=1 oflag=direct conv=notrunc status=none; done

# As slow as that, work lasts for some seconds; it can still end before it is interrupted,
# and is then done again.
slowly="rebuild_kbps=$((2048 / SKYHOLD_SLOW))"
work() { field v 8 | cut -d: -f1; }
is_now() { [ "$(work) $(field v 13)" = "$1" ]; }
past() # WORK N: it has come that far
{
	[[ $(field v 8) =~ ^$1:([0-9]+)/ ]] && [ "${BASH_REMATCH[1]}" -ge "$2" ]
}
scrub_past() { past scrub "$1" || [ "$(field v 13)" != none ]; }
ended() { [ "$(work)" = idle ] && [ "$(field v 13)" != none ]; }
outcome() { poll_until 60 ended; echo "$(work) $(field v 13)"; }
try() { local i; for ((i = 0; i < 10; i++)); do ! "$@" || return 0; done; return 1; }

# suspended_scrub: the volume is suspended, in the middle of a scrub that has met what is lost.
suspended_scrub()
{
	klog_mark
	must dmsetup message v 0 scrub start
	must poll_until 60 scrub_past 10
	must dmsetup suspend v
	[ "$(work)" != scrub ] || return 0
	must dmsetup resume v
	return 1
}

# --- suspended ---------------------------------------------------------------------------
must create v "$slowly" -- "${MEMBERS[@]}"
twice()
{
	try suspended_scrub || return
	must dmsetup resume v
	must poll_until 60 scrub_past 30
	must dmsetup suspend v
	is_now "scrub none" && klog_has 'scrub begins at generation [1-9]'
}
again() { twice && return; must dmsetup resume v; outcome; return 1; }
check "a scrub is suspended, twice" try again
must dmsetup resume v
is "$(outcome)" "idle failed" "it comes to its end, which is that not all could be mended"
check_klog "it has gone on where it was" 'scrub begins at generation [3-9][0-9] '
check_klog "the log counts the generation, one time" 'scrub finished: 0 mended, 1 could not be'
check "so does the event" told '"event":"work_finished".*"work":"scrub".*"mended":0.*"errors":1'
is "$(grep -c '"event":"work_finished".*"errors":0' "$told")" 0 "none says that nothing was wrong"

# --- another table -------------------------------------------------------------------------
check "a scrub is suspended" try suspended_scrub
must dmsetup reload v --table "$(table -- "${MEMBERS[@]}")"
klog_mark
must dmsetup resume v
is "$(outcome)" "idle failed" "with another table it ends as it should"
check_klog "since it has begun again" 'scrub begins at generation 0 '
check_klog "and counts the generation" 'scrub finished: 0 mended, 1 could not be'
must gone v

# --- closed --------------------------------------------------------------------------------
must create v "$slowly" -- "${MEMBERS[@]}"
check "a scrub is suspended" try suspended_scrub
must gone v
klog_mark
must create v "$slowly" -- "${MEMBERS[@]}"
is "$(outcome)" "idle failed" "opened again it ends as it should"
check_klog "since it has begun again" 'scrub begins at generation 0 '

# --- a member more ----------------------------------------------------------------------------
check "a scrub is suspended" try suspended_scrub
must dmsetup resume v
check "a member is added in its middle" dmsetup message v 0 add "${spares[0]}"
is "$(outcome)" "idle failed" "it ends as it should"
is "$(letters v)" AAAAAAA "after the member has been rebuilt"
MEMBERS+=("${spares[0]}")
spares=("${spares[1]}")

# --- a rebuild --------------------------------------------------------------------------------
rebuild_past() { past rebuild "$1" || is_now "idle none"; }
suspended_rebuild()
{
	must gone v
	must create v "$slowly" -- "${MEMBERS[@]}"
	must dmsetup message v 0 replace 5 "${spares[0]}"
	spares=("${MEMBERS[5]}" "${spares[0]}")
	MEMBERS[5]=${spares[1]}
	must poll_until 60 rebuild_past 10
	must dmsetup suspend v
	[ "$(work)" != rebuild ] || return 0
	must dmsetup resume v
	return 1
}
check "a rebuild is suspended that has passed over what is lost" try suspended_rebuild
must dmsetup resume v
check "it ends" poll_until 60 is_now "idle none"
is "$(field v 14)" 1 "and the status counts the generation"
must gone v
