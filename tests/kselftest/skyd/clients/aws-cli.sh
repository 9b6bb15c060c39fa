#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's aws-cli makes whole round trips: buckets, objects, a large one in parts, trees, URLs, versions.
# vm: lane=real optional timeout=1800

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/kselftest/skyd/clients/common.sh
. "$(dirname "$0")/common.sh"
AWS=${AWS:-/usr/bin/aws}
requires "$AWS" curl openssl diff
plan 23

s3() { limited "$AWS" --endpoint-url "$S3_ENDPOINT" s3 "$@"; }
api() { limited "$AWS" --endpoint-url "$S3_ENDPOINT" s3api "$@"; }
cd "$TMPDIR" || bail "no $TMPDIR"

remove_versions()
{
	api list-object-versions --bucket "$bucket" --output text --query '[Versions[],DeleteMarkers[]][][].[Key,VersionId]' |
		while IFS=$'\t' read -r key version; do
			[ "$key" = None ] || api delete-object --bucket "$bucket" --key "$key" --version-id "$version"
		done
	s3 rb --force "s3://$bucket"
}

check "a bucket is made" s3 mb "s3://$bucket"
cleanup remove_versions
s3 ls >buckets
check "it is listed" grep -q "$bucket" buckets

make_tree tree
check "a tree goes up" s3 sync --no-progress tree "s3://$bucket/tree"
check "and comes back" s3 sync --no-progress "s3://$bucket/tree" back
check "as it was" same_trees tree back
rm "tree/empty"
printf 'changed\n' >"tree/a b/plain text.txt"
s3 sync --no-progress --delete tree "s3://$bucket/tree" >sync.log
is "$(grep -c '^upload\|^delete' sync.log)" 2 "what has changed is sent, and no more"
s3 ls --recursive "s3://$bucket/tree/" >listed
is "$(wc -l <listed)" "$(find tree -type f | wc -l)" "all of them are listed"

large_file large
check "$S3_SIZE MiB go up in parts" s3 cp --no-progress large "s3://$bucket/large"
check "and come back" s3 cp --no-progress "s3://$bucket/large" large.back
check "as they were" cmp large large.back
is "$(api head-object --bucket "$bucket" --key large --query ContentLength)" $((S3_SIZE << 20)) "their length is told"
rm large.back
check "a range of them comes" api get-object --bucket "$bucket" --key large --range bytes=8388600-8388700 range >/dev/null
check "and is that range" cmp range <(tail -c +8388601 large | head -c 101)
check "they are copied by the server" s3 cp --no-progress "s3://$bucket/large" "s3://$bucket/copy"
check "they are moved by the server" s3 mv --no-progress "s3://$bucket/copy" "s3://$bucket/moved"
is "$(s3 ls "s3://$bucket/" | awk '$4 == "copy" || $4 == "moved" { print $4 }')" moved "and are where they should be"

s3 presign "s3://$bucket/tree/a b/plain text.txt" --expires-in 60 >url
check "a pre-signed URL is read by curl" limited curl -sSf -o by-curl "$(cat url)"
check "and gives the object" cmp by-curl "tree/a b/plain text.txt"

check "tags are kept" api put-object-tagging --bucket "$bucket" --key moved --tagging 'TagSet=[{Key=a,Value=b}]'
is "$(api get-object-tagging --bucket "$bucket" --key moved --query 'TagSet[0].Value' --output text)" b "and told"
check "versioning is enabled" api put-bucket-versioning --bucket "$bucket" --versioning-configuration Status=Enabled
printf one >one; printf two >two
first=$(api put-object --bucket "$bucket" --key v --body one --query VersionId --output text)
api put-object --bucket "$bucket" --key v --body two >/dev/null
check "an old version comes" api get-object --bucket "$bucket" --key v --version-id "$first" got >/dev/null
check "as it was" cmp one got
