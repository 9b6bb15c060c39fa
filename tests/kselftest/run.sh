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

[ "$(id -u)" -eq 0 ] || { echo "These tests change block devices and modules: run them as root." >&2; exit 1; }

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
	case ,$(header "$tests/$name.sh" lane stock,debug,real), in
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
			kill -0 "$1" 2>/dev/null || return 0
			tick
		done
	done
	echo w >/proc/sysrq-trigger
	return 1
}

# run_test NAME: sets status (124 for a time-out, 125 if it cannot be killed).
run_test()
{
	local file=$tests/$1.sh log=$logs/${1//\//-} limit deadline pid fd
	limit=$(($(header "$file" timeout 60) * SKYHOLD_SLOW))
	echo "@test $1 $limit" >>"$progress"
	: >"$log.ktap"
	exec {fd}<"$log.ktap"
	partial=''
	SKYHOLD_TEST=$1 TMPDIR=$work setsid "${session[@]}" "$file" \
		>"$log.ktap" 2>"$log.log" </dev/null {clock}>&- {fd}<&- &
	pid=$!
	deadline=$((SECONDS + limit))
	status=''
	while kill -0 "$pid" 2>/dev/null; do
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

# problems NAME BEFORE: everything that is wrong with a test that has ended.
problems()
{
	local stdout=$logs/${1//\//-}.ktap junk
	case $status in
	124)	echo "timed out" ;;
	125)	echo "timed out and cannot be killed; blocked tasks are in the kernel's log" ;;
	0|4)	;;
	*)	echo "exit status $status" ;;
	esac
	"$SKYHOLD_TOP/scripts/ktap-check" -q "$stdout" 2>&1
	junk=$(state_processes "$1"; state_new "$2")
	[ -z "$junk" ] || {
		awk '{ print "left behind: " $0 }' <<<"$junk"
		state_remove <<<"$junk"
	}
	dmesg | awk -v mark="skyhold: test $1 begins" 'index($0, mark) { n = 0; next } { line[n++] = $0 }
		END { for (i = 0; i < n; i++) print line[i] }' >"$work/klog"
	grep -E -f "$here/splats" "$work/klog" | head -n 5 | sed 's/^/kernel: /'
}

echo "KTAP version 1"
echo "1..${#list[@]}"
number=0 failures=0
for name in "${list[@]}"; do
	number=$((number + 1))
	state_snapshot >"$work/before"
	echo "skyhold: test $name begins" >/dev/kmsg
	began=$SECONDS
	run_test "$name"
	problems=$(problems "$name" "$work/before")
	log=$logs/${name//\//-}
	skip=$(sed -n 's/^1\.\.0 *# *SKIP *//p' "$log.ktap" | head -n 1)
	if [ -n "$problems" ]; then
		failures=$((failures + 1))
		while IFS= read -r line; do echo "# $line"; done <<<"$problems"
		tail -n 30 "$log.log" | sed 's/^/# | /'
		echo "not ok $number $name"
	elif [ -n "$skip" ]; then
		[ -z "$(header "$tests/$name.sh" optional '')" ] || skip="optional: $skip"
		echo "ok $number $name # SKIP $skip"
	else
		echo "ok $number $name"
	fi
	echo "# $name: $((SECONDS - began)) s"
	[ "$status" != 125 ] || { echo "Bail out! $name cannot be ended"; exit 1; }
done
[ "$failures" -eq 0 ]
