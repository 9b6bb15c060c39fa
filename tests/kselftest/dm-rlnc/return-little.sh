#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A member that returns is given what was written while it was away, and no more is read
# or written for that than it takes; so it is when the volume is opened with it again.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 9

load_module dm-rlnc checkpoint_ms=3600000
# Ram disks do not count what they are asked for; what is above these does.
held_members 7 12
spare=${MEMBERS[6]}
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 16K
mib=$((SECTORS / 2048 - 4))
must create v -- "${MEMBERS[@]}"
pattern "$mib" full >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
idle() { [ "$(field v 8) $(letters v)" = "idle AAAAAA" ]; }
# moved_kib: read from the members, and written to them, so far.
moved_kib() { echo $((($(members_stat 3) + $(members_stat 7)) / 2)); }

# One generation in the middle, in part and as a whole.
change()
{
	must dd if=<(pattern 1 "$1") of="$TMPDIR/image" bs=4K count=17 seek=$((mib * 128)) iflag=fullblock conv=notrunc status=none
	must dd if="$TMPDIR/image" of=/dev/mapper/v bs=4K count=17 seek=$((mib * 128)) skip=$((mib * 128)) oflag=direct conv=fsync,notrunc status=none
}
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count="$mib" iflag=direct status=none); }
# For every generation a full rebuild moves five fragments, of which four are as much as the data.
full=$((mib * 1024 * 5 / 4)) little=$((mib * 1024 / 8))
note "the volume has $mib MiB; a full rebuild would move $full KiB"

must dmsetup message v 0 fail 1
change one
before=$(moved_kib)
must dmsetup message v 0 return 1
check "a member that was away for one write is rebuilt" poll_until 60 idle
moved=$(($(moved_kib) - before))
check "$moved KiB are moved for it, of at most $little" test "$moved" -le "$little"

must gone v
must create v -- "${MEMBERS[@]:0:4}" - "${MEMBERS[5]}"
change two
must gone v
before=$(moved_kib)
check "opened again with one that was not there" create v -- "${MEMBERS[@]}"
check "it is rebuilt" poll_until 60 idle
moved=$(($(moved_kib) - before))
check "$moved KiB are moved for both, of at most $little" test "$moved" -le "$little"

# That it would show: one that has nothing is given everything.
MEMBERS[3]=$spare
before=$(moved_kib)
check "one without anything takes the place of another" dmsetup message v 0 replace 3 "$spare"
check "and is rebuilt" poll_until 60 idle
moved=$(($(moved_kib) - before))
check "for which $moved KiB are moved" test "$moved" -ge "$full"
must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 2
check "all three have everything" same
must gone v
