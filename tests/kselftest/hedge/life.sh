#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How VMs come and go: a loop is stopped at once, a pause is a pause, whoever is killed
# leaves a record, limits of time hold, and the module takes its VMs with it.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires_kvm
plan 59
load_module hedge

is "$(cat /proc/monitor)" "ID NAME MODID MODNAME" "there is no VM"
check "one is started" start one hang
must poll_until 10 said one hanging
is "$(sed 1d /proc/monitor)" "1 one 0 $guests/hang.hvt" "it is listed"
refused "a second one of its name is refused" "start|one|$guests/hang.hvt||32|||x" '^[0-9]+ 0 NAME: a VM of this name runs'
task=$(value one pid)
is "$(cat "/proc/$task/comm")" "vm:one" "its task has its name"
is "$(awk '/^Uid|^Gid/ { print $2, $3, $4, $5 }' "/proc/$task/status" | uniq)" "65534 65534 65534 65534" "is nobody's"
is "$(awk '/^Cap/ { print $2 }' "/proc/$task/status" | sort -u)" 0000000000000000 "has no capabilities"
is "$(awk '/^NoNewPrivs|^Seccomp:/ { print $2 }' "/proc/$task/status" | xargs)" "1 2" "and a filter for system calls"
is "$(wc -l <"/proc/$task/cgroup") $(cat "/proc/$task/cgroup")" "1 $(cat /proc/self/cgroup)" "it is in the cgroup of who started it"
check "it is stopped" tell "stop|one"
is "$(value one state) $(value one exit_status) $(value one reason)" "ended 137 stopped" "its record says so"
refused "what does not run cannot be stopped" "stop|one" 'NAME: no VM of this name runs'
check "its name can be used again" start one hello
check "it ends" poll_until 10 has_ended one
is "$(value one exit_status)" 0 "by itself"
is "$(console one)" "Hello from the guest" "its console is its own"

took=()
for i in 1 2 3 4 5 6 7 8 9; do
	must start loop hang
	must poll_until 10 said loop hanging
	took+=("$(time_to_stop loop)")
done
note "a loop is stopped in ${took[*]} us"
check "which is within 100 ms, by the median" test "$(median "${took[@]}")" -lt $((100000 * SKYHOLD_SLOW))

# --- paused ---
check "a loop is started" start two hang
check "it stands still" tell "pause|two"
is "$(value two state)" paused "and is said to"
refused "once only" "pause|two" 'it is paused'
before=$(awk '{ print $14 + $15 }' "/proc/$(value two pid)/stat")
sleep 1
is "$(awk '{ print $14 + $15 }' "/proc/$(value two pid)/stat")" "$before" "it takes no time"
check "it goes on" tell "resume|two"
is "$(value two state)" running "and is said to"
refused "once only, too" "resume|two" 'it is not paused'
must tell "pause|two"
check "a paused one can be stopped" tell "stop|two"

# --- signals ---
must start three hang
must kill -STOP "$(value three pid)"
must kill -CONT "$(value three pid)"
check "stopped and continued it runs" runs three
must kill -KILL "$(value three pid)"
check "killed it has ended" poll_until 10 has_ended three
is "$(value three reason)" killed "as its record says"

# --- time ---
must start four hang -- max_runtime=1
check "max_runtime ends it" poll_until 10 has_ended four
is "$(value four reason)" "max_runtime is over" "and says so"
must start five hang -- watchdog=1
check "so does the watchdog" poll_until 10 has_ended five
is "$(value five reason)" "watchdog: no hypercall for too long" "and says so, too"
must start six hang -- cpu_quota=20
must poll_until 10 said six hanging
used() { awk '{ print $14 + $15 }' "/proc/$(value six pid)/stat"; }
uptime() { cut -d' ' -f1 /proc/uptime | tr -d .; }
began=$(uptime)
before=$(used)
sleep 3
share=$((100 * ($(used) - before) / ($(uptime) - began)))
note "quota of 20 % of a processor: $share %"
check "a quota is kept" test "$share" -ge 5 -a "$share" -le 25
must tell "stop|six"
# It has had more than its share when it has written its memory.
must start six hang -- cpu_quota=1
must poll_until 30 said six hanging
must tell "pause|six"
must tell "snapshot|six|$TMPDIR/six"
switches() { awk '/^voluntary/ { print $2 }' "/proc/$(value six pid)/status"; }
before=$(switches)
pause; pause; pause; pause
is "$(switches)" "$before" "who is paused does not wake up for its quota"
check "and is resumed" tell "resume|six"
is "$(value six state)" running "as its record says"
must tell "stop|six"
must rm "$TMPDIR/six"

# --- a cgroup of its own ---
root=/sys/fs/cgroup
mountpoint -q $root || { must mount -t cgroup2 none $root; cleanup umount $root; }
must mkdir $root/vms
cleanup poll_until 5 rmdir $root/vms
echo '+memory' >$root/cgroup.subtree_control
check "one is started in another cgroup" start c hang -- cgroup=$root/vms
is "$(cat "/proc/$(value c pid)/cgroup")" "0::/vms" "and runs there"
check "its memory is charged to that" test "$(cat $root/vms/memory.current)" -gt 65536
must tell "stop|c"
# In one of its own: what ended before it may still be on its way out of the other.
must mkdir $root/consoles
cleanup poll_until 5 rmdir $root/consoles
must start c hang -- cgroup=$root/consoles console=4096
has_console() { [ "$(awk '$1 == "kernel" { print $2 }' $root/consoles/memory.stat)" -ge $((4 << 20)) ]; }
check "and so is its console" poll_until 10 has_console
must tell "stop|c"
refused "one that is not there is refused" "start|c|$guests/hang.hvt||32|||x|cgroup=$root/none" 'cgroup: there is no such cgroup'
must mkdir "$TMPDIR/none"
must mkfifo "$TMPDIR/none/cgroup.procs"
refused "a FIFO of its name is not waited for" "start|c|$guests/hang.hvt||32|||x|cgroup=$TMPDIR/none" 'cgroup: there is no such cgroup'
must rm "$TMPDIR/none/cgroup.procs"
must touch "$TMPDIR/none/cgroup.procs"
refused "a file of its name is none" "start|c|$guests/hang.hvt||32|||x|cgroup=$TMPDIR/none" 'cgroup: there is no such cgroup'
# What is over is forgotten when the next one is started.
dying() { awk '$1 == "nr_dying_descendants" { print $2 }' $root/cgroup.stat; }
before=$(dying)
must mkdir $root/gone
must start gone hello -- cgroup=$root/gone
must poll_until 10 has_ended gone
must poll_until 10 rmdir $root/gone
must start c hello
as_before() { [ "$(dying)" -le "$before" ]; }
check "a cgroup that is gone is not kept by what ran there" poll_until 20 as_before
must tell "pool|1"
must poll_until 20 grep -q '^pool_ready 1' /proc/vmstats/hedge
must start c hang -- cgroup=$root/vms
is "$(cat "/proc/$(value c pid)/cgroup")" "0::/vms" "so does one from the pool"
must tell "stop|c"
must tell "pool|0"
no_task() { ! pgrep -x hedge; }
must poll_until 10 no_task
ask_from_vms() { (echo "$BASHPID" >$root/vms/cgroup.procs && tell "pool|1"); }
must ask_from_vms
must poll_until 20 grep -q '^pool_ready 1' /proc/vmstats/hedge
is "$(cat "/proc/$(pgrep -x hedge)/cgroup")" "0::/vms" "one that is ready is in the cgroup of who asked for it"
must start c hang
is "$(cat "/proc/$(value c pid)/cgroup")" "$(cat /proc/self/cgroup)" "and then in that of who starts it"
must tell "stop|c"
must poll_until 20 grep -q '^pool_ready 1' /proc/vmstats/hedge
# shellcheck disable=SC2016 # for the shell in there
where=$(unshare --pid --fork bash -c 'printf %s "$1" >/proc/monitor && cat /proc/self/cgroup' bash "start|c|$guests/hang.hvt||32|||x|cgroup=$root/vms")
is "$where $(cat "/proc/$(value c pid)/cgroup")" "$(cat /proc/self/cgroup) 0::/vms" "so does one of who has PIDs of his own, and he does not"
must tell "stop|c"

# --- the pool ---
check "tasks are made ready" tell "pool|2"
two_parked() { [ "$(awk '$1 == "pool_ready" { print $2 }' /proc/vmstats/hedge)" = 2 ]; }
check "two of them" poll_until 20 two_parked
check "one starts from there" start seven hello
check "and ends" poll_until 10 has_ended seven
is "$(value seven exit_status)" 0 "with status 0"
check "another takes its place" poll_until 20 two_parked
must pkill -KILL -x hedge
check "who kills them has them killed" poll_until 10 grep -q '^pool_ready 0' /proc/vmstats/hedge
must start eight hello
check "and the next start has others made" poll_until 20 two_parked

# --- the module goes ---
for i in 1 2 3 4; do must start "h$i" hang; done
pids=$(for i in 1 2 3 4; do value "h$i" pid; done)
check "the module is unloaded with all of them" rmmod hedge
gone() { local p; for p in $pids; do [ ! -e "/proc/$p" ] || return; done; }
check "nothing of them is left" poll_until 5 gone
