#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing that the old members have of the data is written when a member is added: what
# is computed for the new one goes there alone.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 5

load_module dm-rlnc checkpoint_ms=3600000
# Ram disks do not count what they are asked for; what is above these does.
held_members 7 8
new=${MEMBERS[6]}
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"
pattern 1 in-place >"$TMPDIR/image"
idle() { [ "$(field v 8) $(letters v)" = "idle $1" ]; }
written_kib() { echo $(($(members_stat 7) / 2)); }
# members FILE: what they have, one after the other.
blocks=$((8 * 256))
members() { local i; for i in 0 1 2 3 4 5; do dd if="/dev/ram$i" bs=1M iflag=direct status=none || return; done >"$TMPDIR/$1"; }
# changed FILE FILE: the blocks of 4 KiB that differ.
changed() { cmp -l "$TMPDIR/$1" "$TMPDIR/$2" | awk '{ print int(($1 - 1) / 4096) }' | uniq; }

# Without a flush, whole generations are all that is written: a slot each, the same on all
# members.
must members empty
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct status=none
must members before
changed empty before >"$TMPDIR/data"
is "$(awk -v n=$blocks '{ print $1 % n }' "$TMPDIR/data" | sort -u | wc -l) $(wc -l <"$TMPDIR/data")" "64 384" \
	"as many slots are written as there are generations, on every member"
must dmsetup message v 0 checkpoint

kib=$(written_kib)
must dmsetup message v 0 add "$new"
check "a member is added, and rebuilt" poll_until 60 idle AAAAAAA
kib=$(($(written_kib) - kib))
# Nodes of the trees and superblocks, of some checkpoints; a row of the data is 256 KiB.
check "the old members are written $kib KiB, which is no row of theirs" test "$kib" -lt 256
must members after
changed before after >"$TMPDIR/changed"
is "$(grep -cxFf "$TMPDIR/data" "$TMPDIR/changed")" 0 \
	"they have the same in these slots; $(wc -l <"$TMPDIR/changed") other blocks are new"
must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 3
must dmsetup message v 0 fail 5
check "the new member has what it takes to do without three" \
	cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=1 iflag=direct status=none)
must gone v
