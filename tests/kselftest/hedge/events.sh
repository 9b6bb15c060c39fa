#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every change in the life of a VM is told by generic netlink, in order and without a gap,
# to those who may listen.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires hedgectl setpriv sha256sum
requires_kvm
plan 20

told=$TMPDIR/told
hedgectl events --json >"$told" &
listener=$!
cleanup kill "$listener"
# What is told of an event, and what matches in it.
tells() { grep -E "\"event\":\"$1\".*${2:-}" "$told"; }
told() { poll_until 20 tells "$1" "${2:-}" >/dev/null; }
value_of() { sed -E "s/.*\"$1\":\"?([^\",}]*).*/\1/"; }

load_module hedge
no_right() { local got=0; setpriv --inh-caps -all --bounding-set -all timeout 20 "$@" || got=$?; [ $got -eq 2 ]; }
check "without CAP_NET_ADMIN nobody listens" no_right hedgectl events --count 1
digest=$(sha256sum <"$guests/hang.hvt" | cut -d ' ' -f 1)
must start one hang
check "a start, to one who listened before the module came" told started "\"id\":1,\"name\":\"one\",\"image\":\"$guests/hang.hvt\",\"digest\":\"$digest\""
check "the first instruction" told booted '"id":1,"name":"one"'
check "by then both had been told" test "$(tells 'started|booted' | wc -l)" -eq 2
must tell "pause|one"
check "a pause" told paused '"name":"one"'
must tell "dump|one|$TMPDIR/core"
check "a core, and its file" told dumped "\"file\":\"$TMPDIR/core\""
must tell "snapshot|one|$TMPDIR/snapshot"
check "a snapshot" told snapshot "\"file\":\"$TMPDIR/snapshot\""
must tell "resume|one"
check "that it goes on" told resumed '"name":"one"'
is "$(tells paused | wc -l)" 1 "there was one pause, though it was asked for something meanwhile"
refused "a pause of what is not there" "pause|two" 'no VM of this name'
must tell "stop|one"
check "its end, and why" told ended '"name":"one".*"status":137,"reason":"stopped"'
must start exit exit 42
check "another's, with its status" told ended '"id":2,"name":"exit".*"status":42,"reason":"exit"'
refused "an image for which nobody vouches" "start|bad|$guests/hello.hvt||32|||x|verify=enforce" 'PATH: nobody vouches'
check "is told of, and that it has no number" told refused '"time":[0-9]+,"name":"bad","image":".*/hello.hvt",.*"reason":"nobody vouches'
is "$(tells '[a-z]*' '"name":"bad"' | wc -l)" 1 "nothing else is told of it"
must start again hang
unload_module hedge
check "the end of one that goes with the module" told ended '"name":"again".*"reason":"the module is unloaded"'
is "$(value_of seq <"$told" | tr '\n' ' ')" "$(seq 1 "$(wc -l <"$told")" | tr '\n' ' ')" "every event has come, in order"
is "$(value_of time <"$told" | sort -n | tr '\n' ' ')" "$(value_of time <"$told" | tr '\n' ' ')" "and their times are so, too"
load_module hedge
must start anew hello
check "the listener finds the module again" told ended '"id":1,"name":"anew"'
check "and goes on" running "$listener"
