#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The verbs of hedgectl that hedgectl.sh has none of, and a VM on a TAP interface of its own making,
# in another network namespace, with another MTU.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires hedgectl ip busybox unshare nsenter readelf
requires_kvm
requires_module tun
plan 39
load_module hedge

out=$TMPDIR/out
says() { cat "$out"; grep -qF -- "$1" "$out"; }
status() { local want=$1 got=0; shift; "$@" >"$out" 2>&1 || got=$?; cat "$out"; echo "status $got"; [ "$got" -eq "$want" ]; }
total() { awk -v k="$1" '$1 == k { print $2 }' /proc/vmstats/hedge; }
# A copy of its own, so that nobody else has it loaded.
cp "$guests/puts.hvt" "$TMPDIR/kept.hvt"
image=$TMPDIR/kept.hvt

# --- images ---
check "an image is loaded" status 0 hedgectl load "$image"
check "which is no news the second time" status 0 hedgectl load "$image"
must rm "$image"
check "its file is not needed any more" status 0 hedgectl start --wait a "$image" -- 3
check "it is unloaded" status 0 hedgectl unload "$image"
check "once" status 4 hedgectl unload "$image"
check "now it is" status 4 hedgectl start b "$image"
check "says the kernel" says "PATH: "

# --- sandboxes ---
check "some sandboxes are kept ready" status 0 hedgectl pool 3
ready() { [ "$(total pool_ready)" = "$1" ]; }
check "and are there" poll_until 10 ready 3
check "a VM takes one" status 0 hedgectl start --wait p "$guests/hello.hvt"
check "of which there is another soon" poll_until 10 ready 3
check "more than there may be are refused" status 1 hedgectl pool 100000
check "none are kept" status 0 hedgectl pool 0
check "nor are there any" poll_until 10 ready 0

# --- no more VMs ---
must hedgectl start before "$guests/hang.hvt"
check "the host is drained" status 0 hedgectl drain
check "no VM is started" status 5 hedgectl start late "$guests/hello.hvt"
check "says the kernel, too" says "this host is being drained"
check "what runs goes on" runs before
check "it is not drained any more" status 0 hedgectl undrain
check "and a VM is" status 0 hedgectl start --wait late "$guests/hello.hvt"

# --- cores and snapshots ---
check "a core of one that runs" status 0 hedgectl dump before "$TMPDIR/core"
check "is one" readelf -h "$TMPDIR/core"
check "a file that is there is not written over" status 5 hedgectl dump before "$TMPDIR/core"
must hedgectl stop before
must hedgectl start c "$guests/puts.hvt" -- 100000
printing() { [ "$(value "$1" hypercall_puts)" -gt "$2" ]; }
must poll_until 10 printing c 50
check "a snapshot" status 0 hedgectl snapshot c "$TMPDIR/snap"
check "after which it goes on" poll_until 10 printing c "$(value c hypercall_puts)"
must hedgectl stop c
check "a VM is made of it" status 0 hedgectl restore --cpu-quota 20 d "$TMPDIR/snap"
check "which prints" poll_until 20 printing d 5
check "a core is no snapshot" status 4 hedgectl restore e "$TMPDIR/core"
must hedgectl stop d

# --- processors ---
check "on a processor" status 0 hedgectl start --wait --cpu 0 f "$guests/hello.hvt"
check "that has to be there" status 4 hedgectl start --cpu 4000 g "$guests/hello.hvt"
check "says the kernel" says "CPU: there is no such processor"

# --- a network ---
unshare -n sleep 600 &
holder=$!
let_go() { kill "$holder" 2>/dev/null || :; wait "$holder" 2>/dev/null || :; }
cleanup let_go
own_namespace() { [ "$(readlink /proc/$holder/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }
must poll_until 10 own_namespace
inside() { nsenter -t "$holder" -n -- "$@"; }
check "a TAP interface in another network" inside hedgectl net add --mtu 1400 inner
check "is of no use from here" status 4 hedgectl start --net inner h "$guests/echo.hvt" -- 10.98.0.2
check "which is said" says "NET: there is no interface of this name"
must inside ip addr add 10.98.0.1/24 dev inner
must inside hedgectl start --net inner h "$guests/echo.hvt" -- 10.98.0.2
check "from there it is" poll_until 10 inside busybox ping -c 1 -W 2 10.98.0.2
check "with frames of its MTU" inside busybox ping -c 1 -W 2 -s 1372 10.98.0.2
learnt() { inside ip neigh show 10.98.0.2 dev inner | grep -oE '([0-9a-f]{2}:){5}[0-9a-f]{2}'; }
mac=$(learnt)
check "its address is a local one of nobody's" grep -qE '^.[26ae]:' <<<"$mac"
must hedgectl stop h
must poll_until 10 has_ended h
must inside ip neigh flush dev inner
must inside hedgectl start --net inner h "$guests/echo.hvt" -- 10.98.0.2
must poll_until 10 inside busybox ping -c 1 -W 2 10.98.0.2
is "$(learnt)" "$mac" "and the same at the next start"
check_fails "while it runs its TAP is nobody else's" inside hedgectl start --net inner i "$guests/echo.hvt" -- 10.98.0.3
must hedgectl stop h
