#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What /proc/vmstats counts is what has happened: a VM that computes has taken processor time, as
# the guest's, one that sleeps has not; memory is charged by the time; calls are as many as were
# made; the steps of a start follow each other; and the text for Prometheus is by its rules.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
# shellcheck source=tests/kselftest/hedge/taps.sh
. "$(dirname "$0")/taps.sh"
requires ip python3
requires_kvm
requires_module tun
requires_module brd rd_nr=1 rd_size=1024
plan 24
load_module hedge
taps hvt0 hvt1

# holds VM CONDITION: of its record, read once, as an expression of awk with v["KEY"].
holds()
{
	cat "/proc/vmstats/$1" >"$TMPDIR/record"
	awk '{ v[$1] = $2 } END { exit !('"$2"') }' "$TMPDIR/record"
}

# --- time ---
must start busy hang
must start asleep poll sleep -- net.one=hvt0 net.two=hvt1
must poll_until 10 said asleep sleeping
slept=$(value asleep cpu_us)
check "who computes takes time of a processor" poll_until 60 holds busy 'v["cpu_us"] >= 1000000'
# By ticks, of which the emulator delivers some late, when the guest was just left.
note "$(value busy guest_cpu_us) us of $(value busy cpu_us) are the guest's"
check "some of it as the guest" holds busy 'v["guest_cpu_us"] * 20 >= v["cpu_us"]'
check "the rest for it" holds busy 'v["guest_cpu_us"] + v["host_cpu_us"] <= v["cpu_us"] + 1 && v["guest_cpu_us"] + v["host_cpu_us"] >= v["cpu_us"] - 1'
check "no more than there was" holds busy 'v["cpu_us"] <= v["up_us"]'
is "$(value busy hypercall_puts) $(value busy hypercall_walltime)" "1 0" "it has made one call"
check "who sleeps takes none" test $(($(value asleep cpu_us) - slept)) -lt 100000
check "memory is charged by the time" holds busy 'v["memory_mib_ms"] <= 32 * v["up_us"] / 1000 && v["memory_mib_ms"] >= 32 * ((v["up_us"] - v["boot_entered_us"]) / 1000 - 2)'
before=$(value busy exits_interrupted)
must tell "pause|busy"
must tell "resume|busy"
check "who is paused was interrupted" test "$(value busy exits_interrupted)" -gt "$before"
check "the steps of a start follow each other" holds busy '0 < v["boot_checked_us"] && v["boot_checked_us"] <= v["boot_task_us"] && v["boot_task_us"] <= v["boot_kvm_us"] && v["boot_kvm_us"] <= v["boot_loaded_us"] && v["boot_loaded_us"] <= v["boot_entered_us"] && v["boot_entered_us"] <= v["up_us"]'

# --- calls ---
must start p puts 500
must poll_until 30 has_ended p
is "$(value p hypercall_puts) $(value p hypercall_halt) $(value p console_bytes)" "500 1 32000" "calls are counted"
check "the last of them has left KVM_RUN" holds p 'v["exits_slow"] >= 1'
check "most have not" holds p 'v["exits_slow"] < 100'
must start d block fill -- block.disk=/dev/ram0
must poll_until 30 has_ended d
is "$(value d block_write_bytes) $(value d block_write_ops) $(value d hypercall_block_write)" "1048576 16 16" "so is what is written"
check "and read, in blocks and in chunks" holds d 'v["block_read_bytes"] == 2 * 1048576 && v["block_read_ops"] == v["hypercall_block_read"] && v["block_read_ops"] == 16 + 2048'
at=$(value p memory_mib_ms)
pause
is "$(value p memory_mib_ms) $(value p up_us)" "$at $(value p up_us)" "of who has ended nothing is counted"

# --- all together ---
total() { awk -v k="$1" '$1 == k { print $2 }' /proc/vmstats/hedge; }
is "$(total vms_running) $(total vms_started) $(total vms_ended) $(total vms_failed)" "2 4 2 0" "of all there are sums"
check "of calls, too" test "$(total hypercall_puts)" -ge 502

# --- for Prometheus ---
cat >"$TMPDIR/rules" <<'PY'
import re, sys
text = open(sys.argv[1]).read()
assert text.endswith("\n"), "no newline at the end"
name = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
label = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
helps, types, seen, done, current = {}, {}, {}, set(), None
for line in text.splitlines():
    m = re.fullmatch(r"# (HELP|TYPE) (%s) (.+)" % name, line)
    if m:
        kind, metric, rest = m.groups()
        if metric != current:
            assert metric not in done, "apart: " + metric
            done.add(metric)
            current = metric
        table = helps if kind == "HELP" else types
        assert metric not in table, "twice: " + line
        assert kind == "HELP" or rest in ("counter", "gauge"), line
        assert kind == "HELP" or metric in helps, "TYPE before HELP: " + line
        table[metric] = rest
        continue
    m = re.fullmatch(r"(%s)(?:\{(.*)\})? (-?[0-9]+(?:\.[0-9]+)?)" % name, line)
    assert m, "no sample: " + line
    metric, labels, value = m.groups()
    assert metric == current and metric in types and metric in helps, "not of its group: " + line
    assert types[metric] != "counter" or metric.endswith("_total"), "a counter's name: " + line
    assert types[metric] == "counter" or not metric.endswith("_total"), "a gauge's name: " + line
    assert float(value) >= 0, "negative: " + line
    pairs = re.findall(label, labels or "")
    assert ",".join('%s="%s"' % p for p in pairs) == (labels or ""), "labels: " + line
    assert len(dict(pairs)) == len(pairs), "a label twice: " + line
    key = (metric, tuple(sorted(pairs)))
    assert key not in seen, "a series twice: " + line
    seen[key] = float(value)
for expression in sys.argv[2:]:
    assert eval(expression), expression
print(len(seen), "series of", len(types), "metrics")
PY
cat /proc/vmstats/metrics >"$TMPDIR/metrics"
cat "$TMPDIR/metrics"
check "the metrics are by the rules of their format" python3 "$TMPDIR/rules" "$TMPDIR/metrics"
check "and say what there is" python3 "$TMPDIR/rules" "$TMPDIR/metrics" \
	'seen[("hedge_vms_running", ())] == 2' 'seen[("hedge_vms_started_total", ())] == 4' \
	'seen[("hedge_vm_memory_bytes", (("vm", "busy"),))] == 32 << 20' \
	'seen[("hedge_vm_cpu_seconds_total", (("vm", "busy"),))] >= 1' \
	'seen[("hedge_vm_cpu_seconds_total", (("vm", "asleep"),))] < seen[("hedge_vm_cpu_seconds_total", (("vm", "busy"),))]' \
	'seen[("hedge_vm_hypercalls_total", (("hypercall", "puts"), ("vm", "busy")))] == 1'
# That the rules find something: a series twice, one without a type, a type twice, no value.
{ cat "$TMPDIR/metrics"; grep '^hedge_vm_memory_bytes' "$TMPDIR/metrics"; } >"$TMPDIR/bad1"
grep -v '^# TYPE hedge_vm_up' "$TMPDIR/metrics" >"$TMPDIR/bad2"
sed 's/^\(# TYPE hedge_vms_running.*\)/\1\n\1/' "$TMPDIR/metrics" >"$TMPDIR/bad3"
sed 's/^\(hedge_vms_running\).*/\1/' "$TMPDIR/metrics" >"$TMPDIR/bad4"
for i in 1 2 3 4; do
	check_fails "a bad text is found, $i" python3 "$TMPDIR/rules" "$TMPDIR/bad$i"
done
must tell "stop|busy"
must tell "stop|asleep"
is "$(value busy state) $(value asleep state)" "ended ended" "both are stopped"
