#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the module counts becomes signed records, by a key of the machine's TPM, with a leaf in a ledger for
# each: they verify, say what was used, and what was changed is found.
# vm: boot=own tpm=yes timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires hedgectl skyctl python3 dd
requires_kvm
[ -c /dev/tpmrm0 ] || bail "no TPM"
requires_module brd rd_nr=1 rd_size=4096
plan 17
load_module hedge

cd "$TMPDIR" || bail "no $TMPDIR"
printf 'red-* red\nblue-* blue\n' >tenants
meter() { hedgectl meter --records "$TMPDIR/records" --boot-key "$TMPDIR/boot.key" --ak "$TMPDIR/ak" --tenants "$TMPDIR/tenants" --ledger "$TMPDIR/log" --ledger-key "$TMPDIR/log.key" --ledger-epoch "$TMPDIR/log.epoch" "$@"; }
verify() { skyctl meter verify --ledger log --key log.key.pub "$@"; }
records() { cat records/*.jsonl; }
# used NAME COUNTER: by all records of a VM together.
used()
{
	python3 - "$1" "$2" records/*.jsonl <<-'PY'
	import json, sys
	rows = [json.loads(line).get("record") for name in sys.argv[3:] for line in open(name)]
	mine = [r for r in rows if r and r["unit"].split("#")[0] == sys.argv[1]]
	print(max((r["counters"].get(sys.argv[2], 0) for r in mine), default=0))
	PY
}

must start red-disk block fill -- block.disk=/dev/ram0
must poll_until 60 has_ended red-disk
must start blue-loop hang
must poll_until 10 said blue-loop hanging
check "records are made" meter --count 1
check "they verify" verify records/*.jsonl
is "$(used red-disk block_write_bytes) $(used red-disk block_write_ops)" "$(value red-disk block_write_bytes) $(value red-disk block_write_ops)" "a guest's writes are in them as the module has counted them"
before=$(used blue-loop guest_cpu_us)
worked() { [ "$(value blue-loop guest_cpu_us)" -gt $((before + 500000)) ]; }
must poll_until 20 worked
must tell "stop|blue-loop"
must poll_until 10 has_ended blue-loop
check "more are made" meter --count 1
check "and follow those before" verify records/*.jsonl
is "$(used blue-loop guest_cpu_us)" "$(value blue-loop guest_cpu_us)" "what a guest has computed is in them to its end"
check "it was more than before" test "$(used blue-loop guest_cpu_us)" -gt "$before"
skyctl meter show --json records/*.jsonl >shown
is "$(grep -oE '"tenant": ?"[a-z]+"' shown | grep -oE 'red|blue' | sort -u | xargs)" "blue red" "each is his tenant's"
sum() { sha256sum <"$guests/$1.hvt" | cut -d ' ' -f 1; }
check "and names the image's digest" grep -q "$(sum block)" <(records)

# --- what somebody does to them ---
cp -a records true
altered() { rm -rf records; cp -a true records; "$@"; ! verify records/*.jsonl >out 2>&1; }
raise() { sed -i 's/"block_write_ops":\([0-9]\)/"block_write_ops":1\1/' records/*.jsonl; ! cmp -s <(records) <(cat true/*.jsonl); }
drop() { sed -i "$(grep -n '"seq":1,' records/*.jsonl | head -n 1 | sed -E 's/.*jsonl:([0-9]+):.*/\1/; s/^([0-9]+):.*/\1/')d" records/*.jsonl; ! cmp -s <(records) <(cat true/*.jsonl); }
twice() { for f in records/*.jsonl; do sed -i '/"seq":1,/p' "$f"; done; ! cmp -s <(records) <(cat true/*.jsonl); }
while read -r how finding; do
	check "who does this to a record: $how" altered "$how"
	cat out
	check "is found: $finding" grep -q ": $finding: record" out
done <<-END
	raise altered
	drop dropped
	twice doubled
END
rm -rf records; mv true records
check "as they were they verify" verify records/*.jsonl
check_fails "with a key of nobody's they do not" skyctl meter verify --ak "000b$(printf '0%.0s' {1..64})" records/*.jsonl
