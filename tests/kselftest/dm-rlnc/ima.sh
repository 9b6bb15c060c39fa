#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dm-ima measures the volume's identity and shape when a table goes live, so that
# whoever attests the machine can tell what it runs on; no key is in it.
# vm: timeout=60

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 6

ima=/sys/kernel/security/ima
[ -d $ima ] || { must mount -t securityfs none /sys/kernel/security; cleanup umount /sys/kernel/security; }
[ -w $ima/policy ] || skip_all "needs IMA"
# A policy can be written once; that it was is seen in what follows.
echo "measure func=CRITICAL_DATA label=device-mapper" >$ima/policy

load_module dm-rlnc
ram_members 3 16
format 2
must create v min_epoch=1 -- "${MEMBERS[@]}"
# The last field of a line is the buffer that was measured, in hexadecimal.
measured()
{
	local buffer
	awk '$5 == "dm_table_load" { print $NF }' $ima/ascii_runtime_measurements | while read -r buffer; do
		# shellcheck disable=SC2001 # each pair of digits
		printf '%b' "$(sed 's/../\\x&/g' <<<"$buffer")"
	done | tr ';' '\n'
}
loaded=$(measured | grep '^target_index=0' | tail -n 1)
note "$loaded"
id=$(od -An -tx1 -j $((65536 + 56)) -N 16 "${MEMBERS[0]}" | tr -d ' \n')
has() { [[ ",$loaded," == *",$1,"* ]]; }
check "the target is named" has target_name=rlnc
check "and its version" has target_version=1.0.0
check "the shape is there" has k=2,n=3
check "the volume's identity is that of its superblocks" has "volume_id=$id"
check "and the mode and the cipher" has mode=systematic,writes_min=2,min_epoch=1,cipher='gcm(aes)'
check_fails "but no key" grep -qi "$KEY" <(measured)
