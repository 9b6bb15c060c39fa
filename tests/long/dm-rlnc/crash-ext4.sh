#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# After a power failure ext4 recovers, fsck finds nothing, and every file is there
# whose fsync had returned: behind every flush, and of torn subsets by the thousand.
# vm: timeout=6000 mem=3G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-crash rlncsetup mkfs.ext4 fsck.ext4
plan 1

load_module dm-rlnc checkpoint_ms=300
requires_module nbd
requires_module ext4

mkdir "$TMPDIR/mnt"
cat >"$TMPDIR/work" <<'WORK'
set -e
mkfs.ext4 -q -b 4096 -J size=4 /dev/mapper/crash
mount /dev/mapper/crash "$TMPDIR/mnt"
sync -f "$TMPDIR/mnt"
echo ack 1
for i in $(seq 2 24); do
	seq "$i" $((i * 40)) >"$TMPDIR/mnt/file$i"
	[ "$i" -lt 12 ] || rm -f "$TMPDIR/mnt/file$((i - 10))"
	sync "$TMPDIR/mnt/file$i" "$TMPDIR/mnt"
	echo "ack $i"
done
umount "$TMPDIR/mnt"
WORK
# Files that may have been removed since need not be there; the others must.
cat >"$TMPDIR/check" <<'CHECK'
[ "$ACKED" -ge 1 ] || exit 0
mount /dev/mapper/crash "$TMPDIR/mnt" || exit 1
status=0
for ((i = ACKED > 9 ? ACKED - 8 : 2; i <= ACKED; i++)); do
	cmp -s "$TMPDIR/mnt/file$i" <(seq "$i" $((i * 40))) || { echo "file$i of $ACKED is wrong"; status=1; }
done
umount "$TMPDIR/mnt" || exit 1
fsck.ext4 -fn /dev/mapper/crash || status=1
exit "$status"
CHECK

crash() { noted '^(traced|recovery|FAILED|cannot)|cuts(:| lost)' rlnc-crash "$@"; }

check "ext4 over 4 of 6" crash -m 12 -p 0 -r 2000 -d 2 -S 104 -w "bash $TMPDIR/work" -c "exec bash $TMPDIR/check"
