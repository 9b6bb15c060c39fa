#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A host that is drained starts nothing and ends nothing; a VM's task is whom uid= and gid= say,
# never root; and the files are for who has CAP_SYS_ADMIN in the initial user namespace only.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires unshare setpriv
requires_kvm
plan 32
load_module hedge

# --- drained ---
must start before hang
must poll_until 10 said before hanging
must tell "snapshot|before|$TMPDIR/snap"
must tell "load|$guests/hello.hvt"
check "a host is drained" tell drain
refused "nothing is started" "start|a|$guests/hello.hvt||32|||x" 'COMMAND: this host is being drained'
refused "nothing restored" "restore|a|$TMPDIR/snap|||" 'COMMAND: this host is being drained'
is "$(sed 1d /proc/monitor)" "1 before 0 $guests/hang.hvt" "what ran runs, and nothing else"
check "it does so without a record of what was refused" test ! -e /proc/vmstats/a
check "twice is once" tell drain
check "what runs can be told things" tell "pause|before"
must tell "resume|before"
check "and be stopped" tell "stop|before"
check "it is over" tell undrain
check "one is started" start a hello
must poll_until 10 has_ended a
is "$(value a exit_status)" 0 "and ends"
check "one is restored" tell "restore|b|$TMPDIR/snap|||"
must tell "stop|b"

# --- users ---
ids() { awk -v k="$2:" '$1 == k { print $2, $3, $4, $5 }' "/proc/$(value "$1" pid)/status"; }
must tell "pool|1"
must poll_until 20 grep -q '^pool_ready 1' /proc/vmstats/hedge
must start c hang -- uid=1234 gid=2345
is "$(ids c Uid), $(ids c Gid)" "1234 1234 1234 1234, 2345 2345 2345 2345" "a task is whom it is told to be, beside those that are ready"
is "$(awk '$1 == "Groups:" { print NF }' "/proc/$(value c pid)/status")" 1 "in no other group"
is "$(awk '/^Cap/ { print $2 }' "/proc/$(value c pid)/status" | sort -u)" 0000000000000000 "without capabilities"
must start d hang -- uid=1235
is "$(ids d Uid), $(ids d Gid)" "1235 1235 1235 1235, 65534 65534 65534 65534" "each is himself"
as() { setpriv --reuid "$1" --regid "$1" --clear-groups --inh-caps=-all --bounding-set=-all "${@:2}"; }
# shellcheck disable=SC2016 # for the shell in there
check_fails "one cannot signal the other" as 1235 bash -c 'kill -STOP "$1"' kill "$(value c pid)"
# shellcheck disable=SC2016
check "each his own" as 1235 bash -c 'kill -CONT "$1"' kill "$(value d pid)"
must tell "stop|c"
must tell "stop|d"
must tell "pool|0"
refused "root is nobody to run one" "start|e|$guests/hello.hvt||32|||x|uid=0" 'uid|rights'
check "nothing is left of that" test ! -e /proc/vmstats/e
refused "-1 is no user" "start|e|$guests/hello.hvt||32|||x|uid=4294967295" 'uid: not a number'
refused "nor group" "start|e|$guests/hello.hvt||32|||x|gid=4294967295" 'gid: not a number'
none() { ! pgrep -x 'hedge|vm:.*'; }
check "no task is left" poll_until 5 none

# --- who may ---
must start f hang
must poll_until 10 said f hanging
files=(/proc/monitor "/proc/vmcons/vm$(value f id)" /proc/vmstats/errors /proc/vmstats/f /proc/vmstats/hedge /proc/vmstats/metrics)
# Which of the files can be read, or the first be written.
read -rd '' script <<'SH'
for file; do
	head -c 1 "$file" >/dev/null 2>&1 && echo "read $file"
done
{ printf 'stop|f' >"$1"; } 2>/dev/null && echo "written $1"
{ : >>"$1"; } 2>/dev/null && echo "opened $1"
echo tried
SH
try() { "$@" timeout 10 bash -c "$script" tried "${files[@]}"; }
is "$(try as 1234)" tried "a user can do nothing"
is "$(try setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin)" tried "nor root without CAP_SYS_ADMIN"
is "$(try unshare --user --map-root-user)" tried "nor who is root in a user namespace"
is "$(unshare --user --map-root-user bash -c 'grep -c "^CapEff:.*[1-9a-f]" /proc/self/status')" 1 "and has all capabilities there"
is "$(try unshare --user --map-root-user --pid --mount --mount-proc --fork)" tried "nor one who has mounted /proc himself"
runs_on() { runs f && [ ! -e /proc/vmstats/g ]; }
check "the VM runs on" runs_on
is "$(head -n 1 "${files[0]}")" "ID NAME MODID MODNAME" "who has it can read the list"
check "and the record" grep -q '^state running' /proc/vmstats/f
check "and stop the VM" tell "stop|f"
