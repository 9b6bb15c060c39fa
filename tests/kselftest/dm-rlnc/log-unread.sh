#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A record of the log that no member can read is not the end of the log: the volume is
# refused, and nothing that was flushed is lost, unless the owner says so.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 13

load_module dm-rlnc checkpoint_ms=3600000
held_members 3 32
format 2 --symbol 4K
must create v -- "${MEMBERS[@]}"
pattern 1 flushed >"$TMPDIR/image"
put() { must dd if="$TMPDIR/image" of=/dev/mapper/v bs=4K seek="$1" skip="$1" count="$2" oflag=direct conv=notrunc,fsync status=none; }
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=4K count=256 iflag=direct status=none); }
put 0 256			# a checkpoint, and the log begins
save before 3
pattern 1 later >"$TMPDIR/image"
for i in {0..7}; do put $((i * 32)) 32; done
check "all of it can be read" same
save crash 3
must gone v
restore crash 3

# block N: where the N-th record since is, on every member.
comm -13 <(log_records "$TMPDIR/before0" | sort -n) <(log_records "$TMPDIR/crash0" | sort -n) | sort -n >"$TMPDIR/blocks"
note "records in blocks $(tr '\n' ' ' <"$TMPDIR/blocks")"
check "there are records" test "$(wc -l <"$TMPDIR/blocks")" -ge 8
block() { sed -n "$1p" "$TMPDIR/blocks"; }
# blind BLOCK MEMBER...: that block of those members is an error.
blind()
{
	local at=$(($1 * 8)) end=$(($1 * 8 + 8)) member
	shift
	for member; do
		printf '0 %d linear %s 0\n%d 8 error\n%d %d linear %s %d\n' "$at" "${RAM[$member]}" \
			"$at" "$end" $((RAM_SECTORS - end)) "${RAM[$member]}" "$end" |
			dmsetup reload "m$member" && dmsetup resume "m$member" || return
	done
}
see() { local member; for member; do become "$member" linear "${RAM[$member]}" 0; done; }

for record in 1 5; do
	must blind "$(block "$record")" 0 1 2
	klog_mark
	check_fails "record $record cannot be read by any member: refused" create v -- "${MEMBERS[@]}"
	check_klog "the log says what that means" "no member can read log record $((record - 1)), and what was flushed since epoch"
	gone v
	see 0 1 2
	must blind "$(block "$record")" 0 1
	check_fails "nor by a majority, and the one that can has it" create v -- "${MEMBERS[@]}"
	gone v
	see 0 1 2
done
check "when they read again it opens" create v -- "${MEMBERS[@]}"
check "and nothing is lost" same
must gone v

# Who says so goes on with what there is.
restore crash 3
must blind "$(block 1)" 0 1 2
check "with the owner's word it opens" create v accept_older -- "${MEMBERS[@]}"
check "as it was at its checkpoint" cmp <(pattern 1 flushed) <(dd if=/dev/mapper/v bs=4K count=256 iflag=direct status=none)
must gone v
see 0 1 2
must create v -- "${MEMBERS[@]}"
check "and stays so" cmp <(pattern 1 flushed) <(dd if=/dev/mapper/v bs=4K count=256 iflag=direct status=none)
must gone v
