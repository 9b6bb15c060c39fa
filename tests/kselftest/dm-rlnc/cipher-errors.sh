#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's cipher fails for reasons of its own, which say nothing about what is on the
# members: what was flushed is there, nothing counts as damaged, and nothing is mended.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
cipher=$SKYHOLD_BUILD/kmod-fault/$(uname -r)/skyhold_cipher.ko
[ -e "$cipher" ] || bail "make fault-module builds $cipher"
plan 29

must insmod "$cipher"
cleanup rmmod skyhold_cipher
set_to() { must eval "echo $2 >/sys/module/skyhold_cipher/parameters/$1"; }
left() { cat "/sys/module/skyhold_cipher/parameters/$1"; }
# fail encrypt|decrypt COUNT MIN MAX: so many, of a text of MIN to MAX bytes.
fail() { set_to min "$3"; set_to max "$4"; set_to seen 0; set_to "$1" "$2"; }
# What has less than a block is a record of the log, all else is blocks.
RECORDS=(1 4095)
BLOCKS=(4096 4096)
MANY=1000000

load_module dm-rlnc checkpoint_ms=3600000
ram_members 3 32
format 2 --symbol 4K
must create v -- "${MEMBERS[@]}"
is "$(awk '/^name/ { name = $3 } /^driver/ && name == "gcm(aes)" { print $3; exit }' /proc/crypto)" gcm-aes-skyhold-faulty "the cipher is the one that can fail"
pattern 1 flushed >"$TMPDIR/image"
pattern 1 later >"$TMPDIR/later"
# put FIRST COUNT [CONV]: blocks of what is to come.
put() { dd if="$TMPDIR/later" of=/dev/mapper/v bs=4K seek="$1" skip="$1" count="$2" oflag=direct conv=notrunc"${3:+,$3}" status=none; }
# is_put FIRST COUNT: the image has them, too.
is_put() { must dd if="$TMPDIR/later" of="$TMPDIR/image" bs=4K seek="$1" skip="$1" count="$2" conv=notrunc status=none; }
read_all() { dd if=/dev/mapper/v bs=4K count=256 iflag=direct status=none; }
same() { cmp "$TMPDIR/image" <(read_all); }
# The members as they are now are what a power failure leaves.
crash() { save crash 3; must gone v; restore crash 3; }
idle() { [ "$(field v 8)" = idle ]; }
healthy() { is "$(health v) $(letters v) $(corrected v) $(auth_failures v)" "optimal AAA 0 0" "$1"; }
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=notrunc,fsync status=none
set_to seen 0
check "what has been written can be read" same
check "by that cipher" test "$(left seen)" -ge 256

# --- a record of the log cannot be sealed ---
must put 0 8 fsync
is_put 0 8
before=$(epoch v)
fail encrypt 1 "${RECORDS[@]}"
check "a record cannot be sealed, and what it vouches for is flushed all the same" put 8 8 fsync
is_put 8 8
is "$(left encrypt)" 0 "it was tried"
is "$(epoch v)" $((before + 1)) "a checkpoint has taken its place"
check "the next flush is one record again" put 16 8 fsync
is_put 16 8
is "$(left seen) $(epoch v)" "2 $((before + 1))" "and no checkpoint"
crash
must create v -- "${MEMBERS[@]}"
check "after a crash all of it is there" same

# --- what is written cannot be sealed ---
fail encrypt "$MANY" "${BLOCKS[@]}"
check_fails "what cannot be sealed is not written" put 64 8 fsync
fail encrypt 0 "${BLOCKS[@]}"
check "when it can be, it is" put 64 8 fsync
is_put 64 8
check "all of it can be read" same
healthy "nobody is blamed"

# --- nothing can be opened ---
fail decrypt "$MANY" "${BLOCKS[@]}"
check_fails "what cannot be opened is an error" read_all
drop_caches
must dmsetup message v 0 scrub start
must poll_until 30 idle
fail decrypt 0 "${BLOCKS[@]}"
healthy "not one of the members"
check "when it can be opened, it is right" same

# --- nor after a crash ---
must put 32 8 fsync
is_put 32 8
crash
for what in RECORDS BLOCKS; do
	declare -n range=$what
	fail decrypt "$MANY" "${range[@]}"
	klog_mark
	check_fails "what recovery needs cannot be opened ($what): refused" create v -- "${MEMBERS[@]}"
	gone v
	check_fails "and given up by nobody ($what)" klog_has 'given up|damaged'
done
fail decrypt 0 "${BLOCKS[@]}"
check "when it can be, the volume opens" create v -- "${MEMBERS[@]}"
check "and nothing is lost" same
healthy "nor is anybody blamed"

# --- a checkpoint cannot be sealed ---
must put 48 8 fsync
is_put 48 8
fail encrypt 1 "${BLOCKS[@]}"
klog_mark
check_fails "a checkpoint cannot be sealed" dmsetup message v 0 checkpoint
check_klog "the log says so" 'writes stopped: the cipher failed at a checkpoint'
fail encrypt 0 "${BLOCKS[@]}"
check_fails "the volume takes no more writes" put 96 8 fsync
check "what it has can be read" same
crash
must create v -- "${MEMBERS[@]}"
check "and is there when it is opened again" same
check "and it takes writes" put 96 8 fsync
must gone v
