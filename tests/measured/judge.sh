# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What is asked of a machine that has ended, and of what it has told.  Sourced by run.

# told MACHINE FILE: what it has said in one of its files, on one line.
told() { tr '\n' ' ' <"$WORK/$1/told/$2" 2>/dev/null; }

# status_is MACHINE COMMAND STATUS, says MACHINE COMMAND PATTERN: how a command in it has ended.
status_is() { [ "$(told "$1" "$2.status")" = "$3 " ] || { told "$1" "$2.said"; return 1; }; }
says() { grep -E -- "$3" "$WORK/$1/told/$2.said"; }

# ran MACHINE: it was started, has said that it is done, and its console has nothing to fear.
ran()
{
	local out=$WORK/$1
	[ "$(tr -d '\r' <"$out/channel" | tail -n 1)" = "@verdict done" ] || { echo "no verdict"; tail -n 5 "$out/console.log"; return 1; }
	[ "$(cat "$out/status")" = 0 ] || { echo "QEMU has ended with $(cat "$out/status")"; return 1; }
	! grep -E -A 20 -f "$SKYHOLD_TOP/tests/kselftest/splats" "$out/console.log"
}

# boots MACHINE TEXT: wait for it.  The first result of each.
boots()
{
	local began
	poll_until $((BOOT_SECONDS * 4)) test -e "$WORK/$1/done"
	began=$(cut -d . -f 1 "$WORK/$1/began")
	note "$1 took $(($(cut -d . -f 1 "$WORK/$1/ended") - began)) s"
	check "$2" ran "$1"
}

nonce_of() { cat "$WORK/$1/mail/nonce"; }

# judge MACHINE WHEN POLICY [ARGUMENT...]: does the policy trust what it has told?  The verdict
# is in $VERDICT.  Of arguments the last one of a name counts, so that each may be replaced.
judge()
{
	local from=$WORK/$1/told/$2 policy=$3 nonce
	nonce=$(nonce_of "$1")
	shift 3
	VERDICT=$(skyctl attest verify --policy "$policy" --pcrs "$from/pcrs" --log "$from/log" --ima "$from/ima" \
		--quote "$from/quote.msg" --signature "$from/quote.sig" --ak "$from/ak.pub" --ek "$from/ek.pub" \
		--nonce "$nonce" --select "sha256:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15" "$@" 2>&1)
	local status=$?
	echo "$VERDICT"
	return $status
}

# trusts, distrusts MACHINE WHEN POLICY...: the second wants a verdict, not an error.
# refused: the quote, before anything is judged.
trusts() { judge "$@" && grep -q '^trusted: ' <<<"$VERDICT"; }
distrusts() { ! judge "$@" && grep -q '^not trusted: ' <<<"$VERDICT"; }
refused() { ! judge "$@" && grep -q 'quote.msg: refused: ' <<<"$VERDICT"; }

# finds PATTERN: in the last verdict.
finds() { grep -E -- "$1" <<<"$VERDICT"; }

# finds_only PATTERN: each line but the last one is of that kind, and there is one.
finds_only() { finds "$1" && ! grep -vE -- "$1|^not trusted: |does not trust this machine" <<<"$VERDICT"; }

# event MACHINE PCR N: the number of the Nth event of a PCR, from 1.
event() { skyctl attest replay --events "$WORK/$1/told/boot/log" | awk -v pcr="$2" -v n="$3" '$2 == pcr && $3 != "EV_NO_ACTION" && !--n { print $1 }'; }

# changed MACHINE CHANGE...: its log as edit-log has changed it.
changed()
{
	local machine=$1
	shift
	"$HERE/edit-log" boot "$@" <"$WORK/$machine/told/boot/log" >"$WORK/changed"
	! cmp -s "$WORK/changed" "$WORK/$machine/told/boot/log" || bail "the log is as it was"
	echo "$WORK/changed"
}

# predicted MACHINE PREDICTION: are the PCRs that were said before the boot those of the TPM?
predicted()
{
	local bank pcr value
	[ "$(grep -cE '^sha256 (4|9|11) ' "$2")" = 3 ] || return
	while read -r bank pcr value; do
		grep -qix "$bank $pcr $value" "$WORK/$1/told/boot/pcrs" || { echo "PCR $pcr"; return 1; }
	done <"$2"
}

# allow_list FOLDER: of all files of an initramfs, as a policy's rules for IMA.
allow_list()
{
	python3 - "$1" <<-'PYTHON'
	import hashlib, json, os, sys
	files, modules = [], []
	for folder, _, names in os.walk(sys.argv[1]):
	    for path in (os.path.join(folder, n) for n in names):
	        if os.path.islink(path):
	            continue
	        digest = "sha256:" + hashlib.sha256(open(path, "rb").read()).hexdigest()
	        if path.endswith(".ko"):
	            modules.append(digest)
	        else:
	            files.append({"path": "/" + os.path.relpath(path, sys.argv[1]), "digests": [digest]})
	print(json.dumps({"ima": {"files": files, "modules": modules}}))
	PYTHON
}

# volume_id MEMBER: as the device mapper's records have it.
volume_id() { rlncsetup dump "$1" | awk '$1 == "volume" && !seen++ { gsub("-", "", $2); print $2 }'; }

# ima_rules MEMBER IMAGE RELEASE: a policy that has records of a volume, of a guest and of a kernel.
ima_rules()
{
	local id image
	id=$(volume_id "$1")
	image=$(digest "$2")
	cat <<-JSON
	{ "version": 1, "name": "ima", "ima": {
	  "files": [ { "path": "/run/*" } ],
	  "records": [ { "name": "kernel_version", "text": ["$3"] }, { "name": "dm_device_*" } ],
	  "volumes": [ { "volume_id": "$id", "k": 2, "n": 3 } ], "images": ["$image"] } }
	JSON
}

# merge FILE...: policies, or parts of one: members of the later are added.
merge()
{
	python3 - "$@" <<-'PYTHON'
	import json, sys
	def add(to, what):
	    for key, value in what.items():
	        if isinstance(value, dict):
	            add(to.setdefault(key, {}), value)
	        elif isinstance(value, list):
	            to[key] = to.get(key, []) + value
	        else:
	            to[key] = value
	policy = {}
	for path in sys.argv[1:]:
	    add(policy, json.load(open(path)))
	print(json.dumps(policy, indent=2))
	PYTHON
}

# without POLICY DIGEST: one that lists another in its place.
without() { sed "s/$2/${2//[0-9a-f]/0}/g" "$1" >"$WORK/without.policy" && echo "$WORK/without.policy"; }

# digest FILE: SHA-256 in hex.
digest() { sha256sum "$1" | cut -d ' ' -f 1; }
