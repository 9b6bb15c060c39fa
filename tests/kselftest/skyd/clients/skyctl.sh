#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# skyctl makes whole round trips: buckets, objects, a large one in parts, trees, URLs, versions; and is interrupted.
# vm: lane=real optional timeout=600

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/kselftest/skyd/clients/common.sh
. "$(dirname "$0")/common.sh"
requires skyctl curl openssl diff python3 script
plan 54

export AWS_ENDPOINT_URL=$S3_ENDPOINT
S3_SIZE=${SKYCTL_SIZE:-20}
here=s3://$bucket
cd "$TMPDIR" || bail "no $TMPDIR"

sky() { limited skyctl "$@"; }

remove_all()
{
	sky object rm --recursive --versions "$here"
	sky object rm --recursive --uploads "$here"
	sky bucket rm "$bucket"
}

# status EXPECTED TEXT COMMAND...: the exit status is the documented one.
status()
{
	local expected=$1 text=$2 got=0
	shift 2
	"$@" || got=$?
	is "$got" "$expected" "$text"
}

# json EXPRESSION: of the document on standard input, d.
json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }

check "a bucket is made" sky bucket create "$bucket"
cleanup remove_all
status 5 "a second one of its name is not" sky bucket create "$bucket"
sky bucket ls >buckets
check "it is listed" grep -q "^$bucket " buckets
is "$(sky bucket info --json "$bucket" | json 'd["versioning"]')" Off "it says of itself what it is"
status 4 "one that does not exist is not found" sky bucket info "no-such-$bucket"
status 1 "a name that none can have is refused" sky bucket create A_b
status 1 "a policy that is not there is refused" sky bucket create "p-$bucket" --policy no-such-policy

# --- trees
make_tree tree
printf 'control\n' >tree/$'a\e[31mb\nc'
check "a tree goes up" sky object sync tree "$here/tree"
check "and comes back" sky object sync "$here/tree" back
check "as it was" same_trees tree back
sky object sync tree "$here/tree" >again && sky object sync "$here/tree/" back >>again
is "$(wc -c <again)" 0 "nothing is sent twice, either way"
touch tree/deep/er/and/deep/er/*.bin
is "$(sky object sync -n tree "$here/tree")" "" "what only has another time is the same by its ETag"
rm tree/empty
printf 'changed\n' >"tree/a b/plain text.txt"
sky object sync --delete --dry-run tree "$here/tree" >plan
is "$(cut -d' ' -f1,2 plan | tr '\n' ,)" "would upload,would delete," "what would be done is said"
is "$(sky object sync --delete --json tree "$here/tree" | json '[x["action"] for x in d]')" "['upload', 'delete']" "and done"
check "the other way, too" sky object sync --delete "$here/tree" back
check "both are the same again" same_trees tree back
check "a part of it is left out" sky object cp --recursive --exclude '*' --include '*.txt' "$here/tree" some
is "$(cd some && find . -type f | sort | tr '\n' ,)" "./a b/c+d/100%.txt,./a b/plain text.txt,./deep/αβγ.txt," "and the rest is there"
check "the server copies a tree" sky object sync "$here/tree" "$here/copy"
is "$(sky object ls --recursive --json "$here/copy/" | json 'len(d)')" "$(find tree -type f -printf . | wc -c)" "all of it"
is "$(sky object ls "$here/tree/" | grep -c PRE)" 2 "folders are told by their slash"
is "$(sky object cp -rn --json tree "$here/x" | json '[x["to"] for x in d if x["from"] == "tree/a\x1b[31mb\nc"]')" \
	"['$here/x/a\\x1b[31mb\\nc']" "a program is told a name as it is"
check_fails "no terminal is told what to do" grep -q $'\e' <(sky object ls --recursive "$here")
ln -s /etc tree/link
status 4 "a symbolic link is left out, and that is no success" sky object sync tree "$here/tree"
is "$(sky object ls --recursive "$here/tree/link")" "" "nothing of it went up"
status 4 "nor is it if something was to be deleted" sky object sync --delete tree "$here/tree"
rm tree/link

# --- large ones
large_file large
check "$S3_SIZE MiB go up in parts" sky object cp --part-size 5M large "$here/large"
is "$(sky object stat --json "$here/large" | json 'd["size"]')" $((S3_SIZE << 20)) "their length is told"
check "they have a checksum" grep -q checksum-crc64nvme <(sky object stat "$here/large")
check "and come back side by side" sky object cp --part-size 5M -j 8 "$here/large" large.back
check "as they were" cmp large large.back
check "through a pipe, as well" cmp large <(sky object cat "$here/large")
check "and from one" sky object cp --part-size 5M - "$here/piped" < <(cat large)
check "that is the same" cmp large <(sky object cp "$here/piped" -)
check "the server copies it in parts" sky object cp --part-size 5M "$here/large" "$here/copied"
is "$(sky object stat "$here/copied" | grep checksum)" "$(sky object stat "$here/large" | grep checksum)" "to the same bytes"
TERM=xterm limited script -qec "skyctl object cp --part-size 5M large $here/large" /dev/null >typescript
check "a terminal sees a bar" grep -q 'uploading \[#' typescript

# --- interrupted
mkfifo pipe
skyctl object cp --part-size 5M - "$here/broken" <pipe &
pid=$!
exec {feed}>pipe
head -c 12000000 /dev/zero >&"$feed"
begun() { [ -n "$(sky object ls --uploads "$here/broken")" ]; }
check "an upload begins" poll_until 10 begun
kill "$pid"
wait "$pid"
is "$?" 143 "a signal ends it"
exec {feed}>&-
sky object rm --uploads "$here/broken"
is "$(sky object ls --recursive --uploads "$here/broken")" "" "nothing of it stays"
skyctl object cp -j 1 --part-size 5M "$here/large" whole &
pid=$!
writing() { compgen -G '.skyctl-*.part'; }
poll_until 10 writing
kill "$pid"
wait "$pid"
check_fails "a download that is ended leaves nothing behind" writing

# --- versions and URLs
check "versioning is enabled" sky bucket versioning "$bucket" on
printf one >one; printf two >two
sky object cp one "$here/v" && sky object cp two "$here/v" && sky object rm "$here/v"
status 4 "what was removed is not there" sky object cat "$here/v"
first=$(sky object ls --versions --json "$here/v" | json '[x["version"] for x in d if x["type"] == "version"][-1]')
is "$(sky object cat --version-id "$first" "$here/v")" one "but its first version is"
is "$(limited curl -sSf "$(sky object presign --expires 60 --version-id "$first" "$here/v")")" one "a URL gives it to anybody"
is "$(sky object rm --versions -n --json "$here/v" | json '{(x["from"], bool(x["version"])) for x in d}')" \
	"{('$here/v', True)}" "a version that would be removed is told beside its key"
check "a URL takes an object" limited curl -sSf -T two "$(sky object presign --method PUT "$here/by-url")"
is "$(sky object cat "$here/by-url")" two "which is there"
status 2 "who has no keys may not" sky object cat --no-sign-request "$here/by-url"

# --- documents
policy='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::'$bucket'/by-url"}]}'
sky bucket policy set "$bucket" - <<<"$policy"
allowed() { [ "$(sky object cat --no-sign-request "$here/by-url")" = two ]; }
# A gateway remembers for some seconds what it has been told.
check "a policy lets them, who may not name versions" poll_until 10 allowed
check "a policy is removed" sky bucket policy rm "$bucket"
check_fails "and gone" sky bucket policy get "$bucket"
echo '<LifecycleConfiguration><Rule><ID>x</ID><Status>Enabled</Status><Filter/><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>' >rules
check "a lifecycle is kept" sky bucket lifecycle set "$bucket" rules
check "and told" grep -q '<Days>9</Days>' <(sky bucket lifecycle get "$bucket")
