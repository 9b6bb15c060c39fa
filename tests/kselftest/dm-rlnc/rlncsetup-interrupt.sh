#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whoever interrupts rlncsetup leaves no connection behind; and none is ended that
# has become somebody else's.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup dmsetup nbdkit ip
plan 12

load_module dm-rlnc
requires_module nbd nbds_max=2
must ip link set lo up

listening() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Six servers, three for each of two volumes.
for i in 0 1 2 3 4 5; do
	truncate -s 24M "$TMPDIR/disk$i"
	nbdkit -f -i 127.0.0.1 -p $((10810 + i)) file "$TMPDIR/disk$i" &
	server[i]=$!
	cleanup kill -KILL "$!"
	url+=("nbd://127.0.0.1:$((10810 + i))/")
done
for i in 0 1 2 3 4 5; do
	poll_until 10 listening $((10810 + i)) || bail "server $i does not listen"
done
one=("${url[@]:0:3}")
two=("${url[@]:3}")

# connected N: so many devices have a connection.
connected() { [ "$(cat /sys/block/nbd*/pid 2>/dev/null | wc -l)" -eq "$1" ]; }
optimal() { rlncsetup status --json v | grep -q '"health": "optimal"'; }
gone() { [ ! -e "/dev/mapper/$1" ] || rlncsetup close "$1"; }
cleanup gone v
cleanup gone w

must rlncsetup format -q -k 2 "${cheap[@]}" --key-file "$pass" "${one[@]}"
must rlncsetup format -q -k 2 "${cheap[@]}" --key-file "$pass" "${two[@]}"
must poll_until 10 connected 0

# --- at a prompt --------------------------------------------------------------------
must mkfifo "$TMPDIR/nothing"
exec 7<>"$TMPDIR/nothing"
for signal in TERM HUP; do
	rlncsetup open v "${one[@]}" <&7 &
	poll_until 20 connected 3 || bail "the members are not connected"
	kill "-$signal" $!
	wait $!
	is $? $((128 + $(kill -l "$signal"))) "SIG$signal ends it while it waits for a passphrase"
	check "and its members are disconnected" poll_until 10 connected 0
done
(trap '' HUP; exec rlncsetup open v "${one[@]}" <&7) &
poll_until 20 connected 3 || bail "the members are not connected"
kill -HUP $!
printf 'correct horse\n' >&7
wait $!
is $? 0 "SIGHUP does not, where it is ignored"
must rlncsetup close v
must poll_until 10 connected 0

# --- while a server is silent -----------------------------------------------------------
kill -STOP "${server[2]}"
rlncsetup open --nbd-timeout 600 v "${one[@]}" <&7 &
poll_until 20 connected 2 || bail "the members are not connected"
kill -TERM $!
wait $!
is $? 143 "so it is while a server does not answer"
check "and those that did are disconnected" poll_until 10 connected 0
kill -CONT "${server[2]}"

# --- once the volume is open, they are its ------------------------------------------------
must rlncsetup open --key-file "$pass" v "${one[@]}"
cp /run/rlncsetup/v.json "$TMPDIR/v.json" || bail "there is no note of the volume"
must rlncsetup fail v 2
truncate -s 24M "$TMPDIR/disk6"
nbdkit -f -i 127.0.0.1 -p 10816 file "$TMPDIR/disk6" &
cleanup kill -KILL "$!"
poll_until 10 listening 10816 || bail "server 6 does not listen"
rlncsetup replace -q --wait v 2 nbd://127.0.0.1:10816/ &
poll_until 20 grep -q 10816 /run/rlncsetup/v.json || bail "the member is not replaced"
kill -TERM $! 2>/dev/null
wait $!
check "a member that was taken up stays, whoever waits for it" poll_until 60 optimal
exits 0 "with its connection" "2 +[As] .*10816" rlncsetup status v
must rlncsetup close v
must poll_until 10 connected 0

# --- numbers that are somebody else's by now ------------------------------------------------
must rlncsetup open --key-file "$pass" w "${two[@]}"
must connected 3
must cp "$TMPDIR/v.json" /run/rlncsetup/v.json
exits 0 "what is noted of a volume that is gone is forgotten" "not ours any more" rlncsetup close -v v
check "and the other volume keeps its members" connected 3
is "$(rlncsetup status w | grep -c 'in sync')" 3 "all of them"
