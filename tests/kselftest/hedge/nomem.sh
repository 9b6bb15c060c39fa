#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Allocations of a start, a snapshot, a core, a restore and so on fail, one by one: it is refused
# with ENOMEM, or the VM ends with a reason, or it does without. What comes after it works.
#
# From the environment: NOMEM_STEP, 8: of so many allocations one fails.
# vm: timeout=480

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "${BASH_SOURCE[0]}")/monitor.sh"
# shellcheck source=tests/kselftest/hedge/taps.sh
. "$(dirname "${BASH_SOURCE[0]}")/taps.sh"
requires ip busybox
nomem=$SKYHOLD_BUILD/kmod-fault/$(uname -r)/skyhold_nomem.ko
[ -e "$nomem" ] || bail "make fault-module builds $nomem"
requires_kvm
requires_module tun
requires_module brd rd_nr=1 rd_size=1024
plan 18
load_module hedge

must insmod "$nomem" start="$(cat /sys/module/hedge/sections/.text)" size="$(awk '$1 == "hedge" { print $2 }' /proc/modules)" wait=1 'who=*'
cleanup rmmod skyhold_nomem
step=${NOMEM_STEP:-8}
NTH=/sys/module/skyhold_nomem/parameters/nth
taps hvtm
must ip addr add 10.99.0.1/24 dev hvtm

# command TEXT: it is done, or refused for want of memory. Here no process is started for it.
command() { { printf '%s' "$1" >/proc/monitor; } 2>"$TMPDIR/err" || { grep -q 'Cannot allocate memory' "$TMPDIR/err" || echo "$1: $(sed 's/.*: //' "$TMPDIR/err"): $(tail -n 1 /proc/vmstats/errors)" >>"$TMPDIR/wrong"; return 1; }; }
over() { ! runs "$1" && ! state_is "$1" starting; }
# end VM: it has ended by itself, or does so now.
end() { poll_until 20 over "$1" || echo "$1 does not end" >>"$TMPDIR/wrong"; value "$1" reason >>"$TMPDIR/reasons"; }
# To stop it takes memory, too, if little.
stop() { { printf 'stop|%s' "$1" >/proc/monitor; } 2>/dev/null || { printf 'stop|%s' "$1" >/proc/monitor; } 2>/dev/null; end "$1"; }
# one_by_one TEXT OPERATION: its allocations fail in turn, until it makes no more.
one_by_one()
{
	local n=0 refused=0 tried=0
	: >"$TMPDIR/wrong"
	: >"$TMPDIR/reasons"
	while n=$((n + 1 + (tried ? RANDOM % (2 * step - 1) : 0))); [ $n -le 2000 ]; do
		tried=$((tried + 1))
		echo $n >$NTH
		"$2" || refused=$((refused + 1))
		[ "$(cat $NTH)" = 0 ] || break
	done
	echo 0 >$NTH
	note "$2: of up to $n allocations $((tried - 1)) have failed: $refused refused, $(sort "$TMPDIR/reasons" | uniq -c | sort -rn | head -n 6 | xargs -d '\n' | tr -s ' ')"
	is "$(sort -u "$TMPDIR/wrong" | head -n 5)" "" "$1: refused with ENOMEM, or done"
	check "and some have failed" test $tried -gt 1 -a $n -lt 2000
}

a_load()
{
	local rc=0
	command "load|$guests/block.hvt" || rc=1
	{ printf 'unload|%s' "$guests/block.hvt" >/proc/monitor; } 2>/dev/null
	return $rc
}
a_disk() { command "start|a|$guests/block.hvt||32|/dev/ram0||bounds" && end a; }
a_network() { command "start|a|$guests/echo.hvt||32||hvtm|10.99.0.2" && stop a; }
a_core() { rm -f "$TMPDIR/core"; command "dump|h|$TMPDIR/core"; }
a_snapshot() { rm -f "$TMPDIR/again"; command "snapshot|h|$TMPDIR/again"; }
a_restore() { command "restore|r|$TMPDIR/snap|||" && stop r; }
ready() { grep -qx "pool_ready $1" /proc/vmstats/hedge; }
a_pool()
{
	command "pool|1"
	poll_until 2 ready 1
	command "start|p|$guests/hello.hvt||32|||x" && end p
	command "pool|0" || command "pool|0"
	poll_until 10 ready 0 || echo "the pool stays" >>"$TMPDIR/wrong"
}

must start h hang
must poll_until 10 said h hanging
must tell "snapshot|h|$TMPDIR/snap"
one_by_one "an image is kept" a_load
one_by_one "a VM with a disk" a_disk
one_by_one "a VM with a network" a_network
one_by_one "a core" a_core
one_by_one "a snapshot" a_snapshot
one_by_one "a VM of a snapshot" a_restore
one_by_one "a sandbox is kept ready" a_pool

is "$(sed 1d /proc/monitor | awk '{ print $2 }')" h "who ran before runs on"
check "a VM with a disk is as good as ever" a_disk
is "$(value a exit_status)" 0 "to its end"
must tell "start|a|$guests/echo.hvt||32||hvtm|10.99.0.2"
check "and one with a network" poll_until 10 busybox ping -c 1 -W 2 10.99.0.2
must tell "stop|a"
must tell "stop|h"
