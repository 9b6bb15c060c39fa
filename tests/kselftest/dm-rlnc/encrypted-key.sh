#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A volume whose key is kept as an encrypted key, sealed by a user key that is its master:
# it opens with both, also once they were loaded anew from what was saved, and not with
# another master or a changed blob.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl keyctl
plan 14

load_module dm-rlnc
ram_members 3 16
format 2
must keyctl new_session
cleanup gone v
with_key() { table "${@:2}" -- "${MEMBERS[@]}" | sed "s/$KEY/$1/"; }
opens() { dmsetup create v --table "$(with_key ":32:encrypted:$1")"; }
must create v -- "${MEMBERS[@]}"
pattern 2 encrypted >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct conv=fsync status=none
must gone v
same() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=2 iflag=direct status=none); }

# Documentation/security/keys/trusted-encrypted.rst has no way to choose what an encrypted
# key holds, so the blob is made here, as the kernel makes one: AES-256-CBC, and
# HMAC-SHA-256 over names, IV and ciphertext, each under a key derived from the master.
hex() { od -An -v -tx1 | tr -d ' \n'; }
# shellcheck disable=SC2001 # no pattern of bash's has a reference
unhex() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; }
master=$(head -c 32 /dev/urandom | hex)
# derive NAME: SHA-256 of the name, a zero, the master key, to the length that AUTH_KEY has.
derive()
{
	{ printf '%s\0' "$1"; unhex "$master"; head -c $((8 - ${#1})) /dev/zero; } |
		openssl dgst -sha256 -binary | hex
}
iv=$(head -c 16 /dev/urandom | hex)
cipher=$(openssl enc -aes-256-cbc -nopad -K "$(derive ENC_KEY)" -iv "$iv" -in "$KEY_FILE" | hex)
mac=$({ printf 'default\0user:sky:kmk\00032\0'; unhex "${iv}00$cipher"; } |
	openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(derive AUTH_KEY)" -binary | hex)
blob="default user:sky:kmk 32 ${iv}00$cipher$mac"

must keyctl padd user sky:kmk @s < <(unhex "$master")
check "the kernel takes the blob" keyctl add encrypted sky:volume "load $blob" @s
check "it opens the volume" opens sky:volume
check "and reads what was written" same
is "$(dmsetup table v | awk '{ print $6 }')" ":32:encrypted:sky:volume" "the table has its name"
check_fails "the key is in no table, status or log" grep -qi "$KEY" <(dmsetup table --showkeys v; dmsetup status v; dmesg)
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K seek=16 count=8 oflag=direct conv=notrunc,fsync status=none
must dd if="$TMPDIR/image" of="$TMPDIR/image" bs=64K seek=16 count=8 conv=notrunc status=none
must dmsetup suspend v
must dmsetup message v 0 key wipe
must dmsetup message v 0 key set :32:encrypted:sky:volume
must dmsetup resume v
check "wiped and set again, it goes on" same
must gone v

# --- saved, and loaded anew -------------------------------------------------------------
saved=$(keyctl pipe %encrypted:sky:volume) || bail "the key cannot be saved"
is "$saved" "$blob" "what is saved is what was loaded"
must keyctl unlink %encrypted:sky:volume @s
check_fails "without it the volume does not open" opens sky:volume
must gone v
must keyctl unlink %user:sky:kmk @s
check_fails "without its master it is not loaded" keyctl add encrypted sky:volume "load $saved" @s
must keyctl padd user sky:kmk @s < <(head -c 32 /dev/urandom)
check_fails "nor with another one" keyctl add encrypted sky:volume "load $saved" @s
must keyctl padd user sky:kmk @s < <(unhex "$master")
# One digit of the ciphertext.
at=$((${#saved} - 64 - 10)) digit=0
[ "${saved:at:1}" != 0 ] || digit=1
check_fails "nor changed" keyctl add encrypted sky:volume "load ${saved:0:at}$digit${saved:at+1}" @s
check "with its master it is" keyctl add encrypted sky:volume "load $saved" @s
check "and opens the volume" opens sky:volume
check "with what was written last" same
must gone v
