#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A member that is taken up, or put in another's place, while the checkpoint that is to
# say so cannot be written: whoever asked for it is told, and nothing is lost.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 14

load_module dm-rlnc checkpoint_ms=3600000
held_members 7 24
spare=${MEMBERS[6]}
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 16K
must create v writes_min=6 -- "${MEMBERS[@]}"
pattern 4 durable >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync status=none
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=64K count=64 iflag=direct status=none); }
idle() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = "$1" ]; }
lose() { become "$1" error; }
mend() { become "$1" linear "${RAM[$1]}" 0; }

must dmsetup message v 0 fail 1
lose 2
check_fails "a return that no quorum has is an error" dmsetup message v 0 return 1
is "$(health v) $(letters v)" "read-only AsFAAA" "the volume takes no more writes, and the member is read from"
check "everything can be read" same
klog_mark
was=$(dmsetup table v)
check_fails "a volume that takes no writes has no member replaced" dmsetup message v 0 replace 5 "$spare"
is "$(letters v) $(dmsetup table v)" "AsFAAA $was" "and nothing has changed"
must gone v
mend 2
must create v writes_min=6 -- "${MEMBERS[@]}"
check "opened again, all are rebuilt" poll_until 60 idle AAAAAA
check "everything is there" same

lose 2
check_fails "a replacement that no quorum has is an error" dmsetup message v 0 replace 5 "$spare"
is "$(health v) $(letters v)" "read-only AAFAAs" "the volume takes no more writes"
check "everything can be read" same
must gone v
mend 2
# Five superblocks say so all the same.
check_fails "opened again, it refuses the old device" create v writes_min=6 -- "${MEMBERS[@]}"
check "it opens with the new one" create v writes_min=6 -- "${MEMBERS[@]:0:5}" "$spare"
check "which is rebuilt" poll_until 60 idle AAAAAA
check "everything is there" same
must gone v
