#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# NBD servers that want TLS get it, in the kernel: nbdkit and qemu-nbd, with a
# certificate of ours and without; whoever cannot prove who they are is refused, and
# so is a server without TLS where it was demanded.
# vm: timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup dmsetup nbdkit qemu-nbd openssl
plan 34

load_module dm-rlnc
requires_module nbd
head -c 4194304 /dev/urandom >"$TMPDIR/image"

# --- an authority, another one, and certificates --------------------------------------
pki=$TMPDIR/pki
must mkdir -p "$pki/good" "$pki/wrong"
authority() # FOLDER
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=authority $1" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign \
		-keyout "$pki/$1/ca-key.pem" -out "$pki/$1/ca-cert.pem"
}
certificate() # FOLDER NAME EXTENSION [DAYS]
{
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
		-keyout "$pki/$1/$2-key.pem" -out "$pki/$1/$2.csr" &&
	openssl x509 -req -in "$pki/$1/$2.csr" -CA "$pki/$1/ca-cert.pem" -CAkey "$pki/$1/ca-key.pem" \
		-CAcreateserial -days "${4:-2}" -out "$pki/$1/$2-cert.pem" \
		-extfile <(printf '%s\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n' "$3")
}
must authority good
must authority wrong
must certificate good server subjectAltName=IP:127.0.0.1,DNS:disks.example
must certificate good client subjectAltName=DNS:client
must certificate good elsewhere subjectAltName=DNS:elsewhere.example
must certificate wrong server subjectAltName=IP:127.0.0.1
must certificate wrong client subjectAltName=DNS:client
must mkdir "$pki/elsewhere"
must cp "$pki/good/ca-cert.pem" "$pki/elsewhere"
must cp "$pki/good/elsewhere-cert.pem" "$pki/elsewhere/server-cert.pem"
must cp "$pki/good/elsewhere-key.pem" "$pki/elsewhere/server-key.pem"
# qemu-nbd would search for a prime of its own, for minutes.
must openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out "$pki/good/dh-params.pem"

# --- servers ----------------------------------------------------------------------------
listening() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
await() { poll_until 20 listening $((10820 + $1)) || bail "server $1 does not listen"; }
server=()
kill_server()
{
	[ -n "${server[$1]:-}" ] || return 0
	kill -KILL "${server[$1]}"
	wait "${server[$1]}" 2>/dev/null
	server[$1]=
}
kit() # I WORD...: nbdkit at port 10820 + I
{
	nbdkit -f -t 1 -i 127.0.0.1 -p $((10820 + $1)) "${@:2}" &
	server[$1]=$!
	cleanup kill_server "$1"
	await "$1"
}
serve() # I: a member, by one program or the other; 3 and 4 ask for our certificate
{
	local verify=() qverify=no
	[ "$1" -lt 3 ] || { verify=(--tls-verify-peer); qverify=yes; }
	if [ $(($1 % 2)) -eq 0 ]; then
		kit "$1" --tls=require --tls-certificates="$pki/good" "${verify[@]}" -e "m$1" file "$TMPDIR/disk$1"
		return
	fi
	qemu-nbd --object "tls-creds-x509,id=tls,endpoint=server,dir=$pki/good,verify-peer=$qverify" --tls-creds tls \
		-t -f raw -b 127.0.0.1 -p $((10820 + $1)) -x "m$1" "$TMPDIR/disk$1" &
	server[$1]=$!
	cleanup kill_server "$1"
	await "$1"
}
url=()
for i in 0 1 2 3 4; do
	truncate -s 24M "$TMPDIR/disk$i"
	serve "$i"
	url+=("nbd://127.0.0.1:$((10820 + i))/m$i")
done
url[1]=${url[1]/nbd:/nbds:}
url[2]=${url[2]/nbd:/nbds:}

connected() { cat /sys/block/nbd*/pid 2>/dev/null | wc -l; }
unconnected() { [ "$(connected)" -eq 0 ]; }
gone() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup gone
tls=(--tls-ca "$pki/good/ca-cert.pem" --tls-cert "$pki/good/client-cert.pem" --tls-key "$pki/good/client-key.pem")
# Nothing here is about time, and the machine may be slow.
patience=(--nbd-timeout 60)
open() { rlncsetup open v "${patience[@]}" --key-file "$pass" "$@"; }
head_of() { dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none; }
some_write() { dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync,nocreat status=none; }

# --- a volume ---------------------------------------------------------------------------
exits 0 "members behind TLS are formatted" "any 3 of 5" \
	rlncsetup format -q -k 3 "${patience[@]}" "${cheap[@]}" --key-file "$pass" "${tls[@]}" "${url[@]}"
check "nothing stays connected" poll_until 5 unconnected
check "the kernel does TLS" test -d /sys/module/tls
exits 0 "they open" "^$" open "${tls[@]}" "${url[@]}"
is "$(connected)" 5 "over five connections"
check "all of them of the kernel's TLS" test "$(awk '/^TlsCurr[TR]xSw/ { n += $2 } END { print n }' /proc/net/tls_stat)" -eq 10
check "it is written" some_write
check "and read" cmp "$TMPDIR/image" <(head_of)
exits 0 "no record was wrong" "^TlsDecryptError[[:space:]]+0$" grep TlsDecryptError /proc/net/tls_stat
kill_server 0
kill_server 3
check "it is written with two servers killed" some_write
exits 0 "status tells who is lost" "3 +F +failed .*10823" rlncsetup status v
serve 0
serve 3
letters() { dmsetup status v | awk '{ print $7 }'; }
are() { [ "$(letters)" = "$1" ]; }
once() { rlncsetup monitor --oneshot "${patience[@]}"; are AAAAA; }
check "servers that are back are found again, by the certificates that open was given" poll_until 60 once
exits 0 "scrub finds everything in order" "corrected since it began: 0$" rlncsetup scrub --wait v
check "and the data is there" cmp "$TMPDIR/image" <(head_of)
exits 0 "it closes" "^$" rlncsetup close v
check "nothing stays connected" poll_until 5 unconnected
tls_sockets() { awk '/^TlsCurr[TR]xSw/ { n += $2 } END { exit n != 0 }' /proc/net/tls_stat; }
check "nor is any TLS left" poll_until 10 tls_sockets

# --- a table ------------------------------------------------------------------------------
printf 'v %s nbd-timeout=60,tls-ca=%s,tls-cert=%s,tls-key=%s %s\n' "$pass" "$pki/good/ca-cert.pem" "$pki/good/client-cert.pem" \
	"$pki/good/client-key.pem" "${url[*]}" >"$TMPDIR/rlnctab"
exits 0 "rlnctab has the options, too" "^$" rlncsetup open --tab "$TMPDIR/rlnctab" v
check "everything is there" cmp "$TMPDIR/image" <(head_of)
must rlncsetup close v

# --- who is refused -----------------------------------------------------------------------
dump() { rlncsetup dump "${patience[@]}" "$@"; }
exits 2 "a server of an unknown authority" "certificate is not believed: unable to get local issuer|certificate is not believed: self" dump "${url[0]}"
exits 2 "where --tls-ca is the way out" "tls-ca FILE" dump "${url[0]}"
exits 2 "one of the wrong authority" "certificate is not believed" dump --tls-ca "$pki/wrong/ca-cert.pem" "${url[0]}"
kit 5 --tls=require --tls-certificates="$pki/wrong" memory 16M
exits 2 "one who took the place of another" "certificate is not believed" dump "${tls[@]}" nbd://127.0.0.1:10825/
kit 6 --tls=require --tls-certificates="$pki/elsewhere" memory 16M
exits 2 "one with the certificate of another host" "not believed: IP address mismatch" dump "${tls[@]}" nbd://127.0.0.1:10826/
exits 4 "unless that name was expected" "superblock" dump "${tls[@]}" --tls-hostname elsewhere.example nbd://127.0.0.1:10826/
exits 2 "a name that is in no certificate" "not believed: [Hh]ostname mismatch" dump "${tls[@]}" --tls-hostname nowhere.example nbd://127.0.0.1:10826/
kit 7 memory 16M
exits 4 "a server without TLS, where it was demanded" "the server has no TLS" dump "${tls[@]}" nbds://127.0.0.1:10827/
exits 4 "but not where it was not" "superblock" dump "${tls[@]}" nbd://127.0.0.1:10827/
exits 4 "a server that wants our certificate does not get it" "TLS with 127.0.0.1: |while negotiating" dump --tls-ca "$pki/good/ca-cert.pem" "${url[4]}"
exits 4 "or gets one that it does not believe" "TLS with 127.0.0.1: |while negotiating" dump --tls-ca "$pki/good/ca-cert.pem" \
	--tls-cert "$pki/wrong/client-cert.pem" --tls-key "$pki/wrong/client-key.pem" "${url[4]}"
exits 1 "a certificate without its key" "needed together" dump --tls-cert "$pki/good/client-cert.pem" "${url[4]}"
exits 1 "a file that is not there" "nowhere.pem: No such file" dump --tls-ca nowhere.pem "${url[4]}"
exits 1 "a key of another certificate" "key values mismatch" dump --tls-cert "$pki/good/client-cert.pem" --tls-key "$pki/wrong/client-key.pem" "${url[4]}"
check "none of these leaves a connection" poll_until 5 unconnected
