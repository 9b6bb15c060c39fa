#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# hedgectl dump and stats against the module: cores, counters as text, as JSON and again and
# again; and what a console had no room for is counted as lost, once nobody can read it.
# vm: long timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires hedgectl python3 readelf
requires_kvm
plan 36
load_module hedge

out=$TMPDIR/out
# status N COMMAND...: it ends with that status.
status() { local want=$1 got=0; shift; "$@" >"$out" 2>&1 || got=$?; cat "$out"; [ "$got" -eq "$want" ]; }
says() { cat "$out"; grep -qF -- "$1" "$out"; }
# json EXPRESSION: it is true of the objects that the last command has printed, a list v.
json()
{
	python3 - "$1" "$out" <<-'PY'
		import json, sys
		text, v, at = open(sys.argv[2]).read(), [], 0
		while text[at:].strip():
		    at += len(text[at:]) - len(text[at:].lstrip())
		    one, at = json.JSONDecoder().raw_decode(text, at)
		    v.append(one)
		sys.exit(not eval(sys.argv[1]))
	PY
}

# --- dump ---
must hedgectl start -m 32 one "$guests/hang.hvt"
must poll_until 10 said one hanging
cd "$TMPDIR" || bail "no $TMPDIR"
check "a core of a VM" status 0 hedgectl dump one core
check "is one of x86-64" grep -q 'X86-64' <(readelf -h core)
check "with registers" grep -q NT_PRSTATUS <(readelf -n core)
is "$(stat -c %s core)" $((32 * 1048576 + 4096)) "and all memory"
before=$(sha256sum core)
check "it is not written over" status 5 hedgectl dump one core
is "$(sha256sum core)" "$before" "in no part"
check "the VM goes on" runs one
check "there is none of a VM that is not there" status 4 hedgectl dump two core2
check "nor in a folder that is not there" status 4 hedgectl dump one none/core
check "says the kernel, of its field" says "PATH: the file cannot be made"
check "nothing is left of these" test ! -e core2
must hedgectl stop one
check "nor of one that has ended" status 4 hedgectl dump one core2

# --- stats ---
check "what is counted of one that has ended" status 0 hedgectl stats one
check "has its end" says "exit_status"
# same: the text, whose columns are padded, and the file of the kernel say the same.
same() { diff <(sed 's/  */ /' "$out") /proc/vmstats/one; }
check "and is what the kernel says" same
check "as JSON" status 0 hedgectl stats --json one
check "it is one object" json 'len(v) == 1 and v[0]["name"] == "one" and v[0]["exit_status"] == 137'
same_json()
{
	python3 - "$out" /proc/vmstats/one <<-'PY'
		import json, sys
		got = json.load(open(sys.argv[1]))
		want = dict(line.rstrip("\n").split(" ", 1) for line in open(sys.argv[2]))
		sys.exit({k: str(x) for k, x in got.items()} != want)
	PY
}
check "with all that the kernel says" same_json
must hedgectl start -m 32 007 "$guests/hang.hvt"
check "a name of digits" status 0 hedgectl stats --json 007
check "is text, and numbers are numbers" json 'v[0]["name"] == "007" and type(v[0]["pid"]) is int and v[0]["memory_bytes"] == 32 << 20'
check "again and again" status 0 hedgectl stats --json --watch --interval 1 --count 3 007
is "$(wc -l <"$out")" 3 "is a line each"
check "a second after the other" json 'all(b["up_us"] - a["up_us"] >= 900000 for a, b in zip(v, v[1:]))'
check "and time goes by" json 'v[0]["cpu_us"] <= v[2]["cpu_us"] and v[2]["state"] == "running"'
check "as text" status 0 hedgectl stats --watch --interval 1 --count 2 007
is "$(grep -c '^up_us ' "$out") $(grep -c '^$' "$out")" "2 2" "it has a line between one and the next"
hedgectl stats --json --watch 007 >"$TMPDIR/watched" 2>/dev/null &
watcher=$!
lines() { [ "$(wc -l <"$TMPDIR/watched")" -ge "$1" ]; }
check "without a count it goes on" poll_until 10 lines 2
kill $watcher
wait $watcher 2>/dev/null
check "of all together" status 0 hedgectl stats --json
check "there are counts, too" json 'v[0]["vms_running"] == 1 and v[0]["vms_started"] == 2 and v[0]["vms_ended"] == 1'
must hedgectl stop 007
check "of none that is not there" status 4 hedgectl stats --json none

# --- lost ---
must start few puts 40 -- console=4
must poll_until 10 has_ended few
is "$(value few console_bytes) $(value few console_lost)" "2560 0" "what there is room for is not lost"
must start many puts 2000 -- console=4
must poll_until 60 has_ended many
is "$(value many console_bytes) $(value many console_lost)" "128000 $((128000 - 4096))" "what is written over before anybody has read it is"
console many | tail -n 1
must start read puts 64 -- console=4
must poll_until 10 has_ended read
is "$(console read | wc -c) $(value read console_lost)" "4096 0" "to the last byte there is room for"

# One reader, who is held up: what he has got and what was lost is all there was.
must start slow puts 8000 -- console=4 cpu_quota=20
hedgectl console --follow slow >"$TMPDIR/slow" 2>/dev/null &
reader=$!
has_some() { [ -s "$TMPDIR/slow" ]; }
must poll_until 10 has_some
kill -STOP $reader
losing() { [ "$(value slow console_lost)" -gt 65536 ]; }
check "what is printed while its reader stands still is lost" poll_until 60 losing
kill -CONT $reader
must poll_until 120 has_ended slow
check "the reader ends with the VM" wait $reader
is "$(($(stat -c %s "$TMPDIR/slow") + $(value slow console_lost)))" 512000 "what he has and what was lost is all that was printed"
