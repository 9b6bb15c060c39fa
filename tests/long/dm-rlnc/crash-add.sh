#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A power failure while a member is added, or rebuilt, leaves a volume without it
# or with it, and all that was durable in either.
# vm: timeout=600 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
requires rlnc-crash rlncsetup dmsetup
plan 2

load_module dm-rlnc checkpoint_ms=3600000
requires_module nbd

# The spare disk is the one behind the last member.
cat >"$TMPDIR/lib" <<'LIB'
set -e
dev=/dev/mapper/crash
field() { dmsetup status crash | awk -v n="$1" '{ print $(3 + n) }'; }
part() { yes "part $1" | head -c 262144; }
put() { part "$1" | dd of=$dev bs=64K seek="$2" iflag=fullblock oflag=direct conv=fsync,notrunc status=none; }
same() { part "$1" | cmp - <(dd if=$dev bs=64K skip="$2" count=4 iflag=direct status=none); }
LIB
cat >"$TMPDIR/work" <<'WORK'
. "$TMPDIR/lib"
put one 0
echo ack 1
dmsetup message crash 0 add "/dev/nbd$(field 3)"
echo ack 2
put two 8
echo ack 3
until [ "$(field 1)" = optimal ]; do read -rt 0.05 <> <(:) || :; done
put three 16
echo ack 4
WORK
# The members are counted, too: what was added stays.
cat >"$TMPDIR/check" <<'CHECK'
. "$TMPDIR/lib"
[ "$ACKED" -lt 1 ] || same one 0
[ "$ACKED" -lt 2 ] || [ "$(field 3)" -eq "$MEMBERS" ]
[ "$ACKED" -lt 3 ] || same two 8
[ "$ACKED" -lt 4 ] || same three 16
# Fewer members than a write takes can still be read.
[ "$(field 1)" = read-only ] || { put four 24; same four 24; }
CHECK

crash()
{
	noted '^(traced|recovery|FAILED|cannot)|cuts(:| lost)' \
		rlnc-crash "$@" -w "bash $TMPDIR/work" -c "exec bash $TMPDIR/check"
}

export MEMBERS=7
check "4 of 6 and one" crash -x 1 -p 10 -r 30 -S 41
MEMBERS=4
check "1 of 3 and one" crash -k 1 -n 3 -x 1 -p 6 -r 20 -S 42
