#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# skyd's workloads at tier 2: an image that is admitted runs as a VM of hedge, which is told to run
# nothing else; killed it has ended, and what others start is not mistaken for it.  On a machine that attests
# it is given a session's secrets, by its command line and on a device.
# vm: boot=own tpm=yes timeout=480

if [ -z "${POLICY_DIR:-}" ]; then
	top=${SKYHOLD_TOP:-$(cd "$(dirname "$0")/../../.." && pwd)}
	export POLICY_CONF="images = %/images
state = %/state" SKYD_PATIENCE=240 SKYD_CONF="[skyd]
start = 5min
[attest]
name = b
tpm = device:/dev/tpmrm0
key = %/ak
log = %/no-log
ima = %/no-list
interval = 1s
policies = %
lease = 2min" SKYHOLD_BUILD=${SKYHOLD_BUILD:-$top/build}
	exec "$top/tests/kselftest/skyd/with-policy" "$0"
fi

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires skyctl openssl python3 tpm2_pcrread
requires_kvm
requires_module loop
[ -c /dev/tpmrm0 ] || skip_all "needs a TPM"
plan 33
store=$SKYD_DIR/store
here=$(cd "$(dirname "$0")/../skyd" && pwd)
cd "$TMPDIR" || bail "no $TMPDIR"
sky() { skyctl "$1" "$2" --dev "$store" "${@:3}"; }
json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
says() { local text=$1; shift; if "$@" >said 2>&1; then cat said; return 1; fi; cat said; grep -qF -- "$text" said; }
member() { sky workload show "$1" --json | json "d[\"$2\"]"; }
ended() { [ "$(member "$1" state)" = ended ]; }
digest() { sha256sum <"$guests/$1.hvt" | cut -d ' ' -f 1; }
# describe NAME GUEST WORD...
describe() { printf '{"name": "%s", "tier": 2, "memory": 32, "image": "reg.example.org/shop/%s@sha256:%s", "command": ["x"]}' "$1" "$2" "$(digest "$2")" >description; }
add() { cp "$guests/$1.hvt" "$POLICY_DIR/images/$(digest "$1")" && "$here/bundle" "$POLICY_DIR/key" "sha256:$(digest "$1")" >"$1.bundle"; }

add hang
add hello
describe vm hang
check "without the module there is no tier 2" says "tier 2: this host has not /proc/monitor" sky workload run description --bundle hang.bundle
load_module hedge verify=enforce
is "$(sky workload tiers --json | json 'd[2]["available"]')" True "with it there is"
check "what nobody has signed does not run" says "no authority has signed it" sky workload run description --bundle hello.bundle
is "$(sed 1d /proc/monitor)" "" "nothing runs"
check "what is admitted does" sky workload run description --bundle hang.bundle
is "$(value vm digest)" "$(digest hang)" "it is the image that was judged"
is "$(member vm state) $(member vm digest)" "running sha256:$(digest hang)" "which is told"
note "tier 2: $(member vm spawn_ms) ms, $(member vm footprint_mib) MiB"
check "with the time of its start" [ "$(member vm spawn_ms)" != None ]
check "and the memory that it has" [ "$(member vm footprint_mib)" != None ]
check_fails "the module runs it for nobody else" tell "start|other|$guests/hang.hvt||32|||x"
check "its name is taken" says "a workload of this name runs" sky workload run description --bundle hang.bundle
must kill -KILL "$(value vm pid)"
check "killed, it has ended" poll_until 20 ended vm
must tell "allow|$(digest hang)"
must start vm hang
is "$(member vm state)" ended "one that somebody else has started is not it"
check "nor is its name free then" says "NAME: a VM of this name runs" sky workload run description --bundle hang.bundle
must tell "stop|vm"
check "afterwards it is" sky workload run description --bundle hang.bundle
check "it is stopped" sky workload stop vm
is "$(sed 1d /proc/monitor)" "" "and runs no more"

# --- secrets
# What this boot has come to is what is trusted; the attester asks the same TPM.
printf '{"version": 1, "name": "test", "pcrs": {"4": ["%s"]}}\n' \
	"$(tpm2_pcrread -T device:/dev/tpmrm0 sha256:4 | sed -n 's/^ *4 *: 0x//p' | tr 'A-F' 'a-f')" >"$POLICY_DIR/default.json"
add secret
printf 'kEpT-%s' "$RANDOM$RANDOM$RANDOM" >key
printf 'sAiD-%s' "$RANDOM$RANDOM$RANDOM" >word
cat >session <<-EOT
{"session": "shop", "images": ["sha256:$(digest secret)"], "tiers": [2], "hosts": ["b"],
 "command": ["key", "\${secret:word}"],
 "secrets": [{"name": "key", "deliver": "device"}, {"name": "word", "deliver": "cmdline"}]}
EOT
check "a session of a unikernel is made" sky secret create session --value key=key --value word=word
printf '{"name": "vm", "tier": 2, "memory": 32, "image": "reg.example.org/shop/secret@sha256:%s", "session": "shop"}' "$(digest secret)" >description
run() { sky workload run description --bundle secret.bundle; }
loops() { losetup -l -n -O BACK-FILE,RO | grep memfd; }
check "without a lease it is given nothing" says "its secrets need a lease of this host" run
is "$(loops)$(sed 1d /proc/monitor)" "" "and does not run"
known() { [ "$(sky attest host show b --json | json "d[\"$1\"]")" = "$2" ]; }
check "the host shows its TPM" poll_until 60 known state waiting
check "it is enrolled" sky attest host enrol b --ek "$(sky attest host show b --json | json 'd["shown"]')"
check "and holds a lease" poll_until 60 known leased True
check "with one the unikernel starts" run
# says_line LINE: the guest has, and nothing else in it.
says_line() { console vm | tr -d '\r' | grep -qxF "$1"; }
check "it reads a secret from its command line" poll_until 20 says_line "word [$(<word)]"
check "and one from its device" poll_until 20 says_line "device [$(<key)]"
check "of the session's version" says_line "version 1"
is "$(loops | wc -l) $(loops | awk '{ print $NF }')" "1 1" "which is read-only"
printf '%s\n%s\n' "$(<key)" "$(<word)" >both
seen() { { cat /proc/[0-9]*/cmdline /proc/monitor /proc/vmstats/*; dmesg; } 2>/dev/null | grep -aqF -f both; }
check_fails "no process, list or log of the host shows them" seen
check "the release is counted" [ "$(sky secret show shop --json | json 'd["releases"]')" = 1 ]
check "it is stopped" sky workload stop vm
is "$(sed 1d /proc/monitor)" "" "and runs no more"
unkept() { [ -z "$(loops)" ] && [ -z "$(find /proc/[0-9]*/fd -lname '*memfd:secrets*' 2>/dev/null)" ]; }
check "its device is gone, and what was on it" poll_until 10 unkept
