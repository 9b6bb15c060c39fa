#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's rclone makes whole round trips: a tree, its differences, a large object in parts, checks by hash.
# vm: lane=real optional timeout=1800

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/kselftest/skyd/clients/common.sh
. "$(dirname "$0")/common.sh"
requires rclone openssl diff
plan 16

cd "$TMPDIR" || bail "no $TMPDIR"
export RCLONE_CONFIG_SKY_TYPE=s3 RCLONE_CONFIG_SKY_PROVIDER=Other RCLONE_CONFIG_SKY_ENV_AUTH=true
export RCLONE_CONFIG_SKY_ENDPOINT=$S3_ENDPOINT RCLONE_CONFIG_SKY_REGION=$S3_REGION
: >rclone.conf
rc() { limited rclone --config rclone.conf --s3-chunk-size 16M --s3-upload-cutoff 16M "$@"; }

check "a bucket is made" rc mkdir "sky:$bucket"
cleanup rc purge "sky:$bucket"
rc lsd sky: >buckets
check "it is listed" grep -q "$bucket" buckets

make_tree tree
check "a tree goes up" rc sync tree "sky:$bucket/tree"
check "it is the same by hash" rc check tree "sky:$bucket/tree"
check "it is the same byte by byte" rc check --download tree "sky:$bucket/tree"
check "it comes back" rc sync "sky:$bucket/tree" back
check "as it was" same_trees tree back
rm tree/empty
printf 'changed\n' >"tree/a b/plain text.txt"
check "what has changed is sent" rc sync tree "sky:$bucket/tree"
check "and no difference is left" rc check tree "sky:$bucket/tree"
is "$(rc lsf -R --files-only "sky:$bucket/tree" | wc -l)" "$(find tree -type f | wc -l)" "all of them are listed"
rc lsl "sky:$bucket/tree" >listed
check "with the time of each file" grep -q "$(date -u -r "tree/deep/er/and/deep/er/3.bin" +%Y-%m-%d)" listed

large_file large
check "$S3_SIZE MiB go up in parts" rc copyto large "sky:$bucket/large"
check "and come back" rc copyto "sky:$bucket/large" large.back
check "as they were" cmp large large.back
check "they are moved by the server" rc moveto "sky:$bucket/large" "sky:$bucket/moved"
is "$(rc size --json "sky:$bucket/moved" | sed -E 's/.*"bytes":([0-9]+).*/\1/')" $((S3_SIZE << 20)) "their length is told"
