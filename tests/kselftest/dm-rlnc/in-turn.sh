#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two sets of members, one after the other, each writes while some are away; what a
# third set knows of both it opens with, though nobody was rebuilt.  What the log of a
# power failure had, a member that was away at its replay is not believed to have.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 10

load_module dm-rlnc checkpoint_ms=3600000
ram_members 3 16
format 1 --symbol 4K

# up MEMBER|-...: the volume with these of its members, and no rebuild to speak of.
up() { create v rebuild_kbps=1 -- "$@"; }
put() { must dd if="$TMPDIR/$1" of=/dev/mapper/v bs=64K oflag=direct conv=notrunc,fsync status=none; }
same() { cmp "$TMPDIR/$1" <(dd if=/dev/mapper/v bs=64K count=32 iflag=direct status=none); }
whole() { [ "$(letters v)" = AAA ]; }
a=${MEMBERS[0]} b=${MEMBERS[1]} c=${MEMBERS[2]}
for i in fresh first second; do pattern 2 $i >"$TMPDIR/$i"; done

must up "$a" "$b" "$c"
put fresh
must gone v
save fresh 3

# A clean end: the third member has all that the first set wrote.
must up - "$b" "$c"
put first
must gone v
must up "$a" "$b" -
put second
check_fails "a member that returned waits for its rebuild" whole
must gone v
check "opened with the one that returned and the one that left" up "$a" - "$c"
check "they have what was written last" same second
must gone v

# A power failure: the second flush of the first set is only in the log.
restore fresh 3
must up "$a" - "$c"
put second
put first
save crash 3
must gone v
restore crash 3
must up "$a" "$b" -
check "the log is replayed from one of those who have it" same first
put second
must gone v
klog_mark
check_fails "the one that was away at that is not enough" up - "$b" "$c"
check_klog "since nobody knows what it has of it" "fewer than k = 1 members hold what was written last"
check_klog "and the log names who does" "member 0 is missing"
must up "$a" - "$c"
check "with that one it opens" same second
must gone v
must up "$a" "$b" "$c"
check "and with all" same second
must gone v
must create v -- "$a" "$b" "$c"
check "who then become whole" poll_until 30 whole
