# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# TPMs (swtpm) with certificates of a maker, lists that IMA might have made, and the policy by which
# hosts are judged; all below TPM_DIR, which is TMPDIR unless it was said.  Sourced after lib.sh.

TPM_DIR=${TPM_DIR:-$TMPDIR}
attest=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export TSS2_LOG=all+NONE

ca=$TPM_DIR/ca
mkdir -p "$ca" "$TPM_DIR/policies"
cat >"$ca/setup.conf" <<-EOT
create_certs_tool = /usr/bin/swtpm_localca
create_certs_tool_config = $ca/ca.conf
create_certs_tool_options = $ca/ca.options
EOT
cat >"$ca/ca.conf" <<-EOT
statedir = $ca
signingkey = $ca/key.pem
issuercert = $ca/issuer.pem
certserial = $ca/serial
EOT
echo "--platform-manufacturer Sky --platform-version 1 --platform-model M" >"$ca/ca.options"

tcti() { echo "swtpm:path=$TPM_DIR/tpm-$1/s"; }
# make_tpm NAME.  An attester that waits for the TPM opens that machine's list once, as soon as it has it.
make_tpm()
{
	local dir=$TPM_DIR/tpm-$1

	: >"$TPM_DIR/ima-$1"
	mkdir -p "$dir/state"
	must swtpm_setup --tpm2 --tpmstate "$dir/state" --create-ek-cert --overwrite --pcr-banks sha256 --config "$ca/setup.conf"
	must swtpm socket --tpm2 --tpmstate "dir=$dir/state" --server "type=unixio,path=$dir/s" \
		--ctrl "type=unixio,path=$dir/s.ctrl" --flags startup-clear,not-need-init --pid "file=$dir/pid" --daemon
	cleanup kill "$(<"$dir/pid")"
}
# measures NAME PATH...: as IMA of that machine does.
measures() { "$attest/measure" "$TPM_DIR/ima-$1" "$(tcti "$1")" "${@:2}"; }

# policy PATTERN...: what may be run.
policy()
{
	local pattern files=

	for pattern; do files+="${files:+,}{\"path\":\"$pattern\"}"; done
	cat >"$TPM_DIR/policies/new" <<-EOT
	{ "version": 1, "name": "test", "pcrs": { "4": ["$(printf '0%.0s' {1..64})"] },
	  "ima": { "files": [$files], "boot_aggregate": false } }
	EOT
	mv "$TPM_DIR/policies/new" "$TPM_DIR/policies/default.json"
}
# told EVENT HOST [WORDS]: the webhook was.
told()
{
	python3 - "$TPM_DIR/told" "$@" <<-'EOT'
	import json, sys
	for line in open(sys.argv[1]):
	    told = json.loads(line)
	    if told["event"] == sys.argv[2] and told["host"] == sys.argv[3] and all(w in told["why"] for w in sys.argv[4:]):
	        sys.exit(0)
	sys.exit(1)
	EOT
}
