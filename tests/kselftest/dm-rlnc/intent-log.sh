#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Flushed writes between two checkpoints survive a crash by the intent log, also
# when n - k members lose theirs; what was never flushed may be lost.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 10

load_module dm-rlnc checkpoint_ms=3600000
ram_members 6 24
format 4 --symbol 16K
must create v allow_discards -- "${MEMBERS[@]}"
pattern 4 log >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
must dmsetup message v 0 checkpoint
before=$(epoch v)
pattern 1 small >"$TMPDIR/small"
put() # put BLOCK FROM: one flushed 4 KiB write
{
	must dd if="$TMPDIR/small" of=/dev/mapper/v bs=4K seek="$1" skip="$2" count=1 oflag=direct conv=notrunc,fsync status=none
	dd if="$TMPDIR/small" of="$TMPDIR/image" bs=4K seek="$1" skip="$2" count=1 conv=notrunc status=none
}
for i in {0..19}; do put $((i * 37)) "$i"; done
put 37 100				# over one of them again
# Flushes of one, three and twenty changes, so that records differ in length.
soon() # soon BLOCK FROM: as put, but not flushed yet
{
	must dd if="$TMPDIR/small" of=/dev/mapper/v bs=4K seek="$1" skip="$2" count=1 oflag=direct conv=notrunc status=none
	dd if="$TMPDIR/small" of="$TMPDIR/image" bs=4K seek="$1" skip="$2" count=1 conv=notrunc status=none
}
for i in 0 1; do soon $((800 + i * 17)) $((120 + i)); done
put 850 122
for i in {0..18}; do soon $((5 + i * 41)) $((130 + i)); done
put 900 149
must blkdiscard -o 2M -l 64K /dev/mapper/v
dd if=/dev/zero of="$TMPDIR/image" bs=64K seek=32 count=1 conv=notrunc status=none
put 1023 101
is "$(epoch v)" "$before" "small flushes are not checkpoints"

# What a crash leaves: the disks as they are now, the volume still open.
for i in {0..5}; do must dd if="/dev/ram$i" of="$TMPDIR/crash$i" bs=1M iflag=direct status=none; done
must dd if=/dev/urandom of=/dev/mapper/v bs=64K count=16 oflag=direct conv=fsync status=none
must gone v
crash() { local i; for i in {0..5}; do dd if="$TMPDIR/crash$i" of="/dev/ram$i" bs=1M oflag=direct conv=notrunc status=none; done; }
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none); }

crash
klog_mark
check "it opens after the crash" create v -- "${MEMBERS[@]}"
check_klog "the log is replayed" 'replayed [0-9]+ changes'
check "everything flushed is there" same
is "$(epoch v)" $((before + 1)) "recovery ends in a checkpoint"
must gone v

crash
dd if=/dev/urandom of=/dev/ram0 bs=1M seek=1 count=22 oflag=direct conv=notrunc status=none
dd if=/dev/urandom of=/dev/ram5 bs=1M seek=1 count=22 oflag=direct conv=notrunc status=none
check "two members of junk: it opens" create v -- "${MEMBERS[@]}"
check "and everything flushed is there" same
must gone v

crash
check "two members absent: it opens" create v -- "${MEMBERS[@]:1:4}" - -
check "and everything flushed is there" same
must gone v
check "and again, from what recovery wrote" create v -- "${MEMBERS[@]:1:4}" - -
