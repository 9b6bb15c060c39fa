#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each of the small guests does what it says, under a monitor in user space.
# vm: timeout=500

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
requires hvt-peer hvt-image ip busybox
requires_kvm
requires_module tun
plan 89

out=$TMPDIR/out err=$TMPDIR/err
declare -A pid

guest()
{
	status=0
	timeout $((60 * SKYHOLD_SLOW)) hvt-peer "$@" >"$out" 2>"$err" </dev/null || status=$?
	head -c 300 "$out" "$err"
}

guest_begin()
{
	local name=$1 cpu=()
	shift
	[[ $1 != --cpu=* ]] || { cpu=(taskset -c "${1#*=}"); shift; }
	"${cpu[@]}" hvt-peer "$@" >"$out.$name" 2>"$err.$name" </dev/null &
	pid[$name]=$!
}
said() { grep -qaE -- "$2" "$out.$1"; }
guest_runs() { running "${pid[$1]}"; }
guest_kill() { kill -KILL "${pid[$1]}"; }
guest_end()
{
	status=0
	poll_until 60 ended "${pid[$1]}" || kill -KILL "${pid[$1]}"
	wait "${pid[$1]}" || status=$?
	head -c 300 "$out.$1" "$err.$1"
}

# shellcheck source=tests/kselftest/hedge/cases.sh
. "$(dirname "$0")/cases.sh"
