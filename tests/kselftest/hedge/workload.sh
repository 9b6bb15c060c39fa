#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# skyd's workloads at tier 2: an image that is admitted runs as a VM of hedge, which is told to run
# nothing else; killed it has ended, and what others start is not mistaken for it.
# vm: timeout=480

if [ -z "${POLICY_DIR:-}" ]; then
	top=${SKYHOLD_TOP:-$(cd "$(dirname "$0")/../../.." && pwd)}
	export POLICY_CONF="images = %/images
state = %/state" SKYD_PATIENCE=240 SKYD_CONF="[skyd]
start = 5min" SKYHOLD_BUILD=${SKYHOLD_BUILD:-$top/build}
	exec "$top/tests/kselftest/skyd/with-policy" "$0"
fi

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires skyctl openssl python3
requires_kvm
plan 17
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
