#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Control: the tests run by themselves, too, with nothing set by the harness.
# expect: ok [0-9]+ selftest/real-machine

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../kselftest/lib.sh"
plan 3

mkdir -p "$TMPDIR/tests/area"
cat >"$TMPDIR/tests/area/passes.sh" <<'END'
#!/bin/bash
. "$SKYHOLD_TOP/tests/kselftest/lib.sh"
plan 2
is "$SKYHOLD_LANE" real "the lane is the machine itself"
check "the kernel's log can be read" dmesg
END
sed 's/real "the/stock "the/' "$TMPDIR/tests/area/passes.sh" >"$TMPDIR/tests/area/fails.sh"
chmod +x "$TMPDIR"/tests/area/*.sh

run()
{
	env -i PATH=/usr/bin:/bin SKYHOLD_TESTS="$TMPDIR/tests" SKYHOLD_LOGS="$TMPDIR/logs" \
		"$SKYHOLD_TOP/tests/kselftest/run.sh" "$@" >"$TMPDIR/results"
}

check "a test that passes" run passes
check_fails "and one that fails, with all of its area" run area
check_fails "whose results are complete" sh -c "'$SKYHOLD_TOP/scripts/ktap-check' '$TMPDIR/results' | grep INCOMPLETE"
