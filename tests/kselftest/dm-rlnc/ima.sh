#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dm-ima measures the volume's identity and shape when a table goes live, so that
# whoever attests the machine can tell what it runs on; no key is in it.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 11

ima=/sys/kernel/security/ima
[ -d $ima ] || { must mount -t securityfs none /sys/kernel/security; cleanup umount /sys/kernel/security; }
[ -w $ima/policy ] || skip_all "needs IMA"
# A policy can be written once; that it was is seen in what follows.
echo "measure func=CRITICAL_DATA label=device-mapper" >$ima/policy

load_module dm-rlnc
ram_members 128 16
EVERY=("${MEMBERS[@]}")
MEMBERS=("${EVERY[@]:0:3}")
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
# last: sets loaded to what the target said of the table that was loaded last.
last() { loaded=target_name=$(measured | sed -n 's/^target_index=0,.*,target_name=//p' | tail -n 1); }
last
note "$loaded"
id=$(od -An -tx1 -j $((65536 + 56)) -N 16 "${MEMBERS[0]}" | tr -d ' \n')
has() { [[ ",$loaded," == *",$1,"* ]]; }
check "the target is named" has target_name=rlnc
check "and its version" has target_version=1.0.0
check "the shape is there" has k=2,n=3
check "the volume's identity is that of its superblocks" has "volume_id=$id"
check "and the mode and the cipher" has mode=systematic,writes_min=2,min_epoch=1,cipher='gcm(aes)'
is "${loaded#*,cipher=gcm(aes)}" ,member_0=1:0,member_1=1:1,member_2=1:2 "and the members"
must gone v

# dm-ima has room for 2047 bytes and cuts off what is beyond; these are more.
MEMBERS=("${EVERY[@]}")
format 4 --symbol 4K --force
must dmsetup create many --notable
cleanup dmsetup remove many
# load: a table of all but those that are absent; sets loaded, and list, as it should be.
load()
{
	local i
	list=''
	for i in "${!MEMBERS[@]}"; do
		if [ "${MEMBERS[i]}" = - ]; then list+=,member_$i=-; else list+=,member_$i=1:$i; fi
	done
	must dmsetup load many --table "$(table -- "${MEMBERS[@]}")"
	last
}
digest() { printf '%s' "$list" | sha256sum | head -c 64; }
load
is "${loaded#*,cipher=gcm(aes)}" ",members_sha256=$(digest)" "128 members are a digest of their list"
check "beside their number" has k=4,n=128
# A name like 1:100 is 4 bytes longer than that of who is absent, others are 3 or 2.
shorten() # shorten BYTES: the list, by as many members that are absent as that takes
{
	local bytes=$1 i=127
	MEMBERS=("${EVERY[@]}")
	for (( ; bytes > 5; bytes -= 4)); do MEMBERS[i--]=-; done
	case $bytes in
	2)	MEMBERS[0]=- ;;
	3)	MEMBERS[10]=- ;;
	4)	MEMBERS[i]=- ;;
	5)	MEMBERS[0]=- MEMBERS[10]=- ;;
	esac
	load
}
head=${loaded%,members_sha256=*}
beyond=$((${#head} + ${#list} + 1 - 2047))
shorten $((beyond - 1))
is "${loaded#*,cipher=gcm(aes)}" ",members_sha256=$(digest)" "they are as long as they are one byte too many"
shorten $beyond
is "${loaded#*,cipher=gcm(aes)}" "$list" "and listed, to the last, when there is room for just that"
check_fails "but no key" grep -qi "$KEY" <(measured)
