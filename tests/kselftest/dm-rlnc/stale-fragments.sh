#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fragments that are older than they should be are told from those that are damaged: one
# of an earlier write of its generation, and one that its slot had before, as when a write
# is lost.  What is read is right in each case.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl rlncsetup
plan 22

log=$TMPDIR/told
rlncsetup monitor --json >"$log" &
monitor=$!
cleanup kill "$monitor"
load_module dm-rlnc checkpoint_ms=3600000
ram_members 6 9
format 4 --symbol 16K
must create v -- "${MEMBERS[@]}"
gens=$((SECTORS / 128))
[ "$gens" -le 16 ] || gens=16
note "$gens generations of 64 KiB, of $((SECTORS / 128))"
snapshot() { dd if=/dev/ram1 of="$TMPDIR/$1" bs=16K skip=64 iflag=direct status=none; }
# write ROUND: everything anew.  Whole generations, in order: they have slots in order.
write()
{
	pattern 1 "round $1" | head -c $((gens * 65536)) >"$TMPDIR/image"
	must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync,notrunc status=none
	must dmsetup message v 0 checkpoint
}
# changed BEFORE AFTER: the slots that the first generations were given between the two.
changed() { cmp -l "$TMPDIR/$1" "$TMPDIR/$2" | awk '{ s = int(($1 - 1) / 16384); if (s != last) print s; last = s }' last=-1; }
right() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=64K count="$gens" iflag=direct status=none); }
stale() { field v 15; }
of() { cat "/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/rlnc/$1"; }
# put FROM SLOTS TO: what member 1 had in some slots once, in others.
put()
{
	local -n slots=$2 to=$3
	local i
	for i in "${!to[@]}"; do
		must dd if="$TMPDIR/$1" of="$TMPDIR/slot" bs=16K skip="${slots[i]}" count=1 status=none
		must dd if="$TMPDIR/slot" of=/dev/ram1 bs=16K seek=$((64 + to[i])) oflag=direct conv=notrunc status=none
	done
}

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
note "${#was[@]} slots were written, then ${#now[@]}: ${now[*]:0:8}"
# Nodes of the trees are among them, which are in memory: only a scrub reads those.
[ "${#now[@]}" -ge "$gens" ] || bail "not every generation was written"
[ "${#now[@]}" -eq "${#was[@]}" ] || bail "the slots of two rounds are not alike"
is "$(auth_failures v) $(stale)" "0 0" "nothing is wrong"
pages=$((gens * 4))

# --- of an earlier write of the same generation ------------------------------------------
put two was now
check "fragments of an earlier write: the right data" right
is "$(auth_failures v) $(stale)" "$pages $pages" "every page of them is wrong, and old"
is "$(of stale_fragments) $(of member1/stale_fragments) $(of member0/stale_fragments)" "$pages $pages 0" \
	"the counters say so, and of whom"

# --- what the slot had before -------------------------------------------------------------
put two now now
check "writes that were lost: the right data" right
is "$(auth_failures v)" $((2 * pages)) "all of them are wrong"
# But for slots that were of the intent log, whose records have no seals of this kind.
old=$(stale)
check "what the slots had before is old, too: $((old - pages)) of $pages" test $((old - pages)) -ge $((pages * 3 / 4)) -a "$old" -le $((2 * pages))

# --- damage --------------------------------------------------------------------------------
for slot in "${now[@]}"; do
	must dd if="$TMPDIR/three" of="$TMPDIR/page" bs=4K skip=$((slot * 4)) count=1 status=none
	byte=$(od -An -tu1 -N 1 "$TMPDIR/page")
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$TMPDIR/page" conv=notrunc status=none
	must dd if="$TMPDIR/page" of=/dev/ram1 bs=4K seek=$((256 + slot * 4)) oflag=direct conv=notrunc status=none
done
check "a bit of each that has flipped: the right data" right
wrong=$((2 * pages + gens))
is "$(auth_failures v) $(stale)" "$wrong $old" "these pages are wrong, and not old"
for slot in "${now[@]}"; do
	must dd if=/dev/urandom of=/dev/ram1 bs=16K seek=$((64 + slot)) count=1 oflag=direct conv=notrunc status=none
done
check "noise: the right data" right
wrong=$((wrong + pages))
is "$(auth_failures v) $(stale)" "$wrong $old" "is wrong, and not old"
is "$(of auth_failures) $(of stale_fragments)" "$wrong $old" "the counters agree"

# --- who is told ----------------------------------------------------------------------------
added() { grep '"event":"auth_failed"' "$log" | grep -oE "\"$1\":[0-9]+" | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }'; }
all_told() { [ "$(added count) $(added stale)" = "$wrong $old" ]; }
check "events say how many are old" poll_until 20 all_told
check "so does rlncsetup" grep -q "$old fragments were old ones" <(rlncsetup status v)
check "and its JSON" grep -q "\"stale_fragments\": $old" <(rlncsetup status --json v)

# A scrub finds them as well.
put two was now
must dmsetup message v 0 scrub start
scrubbed() { [ "$(field v 8) $(field v 13)" = "idle finished" ]; }
check "a scrub ends" poll_until 60 scrubbed
found=$(($(auth_failures v) - wrong)) told=$(($(stale) - old))
check "it finds fragments of generations and of nodes: $found pages" test "$found" -gt "$pages"
check "which are old: $told pages" test "$told" -gt "$pages" -a "$told" -le "$found"
wrong=$(auth_failures v)
must dmsetup message v 0 scrub start
check "another one ends" poll_until 60 scrubbed
is "$(auth_failures v)" "$wrong" "and finds nothing: all is mended"

# --- what is not known -------------------------------------------------------------------------
must gone v
must create v -- "${MEMBERS[@]}"
put two was now
check "opened again, old fragments are no more right than before" right
check "and are found out" test "$(auth_failures v)" -ge "$pages"
note "$(stale) of $(auth_failures v) are known to be old"
must gone v
