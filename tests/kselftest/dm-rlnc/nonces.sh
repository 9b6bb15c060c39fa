#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No nonce is used for two ciphertexts: not of data, packs, nodes and records of the log,
# over several activations, and not when all members are put back to what they had and the
# volume is written differently from there, twice.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl rlnc-nonces
plan 11

load_module dm-rlnc checkpoint_ms=3600000
ram_members 3 9
format 2 --symbol 16K			# generations of 32 KiB
flushed() { must dd if="$TMPDIR/image" of=/dev/mapper/v bs=4K skip="$1" seek=$(($1 * 9)) count=1 oflag=direct conv=notrunc,fsync status=none; }
# write HISTORY: generations, and flushed pieces of others, which go to packs and the log.
write()
{
	local i
	pattern 1 "$1" >"$TMPDIR/image"
	must dd if="$TMPDIR/image" of=/dev/mapper/v bs=32K count=16 oflag=direct conv=fsync,notrunc status=none
	for i in {0..15}; do flushed $((15 + i)); done
}
# look HISTORY: what the members have to show for it.
look()
{
	must gone v
	rlnc-nonces "$KEY_FILE" "${MEMBERS[@]}" >"$TMPDIR/$1" || bail "the members cannot be read"
	note "$1: $(cut -d ' ' -f 1 "$TMPDIR/$1" | sort | uniq -c | tr -s '\n ' ' ')"
}
# go_on HISTORY: from the power failure on, with other data.
go_on()
{
	restore failure 3
	must create v -- "${MEMBERS[@]}"
	write "$1"
	look "$1"
}

must create v -- "${MEMBERS[@]}"
write first
look first
must create v -- "${MEMBERS[@]}"
write second
save failure 3
look second
go_on one
go_on another
go_on third

# Who is resumed may be a copy of a machine that goes on elsewhere.
must create v -- "${MEMBERS[@]}"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=32K seek=64 count=1 oflag=direct conv=fsync,notrunc status=none
must dmsetup suspend v
must dmsetup resume v
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=32K seek=65 count=1 oflag=direct conv=fsync,notrunc status=none
look resumed

all() { sort -u "$TMPDIR"/{first,second,one,another,third,resumed}; }
for kind in data pack node log; do
	check "there are nonces of $kind" test "$(all | grep -c "^$kind ")" -gt 16
done
is "$(all | cut -d ' ' -f 2 | sort | uniq -d)" "" "of $(all | wc -l) nonces, none is of two ciphertexts"

# The first half of a nonce and a half more are its activation's.
ids() { local h; for h; do cut -d ' ' -f 2 "$TMPDIR/$h" | cut -c 1-16; done | sort -u; }
# own HISTORY: ids that are not of what was there before.
own() { comm -13 <(ids first second) <(ids "$1"); }
is "$(comm -13 <(ids first) <(ids second) | wc -l)" 1 "each activation has an id of its own"
for h in one another third; do
	is "$(own $h | wc -l)" 1 "also after a rewind: $h"
done
is "$({ own one; own another; own third; } | sort -u | wc -l)" 3 "and never the one of another history"
is "$(comm -13 <(ids first second one another third) <(ids resumed) | wc -l)" 2 "who is resumed has another one"
