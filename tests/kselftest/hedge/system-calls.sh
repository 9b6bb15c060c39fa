#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The task of a VM can make two system calls: the ioctl that runs the guest, and exit_group.
# Whoever has broken out into it and makes any other is killed before it begins.
#
# Nothing in the module helps with that: a debugger with all rights, which no VM's user has,
# takes the task out of its ioctl, and has it make a call with the stub's own instruction.
# vm: long timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires python3 setpriv
requires_kvm
plan 35
load_module hedge
RUN=$(awk '/define HEDGE_STUB_RUN/ { print $3 }' "$SKYHOLD_TOP/kernel/hedge/stub.h")

# PID HOW NUMBER [ARGUMENT...]: prints how the task has ended.
debugger=$(cat <<'PY'
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
SEIZE, INTERRUPT, GETREGS, SETREGS, CONT, PEEK, POKE = 0x4206, 0x4207, 12, 13, 7, 1, 4
NAMES = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss "
         "fs_base gs_base ds es fs gs").split()

def ptrace(request, pid, addr=0, data=0):
    ctypes.set_errno(0)
    got = libc.ptrace(request, pid, addr, data)
    if ctypes.get_errno():
        raise OSError(ctypes.get_errno(), "ptrace %#x" % request)
    return got

def stopped(pid):
    while True:
        _, status = os.waitpid(pid, 0x40000000)
        if os.WIFSTOPPED(status):
            return
        sys.exit("it has ended before: %#x" % status)

pid, how, number, args = int(sys.argv[1]), sys.argv[2], int(sys.argv[3], 0), sys.argv[4:]
ptrace(SEIZE, pid)
ptrace(INTERRUPT, pid)
stopped(pid)
regs = (ctypes.c_ulonglong * len(NAMES))()
ptrace(GETREGS, pid, 0, ctypes.addressof(regs))
at = {name: i for i, name in enumerate(NAMES)}
# The stub is out of its ioctl, or about to make it again: the instruction is before, or here.
page = regs[at["rip"]] & ~0xfff
code = b"".join(ctypes.c_ulong(ptrace(PEEK, pid, page + i) & (1 << 64) - 1).value.to_bytes(8, "little")
                for i in range(0, 512, 8))
where = code.index(b"\x0f\x05")
if how == "compat":
    word = int.from_bytes(code[where & ~7:(where & ~7) + 8], "little")
    raw = bytearray(code[where & ~7:(where & ~7) + 16])
    raw[where & 7:(where & 7) + 2] = b"\xcd\x80"
    for i in (0, 8):
        ptrace(POKE, pid, page + (where & ~7) + i, int.from_bytes(raw[i:i + 8], "little"))
regs[at["rip"]] = page + where
regs[at["orig_rax"]] = (1 << 64) - 1
regs[at["rax"]] = number
order = ("rbx", "rcx", "rdx", "rsi", "rdi") if how == "compat" else ("rdi", "rsi", "rdx", "r10", "r8", "r9")
for name in order:
    regs[at[name]] = 0
for name, value in zip(order, args):
    regs[at[name]] = int(value, 0)
ptrace(SETREGS, pid, 0, ctypes.addressof(regs))
ptrace(CONT, pid)
_, status = os.waitpid(pid, 0x40000000)
if os.WIFSIGNALED(status):
    print("signal", signal.Signals(os.WTERMSIG(status)).name)
elif os.WIFEXITED(status):
    print("exit", os.WEXITSTATUS(status))
else:
    print("stopped", os.WSTOPSIG(status))
PY
)

# call HOW NUMBER [ARGUMENT...]: of the task of a new VM.
call()
{
	must start v hang >&2
	must poll_until 10 runs v >&2
	timeout $((20 * SKYHOLD_SLOW)) python3 -c "$debugger" "$(value v pid)" "$@"
	poll_until 10 has_ended v || echo "and its VM has not ended"
}

must start other hang
task=$(value other pid)
is "$(awk '/^Seccomp:|^Seccomp_filters:|^NoNewPrivs:/ { print $2 }' "/proc/$task/status" | xargs)" "1 2 1" "it has a filter, and gets no rights"
setpriv --reuid 65534 --regid 65534 --clear-groups python3 -c "$debugger" "$task" plain 39 >"$TMPDIR/out" 2>&1
check "nobody of its user can debug it" grep -q '^PermissionError: .* ptrace 0x4206' "$TMPDIR/out"

# --- what it may ---
is "$(call plain 231 42)" "exit 42" "exit_group is made"
is "$(value v reason)" killed "and its VM has a record"
# An ioctl of the descriptor runs the guest on: it does not come back.
must start w hang
must poll_until 10 said w hanging
timeout 3 python3 -c "$debugger" "$(value w pid)" plain 16 0 "$RUN" && bail "the ioctl has come back"
check "its own ioctl runs the guest on" runs w
must tell "stop|w"

# --- what it may not ---
while read -r name number args; do
	# shellcheck disable=SC2086 # words
	is "$(call plain "$number" $args)" "signal SIGSYS" "$name is not"
done <<TABLE
read 0 0 0x500000 16
write 1 0 0x500000 16
open 2 0x500000 0
close 3 0
mmap 9 0 4096 7 0x22 -1 0
mprotect 10 0x400000 4096 7
rt_sigreturn 15
ioctl-of-another-descriptor 16 1 $RUN
ioctl-of-another-number 16 0 0xae80
getpid 39
socket 41 16 3 0
clone 56 0x11 0
execve 59 0x500000 0 0
kill 62 1 9
ptrace 101 16 1 0 0
setresuid 117 0 0 0
prctl 157 22 0 0
exit 60 0
openat 257 -100 0x500000 0
bpf 321 0 0 0
userfaultfd 323 0
io_uring_setup 425 1 0x500000
x32-ioctl 0x40000010 0 $RUN
x32-exit 0x400000e7 0
none 9999
TABLE
is "$(call compat 1 7)" "signal SIGSYS" "exit of 32 bits is not"
is "$(call compat 54 0 "$RUN")" "signal SIGSYS" "nor an ioctl of 32 bits"
check "its VM ends as one that was killed" test "$(value v exit_status) $(value v reason)" = "137 killed"
check "another VM runs on" runs other
is "$(value other pid)" "$task" "in its own task"
must tell "stop|other"
