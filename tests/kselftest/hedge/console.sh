#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Consoles: read at once and followed, by read(), poll() and tail -f; who is too slow
# loses the oldest, and nobody holds up the guest.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires perl python3 tail setpriv
requires_kvm
plan 23
load_module hedge
path() { echo "/proc/vmcons/vm$(value "$1" id)"; }
lines() { grep -c '^[0-9]\{8\} ' "$1"; }

must start a puts 100
must poll_until 10 has_ended a
is "$(lines "$(path a)")" 100 "all lines are read at once"
is "$(lines "$(path a)")" 100 "and again"
is "$(tail -n 1 "$(path a)" | cut -c 1-8)" 00000099 "the last one"
is "$(stat -Lc %s /dev/fd/0 <"$(path a)")" 6400 "the file is as long as what was printed"
is "$(dd if="$(path a)" bs=64 skip=42 count=1 status=none | cut -c 1-8)" 00000042 "and can be read from anywhere"

# --- followed ---
must start b puts 20000 -- cpu_quota=5 console=2048
tail -c +1 -f "$(path b)" >"$TMPDIR/tail" &
tail=$!
cleanup kill $tail
perl -e 'open(F, "<", $ARGV[0]) or die; $| = 1;
	for (;;) { $n = sysread(F, $b, 65536); die $! unless defined $n; $all += $n;
		print STDERR "$all bytes of a file of " . (stat(F))[7] . "\n" if (stat(F))[7] < $all;
		if (!$n) { last if ++$ends > 1 } else { $ends = 0; print $b } }' "$(path b)" >"$TMPDIR/read" 2>"$TMPDIR/short" &
reader=$!
perl -MIO::Poll -e 'open(F, "<", $ARGV[0]) or die; $p = IO::Poll->new; $p->mask(\*F => POLLIN); $| = 1;
	while (1) { $p->poll(20) or die "nothing comes"; $e = $p->events(\*F); $n = sysread(F, $b, 65536); print $b if $n; last if !$n && $e & POLLHUP }' "$(path b)" >"$TMPDIR/poll" &
poller=$!
half() { [ "$(lines "$TMPDIR/$1")" -ge 50 ]; }
check "tail -f has lines while it runs" poll_until 20 half tail
check "so has a loop of reads" poll_until 20 half read
check "and one of polls" poll_until 20 half poll
must runs b
must tell "stop|b"
check "the reader ends with the VM" poll_until 10 ended $reader
check "the poller, too" poll_until 10 ended $poller
all="$(console b | wc -c)"
same() { [ "$(stat -c %s "$TMPDIR/$1")" = "$all" ]; }
check "tail has all of it" poll_until 10 same tail
check "the reader has" same read
check "the poller has" same poll
is "$(head -n 1 "$TMPDIR/short")" "" "nobody has read more than the file said it had"

# --- too slow ---
must start c puts 20000 -- console=4
must poll_until 60 has_ended c
is "$(console c | wc -c)" 4096 "of what is more than is kept, the end is"
is "$(value c console_bytes)" 1280000 "all of it is counted"
exec {late}<"$(path c)"
must start c hello
check_fails "who has it open when it goes is sent away" cat <&"$late"
exec {late}<&-
# Who polls is in a queue of its own: epoll leaves it at once, the others when they have been woken.
must start c hang
cat >"$TMPDIR/polls" <<'PY'
import os, select, sys, threading
fd = os.open(sys.argv[1], os.O_RDONLY)
many = select.epoll()
many.register(fd, select.EPOLLIN | select.EPOLLET)
many.poll(0)
one = select.poll()
one.register(fd, select.POLLPRI)
told = []
def select_on(*sets):
    told.extend(select.select(*sets, 60))
waiters = [threading.Thread(target=lambda: told.extend(one.poll(60000))),
           threading.Thread(target=select_on, args=([], [fd], [])),
           threading.Thread(target=select_on, args=([], [], [fd]))]
for waiter in waiters:
    waiter.start()
print("polls", flush=True)
sys.stdin.read()
for waiter in waiters:
    waiter.join(10)
    assert not waiter.is_alive(), "nobody has woken who waits"
many.close()
assert len([x for x in told if x]) == 3, "who was woken is told nothing: %s" % told
os.close(fd)
PY
mkfifo "$TMPDIR/go"
python3 "$TMPDIR/polls" "$(path c)" >"$TMPDIR/polls.said" 2>&1 <"$TMPDIR/go" &
poller=$!
exec {go}>"$TMPDIR/go"
must poll_until 20 grep -q polls "$TMPDIR/polls.said"
must tell "stop|c"
check "a console goes while it is polled" start c hello
exec {go}>&-
check "and who polled it ends" wait $poller
cat "$TMPDIR/polls.said"

# --- who may ---
check_fails "no one but root reads" setpriv --reuid 65534 --clear-groups cat "$(path a)"
check_fails "or looks" setpriv --reuid 65534 --clear-groups ls /proc/vmcons
check_fails "or commands" setpriv --reuid 65534 --clear-groups bash -c 'echo drain >/proc/monitor'
check_fails "nor root without rights" setpriv --bounding-set -sys_admin --inh-caps -sys_admin bash -c 'echo drain >/proc/monitor'
