#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Volumes of many shapes: written, read back with n - k members gone, reopened.
# vm: timeout=400 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
shapes="1/1/4K 1/3/32K 2/3/4K 2/4/32K 3/6/16K 4/6/4K 10/16/4K 16/20/4K"
plan "$(($(wc -w <<<"$shapes") * 3))"

load_module dm-rlnc
ram_members 20 24
all=("${MEMBERS[@]}")
pattern 6 shapes >"$TMPDIR/image"

for shape in $shapes; do
	IFS=/ read -r k n symbol <<<"$shape"
	MEMBERS=("${all[@]:0:n}")
	format "$k" --symbol "$symbol" --force
	must create v -- "${MEMBERS[@]}"
	must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
	check "$shape: written and read" cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=6 iflag=direct status=none)
	for ((i = 0; i < n - k; i++)); do
		must dmsetup message v 0 fail "$i"
	done
	check "$shape: read with the first $((n - k)) failed" cmp "$TMPDIR/image" \
		<(dd if=/dev/mapper/v bs=1M count=6 iflag=direct status=none)
	must gone v
	# What is on the disks is a clean state of all members: open any k of them.
	some=("${MEMBERS[@]:n-k}")
	for ((i = 0; i < n - k; i++)); do some+=(-); done
	must create v accept_older -- "${some[@]}"
	check "$shape: reopened from the last $k" cmp "$TMPDIR/image" \
		<(dd if=/dev/mapper/v bs=1M count=6 iflag=direct status=none)
	must gone v
done
