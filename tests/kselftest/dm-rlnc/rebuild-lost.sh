#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A generation that cannot be read does not hold up a rebuild, and is an error until a
# member that was away brings back what it lacks. Members that are away do hold it up.
# vm: long timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires dmsetup openssl rlncsetup
plan 29

told=$TMPDIR/told
rlncsetup monitor --json >"$told" &
cleanup kill "$!"
told() { poll_until 20 grep -qE "$1" "$told"; }

load_module dm-rlnc checkpoint_ms=3600000
ram_members 8 24
spares=("${MEMBERS[@]:6}")
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 16K			# generations of 64 KiB, of four columns
must rlncsetup open v --volume-key-file "$KEY_FILE" "${MEMBERS[@]}"
cleanup gone v
pattern 8 old >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync status=none
same() { cmp <(dd if="$TMPDIR/image" bs=4K skip="$1" count="$2" status=none) <(dd if=/dev/mapper/v bs=4K skip="$1" count="$2" iflag=direct status=none); }
lost() { local i; for i; do ! dd if=/dev/mapper/v of=/dev/null bs=4K skip="$i" count=1 iflag=direct status=none || return; done; }
idle() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = "$1" ]; }
all_but_lost() { same 0 320 && same 336 1712; }

# Nothing but this write changes a member, so that where it went can be seen.
save before 1
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K seek=20 skip=20 count=1 oflag=direct conv=notrunc status=none
save after 1
at=$(($(cmp "$TMPDIR/before0" "$TMPDIR/after0" | awk '{ gsub(",", ""); print $5 }') / 4096))
must dmsetup message v 0 checkpoint
ruin() { must dd if=/dev/urandom of="/dev/ram$1" bs=4K seek="$at" count=1 oflag=direct conv=notrunc status=none; }

# Of the first column, blocks 320, 324, 328 and 332: 0 is wrong, 4 is away, 5 is new.
ruin 0
must dmsetup message v 0 fail 4
klog_mark
exits 4 "who waits for a rebuild that cannot read one generation is told" "5 is in sync, but 1 generation could not" \
	rlncsetup replace --force --wait v 5 "${spares[0]}"
MEMBERS[5]=${spares[0]}
check "it ends with the member in sync" poll_until 60 idle AAAAFA
is "$(field v 14)" 1 "the status counts the generation"
exits 0 "rlncsetup names it" "lost +1 generations could not be read" rlncsetup status v
exits 0 "so does its JSON" '"lost": 1,' rlncsetup status --json v
check_klog "the log tells it" '1 generations cannot be read'
check "it is told as lost" told '"event":"data_lost".*"generation":20'
check "the end of the rebuild says so" told '"event":"work_finished".*"work":"rebuild".*"errors":1'
check "the member is told to be rebuilt" told '"event":"member_rebuilt".*"member":5'
must dmsetup message v 0 fail 3
check "the rebuilt member has all else" all_but_lost
check "and what else there was of that generation" same 321 3
check "from the rebuilt member, too" same 333 3
check "the lost column is an error" lost 320 332
must gone v

check "without the member that was away it opens" create v -- "${MEMBERS[@]:0:4}" - "${MEMBERS[5]}"
check "3 is rebuilt at once" poll_until 60 idle AAAA-A
check "all else is there" all_but_lost
check "what was lost is an error" lost 320
must gone v
check "with it, too" create v rebuild_kbps=1024 -- "${MEMBERS[@]}"
check "that one is rebuilt" poll_until 60 idle AAAAAA
check "and everything can be read" same 0 2048
must dmsetup message v 0 scrub start
scrubbed() { [ "$(field v 8)" = idle ] && [ "$(field v 13)" = finished ]; }
check "a scrub mends what the rebuild had to leave" poll_until 60 scrubbed
must dmsetup message v 0 fail 3
must dmsetup message v 0 fail 4
check "so that the rebuilt member does for it" same 0 2048
must dmsetup message v 0 return 3
must dmsetup message v 0 return 4
check "they are back" poll_until 60 idle AAAAAA

# No sector is damaged, but from the middle on only three hold what the new one lacks.
must dmsetup message v 0 fail 1
klog_mark
must dmsetup message v 0 replace 3 "${spares[1]}"
must dmsetup message v 0 fail 2
check "a rebuild for which members are away ends with errors" poll_until 60 klog_has 'rebuild finished: .* [1-9][0-9]* could not be'
is "$(letters v)" AFFsAA "it leaves its member stale"
is "$(field v 14)" 0 "nothing counts as lost"
must dmsetup message v 0 return 1
check "it begins again with the first that returns, and ends in sync" poll_until 60 idle AAFAAA
must dmsetup message v 0 return 2
check "so it does for the second" poll_until 60 idle AAAAAA
check "everything is there" same 0 2048
