#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A generation that cannot be read any more fails its own readers, and nobody else:
# the packs that it has sectors in stay, and all others are merged and used again.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl rlncsetup
plan 17

told=$TMPDIR/told
rlncsetup monitor --json >"$told" &
cleanup kill "$!"
told() { poll_until 20 grep -qE "$1" "$told"; }

load_module dm-rlnc checkpoint_ms=3600000
ram_members 6 24
format 4 --symbol 16K			# generations of 64 KiB, 95 packs of 16 sectors
must create v -- "${MEMBERS[@]}"
pattern 8 old >"$TMPDIR/image"
pattern 8 new >"$TMPDIR/new"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync status=none
# put BYTES FIRST COUNT [dsync]: with it one by one, so that all of it goes into packs.
put() { must dd if="$TMPDIR/new" of=/dev/mapper/v bs="$1" seek="$2" skip="$2" count="$3" oflag="direct${4:+,$4}" conv=notrunc status=none; dd if="$TMPDIR/new" of="$TMPDIR/image" bs="$1" seek="$2" skip="$2" count="$3" conv=notrunc status=none; }
# same FIRST COUNT: are these 4 KiB blocks as in the image?
same() { cmp <(dd if="$TMPDIR/image" bs=4K skip="$1" count="$2" status=none) <(dd if=/dev/mapper/v bs=4K skip="$1" count="$2" iflag=direct status=none); }
lost() { ! dd if=/dev/mapper/v of=/dev/null bs=4K skip="$1" count=1 iflag=direct status=none; }
packs() { rlncsetup dump "${MEMBERS[0]}" | awk '$1 == "packs" { print $2; exit }'; }

# Nothing but this write changes a member, so that where it went can be seen.
save before 1
put 64K 20 1
save after 1
at=$(($(cmp "$TMPDIR/before0" "$TMPDIR/after0" | awk '{ gsub(",", ""); print $5 }') / 4096))
must dmsetup message v 0 checkpoint
# The first column, of members 0 to 2: blocks 320, 324 and 328.
for i in 0 1 2; do must dd if=/dev/urandom of="/dev/ram$i" bs=4K seek="$at" count=1 oflag=direct conv=notrunc status=none; done
klog_mark
check "more fragments are wrong than can be: the sectors are lost" lost 320
check_klog "the log says which of the volume's, and of whom" \
	': sector 2560 of the volume, generation 20: more than 2 fragments are wrong or missing; known of members 0-2$'
check "so does the event" told '"event":"data_lost".*"generation":20,"sector":2560,"members":"xxx\.\.\."'
is "$(LC_ALL=C dd if=/dev/mapper/v of=/dev/null bs=4K skip=320 count=1 iflag=direct 2>&1 | grep -c 'Invalid or incomplete')" 1 "and the error says that they are wrong, not missing"
check "their neighbour is not" same 321 1
put 4K 325 1				# into the first pack
check "it can be written to" same 325 1

klog_mark
put 4K 0 320 dsync			# 500 packs
put 4K 336 1680 dsync
check_klog "its pack stays" 'pack [0-9]* stays'
check_fails "the others do not wait for it" klog_has 'small writes cannot be merged'
must dmsetup message v 0 checkpoint
check "they are used again" [ "$(packs)" -lt 80 ]
check "everything before it is there" same 0 320
check "everything after it" same 336 1680
check "what was written to it" same 325 1
check "what was lost stays an error" lost 320
must gone v

check "it opens" create v -- "${MEMBERS[@]}"
put 64K 20 1
check "overwritten, it can be read" same 0 2048
klog_mark
pattern 8 newer >"$TMPDIR/new"
put 4K 0 2048 dsync			# round all indices
check_fails "nothing stays any more" klog_has 'pack [0-9]* stays'
check "and all is there" same 0 2048
