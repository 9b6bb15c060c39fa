#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where verify=enforce holds, an image runs that is signed with a key of the kernel's builtin
# keyring, and none that is changed, or signed with another key.
#
# The kernel is the distribution's, with the certificate of the tests in the place of those
# that were built in: nobody here has the keys of these (tests/vm/trusting-kernel).
# vm: timeout=120 boot=own trust=yes lane=stock

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires openssl
requires_kvm
plan 15
load_module hedge verify=enforce

trust=$SKYHOLD_BUILD/vm/trust
sign=$(find /usr/lib/linux-kbuild-*/scripts /lib/modules/*/build/scripts -name sign-file 2>/dev/null | head -n 1)
must test -x "$sign"
check "the kernel has our certificate among its builtin ones" \
	grep -q "Loaded X.509 cert 'key of the tests: " <(dmesg)

# signed KEY CERTIFICATE HASH NAME: the guest hello, with a signature behind it.
signed() { "$sign" "$3" "$1" "$2" "$guests/hello.hvt" "$TMPDIR/$4"; }
runs_to_its_end() { tell "start|$1|$2||32|||x" && poll_until 10 has_ended "$1" && [ "$(value "$1" exit_status)" = 0 ]; }

refused "without a signature it does not run" "start|a|$guests/hello.hvt||32|||x" 'PATH: nobody vouches for the image'
for hash in sha256 sha512; do
	must signed "$trust.key" "$trust.crt" "$hash" "$hash"
	check "one that is signed, $hash, runs" runs_to_its_end "a-$hash" "$TMPDIR/$hash"
	check "and prints" said "a-$hash" '^Hello from the guest$'
done
is "$(value a-sha256 digest)" "$(sha256sum <"$TMPDIR/sha256" | cut -d ' ' -f 1)" "its record has the digest of the file, with the signature"
check "it is loaded by name" tell "load|$TMPDIR/sha256"
check "and runs" runs_to_its_end b "$TMPDIR/sha256"
must tell "unload|$TMPDIR/sha256"

# --- and no other ---
# damaged NAME OFFSET: one bit of it is another.
damaged()
{
	python3 - "$TMPDIR/sha256" "$TMPDIR/$1" "$2" <<-'PY'
		import sys
		data = bytearray(open(sys.argv[1], "rb").read())
		data[int(sys.argv[3])] ^= 1
		open(sys.argv[2], "wb").write(data)
	PY
}
size=$(stat -c %s "$guests/hello.hvt")
must damaged code $((size / 2))
refused "a bit of the image" "start|c|$TMPDIR/code||32|||x" 'PATH: '
must damaged last $((size - 1))
refused "its last" "start|c|$TMPDIR/last||32|||x" 'PATH: the signature of the image is bad'
must damaged signature $(($(stat -c %s "$TMPDIR/sha256") - 60))
refused "one of the signature" "start|c|$TMPDIR/signature||32|||x" 'PATH: the signature of the image is bad'
tail -c +$((size + 1)) "$TMPDIR/sha256" >"$TMPDIR/tail"
cat "$guests/exit.hvt" "$TMPDIR/tail" >"$TMPDIR/other"
refused "its signature behind another image" "start|c|$TMPDIR/other||32|||0" 'PATH: the signature of the image is bad'
must openssl req -new -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=key of the tests" -keyout "$TMPDIR/key" -out "$TMPDIR/crt" 2>/dev/null
must signed "$TMPDIR/key" "$TMPDIR/crt" sha256 stranger
refused "a key that only has the name" "start|c|$TMPDIR/stranger||32|||x" 'PATH: the image is signed with a key that the kernel does not trust'
is "$(wc -l </proc/monitor)" 1 "nothing runs"
