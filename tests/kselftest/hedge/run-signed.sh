#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# hedgectl run: an image that policies admit runs, and exactly its bytes; the module, which is
# told to run nothing that nobody vouches for, has its digest for as long as that takes.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires hedgectl openssl
requires_kvm
plan 20
load_module hedge verify=enforce

cd "$TMPDIR" || exit 1
out=$TMPDIR/out
says() { cat "$out"; grep -qF -- "$1" "$out"; }
status() { local want=$1 got=0; shift; "$@" >"$out" 2>&1 || got=$?; cat "$out"; [ "$got" -eq "$want" ]; }
digest() { sha256sum <"$1" | cut -d ' ' -f 1; }
# sign KEY IMAGE: its signature, as cosign prints it.
sign() { openssl dgst -sha256 -sign "$1" "$2" | openssl base64 -A >"$2.sig"; }

cp "$guests/hello.hvt" hello.hvt
cp "$guests/exit.hvt" exit.hvt
must openssl ecparam -name prime256v1 -genkey -noout -out key
must openssl ec -in key -pubout -out key.pub
must sign key hello.hvt
must sign key exit.hvt
{
	echo 'policies:'
	echo '- apiVersion: policy.sigstore.dev/v1beta1'
	echo '  kind: ClusterImagePolicy'
	echo '  metadata: {name: guests}'
	echo '  spec:'
	echo '    images: [{glob: "*"}]'
	echo '    authorities:'
	echo '    - name: builder'
	echo '      key:'
	echo '        data: |'
	sed 's/^/          /' key.pub
} >policy.yaml

check_fails "without a word for it the module refuses it" tell "start|a|$TMPDIR/hello.hvt||32|||x"
check "one that a policy admits runs" status 0 hedgectl run --wait --policy policy.yaml --signature hello.hvt.sig hello.hvt
check "to its end" says "Hello from the guest"
check "and how long its start took is told" says 'VM "hello" runs after '
is "$(value hello digest)" "$(digest hello.hvt)" "its record has the digest that was judged"
check_fails "afterwards the module refuses it again" tell "start|a|$TMPDIR/hello.hvt||32|||x"
check "its status is ours" status 42 hedgectl run --wait --key key.pub --signature exit.hvt.sig exit.hvt -- 42
check "JSON is printed" status 0 hedgectl run --json --name j --key key.pub --signature hello.hvt.sig hello.hvt
check "with the time" says '"spawn_ms": '

# --- and no other ---
check "the signature of another is refused" status 2 hedgectl run --policy policy.yaml --signature exit.hvt.sig --name a hello.hvt
check "by policy, authority and reason" says "hello.hvt is refused: guests: no authority has signed it; builder: "
printf x >>hello.hvt
check "one that has changed is refused" status 2 hedgectl run --key key.pub --signature hello.hvt.sig --name a hello.hvt
is "$(sed 1d /proc/monitor)" "" "nothing runs"

# --- the list is whose it was ---
must tell "allow|$(digest exit.hvt)"
check "one that was allowed by hand runs" status 7 hedgectl run --wait --key key.pub --signature exit.hvt.sig exit.hvt -- 7
check "and is allowed afterwards" tell "disallow|$(digest exit.hvt)"
check_fails "until it is not" tell "disallow|$(digest exit.hvt)"

# --- two of one name at once ---
cp "$guests/hang.hvt" hang.hvt
must sign key hang.hvt
run_hang() { hedgectl run --name twin --key key.pub --signature hang.hvt.sig hang.hvt; }
run_hang >one 2>&1 & first=$!
run_hang >two 2>&1 & second=$!
good=0
wait $first && good=$((good + 1))
wait $second && good=$((good + 1))
cat one two
is $good 1 "of two that want one name at once one runs"
check "the other is told why" grep -hq "NAME: a VM of this name runs" one two
is "$(value twin digest)" "$(digest hang.hvt)" "it is the image that was judged"
check "it is stopped" status 0 hedgectl stop twin
