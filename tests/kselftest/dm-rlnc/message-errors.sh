#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Messages that cannot be carried out fail, change nothing, and the log says why.
# vm: timeout=60

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 30

load_module dm-rlnc
ram_members 3 24
format 2
must create v -- "${MEMBERS[@]}"
before=$(dmsetup status v)

refused() # refused TEXT LOG-PATTERN WORD...
{
	local text=$1 pattern=$2
	shift 2
	klog_mark
	check_fails "$text: refused" dmsetup message v 0 "$@"
	check_klog "$text: the log says why" "$pattern"
}

for verb in "fail 3" "return 3" "replace 3 /dev/ram9"; do
	# shellcheck disable=SC2086 # words
	refused "$verb" "no such member; they are numbered from 0 to 2" $verb
done
refused "a number that is none" "no such member" fail 1x
refused "return of one that has not failed" "member 1 .*has not failed" return 1
refused "replacement by what there is not" "/dev/nowhere cannot be opened" replace 1 /dev/nowhere
refused "a member of which nothing is said" "wrong number of words" member 1
refused "a deadline that is none" "deadline_ms.* and 100..600000, or 0" member 1 deadline_ms 1
refused "half a scrub" "wrong number of words" scrub
refused "another scrub" 'a scrub is given "start" or "stop"' scrub pause
refused "a verb that there is not" "unknown message explode" explode
refused "too many words" "wrong number of words" checkpoint now
is "$(dmsetup status v)" "$before" "nothing has changed"

gone v
must create v -- "${MEMBERS[@]:0:2}" -
refused "return of one without a device" "member 2 has no device to return with; replace it" return 2
must dmsetup suspend v
refused "a message to who is suspended" 'while it is suspended; resume it first' checkpoint
must dmsetup resume v
check "resumed it takes them" dmsetup message v 0 checkpoint
