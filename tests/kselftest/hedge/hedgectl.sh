#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# hedgectl and the module: VMs started, waited for, listed, looked at and ended with it.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
requires hedgectl
plan 26

requires_kvm
guest() { echo "$SKYHOLD_BUILD/guest/$1.hvt"; }
out=$TMPDIR/out
# says TEXT: the last command has printed it.
says() { cat "$out"; grep -qF -- "$1" "$out"; }
# status N COMMAND...: it ends with that status.
status() { local want=$1 got=0; shift; "$@" >"$out" 2>&1 || got=$?; cat "$out"; [ "$got" -eq "$want" ]; }
# stat NAME KEY: what is counted of a VM.
stat() { hedgectl stats "$1" | awk -v key="$2" '$1 == key { print $2 }'; }
ended() { [ "$(stat "$1" state)" = ended ]; }
names() { hedgectl list | awk 'NR > 1 { print $2 }'; }

check "without the module it says so" status 4 hedgectl list
check "and what to do" says "modprobe hedge"
load_module hedge

# --- to the end ----------------------------------------------------------------------
check "a guest is waited for" status 0 hedgectl start --wait hello "$(guest hello)"
check "its console is shown" says "Hello from the guest"
check "its status is ours" status 42 hedgectl start --wait exit "$(guest exit)" -- 42
check "it can be looked at afterwards" status 0 hedgectl console hello
check "with what it has printed" says "Hello from the guest"
is "$(stat exit exit_status)" 42 "and with its status"
is "$(names)" "" "it is not listed"
check "all lines of a talkative one are there" status 0 hedgectl start --wait puts "$(guest puts)" -- 500
is "$(wc -l <"$out")" 500 "in order, and once"

# --- one that runs on -------------------------------------------------------------------
must hedgectl start -m 32 hang "$(guest hang)"
cleanup sh -c 'hedgectl stop hang 2>/dev/null || :'
is "$(names)" hang "one that runs is listed"
check "its name is taken" status 5 hedgectl start hang "$(guest hello)"
check "says the kernel" says "NAME: a VM of this name runs"
hedgectl console --follow hang >"$TMPDIR/followed" 2>&1 &
follower=$!
check "its console is followed" poll_until 20 grep -q hanging "$TMPDIR/followed"
check "it stands still" status 0 hedgectl pause hang
is "$(stat hang state)" paused "and is known to"
check "it goes on" status 0 hedgectl resume hang
check "it is stopped" status 0 hedgectl stop hang
check "who follows its console is let go" wait "$follower"
check "it has ended" poll_until 10 ended hang

# --- what the kernel refuses -----------------------------------------------------------------
check "no such VM" status 4 hedgectl stop hang
check "says the kernel, too" says "NAME: no VM of this name runs"
check "no such image" status 4 hedgectl load /nowhere
check "by its field" says "PATH: "
check "totals are there" status 0 hedgectl stats
