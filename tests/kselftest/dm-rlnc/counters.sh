#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Counters and latencies in sysfs: exact where the requests are, there as long as the
# volume is, and safe to hold open when it goes.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 19

load_module dm-rlnc
ram_members 6 24
must dmsetup create m5 --table "0 49152 linear ${MEMBERS[5]} 0"
cleanup dmsetup remove m5
MEMBERS[5]=/dev/mapper/m5
format 4 --symbol 4K
must dmsetup create m1 --table "0 49152 linear ${MEMBERS[1]} 0"
cleanup dmsetup remove m1
MEMBERS[1]=/dev/mapper/m1
must create v -- "${MEMBERS[@]}"
pattern 4 counters >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
must dmsetup message v 0 checkpoint

folder=/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/rlnc
must test -d "$folder"
of() { cat "$folder/$1"; }
reads() { for i in 0 1 2 3 4 5; do of "member$i/reads"; done; }
less() { paste -d' ' "$1" "$2" | awk '{ print $4 - $1, $5 - $2, $6 - $3 }' | tr '\n' ','; }
must dd if=/dev/mapper/v of=/dev/null bs=16K count=64 iflag=direct status=none
reads >"$TMPDIR/before"
must dd if=/dev/mapper/v of=/dev/null bs=16K count=64 iflag=direct status=none
reads >"$TMPDIR/after"
is "$(less "$TMPDIR/before" "$TMPDIR/after")" "64 262144 0,64 262144 0,64 262144 0,64 262144 0,0 0 0,0 0 0," \
	"64 generations are one read each of the four data members"
writes=$(of member0/writes)
check "writes are counted, with their bytes" test "${writes#* }" != "0 0" -a "${writes%% *}" -ge 256
is "$(of member0/read_histogram | awk '{ n += $2 } END { print n }')" "$(of member0/reads | cut -d' ' -f1)" \
	"every answer is in a bucket of the histogram"
read -r -a us <"$folder/member0/read_latency_us"
in_order() { [ "$1" -gt 0 ] && [ "$2" -ge "$1" ] && [ "$3" -ge "$2" ]; }
check "its percentiles are in order" in_order "${us[@]:0:3}"
check "so are those of late" in_order "${us[@]:3:3}"
is "$(of member2/device) $(of member2/state) $(of epoch)" "1:2 A $(epoch v)" "a member's device and state, the epoch"

must dd if=/dev/urandom of=/dev/ram3 bs=1M seek=1 count=22 oflag=direct conv=notrunc status=none
check "reading over a ruined member" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none)
is "$(of corrected) $(of auth_failures)" "$(corrected v) $(auth_failures v)" "the volume's counters are those of the status line"
is "$(of member3/corrected) $(of member0/corrected)" "$(corrected v) 0" "the member that was wrong has them all"

must dmsetup suspend --nolockfs m5
must dmsetup reload m5 --table "0 49152 error"
must dmsetup resume m5
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K count=8 oflag=direct conv=fsync status=none
check "a member that cannot be written: its errors" test "$(of member5/writes | cut -d' ' -f3)" -gt 0
is "$(of member0/writes | cut -d' ' -f3) $(of member5/state)" "0 F" "are its own"
must dmsetup suspend --nolockfs m5
must dmsetup reload m5 --table "0 49152 linear /dev/ram5 0"
must dmsetup resume m5

must dmsetup suspend --noflush --nolockfs m1
must dd if=/dev/mapper/v of=/dev/null bs=16K count=64 iflag=direct status=none
must dmsetup resume m1
check "reads that went to others are counted" test "$(of hedged)" -ge 1 -a "$(of member1/hedged)" -ge 1
is "$(of member0/hedged) $(of member2/hedged)" "0 0" "at the member that was passed over"

exec 3<"$folder/member0/reads"
must dmsetup reload v --table "$(table -- "${MEMBERS[@]}")"
must dmsetup suspend v
check "while suspended it can be read" cat "$folder/member0/reads"
must dmsetup resume v
check "another table has a folder in the same place" cat "$folder/member0/reads"
check_fails "a file that was open is the old one's" cat <&3
exec 3<"$folder/member0/reads" 4<"$folder"
must test -s "$folder/member0/reads"
must dmsetup remove v
check_fails "with the volume goes its folder" test -e "$folder"
check_fails "and what was open says so" cat <&3
exec 3<&- 4<&-
must create v -- "${MEMBERS[@]}"
check "the volume is made again, and counts anew" \
	test "$(of member0/writes | cut -d' ' -f1)" -lt 100
