#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rlncsetup format, dump and key: what is written, what is refused and with
# which exit status.  The kernel's target is not needed.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup mkfs.ext4 mount losetup
plan 45

requires_module brd rd_nr=7 rd_size=24576
requires_module loop
m=(/dev/ram0 /dev/ram1 /dev/ram2 /dev/ram3 /dev/ram4 /dev/ram5)
other=$TMPDIR/other
printf 'battery staple' >"$other"
head -c 64 /dev/urandom >"$TMPDIR/random"
head -c 32 /dev/urandom >"$TMPDIR/volume.key"

format() { rlncsetup format -q "${cheap[@]}" --key-file "$pass" "$@"; }

# --- what is asked for must make sense -------------------------------------------
exits 1 "k is needed" "-k K" format "${m[@]}"
exits 1 "k is n at most" "more than n" format -k 7 "${m[@]}"
exits 1 "a symbol is a power of two" "power of two" format -k 4 --symbol 5000 "${m[@]}"
exits 1 "a generation has 512 KiB at most" "at most 512 KiB" format -k 4 --symbol 256K "${m[@]}"
exits 1 "a size larger than the members is refused" "hold .* at most" format -k 4 --size 1G "${m[@]}"
exits 1 "writes_min below k is refused" "not within" format -k 4 --writes-min 3 "${m[@]}"
exits 1 "a member given twice is refused" "ram0.*the same device" format -k 2 /dev/ram0 /dev/ram1 /dev/ram0
exits 4 "a device that is not there" "ram77" format -k 2 /dev/ram0 /dev/ram77
must blockdev --setro /dev/ram1
exits 4 "a device that cannot be written to" "ram1 is read-only" format -k 1 --force /dev/ram0 /dev/ram1
exits 4 "nor is the other one, then" "not a dm-rlnc member" rlncsetup dump /dev/ram0
must blockdev --setrw /dev/ram1
exits 4 "something that is no device" "/dev/null is not a block device" format -k 1 /dev/null
exits 1 "an unknown option" "help" format --colour red -k 1 /dev/ram0
exits 1 "an unknown command" "no command" rlncsetup erase

# --- what is documented is there, and the other way round ---------------------------
man=$SKYHOLD_TOP/user/tools/rlncsetup/rlncsetup.8
rlncsetup --help | sed -n 's/^  \([a-z].\{13\}\) .*/\1/p' | while read -r command; do
	# shellcheck disable=SC2086 # two words of a command are two
	rlncsetup $command --help
done | grep -oE -- '--[a-z][a-z-]+' | sort -u >"$TMPDIR/offered"
sed 's/\\-/-/g' "$man" | sed '/^\.SH EXAMPLES/q' | grep -oE -- '--[a-z][a-z-]+' | grep -vx -- --version | sort -u >"$TMPDIR/described"
check "every option is in the manual page" diff "$TMPDIR/offered" "$TMPDIR/described"
exits 0 "the version is printed" "^rlncsetup [0-9]" rlncsetup --version

truncate -s 1M "$TMPDIR/small"
exits 4 "a member that is too small" "too small" format -k 1 "$TMPDIR/small"

# --- what is there must not be lost ---------------------------------------------
must mkfs.ext4 -q -L precious /dev/ram6
exits 5 "a file system is not overwritten" "ext4.*precious" format -k 4 "${m[@]}" /dev/ram6
must mkdir "$TMPDIR/mnt"
must mount /dev/ram6 "$TMPDIR/mnt"
exits 5 "a mounted device not even with --force" "ram6.*busy" format --force -k 4 "${m[@]}" /dev/ram6
must umount "$TMPDIR/mnt"
exits 0 "nothing was written to any member" "" cmp -n 1048576 /dev/ram0 /dev/zero
exits 0 "--force overwrites a file system" "Volume" format --force -k 1 /dev/ram6
is "$(blkid -p -s TYPE -o value /dev/ram6)" "" "and leaves nothing of it"

# --- a volume -----------------------------------------------------------------
exits 0 "six members, any four" "any 4 of 6" format -k 4 --label "six disks" "${m[@]}"
exits 0 "dump needs no key" "any 4 of 6" rlncsetup dump /dev/ram5
exits 0 "the label is shown" "six disks" rlncsetup dump /dev/ram1
rlncsetup dump --json /dev/ram3 >"$TMPDIR/dump"
is "$(grep -c '"sound": true' "$TMPDIR/dump")" 3 "one superblock and two sets of key slots are sound"
check "the fourth member has index 3" grep '"member": 3' "$TMPDIR/dump"
check "the symbol is 16 KiB" grep '"symbol_bytes": 16384' "$TMPDIR/dump"
exits 5 "a member of a volume is not overwritten" "Skyhold volume" format -k 4 "${m[@]}"

truncate -s 24M "$TMPDIR/twice"
one=$(losetup -f --show "$TMPDIR/twice") && cleanup losetup -d "$one"
two=$(losetup -f --show "$TMPDIR/twice") && cleanup losetup -d "$two"
exits 1 "two ways to one storage are found" "same storage" format -k 1 "$one" "$two"

# --- key slots ------------------------------------------------------------------
keys() { rlncsetup key "$@"; }
exits 0 "a second passphrase is added" "Key slot 1 added" \
	keys add "${cheap[@]}" --key-file "$pass" --new-key-file "$other" "${m[@]}"
exits 0 "a random key file is added" "Key slot 2 added" \
	keys add --slot-type keyfile --slot-label backup --key-file "$other" --new-key-file "$TMPDIR/random" "${m[@]}"
exits 1 "a key file that is short is not" "not safe" \
	keys add --slot-type keyfile --key-file "$other" --new-key-file "$other" "${m[@]}"
exits 0 "all three are listed on each member" "2 +keyfile.*backup" keys list /dev/ram4
exits 2 "a wrong passphrase opens nothing" "no key slot opens" \
	keys add "${cheap[@]}" --key-file "$TMPDIR/volume.key" --new-key-file "$other" "${m[@]}"
exits 0 "the first is removed by itself" "Key slot 0 removed" keys remove --key-file "$pass" "${m[@]}"
exits 2 "and opens no more" "no key slot opens" keys remove --slot 1 --key-file "$pass" "${m[@]}"
exits 0 "one is removed by its number" "Key slot 1 removed" \
	keys remove --slot 1 --key-file "$TMPDIR/random" "${m[@]}"
exits 1 "the last is not" "last" keys remove --key-file "$TMPDIR/random" "${m[@]}"
exits 0 "it is changed" "Key slot 2 changed" \
	keys change "${cheap[@]}" --key-file "$TMPDIR/random" --new-key-file "$pass" "${m[@]}"
exits 2 "the old one opens no more" "no key slot opens" \
	keys change "${cheap[@]}" --key-file "$TMPDIR/random" --new-key-file "$pass" "${m[@]}"
exits 0 "members left out are named" "member 5 was not given" \
	keys add "${cheap[@]}" --key-file "$pass" --new-key-file "$other" "${m[@]:0:5}"

# A set of key slots that someone planted on one member: a higher number, good
# CRC, but no MAC.  Here: those of another volume.
must dd if=/dev/ram6 of=/dev/ram0 bs=64K skip=2 seek=2 count=14 conv=fsync status=none
exits 0 "foreign key slots on a member do no harm" "added" \
	keys add "${cheap[@]}" --key-file "$other" --new-key-file "$TMPDIR/random" "${m[@]}"

# --- the volume key itself -----------------------------------------------------------
exits 0 "a volume without key slots" "0 key slots" \
	rlncsetup format -q --force -k 4 --volume-key-file "$TMPDIR/volume.key" "${m[@]}"
exits 2 "its key must be the right one" "not its volume key" \
	keys add --volume-key-file <(head -c 32 /dev/zero) --new-key-file "$pass" "${cheap[@]}" "${m[@]}"
exits 0 "a slot can be added with it" "Key slot 0 added" \
	keys add --volume-key-file "$TMPDIR/volume.key" --new-key-file "$pass" "${cheap[@]}" "${m[@]}"
