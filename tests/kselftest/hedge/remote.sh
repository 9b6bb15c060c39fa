#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Commands and images from another machine: who has the key is obeyed, once; who has not is
# not answered, whatever he sends; lost packets are made good; nothing is left.
# vm: timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires hedgectl hedge-hostile keyctl tc sha256sum python3
requires_kvm
requires_module sch_netem
plan 62

key=$TMPDIR/key
must keyctl new_session
(umask 077; head -c 32 /dev/urandom >"$key"; head -c 32 /dev/urandom >"$TMPDIR/other"; head -c 31 "$key" >"$TMPDIR/short")
must keyctl padd logon skyhold-hedge:test @s <"$key"
must keyctl padd user skyhold-hedge:short @s <"$TMPDIR/short"
load_module hedge
port=5364 with=$key out=$TMPDIR/out
far() { hedgectl remote -k "$with" -p "$port" -t $((10 * SKYHOLD_SLOW)) 127.0.0.1 "$@" >"$out" 2>&1 || { cat "$out"; return 1; }; }
says() { cat "$out"; grep -qE -- "$1" "$out"; }
names() { far list && awk 'NR > 1 { print $2 }' "$out"; }
started() { awk '$1 == "vms_started" { print $2 }' /proc/vmstats/hedge; }
# silent TEXT ARGUMENT...: hedge-hostile is not answered.
silent() { local text=$1; shift; is "$(hedge-hostile "$@")" 0 "$text"; }

# --- listen ---
check_fails "by default nobody listens" hedgectl remote -k "$key" -t 1 127.0.0.1 list
refused "a key that is not there" "listen|127.0.0.1:5364|skyhold-hedge:none" 'KEY: no key of this description'
refused "a key of another length" "listen|127.0.0.1:5364|skyhold-hedge:short" 'KEY: the key has not 32 bytes'
refused "all addresses" "listen|0.0.0.0:5364|skyhold-hedge:test" 'ADDRESS: one address is wanted'
refused "all addresses of IPv4, by a name of IPv6" "listen|[::ffff:0.0.0.0]:5364|skyhold-hedge:test" 'ADDRESS: one address is wanted'
refused "what is no address" "listen|127.0.0:5364|skyhold-hedge:test" 'ADDRESS: no address'
refused "an address of another machine" "listen|192.0.2.1:5364|skyhold-hedge:test" 'ADDRESS: not an address of this machine'
refused "unlisten without listen" "unlisten" 'COMMAND: it does not listen'
check "it listens" tell "listen|127.0.0.1:5364|skyhold-hedge:test"
refused "but not twice" "listen|127.0.0.1:5365|skyhold-hedge:test" 'ADDRESS: it listens already'

# --- who has the key ---
check "the list" far list
check "the totals" far stats
check "an image is put there" far put "$guests/hang.hvt"
is "$(cat "$out")" staged:hang.hvt "and has a path"
digest=$(sha256sum <"$guests/hang.hvt" | cut -d ' ' -f 1)
is "$(cat /sys/module/hedge/parameters/verify)" off "though images are not verified"
check_fails "it is not started before its digest is allowed" far start -m 32 one staged:hang.hvt
check "which the other machine is told, and which it is" says "PATH: put here by another machine, and not allowed: .*allow\|$digest"
check_fails "nor if the command says that nobody needs to vouch for it" far start --verify off -m 32 one staged:hang.hvt
refused "nor for who is on this machine" "start|one|staged:hang.hvt||32|||x" "not allowed: .*allow\|$digest"
must tell "load|staged:hang.hvt"
refused "nor if it was loaded" "start|one|staged:hang.hvt||32|||x" "not allowed: .*allow\|$digest"
is "$(sed 1d /proc/monitor)" "" "nothing runs"
check "the same image of a file of this machine does" tell "start|here|$guests/hang.hvt||32|||x"
must tell "stop|here"
# With the key, but not by hedgectl, which sends nothing of the kind.
cat >"$TMPDIR/by_hand" <<'PY'
import hashlib, hmac, os, socket, struct, sys
key, port, command = open(sys.argv[1], "rb").read(), int(sys.argv[2]), sys.argv[3].encode()
HEAD = "<IBBHIiQQQ"
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(1)
sock.connect(("127.0.0.1", port))
nonce = int.from_bytes(os.urandom(8), "little")
def ask(kind, session, sequence, payload):
    frame = struct.pack(HEAD, 0x47444548, 1, kind, len(payload), 0, 0, nonce, session, sequence) + payload
    frame += bytes(1200 - 32 - len(frame))
    frame += hmac.digest(key, frame, hashlib.sha256)
    for _ in range(30):
        sock.send(frame)
        try:
            answer = sock.recv(2000)
        except TimeoutError:
            continue
        head = struct.unpack_from(HEAD, answer)
        return head[5], head[7], answer[40:40 + head[3]].decode()
    sys.exit("no answer")
session = ask(1, 0, 0, b"")[1]
result, _, text = ask(3, session, 1, command)
print(text)
sys.exit(result != 0)
PY
by_hand() { python3 "$TMPDIR/by_hand" "$key" "$port" "$1" >"$out" 2>&1; }
check "what is sent by hand is carried out" by_hand "pool|0"
check_fails "hedgectl does not send what decides who may run" far allow "$digest"
check "and says so" says 'cannot be done on another machine'
for command in "allow|$digest" "disallow|$digest"; do
	check_fails "from there ${command%|*} is refused" by_hand "$command"
	check "with the reason" says 'COMMAND: the list of digests is of this machine alone'
done
check_fails "from there it is not unlistened to either" by_hand unlisten
check "with the reason" says 'COMMAND: only on this machine itself'
check_fails "the image still does not start" far start -m 32 one staged:hang.hvt
must tell "allow|$digest"
check_fails "nor is it taken from the list from there" by_hand "disallow|$digest"
check "allowed, it is started" far start -m 32 one staged:hang.hvt
must poll_until 10 said one hanging
is "$(names)" one "and is listed"
check "its record is read in pieces" far stats one
check "with its digest" says "$digest"
check_fails "one that is not there is not stopped" far stop two
check "and why is said" says 'NAME: no VM of this name runs'
check "a file of that machine" far start hello "$guests/hello.hvt"
check_fails "what is no image is refused when it has come" far put --name bad /etc/passwd
check "and why is said" says 'refused: '
check_fails "it is not there" far start bad staged:bad

# --- who has not ---
with=$TMPDIR/other
check_fails "another key" hedgectl remote -k "$with" -t 2 127.0.0.1 list
with=$key
hedge-hostile relay 6000 6001 5364 "$TMPDIR/taped" &
relay=$!
port=6000
must far pause one
kill "$relay"
wait "$relay" || :
port=5364
must far resume one
check "what was taped has the command" grep -qa 'pause|one' "$TMPDIR/taped"
note "$(hedge-hostile replay "$TMPDIR/taped" 6001 5364) of it were answered again"
check "but it is not carried out again" runs one
silent "from another port it is not answered" replay "$TMPDIR/taped" 6002 5364
check "nor is it then" runs one
silent "what is cut off or added to" cut "$TMPDIR/taped" 6001 5364
silent "what is changed" flip "$TMPDIR/taped" 6001 5364
before=$(started)
hedge-hostile flood 127.0.0.3 5364 $((8 * SKYHOLD_SLOW)) >"$TMPDIR/flood" &
flood=$!
check "in a flood of forged ones the real one gets through" far list
must far start flooded "$guests/hello.hvt"
wait "$flood"
is "$(cat "$TMPDIR/flood")" 0 "and none of the others is answered"
is "$(started)" $((before + 1)) "nor carried out"

# --- packets that are lost, and those of others ---
tftp=$(awk '$2 ~ /^0100007F:/ && $2 !~ /:14F4$/ { print substr($2, 10) }' /proc/net/udp)
silent "without a put nobody takes images" tftp 127.0.0.1 $((16#$tftp)) hang.hvt
must tc qdisc add dev lo root netem loss 15%
cleanup sh -c 'tc qdisc del dev lo root 2>/dev/null || :'
far put --name lossy "$guests/hang.hvt" &
put=$!
hedge-hostile tftp 127.0.0.4 $((16#$tftp)) lossy >"$TMPDIR/strange"
check "an image comes through a net that loses packets" wait "$put"
is "$(cat "$TMPDIR/strange")" 0 "others are not answered meanwhile"
check "so does a command" far start -m 32 two staged:lossy
must tc qdisc del dev lo root
is "$(value two digest)" "$digest" "it is whole"

# --- the end ---
must tell "unload|staged:lossy"
check_fails "what was unloaded is not there" far start three staged:lossy
must tell unlisten
check_fails "who is not listened to any more is not answered" hedgectl remote -k "$key" -t 2 127.0.0.1 list
is "$(value one state) $(value two state)" "running running" "VMs go on"
must tell "listen|127.0.0.1:5364|skyhold-hedge:test"
must tc qdisc add dev lo root netem delay 200ms
hedgectl remote -k "$key" -t 60 127.0.0.1 put "$guests/hang.hvt" &
put=$!
must sleep 1
must unload_module hedge
must tc qdisc del dev lo root
is "$(awk '$2 ~ /^0100007F:14F4$/' /proc/net/udp)" "" "the module goes with everything"
kill "$put"
wait "$put" || :
