# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For tests of the target itself: a volume over ram disks, made by rlncsetup
# and driven by dmsetup, so that each word of the table is in the test's hands.

KEY=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
KEY_FILE=$TMPDIR/volume.key
printf '%b' "$(printf '\\x%02x' {0..31})" >"$KEY_FILE"

MEMBERS=()

# ram_members N MIB: ram disks as members.
ram_members()
{
	local i
	requires_module brd rd_nr="$1" rd_size=$(($2 * 1024))
	MEMBERS=()
	for ((i = 0; i < $1; i++)); do MEMBERS+=("/dev/ram$i"); done
}

# format K [OPTION...]: format MEMBERS under KEY; sets SECTORS, the volume's
# length in 512-byte sectors, and TABLE_K.  A test of dense volumes that is another
# test's body has its options in FORMAT.
format()
{
	TABLE_K=$1
	shift
	must rlncsetup format -q -k "$TABLE_K" --volume-key-file "$KEY_FILE" ${FORMAT:+"$FORMAT"} "$@" "${MEMBERS[@]}"
	# rlnc_disk.h: logical_sectors of the copy that format writes
	SECTORS=$(($(od -An -tu8 -j $((65536 + 160)) -N 8 "${MEMBERS[0]}") * 8))
	[ "$SECTORS" -gt 0 ] || bail "the volume has no size"
}

# table [OPTION...] -- MEMBER...: a table line for the whole volume.
table()
{
	local opts=()
	while [ "$1" != -- ]; do opts+=("$1"); shift; done
	shift
	echo "0 $SECTORS rlnc $TABLE_K $# $KEY ${#opts[@]} ${opts[*]} $*"
}

# create NAME [OPTION...] -- MEMBER...: bring a volume up; gone at the end.
create()
{
	local name=$1
	shift
	dmsetup create "$name" --table "$(table "$@")" || return
	[[ " ${VOLUMES:-} " == *" $name "* ]] || cleanup gone "$name"
	VOLUMES="${VOLUMES:-} $name"
}

gone() { [ ! -e "/dev/mapper/$1" ] || poll_until 10 dmsetup remove "$1"; }

# field NAME N: a field of the status line, 1 is the health.
field() { dmsetup status "$1" | awk -v n="$2" '{ print $(3 + n) }'; }
health() { field "$1" 1; }
letters() { field "$1" 4; }
epoch() { field "$1" 5; }
corrected() { field "$1" 9; }
auth_failures() { field "$1" 11; }

# pattern MIB SEED: so many MiB that do not repeat, the same for the same seed.
pattern() { openssl enc -aes-128-ctr -nosalt -pass "pass:$2" -md sha256 </dev/zero 2>/dev/null | head -c "$1M"; }

# backwards FILE FIRST COUNT: blocks of 4 KiB of the file to volume v, one by one, from the
# last on: they are no stream, and go into packs.  A flush follows.
backwards()
{
	local i
	for ((i = $2 + $3 - 1; i >= $2; i--)); do
		dd if="$1" of=/dev/mapper/v bs=4K seek="$i" skip="$i" count=1 oflag=direct conv=notrunc status=none || bail "a write failed"
	done
	must dd if=/dev/null of=/dev/mapper/v oflag=direct conv=notrunc,fsync status=none
}

# sum FILE MIB: of the first so many MiB, read from the disks.
sum() { dd if="$1" bs=1M count="$2" iflag=direct status=none | sha256sum; }

# held_members N MIB [OF]: ram disks as members m0... that can be held: from then on a
# member neither answers nor fails anything, until it is let go.  The disks have OF MIB,
# if more is to be put below the members later.
held_members()
{
	local i
	ram_members "$1" "${3:-$2}"
	RAM=("${MEMBERS[@]}")
	RAM_SECTORS=$(($2 * 2048))
	MEMBERS=()
	for ((i = 0; i < $1; i++)); do
		must dmsetup create "m$i" --table "0 $RAM_SECTORS linear ${RAM[i]} 0"
		cleanup poll_until 10 dmsetup remove "m$i"
		cleanup dmsetup resume "m$i"
		MEMBERS+=("/dev/mapper/m$i")
	done
}
hold() { local i; for i; do must dmsetup suspend --noflush --nolockfs "m$i"; done; }
let_go() { local i; for i; do must dmsetup resume "m$i"; done; }

# become I TABLE...: put something else below member I.
become()
{
	must dmsetup suspend --nolockfs "m$1"
	must dmsetup reload "m$1" --table "0 $RAM_SECTORS ${*:2}"
	must dmsetup resume "m$1"
}

# below SECTORS linear|TARGET: what is below all members, and how long it is.
below()
{
	local i
	RAM_SECTORS=$1
	for i in "${!RAM[@]}"; do
		case $2 in
		linear)	become "$i" linear "${RAM[i]}" 0 ;;
		*)	become "$i" "$2" ;;
		esac
	done
}

# members_stat N: a field of the statistics of block devices, over all members.
members_stat()
{
	local member
	for member in "${MEMBERS[@]}"; do cat "/sys/dev/block/$(stat -Lc '%Hr:%Lr' "$member")/stat"; done |
		awk -v f="$1" '{ n += $f } END { printf "%d\n", n }'
}

# save NAME N, restore NAME N: all that the first N ram disks hold, as a power failure
# would leave it.
save() { local i; for ((i = 0; i < $2; i++)); do must dd if="/dev/ram$i" of="$TMPDIR/$1$i" bs=1M iflag=direct status=none; done; }
restore() { local i; for ((i = 0; i < $2; i++)); do must dd if="$TMPDIR/$1$i" of="/dev/ram$i" bs=1M oflag=direct conv=notrunc status=none; done; }

# log_records FILE: the 4 KiB blocks of a member that are records of an intent log.
log_records() { LC_ALL=C grep -obUaF RLOG "$1" | awk -F: '$1 % 4096 == 4048 { print ($1 - 4048) / 4096 }'; }

# old_or_new VOLUME BYTES BLOCKS: is each of the first blocks of so many bytes, as a
# whole, what $TMPDIR/old has, or what $TMPDIR/new has?
old_or_new()
{
	local i
	dd if="/dev/mapper/$1" of="$TMPDIR/got" bs="$2" count="$3" iflag=direct status=none || return
	for ((i = 0; i < $3; i++)); do
		cmp -s -i $((i * $2)) -n "$2" "$TMPDIR/got" "$TMPDIR/old" ||
			cmp -s -i $((i * $2)) -n "$2" "$TMPDIR/got" "$TMPDIR/new" || return
	done
}
