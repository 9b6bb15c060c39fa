#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every change of a volume's state is told by generic netlink, in order and without
# a gap, to those who may listen; a flood of wrong fragments is a few messages.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires dmsetup openssl rlncsetup setpriv
plan 28

told=$TMPDIR/told
rlncsetup monitor --json >"$told" &
monitor=$!
cleanup kill "$monitor"
# What is told of an event, and what matches in it.
tells() { grep -E "\"event\":\"$1\".*${2:-}" "$told"; }
told() { poll_until 20 tells "$1" "${2:-}" >/dev/null; }
value() { sed -E "s/.*\"$1\":\"?([^\",}]*).*/\1/"; }
events_of_dm() { dmsetup info -c --noheadings -o events v; }

load_module dm-rlnc
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
exits 2 "without CAP_NET_ADMIN nobody listens" "not allowed to listen to dm-rlnc" \
	"${nobody[@]}" --inh-caps -all --bounding-set -all rlncsetup monitor --oneshot --json
exits 0 "and it takes nothing else" "^$" \
	"${nobody[@]}" --inh-caps -all,+net_admin --ambient-caps +net_admin rlncsetup monitor --oneshot --json
ram_members 7 24
spare=${MEMBERS[6]}
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"
check "a volume that goes live, to one who listened before the module came" \
	told activated '"volume":"v".*"letters":"AAAAAA".*"k":4,"n":6'
before=$(events_of_dm)
pattern 6 events >"$TMPDIR/image"
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
must dmsetup message v 0 checkpoint
check "a checkpoint, with its epoch and root" told checkpoint "\"epoch\":$(epoch v),.*\"root\":\"$(field v 6)[0-9a-f]{48}\""
check "which is a device-mapper event as well" test "$(events_of_dm)" -gt "$before"

must dmsetup message v 0 fail 1
check "a member that failed, with its device, and why" \
	told member_failed '"letters":"AFAAAA".*"member":1,"member_device":"1:1",.*"reason":"by request"'
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M count=2 oflag=direct conv=fsync status=none
must dmsetup message v 0 return 1
check "that it has returned" told member_returned '"member":1,'
check "that it is being rebuilt" told work_started '"work":"rebuild"'
check "that it is in sync" told member_rebuilt '"member":1,'
check "that the rebuild is finished" told work_finished '"work":"rebuild".*"errors":0'
must dmsetup message v 0 replace 5 "$spare"
check "that a member was replaced" told member_replaced '"member":5,"member_device":"1:6"'
check "and rebuilt" told member_rebuilt '"member":5,'
MEMBERS[5]=$spare

must dmsetup suspend v
check "a suspension" told suspended
must dmsetup message v 0 key wipe
check "a key that is wiped" told key_wiped
must dmsetup message v 0 key set "$KEY"
check "and set" told key_set
must dmsetup resume v
check "a volume that is resumed" told resumed

ruin() { must dd if=/dev/urandom of="$1" bs=1M seek=1 count=22 oflag=direct conv=notrunc status=none; }
must dmsetup message v 0 scrub start
check "a scrub" told work_started '"work":"scrub"'
check "its end" told work_finished '"work":"scrub".*"mended":0,"errors":0'
ruin /dev/ram3
since=$SECONDS
drop_caches
check "reading over a ruined member" cmp -n 6291456 "$TMPDIR/image" /dev/mapper/v
check "fragments that were wrong, and of whom" told auth_failed '"members":"...x.."'
added() { tells "$1" | value count | awk '{ sum += $1 } END { print sum + 0 }'; }
all_told() { [ "$(added corrected)" -eq "$(corrected v)" ]; }
check "each one that was corrected is counted in some message" poll_until 20 all_told
note "$(corrected v) fragments corrected in $(tells corrected | wc -l) messages"
check "of which there is one a second at most" test "$(tells corrected | wc -l)" -le $((SECONDS - since + 2))

ruin /dev/ram0
ruin /dev/ram1
ruin /dev/ram2
check_fails "four ruined members lose data" dd if=/dev/mapper/v of=/dev/null bs=64K skip=16 count=8 iflag=direct
check "which is told, with the sector and the members" told data_lost '"sector":[0-9]+,"members":"xxx...'
# The map may be beyond reading as well, and with it a last checkpoint.
must dmsetup remove v
check "a volume that is closed" told closed
seqs() { value seq <"$told"; }
is "$(seqs | tr '\n' ' ')" "$(seq 1 "$(seqs | wc -l)" | tr '\n' ' ')" "every event has come, in order"
must dmsetup create other --table "0 8 zero"
cleanup dmsetup remove other
is "$(rlncsetup monitor --oneshot --json)" "" "no volume is open"
check "the listener goes on" running "$monitor"
