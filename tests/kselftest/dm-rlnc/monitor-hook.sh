#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program that the monitor runs and that hangs is killed after a minute, whatever it
# does about that, with what it has started; then the next one has its turn.
# vm: long timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires rlncsetup dmsetup
plan 4

cat >"$TMPDIR/hook" <<EOT
#!/bin/bash
trap '' ALRM TERM HUP INT
echo "\$1 \$$" >>"$TMPDIR/begun"
[ "\$1" = found ] || exit 0
sleep 1000 &
echo \$! >"$TMPDIR/sleeper"
wait
EOT
must chmod +x "$TMPDIR/hook"

load_module dm-rlnc
ram_members 3 24
format 2
must create v -- "${MEMBERS[@]}"
rlncsetup monitor --foreground --program "$TMPDIR/hook" 2>"$TMPDIR/said" &
cleanup kill $!
poll_until 20 test -s "$TMPDIR/sleeper" || bail "the program was not run"
hook=$(awk '{ print $2; exit }' "$TMPDIR/begun")
must dmsetup message v 0 fail 2
check "a program that hangs and will not be told is killed" poll_until 90 ended "$hook"
check "so is what it has started" poll_until 5 ended "$(<"$TMPDIR/sleeper")"
check "it is said" poll_until 5 grep -q "hook was killed by signal 9" "$TMPDIR/said"
check "and the next one is run" poll_until 20 grep -q "^member_failed " "$TMPDIR/begun"
