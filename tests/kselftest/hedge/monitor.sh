# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For tests of the monitor in the kernel.

guests=$SKYHOLD_BUILD/guest

# Each write is one command: the shell's own writes are cut into pieces when they are long.
in_one_write()
{
	if [ ${#1} -lt 512 ]; then printf '%s' "$1"; else printf '%s' "$1" | dd bs=32K iflag=fullblock status=none; fi
}

# tell COMMAND: write it to the monitor; one that is refused says why.
tell()
{
	echo "+ tell $1"
	in_one_write "$1" 2>/dev/null >/proc/monitor && return
	tail -n 1 /proc/vmstats/errors
	return 1
}

# value VM KEY: of its record.
value() { awk -v k="$2" '$1 == k { print substr($0, length(k) + 2) }' "/proc/vmstats/$1" 2>/dev/null; }
state_is() { [ "$(value "$1" state)" = "$2" ]; }
runs() { state_is "$1" running; }
has_ended() { state_is "$1" ended; }
console() { cat "/proc/vmcons/vm$(value "$1" id)"; }
said() { console "$1" | grep -qaE -- "$2"; }
# refused TEXT COMMAND PATTERN: a command is refused, and the reason says so.
refused()
{
	local text=$1 why
	if why=$(tell "$2") || ! grep -qE -- "$3" <<<"$why"; then
		note "expected '$3' from $2, got: $why"
		not_ok "$text"
	else
		ok "$text"
	fi
}
# start NAME GUEST [WORD]... [-- KEY=VALUE...]: with 32 MiB and no devices.
start()
{
	local name=$1 image=$2 words='' keys=''
	shift 2
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		words+="${words:+ }$1"
		shift
	done
	[ $# -eq 0 ] || shift
	while [ $# -gt 0 ]; do
		keys+="|$1"
		shift
	done
	tell "start|$name|$guests/$image.hvt||32|||${words:-x}$keys"
}

# time_to_stop VM: in microseconds.
time_to_stop()
{
	local began=${EPOCHREALTIME/./}
	printf 'stop|%s' "$1" >/proc/monitor
	echo $((${EPOCHREALTIME/./} - began))
}
# median NUMBER...: of times that are taken in the emulator, on a host that does other things,
# some say nothing of the monitor. The best one alone would hide what happens to half of them.
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }
