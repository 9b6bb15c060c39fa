#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A key-value store as a guest on a dm-rlnc volume serves clients, and when it is killed
# while they write, all that was answered is there again.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/../dm-rlnc/volume.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
# shellcheck source=tests/kselftest/hedge/service.sh
. "$(dirname "$0")/service.sh"
requires dmsetup rlncsetup ip busybox
requires_kvm
plan 17
load_module dm-rlnc
load_module hedge

# answers REQUEST...: one after the other, in one connection.
answers() { printf '%s\r\n' "$@" QUIT | tcp 6379 | tr -d '\r' | tr '\n' ' '; }

ram_members 3 16
format 2
must create vol -- "${MEMBERS[@]}"
service_net
serve kv kv /dev/mapper/vol

check "it answers pings" busybox ping -c 2 -W 5 $GUEST_IP
is "$(answers PING)" "+PONG +OK " "and clients"
# shellcheck disable=SC2016 # $1 is a length here
is "$(answers 'SET a 1' 'GET a' 'GET b')" '+OK $1 1 $-1 +OK ' "a value is kept"
is "$(answers 'INCR a' 'INCR a' 'INCR n')" ':2 :3 :1 +OK ' "numbers are counted"
is "$(answers 'EXISTS a b n' 'DEL a b' 'DBSIZE')" ':2 :1 :1 +OK ' "and keys"
# shellcheck disable=SC2016
is "$(answers 'KEYS n*' 'SCAN 0 MATCH n*')" '*1 $1 n *2 $1 0 *1 $1 n +OK ' "keys are found"
is "$(answers 'SAVE' 'NOPE' 'GET')" "+OK -ERR unknown command -ERR wrong number of arguments +OK " \
	"what is wrong is answered"
is "$(printf '*1\r\n$-7\r\n' | tcp 6379 | tr -d '\r')" "-ERR Protocol error: invalid bulk length" \
	"what is no request ends the connection"
tr -d '\n' </dev/urandom | head -c 50000 | tcp 6379 >/dev/null
is "$(answers PING)" "+PONG +OK " "noise does no harm"

mapfile -t sets < <(for ((i = 0; i < 500; i++)); do echo "SET key$i value$i"; done)
is "$(answers "${sets[@]}" | tr ' ' '\n' | grep -c OK)" 501 "500 values at once"

# A client that writes until the guest is gone.
(
	exec 3<>/dev/tcp/$GUEST_IP/6379
	for ((i = 1; ; i++)); do
		printf 'SET last %d\r\n' $i >&3 || exit
		read -r -t 20 answer <&3 || exit
		[[ $answer != +OK* ]] || echo $i >"$TMPDIR/acknowledged"
	done
) 2>/dev/null &
writer=$!
must poll_until 30 test -s "$TMPDIR/acknowledged"
must kill -KILL "$(value kv pid)"
must poll_until 20 has_ended kv
kill $writer 2>/dev/null || :
wait $writer || :
last=$(cat "$TMPDIR/acknowledged")
note "killed after $last values"

serve kv kv /dev/mapper/vol
check "started again, it has found them" said kv '^502 keys, epoch 2'
got=$(answers 'GET last' | cut -d ' ' -f 2)
check "the last that was answered, or the next" test "$got" -eq "$last" -o "$got" -eq $((last + 1))
mapfile -t gets < <(for ((i = 0; i < 500; i++)); do echo "GET key$i"; done)
is "$(answers "${gets[@]}" | tr ' ' '\n' | grep -c '^value')" 500 "and the others"
must tell 'stop|kv'
must poll_until 20 has_ended kv

# One of the three disks is gone; the store does not know.
must dmsetup remove vol
must create vol -- "${MEMBERS[0]}" - "${MEMBERS[2]}"
serve kv kv /dev/mapper/vol
is "$(answers "${gets[@]}" | tr ' ' '\n' | grep -c '^value')" 500 "without a member all is there"
# shellcheck disable=SC2016
is "$(answers 'GET n' 'SET n 5' 'GET n')" '$1 1 +OK $1 5 +OK ' "and can be changed"
must tell 'stop|kv'
must poll_until 20 has_ended kv

must dd if=/dev/urandom of=/dev/mapper/vol bs=4096 count=2 oflag=direct status=none
must start kv kv ip=$GUEST_IP/24 -- block.disk=/dev/mapper/vol net.net=hvts
must poll_until 20 has_ended kv
check "a disk with other data is left alone" said kv 'neither a store nor empty'
is "$(value kv exit_status)" 1 "and the guest ends with 1"
