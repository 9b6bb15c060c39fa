# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a test sources first:
#
#	. "$(dirname "$0")/../lib.sh"
#	plan 2
#	check "the device answers" dmsetup status vol
#	is "$(blockdev --getsz /dev/mapper/vol)" 2048 "its size is as asked for"
#
# Results go to standard output as KTAP.  Everything else that a command of the
# test prints, to either stream, goes to the test's log.  A test that ends
# early, for whatever reason, has not met its plan and has failed.

set -u

# shellcheck source=tests/kselftest/process.sh
. "$(dirname "${BASH_SOURCE[0]}")/process.sh"

[ "$EUID" -eq 0 ] || { echo "These tests change block devices and modules: run them as root." >&2; exit 1; }

SKYHOLD_TOP=${SKYHOLD_TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
SKYHOLD_BUILD=${SKYHOLD_BUILD:-$SKYHOLD_TOP/build}
SKYHOLD_MODULES=${SKYHOLD_MODULES:-$SKYHOLD_BUILD/kmod/$(uname -r)}
SKYHOLD_LANE=${SKYHOLD_LANE:-real}
SKYHOLD_SLOW=${SKYHOLD_SLOW:-1}
[ -S /run/udev/control ] || export DM_DISABLE_UDEV=1
case :$PATH: in
*":$SKYHOLD_BUILD/bin:"*) ;;
*) PATH=$SKYHOLD_BUILD/bin:$PATH:/usr/sbin:/sbin ;;
esac

# Results keep their own descriptor, so that the output of a tool can never be
# mistaken for one.
exec {_ktap}>&1 1>&2
_planned='' _ran=0 _failed=0 _cleanups=() _kmsg_mark=''
exec {_tick}<> <(:)

_say() { printf '%s\n' "$*" >&"$_ktap"; echo "--- $*"; }

# note TEXT: a remark beside the results.
note() { _say "# $*"; }

# noted PATTERN COMMAND...: run it; the lines of its output that match are remarks, too.
noted()
{
	local pattern=$1 line
	shift
	"$@" | while IFS= read -r line || [ -n "$line" ]; do
		printf '%s\n' "$line"
		[[ ! $line =~ $pattern ]] || note "$line"
	done
	return "${PIPESTATUS[0]}"
}

# plan N: how many results will follow; once, before the first.
plan()
{
	_planned=$1
	_say "1..$1"
}

_result()
{
	_ran=$((_ran + 1))
	_say "$1 $_ran $2"
}

# ok TEXT, not_ok TEXT: one result.
ok() { _result ok "$*"; }
not_ok() { _failed=$((_failed + 1)); _result "not ok" "$*"; }

# skip TEXT REASON: one result that could not be had.
skip() { _result ok "$1 # SKIP $2"; }

# skip_all REASON: the whole test cannot be run here.
skip_all()
{
	_say "1..0 # SKIP $*"
	_planned=0
	exit 4
}

# bail REASON: nothing that would follow makes sense.
bail() { note "gave up: $*"; exit 1; }

# check TEXT COMMAND...: the command succeeds.
check()
{
	local text=$1
	shift
	echo "+ $*"
	if "$@"; then ok "$text"; else note "status $? from: $*"; not_ok "$text"; fi
}

# check_fails TEXT COMMAND...: the command fails, and not by a signal.
check_fails()
{
	local text=$1 status=0
	shift
	echo "+ ! $*"
	"$@" || status=$?
	if [ "$status" -gt 0 ] && [ "$status" -lt 126 ]; then
		ok "$text"
	else
		note "status $status from: $*"
		not_ok "$text"
	fi
}

# is GOT EXPECTED TEXT: two strings are equal.
is()
{
	if [ "$1" = "$2" ]; then
		ok "$3"
	else
		note "expected '$2', got '$1'"
		not_ok "$3"
	fi
}

# must COMMAND...: a step of preparation; if it fails the test ends.
must()
{
	echo "+ $*"
	"$@" || bail "status $? from: $*"
}

# cleanup COMMAND...: run at the end, last registered first.
cleanup() { _cleanups+=("$(printf '%q ' "$@")"); }

_run_cleanups()
{
	local i
	for ((i = ${#_cleanups[@]} - 1; i >= 0; i--)); do
		echo "+ cleanup: ${_cleanups[i]}"
		eval "${_cleanups[i]}" || { note "status $? from cleanup: ${_cleanups[i]}"; _failed=$((_failed + 1)); }
	done
	_cleanups=()
}

_finish()
{
	local status=$?
	trap - EXIT
	_run_cleanups
	case $_planned in
	'')	note "ended without a plan" ;;
	"$_ran") ;;
	*)	note "ended after $_ran of $_planned results" ;;
	esac
	[ "$status" -ne 0 ] || { [ "$_failed" -eq 0 ] && [ "$_planned" = "$_ran" ]; } || status=1
	exit "$status"
}
trap _finish EXIT
trap 'note "interrupted"; exit 124' TERM INT HUP

# pause: the interval of all polling here, 50 ms, without a process.
pause() { read -rt 0.05 -u "$_tick" || :; }

# poll_until SECONDS COMMAND...: wait until the command succeeds, no longer than
# SECONDS, which are stretched on a slow kernel.
poll_until()
{
	local deadline=$((SECONDS + $1 * SKYHOLD_SLOW + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		pause
	done
}

# requires TOOL...: skip the test where a program is missing.
requires()
{
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip_all "needs $tool"
	done
}

# drop_caches: what is read next comes from the disk, and memory that is free is shown as such.
drop_caches() { sync; echo 3 >/proc/sys/vm/drop_caches; }

# available_kib: memory that could be had, with what each CPU keeps of what was freed, which
# can be tens of MiB and is in no line of meminfo.
available_kib()
{
	awk -v page=$(($(getconf PAGE_SIZE) / 1024)) '
		$1 == "MemAvailable:" { kib += $2 }
		$1 == "count:" { kib += page * $2 }
		END { print kib }' /proc/meminfo /proc/zoneinfo
}

module_loaded() { [ -e "/sys/module/${1//-/_}/initstate" ]; }

# our_module_file MODULE: where the build tree has it, if it has.
our_module_file()
{
	find "$SKYHOLD_MODULES" \( -name "${1//-/_}.ko" -o -name "${1//_/-}.ko" \) -print -quit 2>/dev/null
}

# requires_module MODULE [PARAMETER...]: load a module of the kernel, or skip.
# It is left loaded, unless parameters were given.
requires_module()
{
	local name=$1
	shift
	if [ $# -gt 0 ]; then
		! module_loaded "$name" || modprobe -r "$name" || bail "$name is loaded and in use"
		modprobe "$name" "$@" || skip_all "needs module $name"
		cleanup poll_until 10 modprobe -r "$name"
	else
		modprobe "$name" || skip_all "needs module $name"
	fi
}

# requires_kvm: load what /dev/kvm needs, or skip.
requires_kvm()
{
	[ -e /dev/kvm ] || modprobe -q kvm-amd || modprobe -q kvm-intel || :
	poll_until 5 test -c /dev/kvm || skip_all "needs /dev/kvm"
}

# load_module MODULE [PARAMETER...]: load one of our own from the build tree (or
# the installed one where nothing was built), and unload it at the end.
load_module()
{
	local name=$1 file dep
	shift
	file=$(our_module_file "$name")
	if [ -n "$file" ]; then
		for dep in $(modinfo -F depends "$file" | tr , ' '); do
			must modprobe "$dep"
		done
		must insmod "$file" "$@"
	else
		must modprobe "$name" "$@"
	fi
	cleanup unload_module "$name"
}

# unload_module MODULE: it must go, now or as soon as the last user has.
unload_module()
{
	module_loaded "$1" || return 0
	poll_until 10 rmmod "$1" || { rmmod "$1"; return 1; }
}

# klog_mark, klog: the kernel's messages since the mark.
klog_mark()
{
	_kmsg_mark="mark $$.$RANDOM$RANDOM"
	echo "skyhold: $_kmsg_mark" >/dev/kmsg
}
klog() { dmesg | sed -n "/skyhold: $_kmsg_mark/,\$p" | sed 1d; }
klog_has() { klog | grep -qE -- "$1"; }

# check_klog TEXT PATTERN: a line that matches has been logged since the mark.
check_klog()
{
	if klog_has "$2"; then
		ok "$1"
	else
		note "no '$2' in the kernel log"
		not_ok "$1"
	fi
}

TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/skyhold.XXXXXX")
export TMPDIR
cleanup rm -rf "$TMPDIR"

_say "KTAP version 1"
