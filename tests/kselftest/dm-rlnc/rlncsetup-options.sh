#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The options of open as the manual page spells them, and what each of them does.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup dmsetup blkdiscard
plan 30

load_module dm-rlnc
requires_module brd rd_nr=6 rd_size=24576
m=(/dev/ram0 /dev/ram1 /dev/ram2 /dev/ram3 /dev/ram4 /dev/ram5)

open() { rlncsetup open --key-file "$pass" "$@"; }
gone() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup gone
used() { rlncsetup status --json v | sed -n 's/.*"used": \([0-9]*\).*/\1/p'; }
write() { dd if=/dev/urandom of=/dev/mapper/v bs=1M count=8 oflag=direct conv=fsync status=none; }

must rlncsetup format --batch-mode --k 2 --writes-min 3 "${cheap[@]}" --key-file "$pass" "${m[@]}"

exits 0 "read-only" "^$" open --read-only v "${m[@]}"
is "$(blockdev --getro /dev/mapper/v)" 1 "is what the device is"
check_fails "and nobody writes to it" write
must rlncsetup close v

# --- discards ------------------------------------------------------------------------
exits 0 "without discards" "^$" open v "${m[@]}"
check_fails "there are none" blkdiscard /dev/mapper/v
must write
must rlncsetup close v
exits 0 "with them" "^$" open --allow-discards v "${m[@]}"
must rlncsetup checkpoint v
before=$(used)
check "they are taken" blkdiscard /dev/mapper/v
must rlncsetup checkpoint v
must rlncsetup checkpoint v
check "and free what was used" test "$(used)" -lt "$before"
must write
must rlncsetup close /dev/mapper/v

# --- too few members to be sure --------------------------------------------------------
exits 4 "three of six are too few, if four may have gone on" "3 of 6 members are too few" open v "${m[@]:0:3}"
exits 4 "it says what would do" "bring 4 or more, or say --min-epoch E .* or --accept-older" open v "${m[@]:0:3}"
exits 0 "what is older may be accepted" "degraded: 3 of 6" open --accept-older v "${m[@]:0:3}"
epoch=$(rlncsetup status --json v | sed -n 's/^  "epoch": \([0-9]*\).*/\1/p')
must rlncsetup close v
exits 0 "or the epoch is known" "degraded: 3 of 6" open --min-epoch "$epoch" v "${m[@]:0:3}"
must rlncsetup close v
exits 2 "an epoch that is not reached" "older than" open --min-epoch $((epoch + 1000)) v "${m[@]:0:3}"

# --- limits ---------------------------------------------------------------------------
exits 0 "limits" "^$" open --cache-mb 16 --rebuild-kbps 1000 --nbd-timeout 3 --nbd-dead-timeout 2 \
	--option hedge_ms=100 -o deadline_ms=5000 --member-deadline 2:700 --member-deadline 4:60000 v "${m[@]}"
for word in cache_mb=16 rebuild_kbps=1000 hedge_ms=100 deadline_ms=5000 member_deadline_ms=2:700 member_deadline_ms=4:60000; do
	check "$word is in the table" grep -qw -e "$word" <(dmsetup table v)
done
exits 0 "status says how long a member may take" "2 +A .*, has 700 ms to answer" rlncsetup status v
deadlines() { rlncsetup status --json v | sed -n 's/.*"deadline_ms": \([0-9]*\).*/\1/p' | tr '\n' ' '; }
is "$(deadlines)" "5000 5000 700 5000 60000 5000 " "and its JSON, of each"
must dmsetup message v 0 member 2 deadline_ms 0
is "$(deadlines)" "5000 5000 5000 5000 60000 5000 " "also after a message"
must rlncsetup close v
exits 1 "one that there is not" "colour" open -o colour=red v "${m[@]}"
exits 1 "a member's time has to be one" "from 100 to 600000 milliseconds" open --member-deadline 2:99 v "${m[@]}"
exits 1 "and of a member" "as in 2:500" open --member-deadline 500 v "${m[@]}"
exits 1 "that there is" "numbered from 0" open --member-deadline 255:500 v "${m[@]}"
exits 1 "in this volume" "a member below n" open --member-deadline 6:500 v "${m[@]}"
exits 1 "and not two at once" "one word, please" open -o "hedge_ms=100 cache_mb=1" v "${m[@]}"
is "$(rlncsetup status)" "No volume is open." "nothing is left open"
