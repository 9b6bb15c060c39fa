#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Coded fragments that are older than they should be are told from those that are damaged:
# of a member that has no data as it was written, and in a dense volume of any.
# vm: timeout=600

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 32

load_module dm-rlnc checkpoint_ms=3600000
ram_members 6 9
stale() { field v 15; }
of() { cat "/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/rlnc/$1"; }
snapshot() { dd if="$disk" of="$TMPDIR/$1" bs=16K skip=64 iflag=direct status=none; }
# write ROUND: everything anew.  Whole generations, in order: they have slots in order.
write()
{
	pattern 1 "round $1" | head -c $((gens * 65536)) >"$TMPDIR/image"
	must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync,notrunc status=none
	must dmsetup message v 0 checkpoint
}
# changed BEFORE AFTER: the slots that the first generations were given between the two.
changed() { cmp -l "$TMPDIR/$1" "$TMPDIR/$2" | awk '{ s = int(($1 - 1) / 16384); if (s != last) print s; last = s }' last=-1 | head -n "$gens"; }
right() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=64K count="$gens" iflag=direct status=none); }
# put FROM SLOTS TO: what the member had in some slots once, in others.
put()
{
	local -n slots=$2 to=$3
	local i
	for i in "${!to[@]}"; do
		must dd if="$TMPDIR/$1" of="$TMPDIR/slot" bs=16K skip="${slots[i]}" count=1 status=none
		must dd if="$TMPDIR/slot" of="$disk" bs=16K seek=$((64 + to[i])) oflag=direct conv=notrunc status=none
	done
}
scrubbed() { [ "$(field v 8) $(field v 13)" = "idle finished" ]; }
scrub() { must dmsetup message v 0 scrub start; must poll_until 60 scrubbed; }
# found: a scrub, and another one; sets wrong, and of these old, and left.
found()
{
	local corrected before
	corrected=$(field v 9) before=$(stale)
	scrub
	wrong=$(($(field v 9) - corrected)) old=$(($(stale) - before))
	scrub
	left=$(($(field v 9) - corrected - wrong))
}

# try MEMBER WHAT: all of it, on a volume that is formatted anew.
try()
{
	local what=$2 slot byte
	disk=/dev/ram$1
	must create v -- "${MEMBERS[@]}"
	gens=$((SECTORS / 128))
	[ "$gens" -le 16 ] || gens=16
	pages=$((gens * 4))
	# Until the slots that were freed first are written again.
	rounds=$(($(field v 7 | cut -d/ -f2) / gens + 2))
	for ((round = 0; round < rounds; round++)); do write "$round"; done
	snapshot one
	write "$((rounds++))"
	snapshot two
	write "$((rounds++))"
	snapshot three
	mapfile -t was < <(changed one two)
	mapfile -t now < <(changed two three)
	[ "${#now[@]} ${#was[@]}" = "$gens $gens" ] || bail "not every generation was written"
	scrub
	is "$(stale) $(field v 9)" "0 0" "$what: nothing is wrong"

	# Of the slots that differ a few are of the log and of nodes that have gone.
	put two was now
	found
	check "$what: fragments of an earlier write are found: $wrong of $pages" test "$wrong" -ge $((pages * 3 / 4)) -a "$wrong" -le "$pages"
	check "$what: and are old: $old" test "$old" -ge $((wrong - wrong / 8)) -a "$old" -le "$wrong"
	is "$(of stale_fragments) $(of "member$1/stale_fragments") $(of member0/stale_fragments)" "$(stale) $(stale) 0" \
		"$what: the counters say so, and of whom"
	is "$left" 0 "$what: they are mended"

	put two now now
	found
	check "$what: writes that were lost are found: $wrong of $pages" test "$wrong" -ge $((pages * 3 / 4)) -a "$wrong" -le "$pages"
	check "$what: and are old: $old" test "$old" -ge $((wrong / 2)) -a "$old" -le "$wrong"
	is "$left" 0 "$what: and mended"

	for slot in "${now[@]}"; do
		must dd if="$TMPDIR/three" of="$TMPDIR/page" bs=4K skip=$((slot * 4)) count=1 status=none
		byte=$(od -An -tu1 -N 1 "$TMPDIR/page")
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$TMPDIR/page" conv=notrunc status=none
		must dd if="$TMPDIR/page" of="$disk" bs=4K seek=$((256 + slot * 4)) oflag=direct conv=notrunc status=none
		must dd if=/dev/urandom of="$disk" bs=4K seek=$((257 + slot * 4)) count=1 oflag=direct conv=notrunc status=none
		must dd if=/dev/zero of="$disk" bs=4K seek=$((258 + slot * 4)) count=1 oflag=direct conv=notrunc status=none
	done
	found
	check "$what: bits that have flipped, noise and zeros are found: $wrong" test "$wrong" -ge $((pages * 9 / 16)) -a "$wrong" -le "$pages"
	is "$old" 0 "$what: and are not old"
	check "$what: the data is right" right
	must gone v

	# --- what is not known ---------------------------------------------------------------
	must create v -- "${MEMBERS[@]}"
	put two was now
	found
	check "$what: opened again, it is found: $wrong" test "$wrong" -ge $((pages * 3 / 4))
	is "$old $left" "0 0" "$what: and mended, but not known to be old"
	check "$what: the data is still right" right
	must gone v
}

format 4 --symbol 16K
try 5 "a coded fragment"
format 4 --symbol 16K --force --dense
try 1 "a dense volume"

# Nobody is told of more than there is: noise on a whole member.
must create v -- "${MEMBERS[@]}"
must dd if=/dev/urandom of="$disk" bs=1M seek=1 count=8 oflag=direct conv=notrunc status=none
found
check "noise is found: $wrong" test "$wrong" -ge "$pages"
is "$old $left" "0 0" "and mended, and not old"
check "the data is right" right
write 999
is "$(stale)" 0 "a write finds nothing old"
must gone v
