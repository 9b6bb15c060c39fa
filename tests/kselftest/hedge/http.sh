#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An HTTP server as a guest gives curl the files of an archive, many at once, and is not
# disturbed by what is no request.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
# shellcheck source=tests/kselftest/hedge/service.sh
. "$(dirname "$0")/service.sh"
requires curl ip tar losetup
requires_kvm
requires_module loop
plan 23
load_module hedge

URL=http://$GUEST_IP
get() { curl -s --path-as-is --max-time $((30 * SKYHOLD_SLOW)) "$@"; }
code() { get -o /dev/null -w '%{http_code}' "$@"; }

www=$TMPDIR/www
must mkdir -p "$www/sub"
echo '<h1>hello</h1>' >"$www/index.html"
echo below >"$www/sub/a b.txt"
: >"$www/empty"
must dd if=/dev/urandom of="$www/big" bs=1000 count=301 status=none
must tar -C "$www" --format=ustar -cf "$TMPDIR/archive" .
disk=$(losetup -r -f --show "$TMPDIR/archive") || bail "no loop device"
cleanup losetup -d "$disk"
service_net
must start http http ip=$GUEST_IP/24 -- block.disk="$disk" readonly.disk=1 net.net=hvts
cleanup poll_until 20 has_ended http
cleanup tell 'stop|http'
must poll_until 20 said http 'serving at port'
check "it has read the archive" said http '^4 files'

is "$(get $URL/)" '<h1>hello</h1>' "a folder is its index"
is "$(get "$URL/sub/a%20b.txt")" below "a name with a blank"
is "$(get $URL/empty | wc -c)" 0 "an empty file"
check "a large one" cmp <(get $URL/big) "$www/big"
is "$(get -I $URL/big | tr -d '\r' | awk '/^Content-Length/ { print $2 }')" 301000 "HEAD has its length"
check "a range" cmp <(get -r 1000-1999 $URL/big) <(tail -c +1001 "$www/big" | head -c 1000)
check "the end" cmp <(get -r -7 $URL/big) <(tail -c 7 "$www/big")
is "$(code -r 301000- $URL/big)" 416 "a range beyond it"
is "$(get -o /dev/null -o /dev/null -w '%{num_connects} ' $URL/ $URL/empty)" "1 0 " "connections stay"

is "$(code $URL/none)" 404 "no such file"
is "$(code $URL/../etc/passwd)" 400 "a path that climbs"
is "$(code -X POST $URL/)" 405 "another method"
is "$(code -d x $URL/)" 405 "content"
is "$(code -H Host: $URL/)" 400 "no host"
is "$(code -H "x: $(head -c 9000 /dev/zero | tr '\0' x)" $URL/)" 431 "a header that is too long"
is "$(code "$URL/$(head -c 300 /dev/zero | tr '\0' x)")" 414 "a path that is too long"

sum=$(md5sum <"$www/big")
is "$(seq 1 12 | xargs -P 6 -I{} curl -s --max-time $((90 * SKYHOLD_SLOW)) -o "$TMPDIR/got{}" $URL/big
	md5sum "$TMPDIR"/got* | cut -d ' ' -f 1 | sort | uniq -c | xargs)" "12 ${sum%% *}" "12 clients, 6 at once"

head -c 100000 /dev/urandom | tcp 80 >/dev/null
is "$(code $URL/)" 200 "noise does no harm"
is "$(printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /empty HTTP/1.0\r\n\r\n' | tcp 80 | grep -c '^HTTP/1.1 200 OK')" 2 \
	"two requests at once"
begin=$SECONDS
printf 'GET / HT' | tcp 80 >/dev/null
check "who does not finish a request is let go" test $((SECONDS - begin)) -lt $((25 * SKYHOLD_SLOW))
is "$(get $URL/status | awk '$1 == "timeouts" { print $2 }')" 1 "and counted"
check "it is still there" runs http
