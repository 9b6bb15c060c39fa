#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A dense volume: no member has anything as it was encrypted, and k of them with the
# data key do not get at it without the coefficient key; yet any k give everything
# back, in spite of wrong and lost fragments, and lost ones are made again without
# the key.
# vm: timeout=400

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl rlncsetup rlnc-fragments
plan 39

load_module dm-rlnc
ram_members 7 24
spare=/dev/ram6
MEMBERS=("${MEMBERS[@]:0:6}")
read_all() { dd if=/dev/mapper/v bs=64K count=64 iflag=direct status=none; }
same() { cmp "$TMPDIR/image" <(read_all); }
fill() { must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync,notrunc status=none; }
ruin() { must dd if=/dev/urandom of="$1" bs=1M seek=1 count=22 oflag=direct conv=notrunc status=none; }
idle() { [ "$(field v 8)" = idle ]; }
optimal() { [ "$(health v)" = optimal ]; }
# Small writes that stay in packs, over part of what there is.
small()
{
	local i
	for i in 5 6 70 201 402 403 404 777; do
		must dd if=/dev/urandom of="$TMPDIR/image" bs=4K seek="$i" count=1 conv=notrunc status=none
		must dd if="$TMPDIR/image" of=/dev/mapper/v bs=4K skip="$i" seek="$i" count=1 oflag=direct conv=notrunc status=none
	done
	must dmsetup message v 0 checkpoint
}

# --- what members have ------------------------------------------------------------------
# fragments: sets sealed, as_is, public and secret from what rlnc-fragments counts
fragments()
{
	local line
	line=$(rlnc-fragments "$KEY_FILE" "${MEMBERS[@]}") || bail "the members cannot be read"
	note "$line"
	read -r sealed as_is public secret < <(sed 's/[a-z-]*=//g; s/^[0-9]* //' <<<"$line")
}
pattern 4 dense >"$TMPDIR/image"
for mode in systematic dense; do
	if [ "$mode" = dense ]; then FORMAT=--dense; fi
	format 4 --symbol 8K --force
	must create v -- "${MEMBERS[@]}"
	fill
	small
	must gone v
	fragments
	check "$mode: there is much to look at" test "$sealed" -gt 1024
	is "$secret" "$sealed" "every sector, node and pack decodes from any neighbours"
	if [ "$mode" = systematic ]; then
		is "$as_is $public" "$sealed $sealed" "members have it as it was encrypted"
	else
		is "$as_is" 0 "no member has any of it as it was encrypted"
		is "$public" 0 "nor do k have it with the code that is public"
	fi
done

# --- words ------------------------------------------------------------------------------
check "dump says so" grep -q "any 4 of 6, dense" <(rlncsetup dump "${MEMBERS[0]}")
must create v dense -- "${MEMBERS[@]}"
check "with the word it opens, and has what was written" same
check "the table has it" grep -q " dense " <(dmsetup table v)
check "status says so" grep -q "any 4 of 6 members suffice, dense" <(rlncsetup status v)
check "and its JSON" grep -q '"mode": "dense"' <(rlncsetup status --json v)
must gone v
must create v -- "${MEMBERS[@]}"
check "without the word it opens, too" grep -q " dense " <(dmsetup table v)

# --- any k, whatever the others have -----------------------------------------------------
fill
small
must dmsetup message v 0 fail 1
must dmsetup message v 0 fail 4
check "two lost: all is read" same
fill
small
check "and written" same
is "$(field v 10)" 0 "nothing was lost"
must dmsetup message v 0 return 1
must dmsetup message v 0 return 4
check "they are rebuilt" poll_until 60 optimal
must gone v
fragments
is "$secret $as_is" "$sealed 0" "and have their fragments of everything"

ruin /dev/ram0
must create v -- "${MEMBERS[@]}"
check "a member of junk: the right data" same
check "which is counted" test "$(corrected v)" -gt 0
before=$(corrected v)
check "and again" same
is "$(corrected v)" "$before" "what was wrong had been written back"
# A third of the generations was read without that member.
must dmsetup message v 0 scrub start
check "a scrub mends what was not read" poll_until 90 idle
ruin /dev/ram3
ruin /dev/ram5
klog_mark
must dmsetup message v 0 scrub start
check "two members of junk: a scrub ends" poll_until 90 idle
check_klog "and mends them" 'scrub finished: [1-9][0-9]* mended, 0 could not be'
klog_mark
must dmsetup message v 0 scrub start
poll_until 90 idle
check_klog "a second one finds nothing" 'scrub finished: 0 mended, 0 could not be'
must dmsetup message v 0 fail 1
must dmsetup message v 0 fail 2
check "with two others gone, all is there" same
must gone v
for i in 0 3 5; do ruin "/dev/ram$i"; done
if create v -- "${MEMBERS[@]}"; then
	check_fails "three members of junk: no data" read_all
	must gone v
else
	ok "three members of junk: not opened"
fi

# --- while checkpoints come at every moment ------------------------------------------------
echo 1 >/sys/module/dm_rlnc/parameters/checkpoint_ms
format 4 --symbol 4K --force
must create v allow_discards -- "${MEMBERS[@]}"
fill
for i in 1 2 3 4; do
	dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K skip=$((i * 8)) seek=$((i * 8)) count=8 oflag=direct conv=notrunc status=none &
done
wait
must blkdiscard -o 1M -l 1M /dev/mapper/v
must dd if=/dev/zero of="$TMPDIR/image" bs=1M seek=1 count=1 conv=notrunc status=none
check "writes across checkpoints are read as they were written" same
check "the epoch has moved" test "$(epoch v)" -gt 20
must gone v
must create v -- "${MEMBERS[@]}"
check "and when it is opened again" same
must gone v
echo 5000 >/sys/module/dm_rlnc/parameters/checkpoint_ms

# --- a lost member, from k others without the key ------------------------------------------
ruin /dev/ram2
check "a lost member is made again without the key" \
	rlncsetup repair --offline -q --force "${MEMBERS[@]:0:2}" "${MEMBERS[@]:3:2}" --member 2 --onto "$spare"
must rlncsetup open v --volume-key-file "$KEY_FILE" "${MEMBERS[@]:0:2}" "$spare" "${MEMBERS[@]:3:3}"
check "it is opened by the tool, with the word" grep -q " dense " <(dmsetup table v)
is "$(letters v)" AAAAAA "in sync"
klog_mark
must dmsetup message v 0 scrub start
poll_until 90 idle
check_klog "every fragment is right" 'scrub finished: 0 mended, 0 could not be'
must dmsetup message v 0 fail 0
must dmsetup message v 0 fail 1
check "and it carries the data" same
must rlncsetup close v

# --- a volume that is systematic -------------------------------------------------------------
FORMAT=
format 4 --symbol 4K --force
check_fails "the word is refused for another volume" create v dense -- "${MEMBERS[@]}"
must create v -- "${MEMBERS[@]}"
check_fails "and not in its table" grep -q dense <(dmsetup table v)
check "whose status says so" grep -q "suffice, systematic" <(rlncsetup status v)
must gone v
