#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Of six NBD servers one is killed and started again, and one stopped and let go
# on: the monitor brings each member back by itself, writes to the journal and runs
# its hook; it leaves alone what the owner took out.
# vm: timeout=400

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
requires rlncsetup dmsetup nbdkit openssl perl
plan 22

load_module dm-rlnc
requires_module nbd
head -c 32 /dev/urandom >"$TMPDIR/key"
head -c 2097152 /dev/urandom >"$TMPDIR/image"

server=()
start_server()
{
	# One thread: several have been seen to fall over a connection that was lost.
	nbdkit --foreground --threads 1 --ipaddr 127.0.0.1 --port $((10900 + $1)) --export-name "m$1" \
		file "$TMPDIR/disk$1" &
	server[$1]=$!
	poll_until 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$((10900 + $1))" 2>/dev/null ||
		bail "server $1 does not answer"
}
stop_servers() { kill -KILL "${server[@]}"; wait "${server[@]}" 2>/dev/null; true; }
for i in 0 1 2 3 4 5; do
	truncate -s 24M "$TMPDIR/disk$i"
	start_server "$i"
	url+=("nbd://127.0.0.1:$((10900 + i))/m$i")
done
cleanup stop_servers

# Where the monitor finds a journal: each entry is a datagram, a field a line.
journal=/run/systemd/journal/socket
must mkdir -p "${journal%/*}"
# shellcheck disable=SC2016
perl -MSocket -e '$| = 1; socket(S, AF_UNIX, SOCK_DGRAM, 0) or die;
	bind(S, sockaddr_un($ARGV[0])) or die;
	while (defined recv(S, $b, 65536, 0)) { $b =~ tr/\n/|/; print "$b\n" }' \
	"$journal" >"$TMPDIR/journal" &
cleanup kill $!
cleanup rm -f "$journal"
poll_until 10 test -S "$journal" || bail "there is no journal"

cat >"$TMPDIR/hook" <<EOT
#!/bin/sh
echo "\$# \$1 \$2 \$3 env:\$RLNC_EVENT,\$RLNC_MEMBER,\$RLNC_LETTERS fds:\$(ls /proc/self/fd | wc -l)" >>"$TMPDIR/hooked"
EOT
must chmod +x "$TMPDIR/hook"

start_monitor()
{
	rlncsetup monitor --program "$TMPDIR/hook" --nbd-timeout 2 --max-delay 4 &
	monitor=$!
}
stop_monitor() { kill "$monitor"; wait "$monitor"; }
start_monitor
cleanup stop_monitor

must rlncsetup format -q -k 4 --symbol 4K --volume-key-file "$TMPDIR/key" "${url[@]}"
must rlncsetup open vol --nbd-timeout 2 --nbd-dead-timeout 1 --volume-key-file "$TMPDIR/key" "${url[@]}"
cleanup sh -c '[ ! -e /dev/mapper/vol ] || rlncsetup close vol'
letters() { dmsetup status vol | awk '{ print $7 }'; }
are() { [ "$(letters)" = "$1" ]; }
some_write() { dd if="$TMPDIR/image" of=/dev/mapper/vol bs=256K count=8 oflag=direct conv=fsync status=none; }
logged() { grep -qE "$1" "$TMPDIR/journal"; }
hooked() { grep -qE "$1" "$TMPDIR/hooked"; }
must some_write
check "the journal has the volume going live" \
	poll_until 20 logged 'MESSAGE=vol: activated .*RLNC_EVENT=activated.*RLNC_VOLUME=vol'
fds() { find "/proc/$monitor/fd" -mindepth 1 | wc -l; }
before=$(fds)

kill -KILL "${server[1]}"
must some_write
check "a killed server: its member has failed" are AFAAAA
check "the journal names it" \
	poll_until 20 logged 'MESSAGE=vol: member 1 \(43:[0-9]+\) failed.*PRIORITY=3.*RLNC_MEMBER=1'
start_server 1
check "it is started again: the member comes back, in sync" poll_until 60 are AAAAAA
check "and the journal says so" poll_until 20 logged 'PRIORITY=5.*RLNC_EVENT=member_rebuilt.*RLNC_MEMBER=1'

kill -STOP "${server[4]}"
must some_write
check "a stopped server: its member has failed" poll_until 30 are AAAAFA
tried() { pgrep -P "$monitor" >/dev/null; }
check "the monitor tries" poll_until 20 tried
kill -CONT "${server[4]}"
check "it goes on: the member comes back, in sync" poll_until 60 are AAAAAA

check "the hook knows what failed" poll_until 20 hooked '^3 member_failed vol 43:[0-9]+ env:member_failed,4,AAAAFA'
check "and that it returned" poll_until 20 hooked '^3 member_returned vol 43:[0-9]+ env:member_returned,4,'
check "and of the volume" hooked '^2 activated vol  env:activated,,AAAAAA'
# Of ls: three, and the folder; the shell of $(...) has given it no others.
check_fails "the hook has no descriptors of the monitor" grep -qv 'fds:4$' "$TMPDIR/hooked"
is "$(fds)" "$before" "the monitor leaks none"

must dmsetup message vol 0 fail 2
kill -KILL "${server[0]}"
must some_write
check "one member is taken out, another server is killed" are FAFAAA
stop_monitor
start_server 0
start_monitor
check "a monitor that comes later finds who is lost" poll_until 60 are AAFAAA
check "and leaves alone what the owner took out" grep -q 'RLNC_EVENT=member_failed.*by request' "$TMPDIR/journal"

stop_monitor
kill -KILL "${server[3]}"
must some_write
start_server 3
must are AAFFAA
check "one look brings a member back, too" \
	rlncsetup monitor --oneshot --nbd-timeout 2
check "and it is rebuilt" poll_until 60 are AAFAAA
start_monitor
ticks() { awk '{ print $14 + $15 }' "/proc/$monitor/stat"; }
check "a new one says that the volume is open" poll_until 20 logged 'RLNC_EVENT=found.*RLNC_LETTERS=AAFAAA'
before=$(ticks)
must some_write
must dmsetup message vol 0 return 2
check "the owner brings the last one back" poll_until 60 are AAAAAA
note "$(($(ticks) - before)) clock ticks for that"
check "with which the monitor was hardly busy" test $(($(ticks) - before)) -lt 200
check "the data is right" cmp "$TMPDIR/image" <(dd if=/dev/mapper/vol bs=256K count=8 iflag=direct status=none)
