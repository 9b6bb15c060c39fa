#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A power failure while a volume grows leaves it in its old shape or its new one,
# with all that was durable in either.
# vm: timeout=600 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-crash rlncsetup dmsetup
plan 2

load_module dm-rlnc checkpoint_ms=3600000
requires_module nbd

# Both take the table of the volume as it is open, with the key, and make it longer.
export KEY=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
cat >"$TMPDIR/lib" <<'LIB'
set -e
dev=/dev/mapper/crash
longer()
{
	dmsetup table crash | awk -v key="$KEY" '{ $2 = 32768; $6 = key; print }' | dmsetup reload crash
	dmsetup suspend crash
	dmsetup resume crash
}
part() { yes "part $1" | head -c 262144; }
put() { part "$1" | dd of=$dev bs=64K seek="$2" iflag=fullblock oflag=direct conv=fsync,notrunc status=none; }
same() { part "$1" | cmp - <(dd if=$dev bs=64K skip="$2" count=4 iflag=direct status=none); }
LIB
cat >"$TMPDIR/work" <<'WORK'
. "$TMPDIR/lib"
put one 0
echo ack 1
longer
echo ack 2
put two 8
put three 200
echo ack 3
WORK
cat >"$TMPDIR/check" <<'CHECK'
. "$TMPDIR/lib"
[ "$ACKED" -lt 1 ] || same one 0
[ "$ACKED" -lt 2 ] || longer
[ "$ACKED" -lt 3 ] || { same two 8; same three 200; }
# Whichever shape it is in, it can be written, and has the new one if asked.
dmsetup table crash | grep -qE ' -( |$)' || { longer; put four 220; same four 220; }
[ "$ACKED" -lt 1 ] || same one 0
CHECK

crash() { noted '^(traced|recovery|FAILED|cannot)|cuts(:| lost)' rlnc-crash "$@"; }

check "4 of 6" crash -z 1 -p 8 -r 24 -S 31 -w "bash $TMPDIR/work" -c "exec bash $TMPDIR/check"
check "2 of 3, larger symbols" crash -k 2 -n 3 -s 16384 -m 20 -z 1 -p 5 -r 12 -S 32 -w "bash $TMPDIR/work" -c "exec bash $TMPDIR/check"
