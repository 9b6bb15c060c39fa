#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A log record has nothing in clear: between its contents and its trailer are zeros, also
# where the memory that it is written from had a record that was replayed.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 4

load_module dm-rlnc checkpoint_ms=3600000
ram_members 3 32
format 2 --symbol 4K
must create v -- "${MEMBERS[@]}"
pattern 1 gap >"$TMPDIR/image"
put() { must dd if="$TMPDIR/image" of=/dev/mapper/v bs=4K seek="$1" skip="$1" count="$2" oflag=direct conv=notrunc,fsync status=none; }
put 0 256			# a checkpoint, and the log begins
backwards "$TMPDIR/image" 0 100	# a record that is full
save crash 3
must gone v
restore crash 3
klog_mark
must create v -- "${MEMBERS[@]}"
check_klog "a log is replayed" 'replayed 100 changes'
put 0 1				# a checkpoint
save before 3
for i in {0..7}; do put "$i" 1; done
save after 3

# Every record written since, of each member: what is in it that is neither sealed nor a
# part of its trailer.
records=0
for i in 0 1 2; do
	comm -13 <(log_records "$TMPDIR/before$i" | sort) <(log_records "$TMPDIR/after$i" | sort) >"$TMPDIR/new$i"
	while read -r block; do
		records=$((records + 1))
		bytes=$(od -An -tu4 -j $((block * 4096 + 4052)) -N 4 "$TMPDIR/after$i")
		dd if="$TMPDIR/after$i" iflag=skip_bytes,count_bytes skip=$((block * 4096 + bytes)) count=$((4048 - bytes)) status=none >>"$TMPDIR/gaps$i"
	done <"$TMPDIR/new$i"
done
note "$records records"
check "there are records" test "$records" -ge 12
check "what is between contents and trailer is zeros" cmp -n "$(stat -c %s "$TMPDIR/gaps0")" "$TMPDIR/gaps0" /dev/zero
check "on every member" cmp "$TMPDIR/gaps0" "$TMPDIR/gaps2"
