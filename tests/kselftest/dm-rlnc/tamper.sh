#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fragments changed behind the volume's back are found, and made good from the
# others; more than n - k of them are an error, never wrong data.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 7

load_module dm-rlnc
ram_members 6 24
format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"
pattern 4 tamper >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
read_all() { drop_caches; dd if=/dev/mapper/v bs=64K count=64 iflag=direct status=none; }
must gone v
cp /dev/ram1 "$TMPDIR/old1"
# Junk over all the fragments of two members; their superblocks stay.
ruin() { dd if=/dev/urandom of="$1" bs=1M seek=1 count=22 conv=notrunc oflag=direct status=none; }
ruin /dev/ram0
ruin /dev/ram2
must create v -- "${MEMBERS[@]}"
check "two members of junk: the right data" cmp "$TMPDIR/image" <(read_all)
check "broken seals are counted" test "$(auth_failures v)" -gt 0
check "corrected fragments are counted" test "$(corrected v)" -gt 0

# An old copy of a member: authentic once, but not the newest.
for _ in 1 2 3; do
	must dd if=/dev/urandom of="$TMPDIR/image" bs=64K count=16 conv=notrunc status=none
	must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
done
must gone v
dd if="$TMPDIR/old1" of=/dev/ram1 bs=1M conv=notrunc status=none
klog_mark
must create v rebuild_kbps=1 -- "${MEMBERS[@]}"
check_klog "a member that was rewound is told" "member 1 .*is stale"
is "$(letters v)" AsAAAA "and shown as stale"
check "the newest data, all the same" cmp "$TMPDIR/image" <(read_all)
must gone v

ruin /dev/ram3
ruin /dev/ram4
if create v -- "${MEMBERS[@]}"; then
	check_fails "four members of junk: no data" dd if=/dev/mapper/v of=/dev/null bs=64K count=64 iflag=direct
else
	ok "four members of junk: not activated"
fi
