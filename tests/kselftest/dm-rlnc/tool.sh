# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For tests of rlncsetup itself.

# Argon2id at its cheapest: its strength is not what is tested.
# shellcheck disable=SC2034
cheap=(--pbkdf-force-iterations 1 --pbkdf-memory 1024 --pbkdf-parallel 1)
pass=$TMPDIR/pass
printf 'correct horse' >"$pass"

# exits STATUS TEXT PATTERN COMMAND...: the command ends so and says so.
exits()
{
	local want=$1 text=$2 pattern=$3 status=0 said
	shift 3
	echo "+ $*"
	said=$("$@" 2>&1 </dev/null) || status=$?
	echo "$said"
	if [ "$status" -eq "$want" ] && grep -qE -- "$pattern" <<<"$said"; then
		ok "$text"
	else
		note "status $status instead of $want, or no '$pattern' from: $*"
		note "it said: ${said//$'\n'/ | }"
		not_ok "$text"
	fi
}
