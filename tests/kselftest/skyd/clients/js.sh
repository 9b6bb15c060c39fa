#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The AWS SDK for JavaScript and minio-js make whole round trips, in the versions of the lock file.
# vm: lane=real optional timeout=1800

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/kselftest/skyd/clients/common.sh
. "$(dirname "$0")/common.sh"
requires node npm

here=$(cd "$(dirname "$0")/js" && pwd)
cache=$("$here/fetch") || skip_all "needs packages that npm does not get"
cp "$here"/*.mjs "$cache/"
plan 2

# round_trip NAME: what it prints is among the remarks.
round_trip()
{
	local status=0
	S3_ENDPOINT=$S3_ENDPOINT S3_SIZE=$S3_SIZE S3_BUCKET=$bucket-$1 limited node "$cache/$1.mjs" >"$TMPDIR/$1" || status=$?
	while IFS= read -r line; do note "$line"; done <"$TMPDIR/$1"
	"$SKYHOLD_TOP/scripts/ktap-check" -q "$TMPDIR/$1" && return "$status"
}

check "AWS SDK for JavaScript" round_trip sdk
check "minio-js" round_trip minio
