#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's s3cmd makes whole round trips: buckets, a tree, a large object in parts, URLs, attributes.
# vm: lane=real optional timeout=1800

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/kselftest/skyd/clients/common.sh
. "$(dirname "$0")/common.sh"
requires s3cmd curl openssl diff
plan 15

cd "$TMPDIR" || bail "no $TMPDIR"
host=${S3_ENDPOINT#*://}
(umask 077; cat >s3cfg <<-EOT)
	[default]
	access_key = $AWS_ACCESS_KEY_ID
	secret_key = $AWS_SECRET_ACCESS_KEY
	host_base = $host
	host_bucket = $host
	bucket_location = default
	use_https = $([[ $S3_ENDPOINT == https* ]] && echo True || echo False)
	check_ssl_certificate = False
	progress_meter = False
	EOT
s3() { limited s3cmd -c s3cfg --region="$S3_REGION" "$@"; }

check "a bucket is made" s3 mb "s3://$bucket"
cleanup s3 rb --force --recursive "s3://$bucket"
s3 ls >buckets
check "it is listed" grep -q "$bucket" buckets

make_tree tree
check "a tree goes up" s3 sync tree/ "s3://$bucket/tree/"
mkdir back
check "and comes back" s3 sync "s3://$bucket/tree/" back/
check "as it was" same_trees tree back
rm tree/empty
check "what was deleted here is deleted there" s3 sync --delete-removed tree/ "s3://$bucket/tree/"
s3 ls --recursive "s3://$bucket/tree/" >listed
is "$(wc -l <listed)" "$(find tree -type f | wc -l)" "all others are listed"

large_file large
check "$S3_SIZE MiB go up in parts" s3 put --multipart-chunk-size-mb=16 large "s3://$bucket/large"
check "and come back" s3 get "s3://$bucket/large" large.back
check "as they were" cmp large large.back
check "they are copied by the server" s3 cp "s3://$bucket/large" "s3://$bucket/copy"
s3 info "s3://$bucket/copy" >about
check "their length is told" grep -q "File size: *$((S3_SIZE << 20))" about

check "an object is made public" s3 put --acl-public "tree/a b/plain text.txt" "s3://$bucket/public"
check "and is read by everyone" limited curl -sSf -o by-curl "$S3_ENDPOINT/$bucket/public"
s3 signurl "s3://$bucket/copy" +60 >url
# It signs URLs by version 2, whatever it is told; few servers take that any more.
limited curl -sS -r 0-99 -o by-curl "$(cat url)"
check "a pre-signed URL gives the object, or says what to sign with" \
	sh -c 'grep -q "<Code>InvalidRequest</Code>.*Please use AWS4-HMAC-SHA256" by-curl || head -c 100 large | cmp by-curl -'
