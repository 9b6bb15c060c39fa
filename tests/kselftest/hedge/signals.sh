#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What anybody of its user may send to the task of a VM, and who has taken a descriptor of
# it, harm that VM alone; who waits for a VM that is stopped can be killed.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires setpriv python3
requires_kvm
plan 27
load_module hedge

nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
stopped() { [ "$(awk '$1 == "State:" { print $2 }' "/proc/$1/status")" = T ]; }

# --- it dies outside of the ioctl that runs the guest ---
for signal in QUIT SEGV TRAP XCPU; do
	must start "s$signal" hang
	must poll_until 10 said "s$signal" hanging
	must nobody kill -$signal "$(value "s$signal" pid)"
	check "SIG$signal ends a VM" poll_until 10 has_ended "s$signal"
	is "$(value "s$signal" exit_status)" 137 "as if it was killed"
done
must start a hang
task=$(value a pid)
must nobody kill -STOP "$task"
must poll_until 10 stopped "$task"
must nobody kill -KILL "$task"
check "one that is stopped can be killed" poll_until 10 has_ended a
is "$(value a reason)" killed "and its record says so"
must start b hang
task=$(value b pid)
must nobody kill -STOP "$task"
must poll_until 10 stopped "$task"
check "the monitor stops one that is stopped" tell "stop|b"
is "$(value b reason)" stopped "and says so"

# --- somebody else has its descriptor ---
# He maps a page where the task has the guest's memory, takes descriptor 0, and keeps both.
cat >"$TMPDIR/thief" <<'PY'
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
at = libc.mmap(0x10000000000, 4096, 3, 0x100022, -1, 0)
assert at == 0x10000000000
ctypes.memset(at, 0x5a, 4096)
pidfd = libc.syscall(434, int(sys.argv[1]), 0)
fd = libc.syscall(438, pidfd, 0, 0)
assert fd >= 0, ctypes.get_errno()
print("taken", flush=True)
sys.stdin.readline()
libc.close(fd)
print("mine" if ctypes.string_at(at, 4096) == b"\x5a" * 4096 else "changed", flush=True)
PY
must start c hang
task=$(value c pid)
# Descriptors of a coprocess, and its number, go when it has ended.
coproc thief { python3 "$TMPDIR/thief" "$task"; }
thief_pid=$!
exec 8<&"${thief[0]}" 9>&"${thief[1]}"
read -r -t 20 said <&8
is "$said" taken "the descriptor of a VM is taken"
must kill -STOP "$task"
must poll_until 10 stopped "$task"
must kill -KILL "$task"
check "its VM ends all the same" poll_until 10 has_ended c
echo >&9
read -r -t 20 said <&8
is "$said" mine "and whoever closes it keeps his own memory"
wait "$thief_pid"
exec 8<&- 9>&-

# --- who waits for one that is stopped ---
must start d hang
task=$(value d pid)
must poll_until 10 said d hanging
must nobody kill -STOP "$task"
must poll_until 10 stopped "$task"
# The shell is in its own write.
pausing() { grep -qs ' hedge_vm_pause' /proc/[0-9]*/stack; }
tail_is() { [ "$(tail -n 1 "$TMPDIR/paused")" = "$1" ]; }
waits() { [ -e "/proc/$1" ] && grep -q ' hedge_vm_' "/proc/$1/stack"; }
in_one_write "dump|d|$TMPDIR/core" >/proc/monitor 2>/dev/null &
must poll_until 10 waits $!
kill -KILL $!
gone() { [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; }
check "who waits for its core can be killed" poll_until 10 gone $!
in_one_write "pause|d" >/proc/monitor &
pauser=$!
must poll_until 10 waits $pauser
check "somebody else has it go on" tell "resume|d"
must kill -CONT "$task"
check "who waits for the pause does not for ever" poll_until 10 gone $pauser
check "the VM runs" runs d
check "and has a core" tell "dump|d|$TMPDIR/core2"
must tell "stop|d"

must start f hang
task=$(value f pid)
must poll_until 10 said f hanging
must nobody kill -STOP "$task"
must poll_until 10 stopped "$task"
pause_f() { tell "pause|f" >"$TMPDIR/paused"; echo $? >>"$TMPDIR/paused"; }
pause_f &
must poll_until 10 pausing
must nobody kill -KILL "$task"
check "who waits for the pause of one that is killed does not for long" poll_until 10 tail_is 1
check "and is told that it runs no more" grep -q 'NAME: it does not run' "$TMPDIR/paused"

# --- the pool, and the module ---
stop_a_parked_one()
{
	must poll_until 20 grep -q '^pool_ready 1' /proc/vmstats/hedge
	task=$(pgrep -x hedge)
	must nobody kill -STOP "$task"
	must poll_until 10 stopped "$task"
}
must tell "pool|1"
stop_a_parked_one
in_one_write "start|g|$guests/hang.hvt||32|||x" >/proc/monitor &
starter=$!
starts() { state_is g starting; }
check "one whose task is stopped is starting" poll_until 10 starts
is "$(sed 1d /proc/monitor)" "" "and is not listed: it does not run"
must nobody kill -CONT "$task"
must wait "$starter"
is "$(awk 'NR > 1 { print $2, $4 }' /proc/monitor)" "g $guests/hang.hvt" "it is when it does"
must tell "stop|g"
stop_a_parked_one
refused "a start with a task of the pool that is stopped fails" "start|e|$guests/hang.hvt||32|||x" 'NAME: its task does not begin'
must poll_until 10 gone "$task"
stop_a_parked_one
check "the module goes, though a task of its pool is stopped" timeout 20 rmmod hedge
