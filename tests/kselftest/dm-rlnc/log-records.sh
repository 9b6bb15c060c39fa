#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A log record that is longer than all before it is replayed whole after a crash.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 3

load_module dm-rlnc checkpoint_ms=3600000
ram_members 3 32
format 2 --symbol 4K
must create v -- "${MEMBERS[@]}"
pattern 1 records >"$TMPDIR/image"
put() { must dd if="$TMPDIR/image" of=/dev/mapper/v bs=4K seek="$1" skip="$1" count="$2" oflag=direct conv=notrunc,"$3" status=none; }
put 0 256 fsync				# a checkpoint, and the log begins
pattern 1 later >"$TMPDIR/image"
backwards "$TMPDIR/image" 200 1				# a record of one change
backwards "$TMPDIR/image" 0 200				# two hundred at once
backwards "$TMPDIR/image" 201 55
for i in 0 1 2; do must dd if="/dev/ram$i" of="$TMPDIR/crash$i" bs=1M iflag=direct status=none; done
must gone v
for i in 0 1 2; do must dd if="$TMPDIR/crash$i" of="/dev/ram$i" bs=1M oflag=direct status=none; done

klog_mark
check "it opens after the crash" create v -- "${MEMBERS[@]}"
check_klog "the log is replayed" 'replayed 256 changes'
check "everything flushed is there" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=1 iflag=direct status=none)
