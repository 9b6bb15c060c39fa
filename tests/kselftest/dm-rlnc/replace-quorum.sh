#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A member is replaced while another one takes no superblock.  The device that was replaced
# and that other one know of nothing then, and are enough to be opened by themselves: they
# must not show what was before as the newest, once something newer was flushed.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 11

load_module dm-rlnc checkpoint_ms=3600000
held_members 4 24
spare=${MEMBERS[3]}
MEMBERS=("${MEMBERS[@]:0:3}")
format 1
# supers TARGET...: what is below the superblocks of member 1.
supers()
{
	must dmsetup suspend --nolockfs m1
	printf '%s\n' "0 2048 $*" "2048 $((RAM_SECTORS - 2048)) linear ${RAM[1]} 2048" >"$TMPDIR/table"
	must dmsetup reload m1 "$TMPDIR/table"
	must dmsetup resume m1
}
write() { dd if="$TMPDIR/$1" of=/dev/mapper/v bs=64K oflag=direct conv=fsync,notrunc status=none; }
shown()
{
	local name
	dd if=/dev/mapper/v of="$TMPDIR/got" bs=1M count=1 iflag=direct status=none || return
	for name in old new; do cmp -s "$TMPDIR/got" "$TMPDIR/$name" && echo $name; done
}
pattern 1 old >"$TMPDIR/old"
pattern 1 new >"$TMPDIR/new"
must create v -- "${MEMBERS[@]}"
must write old
must dmsetup message v 0 checkpoint

supers error
acked=no
dmsetup message v 0 replace 2 "$spare" && write new && acked=yes
is "$acked" no "a replacement that only the new device and one other know of has not succeeded"
must gone v
supers linear "${RAM[1]}" 0
state=refused
create v -- - "${MEMBERS[@]:1:2}" && state=$(shown)
note "acknowledged: $acked; the old device and the other one: $state"
check "the old device and the other one show nothing older than what was flushed" test "$acked $state" != "yes old"
must gone v

# It can be made up for: the old device, or the new one, in the place of none.
must create v accept_older -- "${MEMBERS[@]:0:2}" -
klog_mark
must dmsetup message v 0 fail 0
check_fails "with a member less than a commit takes, none is replaced" dmsetup message v 0 replace 2 "$spare"
must dmsetup message v 0 return 0
healed() { [ "$(field v 8) $(letters v)" = "idle $1" ]; }
must poll_until 30 healed AA-
check "with both others it is" dmsetup message v 0 replace 2 "$spare"
check "and rebuilt" poll_until 30 healed AAA
must write new
must gone v
klog_mark
check_fails "the old device and any other are refused" create v -- - "${MEMBERS[@]:1:2}"
check_klog "by name" 'member 2 .*was replaced by another device'
must gone v

# --- one that the others cannot do without -----------------------------------------------
MEMBERS=("${MEMBERS[@]:0:3}")
for i in {0..3}; do must dd if=/dev/zero of="/dev/mapper/m$i" bs=1M count=1 oflag=direct status=none; done
format 2
must create v rebuild_kbps=1024 -- "${MEMBERS[@]}"
must dmsetup message v 0 fail 1
pattern 4 old >"$TMPDIR/old"
must write old
must dmsetup message v 0 return 1
rebuilding() { [[ $(field v 8) == rebuild:* ]]; }
must poll_until 10 rebuilding
check_fails "none is replaced while another lacks what it has" dmsetup message v 0 replace 2 "$spare"
is "$(health v) $(letters v)" "degraded AsA" "and nothing has changed"
check "when that is rebuilt" poll_until 60 healed AAA
check "it is" dmsetup message v 0 replace 2 "$spare"
