#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An open volume moves from host A to host B, each with its TPM: B has the data; A does not open
# it any more, nor from an old copy of the disks, nor with its folder of journals put back, though
# it has a passphrase still.
# vm: boot=own tpm=two timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup dmsetup openssl tpm2_createek swtpm_localca
[ -c /dev/tpmrm0 ] || skip_all "needs a TPM"
plan 16

load_module dm-rlnc
requires_module brd rd_nr=6 rd_size=16384
requires_module virtio_console
m=(/dev/ram0 /dev/ram1 /dev/ram2)
copy=(/dev/ram3 /dev/ram4 /dev/ram5)
gone() { for v in v w; do [ ! -e "/dev/mapper/$v" ] || rlncsetup close $v; done; }
cleanup gone
second=/dev/$(basename "$(dirname "$(grep -lx second-tpm /sys/class/virtio-ports/*/name)")")
[ -c "$second" ] || skip_all "needs a second TPM"
cd "$TMPDIR" || bail "no folder"

# at HOST VERB...: A has the machine's TPM, and B the other one.
at()
{
	local host=$1 device=device:/dev/tpmrm0
	shift
	[ "$host" = a ] || device=device:$second
	rlncsetup "$@" --tpm2-device "$device" --journals "$host.moves" --ak "$host.ak"
}
same() { cmp -n 1048576 data "/dev/mapper/$1"; }

# B's TPM has a certificate of its maker, whom A trusts.
certify_b()
{
	export TPM2TOOLS_TCTI=device:$second
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=maker" \
		-addext basicConstraints=critical,CA:TRUE -keyout maker.key -out makers.pem &&
		tpm2_createek -G rsa -c ek.ctx -u ek.pem -f pem && tpm2_flushcontext -t && mkdir maker &&
		printf '%s\n' "statedir=$PWD/maker" "signingkey=$PWD/maker.key" "issuercert=$PWD/makers.pem" \
			"certserial=$PWD/maker/serial" >ca.conf &&
		echo --platform-manufacturer Sky --platform-version 1 --platform-model M >ca.options &&
		swtpm_localca --type ek --ek "$(openssl rsa -pubin -in ek.pem -noout -modulus | cut -d= -f2)" \
			--dir maker --vmid b --tpm2 --tpm-spec-family 2.0 --tpm-spec-level 0 --tpm-spec-revision 164 \
			--tpm-manufacturer id:00001014 --tpm-model swtpm --tpm-version id:20191023 \
			--configfile ca.conf --optsfile ca.options &&
		tpm2_nvdefine -C o -s "$(stat -c %s maker/ek.cert)" -a 'ownerread|ownerwrite|authread|ppread' 0x01c00002 &&
		tpm2_nvwrite -C o -i maker/ek.cert 0x01c00002
}
check "B's TPM has a certificate" certify_b
zero=$(printf '%064d' 0)
printf '{"version": 1, "name": "t", "pcrs": {"4": ["%s"], "7": ["%s"]}}' "$zero" "$zero" >policy

# --- the volume is open at A --------------------------------------------------------------------
must rlncsetup format -q -k 2 "${cheap[@]}" --key-file "$pass" "${m[@]}"
uuid=$(rlncsetup dump "${m[0]}" | grep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' | head -n 1)
exits 0 "it opens at A" "^$" at a open --key-file "$pass" v "${m[@]}"
head -c 1M /dev/urandom >data
must dd if=data of=/dev/mapper/v bs=1M oflag=direct conv=fsync status=none
a=$(at a move status "$uuid" | sed -n 's/^host *//p')
exits 0 "B offers" "^$" at b move offer --log /dev/null --from "$a" --output offer "$uuid"
exits 0 "A asks" "^$" at a move challenge --output challenge offer
exits 0 "A thinks better of it" "^$" at a move cancel --output cancellation "$uuid"
must at a move challenge --output challenge offer
exits 0 "and asks once more, which B answers" "^$" at b move answer --output answer challenge
check "A has it open all the time" same v
exits 0 "A freezes it, open as it is" "^$" \
	at a move freeze --key-file "$pass" --roots makers.pem --policy policy offer answer "${m[@]}"
check_fails "which closes it" test -e /dev/mapper/v
for i in 0 1 2; do must dd if="${m[i]}" of="${copy[i]}" bs=1M status=none; done
exits 4 "then nothing is cancelled any more" "too late: the volume was frozen" at a move cancel --output x "$uuid"

# --- and at B -------------------------------------------------------------------------------------
must at a move package --output package "$uuid"
printf battery >pass.b
must at b move accept --new-key-file pass.b "${cheap[@]}" --output acceptance package "${m[@]}"
exits 0 "B opens it" "^$" at b open --key-file pass.b w "${m[@]}"
check "the data are there" same w
check "and B writes to it" dd if=data of=/dev/mapper/w bs=1M seek=2 oflag=direct conv=fsync status=none

# --- not at A ---------------------------------------------------------------------------------------
exits 2 "A refuses its disks" "moved, or is about to .frozen" at a open --key-file "$pass" v "${m[@]}"
exits 2 "and an old copy of them" "moved, or is about to .frozen" at a open --key-file "$pass" v "${copy[@]}"
must rm -r a.moves
exits 4 "as it does without a journal" "there is a counter of this volume and no journal" \
	at a open --key-file "$pass" v "${copy[@]}"
cd / || :
