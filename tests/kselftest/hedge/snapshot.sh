#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Cores and snapshots of guests that run and go on; guests made of a snapshot, many of
# one, each with memory of its own and a clock that has gone on; damaged ones refused.
# vm: timeout=480

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires readelf
requires_kvm
plan 47
load_module hedge

# --- cores ---
must start a hang
must poll_until 10 said a hanging
check "a core of one that runs" tell "dump|a|$TMPDIR/core"
check "is an ELF core" grep -q 'CORE (Core file)' <(readelf -h "$TMPDIR/core")
check "with registers" grep -q NT_PRSTATUS <(readelf -n "$TMPDIR/core")
is "$(readelf -lW "$TMPDIR/core" | awk '$1 == "LOAD" { print $3, $6 }')" "0x0000000000000000 0x2000000" "and all memory"
check "it is sparse" test "$(du -k "$TMPDIR/core" | cut -f 1)" -lt 4096
is "$(value a state)" running "the guest goes on"
refused "nothing is written over" "dump|a|$TMPDIR/core" 'PATH: the file is there already'
refused "nor through a link" "dump|a|$TMPDIR/none/core" 'PATH: the file cannot be made'
must tell "pause|a"
check "a paused one has a core, too" tell "dump|a|$TMPDIR/core2"
is "$(value a state)" paused "and stays paused"
must tell "stop|a"
must start b abort -- "core=$TMPDIR/core.abort"
must poll_until 10 has_ended b
is "$(value b exit_status) $(stat -c %s "$TMPDIR/core.abort")" "255 $((32 * 1048576 + 4096))" "one that aborts leaves a core where it was told to"

# Registers are at 0x70 of a note's text: name and sizes before it have 20 bytes.
register() { local at; at=$(readelf -lW "$1" | awk '$1 == "NOTE" { print $2 }'); od -An -v -t x8 -j $((at + 20 + 112 + 8 * $2)) -N 8 "$1" | tr -d ' '; }
RIP=16 CS=17 RSP=19 SS=20
must start b exception stack -- "core=$TMPDIR/core.trap"
must poll_until 10 has_ended b
said_at() { value b reason | sed -nE "s/.*$1 0x([0-9a-f]+).*/\\1/p"; }
hex16() { printf '%016x' "0x$1"; }
is "$(register "$TMPDIR/core.trap" $RIP) $(register "$TMPDIR/core.trap" $RSP)" "$(hex16 "$(said_at rip)") 0000000000008000" "the core of one that has an exception has the registers of where it was"
is "$(register "$TMPDIR/core.trap" $CS) $(register "$TMPDIR/core.trap" $SS)" "$(hex16 8) $(hex16 10)" "and the segments"
is "$(said_at rsp)" 8000 "of which its reason tells some"
must start b hello
must poll_until 10 has_ended b

# --- snapshots ---
must start c puts 60000 -- console=4096
must poll_until 10 said c '^00000100 '
check "a snapshot of one that prints" tell "snapshot|c|$TMPDIR/snap"
at=$(value c hypercall_puts)
moved() { [ "$(value c hypercall_puts)" -gt "$at" ]; }
check "it goes on" poll_until 10 moved
must tell "stop|c"
lines() { console "$1" | sed -n 's/^\([0-9]\{8\}\) 0123456789.*/\1/p'; }
for i in 1 2 3 4; do
	tell "restore|d$i|$TMPDIR/snap||||console=4096|cpu_quota=5" || bail "no guest from the snapshot"
done
printing() { [ "$(lines "$1" | wc -l)" -ge 20 ]; }
is "$(sed 1d /proc/monitor | wc -l)" 4 "four guests are made of it"
for i in 1 2 3 4; do
	check "guest $i prints" poll_until 20 printing "d$i"
done
first() { lines "d$1" | head -n 1; }
is "$(first 2) $(first 3) $(first 4)" "$(first 1) $(first 1) $(first 1)" "all begin with the same line"
in_order() { lines d1 | awk 'NR > 1 && $1 != last + 1 { exit 1 } { last = $1 + 0 }'; }
check "and none is left out" in_order
refused "while they run the file is not written to" "dump|d1|$TMPDIR/snap" 'there already'
check_fails "by nobody" dd if=/dev/zero of="$TMPDIR/snap" bs=1 count=1 conv=notrunc status=none
check "a snapshot of one of them" tell "snapshot|d1|$TMPDIR/snap2"
for i in 1 2 3 4; do must tell "stop|d$i"; done
check "is as good" tell "restore|e|$TMPDIR/snap2||||console=4096|cpu_quota=5"
check "as the first" poll_until 20 printing e
must tell "stop|e"

# --- what a processor computes with ---
must start f fpu 1 $((20000 * SKYHOLD_SLOW))
computes() { [ "$(value f hypercall_walltime)" -ge 1 ]; }
must poll_until 10 computes
check "a snapshot of one that computes" tell "snapshot|f|$TMPDIR/fpu"
must tell "stop|f"
must tell "restore|g|$TMPDIR/fpu|||"
must poll_until 60 has_ended g
is "$(value g exit_status)" 0 "its registers and how it rounds are as they were"

check "when it has ended the file can be written to" dd if=/dev/null of="$TMPDIR/fpu" oflag=append conv=notrunc status=none

# The digest of the image that it says it came from vouches for nothing.
must tell "allow|$(sha256sum <"$guests/puts.hvt" | cut -d ' ' -f 1)"
refused "a snapshot that nobody vouches for is refused where that is asked for" \
	"restore|e|$TMPDIR/snap||||verify=enforce" 'PATH: nobody vouches for the image'
must tell "allow|$(sha256sum <"$TMPDIR/snap" | cut -d ' ' -f 1)"
check "one whose digest is allowed runs" tell "restore|e|$TMPDIR/snap||||verify=enforce|cpu_quota=5"
must tell "stop|e"
cp "$TMPDIR/snap" "$TMPDIR/changed"
printf x | dd of="$TMPDIR/changed" bs=1 seek=$((16384 + 0x100000)) conv=notrunc status=none
refused "and with one byte of memory changed does not" "restore|e|$TMPDIR/changed||||verify=enforce" 'nobody vouches'

# --- the clock ---
# off VM: how far its clock is from the wall, in microseconds, as it has last said.
off() { console "$1" | sed -n 's/^off \([0-9]*\) us .*/\1/p' | tail -n 9; }
has_said() { [ "$(console "$1" | grep -c '^off')" -ge 10 ]; }
must start k clock again
must poll_until 30 has_said k
must tell "snapshot|k|$TMPDIR/clock"
must tell "stop|k"
# Not for something to happen: what is tested is that time goes by.
sleep 4
must tell "restore|l|$TMPDIR/clock|||"
must poll_until 30 has_said l
mapfile -t times < <(off l)
note "${times[*]} us"
check "the clock of a guest has gone on with the wall's" test "$(median "${times[@]}")" -lt 1000000
check "which has gone on by the time between" test "$(console l | sed -n 's/^off .* of //p' | tail -n 1)" -gt 4000000
must tell "stop|l"

# --- what they share ---
must tell "start|m|$guests/memory.hvt||48|||touch"
must poll_until 60 said m '^all read'
must tell "snapshot|m|$TMPDIR/pages"
must tell "stop|m"
for i in 1 2 3 4; do must tell "restore|s$i|$TMPDIR/pages|||"; done
have_read() { local i; for i in 1 2 3 4; do said "s$i" '^all read' || return; done; }
must poll_until 60 have_read
# mib VM KEY...: of its task, all together.
mib()
{
	local vm=$1 keys
	shift
	keys=$*
	awk -v keys="${keys// /|}" '$1 ~ "^(" keys "):$" { n += $2 } END { print int(n / 1024) }' "/proc/$(value "$vm" pid)/smaps_rollup"
}
shared=''
for i in 1 2 3 4; do
	note "clone $i: $(mib s$i Rss) MiB resident, $(mib s$i Shared_Clean Shared_Dirty) shared, $(mib s$i Private_Clean Private_Dirty) its own, Pss $(mib s$i Pss)"
	[ "$(mib s$i Shared_Clean Shared_Dirty)" -ge 40 ] && [ "$(mib s$i Private_Clean Private_Dirty)" -le 4 ] || shared+=" $i"
done
is "$shared" "" "four clones that have read all of their memory have it once"
check "each pays for his part" test $(($(mib s1 Pss) + $(mib s2 Pss) + $(mib s3 Pss) + $(mib s4 Pss))) -le 80
for i in 1 2 3 4; do must tell "stop|s$i"; done

# --- damaged ---
damage() { cp "$TMPDIR/snap" "$TMPDIR/bad"; printf '%b' "$2" | dd of="$TMPDIR/bad" bs=1 seek="$1" conv=notrunc status=none; }
damage 0 x
refused "no snapshot" "restore|f|$TMPDIR/bad|||" 'PATH: it is no snapshot'
damage 8 '\002'
refused "of another version" "restore|f|$TMPDIR/bad|||" 'PATH: it is of another version'
damage 16 '\001'
refused "with an odd size" "restore|f|$TMPDIR/bad|||" 'PATH: its memory has no possible size'
damage 12 '\377'
refused "with too many segments" "restore|f|$TMPDIR/bad|||" 'PATH: it has too many segments'
cp "$TMPDIR/snap" "$TMPDIR/bad"; truncate -s -1 "$TMPDIR/bad"
refused "cut short" "restore|f|$TMPDIR/bad|||" 'PATH: the file is not as long as its memory'
refused "an image is no snapshot" "restore|f|$guests/hello.hvt|||" 'PATH: it is no snapshot'

# --- a clock that has run for half a century, fifty times as fast as there are any ---
damage 24 '\000\350\166\110\027\000\000\000'
printf '\0\0\0\0\0\0\0\0' | dd of="$TMPDIR/bad" bs=1 seek=40 conv=notrunc status=none
# Such a speed some processors can do; others refuse.
goes_well()
{
	if tell "restore|h|$TMPDIR/bad|||"; then
		poll_until 10 runs h && tell "stop|h" && [ "$(value h reason)" = stopped ]
	else
		[ ! -e /proc/vmstats/h ]
	fi
}
check "one whose clock shows more than there are numbers for runs or is refused" goes_well
check "and harms nobody" tell "restore|h|$TMPDIR/snap||||cpu_quota=5"
check "who comes after it" poll_until 20 printing h
must tell "stop|h"
