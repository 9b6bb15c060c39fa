#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run kernel tests on the machine at hand and print one KTAP document.
#
#   run.sh [AREA | AREA/NAME | NAME]...
#
# Each test has its own session, session keyring, temporary folder and time
# limit.  It fails if a result is bad or missing, if it leaves an object behind
# (device, mount, process, module...) or if the kernel complained meanwhile.
#
# From the environment:
#   SKYHOLD_TESTS	where the areas are (the folder of this file)
#   SKYHOLD_BUILD	the build directory (build)
#   SKYHOLD_LANE	stock, debug: set by the VM harness; real without it
#   SKYHOLD_SLOW	factor for all time limits (1)
#   SKYHOLD_LOGS	where the logs go (build/kselftest)
#   SKYHOLD_PROGRESS	a file that gets "@test NAME SECONDS" before each test

set -u

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/kselftest/select.sh
. "$here/select.sh"
# shellcheck source=tests/kselftest/state.sh
. "$here/state.sh"
# shellcheck source=tests/kselftest/process.sh
. "$here/process.sh"

[ "$EUID" -eq 0 ] || { echo "These tests change block devices and modules: run them as root." >&2; exit 1; }

export SKYHOLD_TOP=${SKYHOLD_TOP:-$(cd "$here/../.." && pwd)}
export SKYHOLD_BUILD=${SKYHOLD_BUILD:-$SKYHOLD_TOP/build}
export SKYHOLD_LANE=${SKYHOLD_LANE:-real}
export SKYHOLD_SLOW=${SKYHOLD_SLOW:-1}
tests=${SKYHOLD_TESTS:-$here}
logs=${SKYHOLD_LOGS:-$SKYHOLD_BUILD/kselftest}
progress=${SKYHOLD_PROGRESS:-/dev/null}
PATH=$PATH:/usr/sbin:/sbin

selected=$(select_tests "$tests" "$@") || exit 2
mkdir -p "$logs"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
exec {clock}<> <(:)

list=()
while read -r name; do
	header "$tests/$name.sh" lane stock,debug,real
	case ,$REPLY, in
	*",$SKYHOLD_LANE,"*) list+=("$name") ;;
	esac
done <<<"$selected"

session=()
! command -v keyctl >/dev/null || session=(keyctl session skyhold)

# forward FD: print what the test has added to its results, indented.
forward()
{
	local part
	while IFS= read -r -u "$1" part || { partial+=$part; false; }; do
		printf '  %s\n' "$partial$part"
		partial=
	done
}

# tick: a tenth of a second, without a process.
tick() { read -rt 0.1 -u "$clock" || :; }

# stop GROUP: end a test that is over its time, softly first, since the soft way
# includes the test's own clean-up.
stop()
{
	local signal deadline
	for signal in TERM KILL; do
		kill -"$signal" -- "-$1" 2>/dev/null
		deadline=$((SECONDS + 20 * SKYHOLD_SLOW))
		while [ "$SECONDS" -lt "$deadline" ]; do
			running "$1" || return 0
			tick
		done
	done
	echo w >/proc/sysrq-trigger
	cat "/proc/$1/stat" "/proc/$1/stack" >/dev/kmsg 2>/dev/null
	return 1
}

# run_test NAME: sets limit and status (124 for a time-out, 125 if it cannot be
# killed).
run_test()
{
	local file=$tests/$1.sh log=$logs/${1//\//-} deadline pid fd
	header "$file" timeout 60
	limit=$((REPLY * SKYHOLD_SLOW))
	echo "@test $1 $limit" >>"$progress"
	: >"$log.ktap"
	exec {fd}<"$log.ktap"
	partial=''
	SKYHOLD_TEST=$1 TMPDIR=$work setsid "${session[@]}" "$file" \
		>"$log.ktap" 2>"$log.log" </dev/null {clock}>&- {fd}<&- &
	pid=$!
	deadline=$((SECONDS + limit))
	status=''
	while running "$pid"; do
		tick
		forward "$fd"
		[ "$SECONDS" -ge "$deadline" ] || continue
		status=125
		! stop "$pid" || status=124
		break
	done
	[ -n "$status" ] || { wait "$pid"; status=$?; }
	forward "$fd"
	[ -z "$partial" ] || printf '  %s\n' "$partial"
	exec {fd}<&-
}

# problems NAME: everything that is wrong with a test that has ended.
problems()
{
	local junk
	case $status in
	124)	echo "timed out after $limit seconds" ;;
	125)	echo "timed out after $limit seconds and cannot be killed; blocked tasks are in the kernel's log" ;;
	0|4)	;;
	*)	echo "exit status $status" ;;
	esac
	"$SKYHOLD_TOP/scripts/ktap-check" -q "$logs/${1//\//-}.ktap" 2>&1
	junk=$(state_processes "$1"; state_new before)
	[ -z "$junk" ] || {
		echo "left behind: ${junk//$'\n'/, }"
		state_remove <<<"$junk"
	}
	dmesg | sed "1,/skyhold: test ${1//\//.} begins/d" | grep -m 5 -E -f "$here/splats" | sed 's/^/kernel: /'
}

# reason_to_skip NAME: REPLY is the reason that the test gave, or nothing.
reason_to_skip()
{
	local line
	REPLY=''
	while IFS= read -r line; do
		[[ $line =~ ^1\.\.0\ *#\ *SKIP\ *(.*) ]] || continue
		local reason=${BASH_REMATCH[1]}
		header "$tests/$1.sh" optional ''
		REPLY=${REPLY:+optional: }$reason
		return
	done <"$logs/${1//\//-}.ktap"
}

# In one function, read before anything is run, so that an edit cannot hit it.
main()
{
	local number=0 failures=0 began found line
	# shellcheck disable=SC2034 # by name
	declare -gA before
	echo "KTAP version 1"
	echo "1..${#list[@]}"
	for name in "${list[@]}"; do
		number=$((number + 1))
		state_snapshot before
		echo "skyhold: test $name begins" >/dev/kmsg
		began=$SECONDS
		run_test "$name"
		found=$(problems "$name")
		if [ -n "$found" ]; then
			failures=$((failures + 1))
			while IFS= read -r line; do echo "# $line"; done <<<"$found"
			tail -n 30 "$logs/${name//\//-}.log" | sed 's/^/# | /'
			echo "not ok $number $name"
		else
			reason_to_skip "$name"
			echo "ok $number $name${REPLY:+ # SKIP $REPLY}"
		fi
		echo "# $name: $((SECONDS - began)) s"
		[ "$status" != 125 ] || { echo "Bail out! $name cannot be ended"; exit 1; }
	done
	exit "$((failures > 0))"
}

main
