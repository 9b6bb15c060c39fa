# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a test may leave behind in the system, one object per line.  A test that
# ends with more of them than it began with has failed.

# Our modules: built in $SKYHOLD_MODULES, or installed in the running system.
our_modules="dm_rlnc hedge skyhold_fault skyhold_nomem"

# The functions below start few processes, or none: one costs 50 ms in emulation.

# state_processes ID: processes that descend from the test with this id.  The
# mark is in the environment, so a daemon that left its session has it too.
state_processes()
{
	local environ pid
	grep -lzxF "SKYHOLD_TEST=$1" /proc/[0-9]*/environ 2>/dev/null | while read -r environ; do
		pid=${environ#/proc/}
		pid=${pid%/environ}
		[ -d "/proc/$pid" ] || continue
		echo "process $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
	done
}

# state_snapshot NAME: fill the associative array NAME with "KIND OBJECT" keys.
state_snapshot()
{
	local -n _into=$1
	local path name
	_into=()
	for path in /sys/block/dm-*/dm/name; do
		[ -e "$path" ] && read -r name <"$path" && _into["dm $name"]=1
	done
	# What only a configured device has tells its kind.
	for path in /sys/block/{nbd*/pid,loop*/loop,md*/md}; do
		[ -e "$path" ] || continue
		name=${path#/sys/block/}
		name=${name%/*}
		_into["${name%%[0-9]*} $name"]=1
	done
	for path in /sys/class/nvme/nvme*/subsysnqn; do
		[ -e "$path" ] || continue
		name=${path%/*}
		_into["nvme ${name##*/}"]=1
	done
	for path in /sys/kernel/config/nvmet/{ports,subsystems,hosts}/*; do
		[ -e "$path" ] && _into["nvmet ${path#/sys/kernel/config/nvmet/}"]=1
	done
	for path in /sys/class/net/*; do
		[ -e "$path/ifindex" ] && _into["netdev ${path##*/}"]=1
	done
	for path in /run/netns/*; do
		[ -e "$path" ] && _into["netns ${path##*/}"]=1
	done
	for name in $our_modules; do
		[ -e "/sys/module/$name/initstate" ] && _into["module $name"]=1
	done
	while read -r _ name _; do
		_into["mount $name"]=1
	done </proc/mounts
}

# state_new NAME: print what is there now and is not in the snapshot NAME.
state_new()
{
	local -n _before=$1
	local -A now
	local object
	state_snapshot now
	for object in "${!now[@]}"; do
		[ -n "${_before[$object]:-}" ] || echo "$object"
	done
}

# state_remove: take away the objects on standard input, users before what they
# use.  Best effort: the test has failed already.
state_remove()
{
	local kind name
	LC_ALL=C sort -r | awk '
		BEGIN { split("process mount dm md loop netns netdev nbd nvme nvmet module", kinds)
			for (i in kinds) rank[kinds[i]] = i }
		{ print rank[$1] " " $0 }' | sort -s -n -k1,1 | cut -d' ' -f2- |
	while read -r kind name; do
		case $kind in
		process) kill -KILL "${name%% *}" ;;
		mount)	umount -l "$name" ;;
		dm)	dmsetup remove --force --retry "$name" ;;
		md)	mdadm --stop "/dev/$name" ;;
		loop)	losetup -d "/dev/$name" ;;
		netns)	ip netns del "$name" ;;
		netdev)	ip link del "$name" ;;
		nbd)	nbd-client -d "/dev/$name" ;;
		nvme)	echo 1 >"/sys/class/nvme/$name/delete_controller" ;;
		nvmet)	find "/sys/kernel/config/nvmet/$name/" -depth \( -type l -delete -o -type d -exec rmdir {} + \) ;;
		module)	rmmod "$name" ;;
		esac
	done >/dev/null 2>&1
}
