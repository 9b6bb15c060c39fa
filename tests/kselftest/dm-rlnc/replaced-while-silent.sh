#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A member does not answer, and is replaced: what the old device still owes does not
# count against the new one, which is slow later on, and answers.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 6

load_module dm-rlnc
requires_module dm-delay
held_members 7 16
spare=${MEMBERS[6]}
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 4K
deadline=$((2 * SKYHOLD_SLOW))
must create v hedge_ms=100 "deadline_ms=$((deadline * 1000))" -- "${MEMBERS[@]}"
pattern 4 silent >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync,notrunc status=none
get() { dd if=/dev/mapper/v bs=64K count=64 iflag=direct status=none; }
hold 1
known() { get >/dev/null; [ "$(letters v)" = AFAAAA ]; }
check "reads alone find out that it has failed" poll_until 30 known
must dmsetup message v 0 replace 1 "$spare"
in_sync() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = AAAAAA ]; }
check "another device is in sync in its place" poll_until 30 in_sync
klog_mark
become 6 delay "${RAM[6]}" 0 300 "${RAM[6]}" 0 0
slow() { get >/dev/null; klog_has 'member 1 .* is slow'; }
check "it is slow" poll_until 30 slow
end=$((SECONDS + 2 * deadline + 2))
while [ "$SECONDS" -lt "$end" ]; do get >/dev/null; done
is "$(letters v)" AAAAAA "but has not failed two deadlines later"
become 6 linear "${RAM[6]}" 0
recovered()
{
	local before
	before=$(field v 12)
	get >/dev/null
	[ "$(field v 12)" = "$before" ]
}
check "it is read again once it is well" poll_until 20 recovered
check "the data is right" cmp "$TMPDIR/image" <(get)
let_go 1
must gone v
