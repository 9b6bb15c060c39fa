#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A longer table makes the volume larger once the members are, under I/O: both
# trees get wider and taller, what was there stays, and a member that is too small
# or absent is named.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl blockdev
plan 27

load_module dm-rlnc
# Far larger than the machine; what is not written to takes no memory.
held_members 6 12 62000

member_mib() { RAM_SECTORS=$(($2 * 2048)); become "$1" linear "${RAM[$1]}" 0; }
# grow MIB: by a reload, as somebody with a volume in use would.
grow()
{
	SECTORS=$(($1 * 2048))
	dmsetup reload v --table "$(table -- "${MEMBERS[@]}")" || return
	must dmsetup suspend v
	dmsetup resume v
}
idle() { [ "$(field v 8)" = idle ]; }
total() { field v 7 | sed 's,.*/,,'; }
image() { pattern 1 "$1" | cmp - <(dd if=/dev/mapper/v bs=1M skip="$2" count=1 iflag=direct status=none); }
put() { must dd if=<(pattern 1 "$1") of=/dev/mapper/v bs=1M seek="$2" iflag=fullblock oflag=direct conv=fsync,notrunc status=none; }

format 4 --symbol 4K --size 1M
must create v -- "${MEMBERS[@]}"
put old 0
slots=$(total)
is "$(blockdev --getsz /dev/mapper/v)" 2048 "it is as small as was asked for"

klog_mark
check_fails "members that are too small: a longer table is refused" grow 60
check_klog "the log names one and says how much there is room for" "cannot grow to 122880 sectors: member 0 .*too small; with it there is room for [0-9]+"
check "the volume goes on as it was" image old 0

# --- wider and taller, while it is being written ------------------------------------
dd if=<(pattern 8 busy; pattern 8 busy) of=/dev/mapper/v bs=4K count=256 iflag=fullblock oflag=direct conv=notrunc status=none &
check "within what the members have" grow 20
wait $!
is "$(blockdev --getsz /dev/mapper/v)" 40960 "it is larger at once"
is "$(total)" "$slots" "with the slots that there were"
check "what was written meanwhile is there" cmp -n 1048576 <(pattern 8 busy) /dev/mapper/v
check "what is new reads as zeros" cmp -n $((19 << 20)) -i 1048576:0 /dev/mapper/v /dev/zero
put old 0
put twenty 19
for i in 0 1 2 3 4; do member_mib "$i" 100; done
klog_mark
check_fails "one member has not grown" grow 200
check_klog "and is named" "cannot grow to 409600 sectors: member 5 .* is too small"
must gone v
member_mib 5 100
SECTORS=$((200 * 2048))
klog_mark
check_fails "one is absent" dmsetup create v --table "$(table -- "${MEMBERS[@]:0:5}" -)"
check_klog "and is named" "cannot grow without member 5"
SECTORS=2048
check "a shorter table opens what there is" create v -- "${MEMBERS[@]}"
check "all have grown: so does the volume" grow 200
is "$(total)" $((99 * 256)) "it has all the slots"
put end 199
check "the first data" image old 0
check "those in the middle" image twenty 19
check "those at the end" image end 199

# --- the space tree, too ----------------------------------------------------------------
below $((62000 * 2048)) linear
check "to 230,000 MiB" grow 230000
put far 229999
must dmsetup message v 0 checkpoint
check "a scrub finds it whole" dmsetup message v 0 scrub start
check "and ends" poll_until 60 idle
is "$(field v 9)/$(field v 10)" 0/0 "with nothing to mend"
must gone v

everything() { image old 0 && image twenty 19 && image end 199 && image far 229999; }
check "it opens again" create v -- "${MEMBERS[@]}"
check "with everything" everything
must gone v
check "and from four" create v accept_older -- - "${MEMBERS[@]:1:2}" - "${MEMBERS[@]:4:2}"
check "with everything" everything
