#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The volume key from each type of keyring key that dm-crypt takes, one by one
# wrong in every way; gone from the volume when wiped, and shown nowhere.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl keyctl
plan 24

load_module dm-rlnc
ram_members 3 16
format 2
must keyctl new_session
with_key() { table -- "${MEMBERS[@]}" | sed "s/$KEY/$1/"; }
opens() { dmsetup create v --table "$(with_key "$1")"; }
refused() { check_fails "$1" opens "$2"; must gone v; }
cleanup gone v

# --- what is taken ---------------------------------------------------------------
must create v -- "${MEMBERS[@]}"
pattern 2 keys >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync status=none
must gone v
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=2 iflag=direct status=none); }

must keyctl padd user sky:user @s <"$KEY_FILE"
must keyctl padd logon sky:logon @s <"$KEY_FILE"
for type in user logon; do
	check "a $type key opens the volume" opens ":32:$type:sky:$type"
	check "and reads what was written" same
	is "$(dmsetup table v | awk '{ print $6 }')" ":32:$type:sky:$type" "the table has its name"
	must gone v
done

# An encrypted key is random, as the kernel makes it, so it opens its own volume.
head -c 32 /dev/urandom | must keyctl padd user kmk @u >/dev/null
must keyctl add encrypted sky:encrypted "new default user:kmk 32" @s
check_fails "an encrypted key of another volume is refused" opens :32:encrypted:sky:encrypted
must gone v
must dmsetup create v --table "$(table -- "${MEMBERS[@]}")"

# --- what is hidden --------------------------------------------------------------
shown() { dmsetup table "$@" v; dmsetup status v; dmsetup info v; dmesg; cat /sys/block/dm-*/dm/*; }
check_fails "the key is in no table, status, log or attribute" grep -qi "$KEY" <(shown)
check_fails "nor when the table is shown with its keys" grep -qi "$KEY" <(shown --showkeys)
is "$(dmsetup table --showkeys v | awk '{ print $6 }')" "$(printf %064d 0)" "zeros stand for it"
check_fails "a table of what was shown is refused" dmsetup reload v --table "$(dmsetup table --showkeys v)"
must gone v

# --- what is refused ---------------------------------------------------------------
head -c 31 "$KEY_FILE" | must keyctl padd logon sky:short @s
{ cat "$KEY_FILE"; printf x; } | must keyctl padd logon sky:long @s
head -c 32 /dev/zero | must keyctl padd logon sky:other @s
id=$(keyctl padd logon sky:revoked @s <"$KEY_FILE")
must keyctl revoke "$id"
id=$(keyctl padd logon sky:expired @s <"$KEY_FILE")
must keyctl timeout "$id" 1
sleep 2
refused "a key of 31 bytes" :32:logon:sky:short
refused "a key of 33 bytes" :32:logon:sky:long
refused "the key of something else" :32:logon:sky:other
refused "a key that was revoked" :32:logon:sky:revoked
refused "a key that has expired" :32:logon:sky:expired
refused "another type of the same name" :32:user:sky:logon
refused "another size" :64:logon:sky:logon
refused "no type" :32:sky:logon
refused "no name" :32:logon:
refused "nothing but colons" :::

# --- what is wiped -----------------------------------------------------------------
must opens :32:logon:sky:logon
must keyctl unlink %logon:sky:logon @s
check "the volume does not need the keyring any more" same
must dmsetup suspend v
must dmsetup message v 0 key wipe
check_fails "wiped, a name without a key does not bring it back" dmsetup message v 0 key set :32:logon:sky:logon
must keyctl padd logon sky:logon @s <"$KEY_FILE"
must dmsetup message v 0 key set :32:logon:sky:logon
must dmsetup resume v
check "the key does" same
