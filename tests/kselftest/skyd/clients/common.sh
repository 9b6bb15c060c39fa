# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the tests of clients share.  They talk to a server that is there already:
#
#	S3_ENDPOINT	its URL (http://127.0.0.1:9000)
#	S3_CREDENTIALS	profiles as aws-cli has them: "main", or "default"
#	S3_REGION	what to sign for (us-east-1)
#	S3_SIZE		MiB of the large object (1024)
#	S3_LIMIT	seconds for each command (900)
#	S3_CHECKSUMS	WHEN_REQUIRED, for a server that does not know those of current SDKs
#
# Sourced after lib.sh.  Keys are in files and the environment, never on a command line.

S3_ENDPOINT=${S3_ENDPOINT:-http://127.0.0.1:9000}
S3_REGION=${S3_REGION:-us-east-1}
S3_SIZE=${S3_SIZE:-1024}
[ -r "${S3_CREDENTIALS:-}" ] || skip_all "needs S3_CREDENTIALS, a file with the keys of a server"

# credential NAME: of the profile main, or else of default.
credential()
{
	awk -F' *= *' -v name="$1" '
	/^\[/			{ part = $0 }
	$1 == name && !(part in seen)	{ seen[part] = $2 }
	END			{ print "[main]" in seen ? seen["[main]"] : seen["[default]"] }' "$S3_CREDENTIALS"
}

AWS_ACCESS_KEY_ID=$(credential aws_access_key_id)
AWS_SECRET_ACCESS_KEY=$(credential aws_secret_access_key)
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION=$S3_REGION AWS_REGION=$S3_REGION
export AWS_EC2_METADATA_DISABLED=true HOME=$TMPDIR
unset AWS_PROFILE AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_CA_BUNDLE AWS_ENDPOINT_URL
# shellcheck disable=SC2034 # the tests use it
bucket=sky-clients-$$-$RANDOM

# make_tree DIR: files of many kinds, names that have to be encoded, an empty one.
make_tree()
{
	local number
	mkdir -p "$1/a b/c+d" "$1/deep/er/and/deep/er"
	: >"$1/empty"
	printf 'text\n' >"$1/a b/plain text.txt"
	printf 'more\n' >"$1/a b/c+d/100%.txt"
	printf 'Greek\n' >"$1/deep/αβγ.txt"
	for number in 1 2 3 4 5 6 7 8 9 10; do
		head -c $((number * 100001)) /dev/urandom >"$1/deep/er/and/deep/er/$number.bin"
	done
}

# same_trees DIR DIR: files, names and bytes.
same_trees() { diff -r "$1" "$2"; }

# large_file FILE: of S3_SIZE MiB that do not compress, quickly.
large_file()
{
	openssl enc -aes-128-ctr -nosalt -pass pass:"$RANDOM" -pbkdf2 </dev/zero 2>/dev/null |
		head -c $((S3_SIZE << 20)) >"$1"
}

# There is nothing that waits for a server for ever.
limited() { timeout -k 5 "${S3_LIMIT:-900}" "$@"; }
