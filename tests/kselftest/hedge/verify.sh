#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Images that nobody vouches for do not run where that is asked for; every image is
# measured before it runs.
# vm: timeout=120 boot=own

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires openssl sha256sum
requires_kvm
plan 27
load_module hedge verify=warn

ima=/sys/kernel/security/ima
[ -d $ima ] || { must mount -t securityfs none /sys/kernel/security; cleanup umount /sys/kernel/security; }
echo "measure func=CRITICAL_DATA label=hedge" >$ima/policy
# measured FILE: its digest is in a line's last field, the buffer in hexadecimal.
measured()
{
	awk '$5 == "hedge-image" { print $NF }' $ima/ascii_runtime_measurements |
		grep -qx "$(printf 'sha256:%s' "$(sha256sum <"$1" | cut -d ' ' -f 1)" | od -An -v -tx1 | tr -d ' \n')"
}

mode=/sys/module/hedge/parameters/verify
digest=$(sha256sum <"$guests/hello.hvt" | cut -d ' ' -f 1)
runs_to_its_end() { start "$@" && poll_until 10 has_ended "$1" && [ "$(value "$1" exit_status)" = 0 ]; }

is "$(cat $mode)" warn "the module says how strict it is"
klog_mark
check "an image that nobody vouches for runs" runs_to_its_end a hello
check_klog "and is told of" 'hello.hvt: nobody vouches for the image'
is "$(value a digest)" "$digest" "its record has its digest"
refused "a command may be stricter" "start|b|$guests/hello.hvt||32|||x|verify=enforce" 'PATH: nobody vouches for the image'
echo enforce >$mode
refused "so may the module" "start|b|$guests/hello.hvt||32|||x" 'PATH: nobody vouches'
refused "which no command makes less strict" "start|b|$guests/hello.hvt||32|||x|verify=off" 'PATH: nobody vouches'
is "$(sed 1d /proc/monitor)" "" "nothing runs"
refused "a digest of another length is none" "allow|${digest:1}" 'DIGEST'
refused "what was not allowed cannot be disallowed" "disallow|$digest" 'DIGEST: it is not allowed'
check "a digest is allowed" tell "allow|$digest"
check "twice, too" tell "allow|$digest"
check "its image runs" runs_to_its_end b hello
refused "another does not" "start|c|$guests/exit.hvt||32|||0" 'PATH: nobody vouches'
check "it is disallowed" tell "disallow|$digest"
refused "and does not run any more" "start|b|$guests/hello.hvt||32|||x" 'PATH: nobody vouches'

check "what is started has been measured" measured "$guests/hello.hvt"
check "what was refused, too" measured "$guests/exit.hvt"
check_fails "what was not asked for has not" measured "$guests/hang.hvt"

# --- signed ---
sign=$(find /usr/lib/linux-kbuild-*/scripts /lib/modules/*/build/scripts -name sign-file 2>/dev/null | head -n 1)
must openssl req -new -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=stranger -keyout "$TMPDIR/key" -out "$TMPDIR/crt" 2>/dev/null
must "$sign" sha256 "$TMPDIR/key" "$TMPDIR/crt" "$guests/hello.hvt" "$TMPDIR/signed"
refused "one that a stranger has signed does not run" "start|s|$TMPDIR/signed||32|||x" 'PATH: the image is signed with a key that the kernel does not trust'
cp "$TMPDIR/signed" "$TMPDIR/cut"
must truncate -s -41 "$TMPDIR/cut"
printf '~Module signature appended~\n' >>"$TMPDIR/cut"
refused "one whose signature is damaged does not" "start|s|$TMPDIR/cut||32|||x" 'PATH: the signature of the image is bad'
{ cat "$guests/hello.hvt"; printf '\0\0\2\0\0\0\0\0\177\377\377\377~Module signature appended~\n'; } >"$TMPDIR/long"
refused "one whose signature is longer than the file does not" "start|s|$TMPDIR/long||32|||x" 'PATH: the signature of the image is bad'
echo off >$mode
check "unverified they run" tell "start|s|$TMPDIR/signed||32|||x"
must poll_until 10 has_ended s

# --- what was checked is what runs ---
cp "$guests/hello.hvt" "$TMPDIR/image"
must tell "allow|$digest"
must tell "load|$TMPDIR/image"
cp "$guests/hang.hvt" "$TMPDIR/image"
check "what was loaded is not read again" tell "start|t|$TMPDIR/image||32|||x|verify=enforce"
must poll_until 10 has_ended t
is "$(value t digest)" "$digest" "its record has the digest of what ran"
must tell "unload|$TMPDIR/image"
refused "when it is read again, it is another" "start|t|$TMPDIR/image||32|||x|verify=enforce" 'PATH: nobody vouches'
refused "what is not loaded cannot be unloaded" "unload|$TMPDIR/image" 'PATH: no image was loaded from there'
