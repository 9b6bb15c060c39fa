# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Workloads of the skyd that with-policy has started: images, descriptions, and what is told of them.
# Sourced after lib.sh; everything is made in the current folder.

# shellcheck source=tests/kselftest/skyd/microvm.sh
. "$(dirname "${BASH_SOURCE[0]}")/microvm.sh"

skyd_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
store=$SKYD_DIR/store
images=$POLICY_DIR/images
# shellcheck disable=SC2034 # tests read it
token=$(awk '/^token/ { print $3 }' "$S3_CREDENTIALS")

sky() { skyctl "$1" "$2" --dev "$store" "${@:3}"; }
# json EXPRESSION: of the document on standard input, d.
json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
# says TEXT COMMAND...: it fails, and says so.
says() { local text=$1; shift; if "$@" >said 2>&1; then cat said; return 1; fi; cat said; grep -qF -- "$text" said; }
# member NAME EXPRESSION: of a workload.
member() { sky workload show "$1" --json | json "d[\"$2\"]"; }
ended() { [ "$(member "$1" state)" = ended ]; }
pid_of() { json 'd["pid"]' <"$POLICY_DIR/state/$1/workload.json"; }
# child ROLE: its process.
child() { pgrep -P "$SKYD_PID" -x "$1" | tail -n 1; }

# add FILE: an image, and its bundle by the builder; its digest is in $digest.
add()
{
	digest=$(sha256sum <"$1" | cut -d ' ' -f 1)
	cp "$1" "$images/$digest"
	"$skyd_tests/bundle" "$POLICY_DIR/key" "sha256:$digest" >"$1.bundle"
}

# describe NAME TIER DIGEST WORD...
describe() { python3 -c 'import json, sys; print(json.dumps({"name": sys.argv[1], "tier": int(sys.argv[2]), "image": "reg.example.org/shop/web@sha256:" + sys.argv[3], "memory": 256, "command": sys.argv[4:]}))' "$@" >description; }

# make_images: a container's root, $box of box.tar, and a microVM's, $vm of box.cpio.
make_images()
{
	mkdir -p root/bin root/proc root/dev root/tmp root/sys
	cp "$(command -v busybox)" root/bin/busybox
	ln -s busybox root/bin/sh
	printf '#!/bin/sh\necho "up $*"\nexec /bin/busybox sleep 1000\n' >root/init
	chmod 755 root/init
	tar -C root -cf box.tar .
	make_microvm box.cpio
	add box.cpio
	# shellcheck disable=SC2034 # tests read both
	vm=$digest
	add box.tar
	# shellcheck disable=SC2034
	box=$digest
}
