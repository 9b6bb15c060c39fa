#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A log that ends between two records of one flush: what was flushed before is there,
# and a member that is rebuilt then is as good as the others.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 8

load_module dm-rlnc checkpoint_ms=3600000
ram_members 7 16
spare=${MEMBERS[6]}
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 16K			# a column of a pack: four sectors
must create v -- "${MEMBERS[@]}"
head -c 1M /dev/zero >"$TMPDIR/old"
pattern 1 new >"$TMPDIR/new"
must dd if="$TMPDIR/new" of=/dev/mapper/v bs=64K seek=64 count=1 oflag=direct conv=fsync status=none
save before 1
# One flush of 61 notes.  55 fit a record: 57 sectors, the last the first of its column.
# Nothing is mapped there, so that a rebuild does not merge it.
must dd if="$TMPDIR/new" of=/dev/mapper/v bs=12K count=1 oflag=direct conv=notrunc status=none
backwards "$TMPDIR/new" 16 60
save crash 6
must gone v
mapfile -t records < <(comm -13 <(log_records "$TMPDIR/before0" | sort) <(log_records "$TMPDIR/crash0" | sort) | sort -n)
is "${#records[@]}" 2 "the flush took two records"
restore crash 6
for i in {0..5}; do must dd if=/dev/zero of="/dev/ram$i" bs=4K seek="${records[1]}" count=1 oflag=direct conv=notrunc status=none; done

check "without the second one it opens" create v -- "${MEMBERS[@]}"
check "each sector is as before or as after the flush" old_or_new v 4096 80
healed() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = AAAAAA ]; }
must dmsetup message v 0 replace 4 "$spare"
check "a member is replaced and rebuilt" poll_until 60 healed
must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 5
check "its fragments are right: the volume reads from it and k - 1 others" old_or_new v 4096 80
is "$(field v 10)" 0 "nothing is lost"
is "$(auth_failures v)" 0 "and nothing had to be guessed"
check "writing goes on" dd if="$TMPDIR/new" of=/dev/mapper/v bs=4K count=8 oflag=direct conv=notrunc,fsync
