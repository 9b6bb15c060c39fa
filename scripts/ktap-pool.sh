# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Tests of which several run at once, for those who source this.

# ktap_pool FUNCTION ITEM...: FUNCTION NUMBER ITEM for each, one on each processor.  What
# it prints ends in its result, and is told whole, in the order of the plan.  Fails if a
# result is missing or is not "ok".
ktap_pool()
{
	local function=$1 number=0 told=0 failed=0 pool item

	shift
	pool=$(mktemp -d)
	# shellcheck disable=SC2064 # of this one, whatever the name means later
	trap "kill \$(jobs -p) 2>/dev/null; rm -rf '$pool'" EXIT

	echo "KTAP version 1"
	echo "1..$#"
	for item; do
		number=$((number + 1))
		while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
			wait -n
			ktap_tell
		done
		{ "$function" "$number" "$item" >"$pool/part-$number"; mv "$pool/part-$number" "$pool/$number"; } &
	done
	while [ "$told" -lt "$number" ]; do
		wait -n || [ "$(jobs -rp | wc -l)" -gt 0 ] || break
		ktap_tell
	done
	ktap_tell
	[ "$told" -eq "$number" ] || failed=1
	return $failed
}

# The results that have come, of ktap_pool().
ktap_tell()
{
	while [ -e "$pool/$((told + 1))" ]; do
		told=$((told + 1))
		cat "$pool/$told"
		grep -q "^ok $told " "$pool/$told" || failed=1
	done
}
