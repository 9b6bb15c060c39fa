#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The volume key and the keys derived from it are nowhere in the kernel's memory once the
# key is wiped, once the volume is closed, and after a table that was refused.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl keyctl rlnc-key
plan 6

[ -r /proc/kcore ] || skip_all "needs /proc/kcore"
load_module dm-rlnc
ram_members 3 16
must keyctl new_session
cleanup gone v

# Keys that nobody who looks for them has: masked from the beginning.
for i in right wrong; do must openssl rand -out "$TMPDIR/$i" 32; done
(umask 077 && rlnc-key unmask "$TMPDIR/right" >"$KEY_FILE") || bail "no key"
format 2
must rm "$KEY_FILE"
for i in right wrong; do
	rlnc-key derive "$TMPDIR/$i" "${MEMBERS[0]}" >"$TMPDIR/$i.keys" || bail "no keys of the volume"
done
cleanup cd /
cd "$TMPDIR" || bail "no $TMPDIR"

# Memory that a file has is not the kernel's, and need not be searched: most of what is free.
must mkdir hog
must mount -t tmpfs -o size=100% hog hog
cleanup umount "$TMPDIR/hog"
drop_caches
free=$(awk '/^MemFree/ { print int($2 / 1024) }' /proc/meminfo)
[ "$free" -le 128 ] || must dd if=/dev/zero of=hog/memory bs=1M count=$((free - 96)) status=none

# What programs had that have ended is in free memory, until that is used again.
search() { rlnc-key search right.keys wrong.keys >found && sort -u found; }
search >before || bail "memory cannot be searched"
note "left by rlncsetup and others: $(wc -l <before) copies"
# copies: whose keys are where none were before.
copies() { search >now || { echo "the search failed"; return; }; comm -13 before now | cut -d ' ' -f 1,2 | sort -u | tr '\n' ' '; }
add() { must rlnc-key add "$1" "sky:$1"; }
forget() { must keyctl unlink "%logon:sky:$1" @s; must poll_until 20 forgotten "sky:$1"; }
forgotten() { ! grep -q "logon .*$1" /proc/keys; }
opens() { dmsetup create v --table "$(table -- "${MEMBERS[@]}" | sed "s/$KEY/:32:logon:sky:$1/")"; }

add right
must opens right
is "$(copies)" "right.keys coeff right.keys data right.keys log right.keys volume " "keys in use are found"
forget right
must dmsetup suspend v
must dmsetup message v 0 key wipe
is "$(copies)" "" "wiped, none is there"

add right
set_key() { dmsetup message v 0 key set ":32:logon:sky:$1"; }
must set_key right
must dmsetup resume v
add wrong
must dmsetup suspend v
check_fails "another one is refused, where the right one was" set_key wrong
check "which can be set again" set_key right
must dmsetup resume v
must gone v
check_fails "and refused when the volume is opened" opens wrong
must gone v
forget right
forget wrong
is "$(copies)" "" "what was refused is not there, nor is the key of a volume that was closed"
