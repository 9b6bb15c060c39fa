# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a test may leave behind in the system, one object per line.  A test that
# ends with more of them than it began with has failed.

# Our modules: built in $SKYHOLD_MODULES, or installed in the running system.
our_modules="dm_rlnc hedge skyhold_fault"

# state_processes ID: processes that descend from the test with this id.  The
# mark is in the environment, so a daemon that left its session has it too.
state_processes()
{
	local environ pid
	for environ in /proc/[0-9]*/environ; do
		pid=${environ#/proc/}
		pid=${pid%/environ}
		grep -qzxF "SKYHOLD_TEST=$1" "$environ" 2>/dev/null || continue
		echo "process $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
	done
}

state_snapshot()
{
	local path name
	for path in /sys/block/dm-*/dm/name; do
		[ -e "$path" ] && echo "dm $(cat "$path")"
	done
	for path in /sys/block/nbd*/pid; do
		[ -e "$path" ] && echo "nbd $(basename "$(dirname "$path")")"
	done
	for path in /sys/block/loop*/loop; do
		[ -e "$path" ] && echo "loop $(basename "$(dirname "$path")")"
	done
	for path in /sys/class/net/*; do
		[ -e "$path" ] && echo "netdev $(basename "$path")"
	done
	for path in /run/netns/*; do
		[ -e "$path" ] && echo "netns $(basename "$path")"
	done
	for name in $our_modules; do
		[ -e "/sys/module/$name/refcnt" ] && echo "module $name"
	done
	awk '{ print "mount " $5 }' /proc/self/mountinfo
}

# state_new BEFORE: what is there now and was not in the file BEFORE.
state_new()
{
	state_snapshot | LC_ALL=C sort | LC_ALL=C comm -13 <(LC_ALL=C sort "$1") -
}

# state_remove: take away the objects on standard input, users before what they
# use.  Best effort: the test has failed already.
state_remove()
{
	local kind name
	LC_ALL=C sort -r | awk '
		{ rank["process"] = 1; rank["mount"] = 2; rank["dm"] = 3; rank["loop"] = 4
		  rank["netns"] = 5; rank["netdev"] = 6; rank["nbd"] = 7; rank["module"] = 8
		  print rank[$1] " " $0 }' | sort -s -n -k1,1 | cut -d' ' -f2- |
	while read -r kind name; do
		case $kind in
		process) kill -KILL "${name%% *}" ;;
		mount)	umount -l "$name" ;;
		dm)	dmsetup remove --force --retry "$name" ;;
		loop)	losetup -d "/dev/$name" ;;
		netns)	ip netns del "$name" ;;
		netdev)	ip link del "$name" ;;
		nbd)	nbd-client -d "/dev/$name" ;;
		module)	rmmod "$name" ;;
		esac
	done >/dev/null 2>&1
}
