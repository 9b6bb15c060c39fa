#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Administrators who do not know of each other: a VM that cannot be started is waited for by
# nobody, and names can be used again at any moment.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires_kvm
plan 5
load_module hedge

# A cgroup whose children have the memory controller takes no task: no task can be made.
root=/sys/fs/cgroup
mountpoint -q $root || { must mount -t cgroup2 none $root; cleanup umount $root; }
must mkdir -p $root/full/part
cleanup poll_until 5 rmdir $root/full
cleanup rmdir $root/full/part
echo +memory >$root/cgroup.subtree_control
echo +memory >$root/full/cgroup.subtree_control
failing="start|a|$guests/hang.hvt||32|||x|cgroup=$root/full"
refused "a VM that cannot join its cgroup" "$failing" 'NAME: no task can be made for it'

quietly() { in_one_write "$1" 2>/dev/null >/proc/monitor; }
# for_seconds N COMMAND...: again and again.
for_seconds()
{
	local end=$((SECONDS + $1))
	shift
	while [ $SECONDS -lt $end ]; do "$@"; done
	return 0
}

for_seconds 10 quietly "$failing" &
starter=$!
for_seconds 10 quietly "stop|a" &
stopper=$!
over() { [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; }
check "whoever starts it again and again is refused" poll_until 25 over $starter
check "and who stops it does not wait for ever" poll_until 5 over $stopper
kill -KILL $stopper 2>/dev/null

# Its files go after its name is free, unless somebody takes care.
for i in 1 2 3; do
	for_seconds 15 quietly "$failing" &
	starters[i]=$!
done
wait "${starters[@]}"
ok "three of them start one of the same name, again and again"

# The oldest record goes when another VM ends, while one of that name is started.
ends() { quietly "start|$1|$guests/hello.hvt||2|||x" && poll_until 5 has_ended "$1"; }
for ((i = 0; i < 64; i++)); do must ends "r$i"; done
next() { ends "n$((n++))"; }
n=0
for_seconds 20 next &
one=$!
again() { quietly "start|r$((m % 64))|$guests/hello.hvt||2|||x"; m=$((m + 1)); }
m=0
for_seconds 20 again &
wait $one $!
ok "records go, while their names are taken"
