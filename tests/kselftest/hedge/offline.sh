#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A VM is started on a processor that is there, and goes on elsewhere when that is taken away.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires_kvm
one=/sys/devices/system/cpu/cpu1/online
[ -w $one ] || bail "there is no second processor"
plan 13
load_module hedge
cleanup sh -c "echo 1 >$one"

# on CPU: a guest that never rests, on that one.
on() { tell "start|a|$guests/hang.hvt|$1|32|||spin" && poll_until 10 said a hanging; }
# The processor that it was on last.
where() { sed 's/.*) //' "/proc/$(value a pid)/stat" | cut -d ' ' -f 37; }
used() { sed 's/.*) //' "/proc/$(value a pid)/stat" | awk '{ print $12 + $13 }'; }
goes_on() { [ "$(used)" -gt "$before" ]; }

check "a guest on the second processor" on 1
is "$(where)" 1 "is there"
must eval "echo 0 >$one"
before=$(used)
check "when that is taken away it goes on" poll_until 10 goes_on
is "$(where)" 0 "on the first"
refused "no other one is started there" "start|b|$guests/hello.hvt|1|32|||x" 'CPU: there is no such processor'
refused "nor made of a snapshot" "restore|b|$guests/hello.hvt|1||" 'CPU: there is no such processor'
check "a core of it" tell "dump|a|$TMPDIR/core"
check "it is paused" tell "pause|a"
must eval "echo 1 >$one"
check "and goes on when the processor is back" tell "resume|a"
before=$(used)
check "at once" poll_until 10 goes_on
took=$(time_to_stop a)
note "$took us"
check "it is stopped within 100 ms" test "$took" -lt $((100000 * SKYHOLD_SLOW))
check "and another one started there" on 1
must tell "stop|a"
check "once a second one has been, too" on 1
must tell "stop|a"
