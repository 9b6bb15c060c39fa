#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A volume whose key the machine's TPM has sealed: it opens in the boot that was signed for,
# once; the key is in no keyring afterwards; the table of volumes says the same by a word.
# vm: boot=own tpm=yes timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup skyctl dmsetup openssl tpm2_pcrread keyctl
[ -c /dev/tpmrm0 ] || skip_all "needs a TPM"
plan 21

load_module dm-rlnc
requires_module brd rd_nr=6 rd_size=16384
export TPM2TOOLS_TCTI=device:/dev/tpmrm0
m=(/dev/ram0 /dev/ram1 /dev/ram2)
w=(/dev/ram3 /dev/ram4 /dev/ram5)
policy=$TMPDIR/policy.json
gone() { for v in v w; do [ ! -e "/dev/mapper/$v" ] || rlncsetup close $v; done; }
cleanup gone
cleanup rm -rf /etc/rlnc

# pcrs: what they are in this boot, as a prediction would have said.
pcrs() { tpm2_pcrread sha256:4,7,9,11 | sed -nE 's/^ +([0-9]+) *: 0x/sha256 \1 /p' >"$TMPDIR/pcrs"; }
sign() { pcrs; skyctl tpm sign-policy --pcrs "$TMPDIR/pcrs" --key "$TMPDIR/boot.key" --epoch "$1" --out "$2"; }

must openssl genrsa -out "$TMPDIR/boot.key" 2048
must openssl rsa -in "$TMPDIR/boot.key" -pubout -out "$TMPDIR/boot.pem"
for set in "${m[*]}" "${w[*]}"; do
	# shellcheck disable=SC2086 # words
	must rlncsetup format -q -k 2 "${cheap[@]}" --key-file "$pass" $set
	# shellcheck disable=SC2086
	exits 0 "a slot of the TPM's is added" "Key slot 1 added" \
		rlncsetup key add --key-file "$pass" --tpm2 --tpm2-public-key "$TMPDIR/boot.pem" $set
done
exits 0 "it is listed" "1  tpm2 .*PCRs 4\+7\+9\+11 of sha256" rlncsetup key list "${m[@]}"
exits 2 "without a signed policy it does not open" "there is no policy signed by its key" rlncsetup open --tpm2 v "${m[@]}"
must sign 1 "$policy"
exits 0 "with one it does" "^$" rlncsetup open --tpm2 --tpm2-no-cap --tpm2-signature "$policy" v "${m[@]}"
check "it is written to" dd if=/dev/urandom of=/dev/mapper/v bs=1M count=2 oflag=direct status=none
check_fails "no keyring has the key" grep -q logon /proc/keys
check_fails "nor does the table" grep -qE '[0-9a-f]{64}' <(dmsetup table v)
must rlncsetup close v

# --- by the table of volumes; the last one caps -----------------------------------------
must mkdir -p /etc/rlnc
must cp "$policy" /etc/rlnc/tpm2-pcr-signature.json
cat >"$TMPDIR/rlnctab" <<-EOT
	v	tpm2	tpm2-no-cap	${m[*]}
	w	tpm2	-		${w[*]}
EOT
exits 0 "a line of the table suffices, and a policy in /etc/rlnc" "^$" rlncsetup open --tab "$TMPDIR/rlnctab" v
exits 0 "and for the last volume" "^$" rlncsetup open --tab "$TMPDIR/rlnctab" w
must rlncsetup close v
must rlncsetup close w
exits 2 "then the TPM gives up no key any more" "was told to do so no more \(PCR 11\)" rlncsetup open --tab "$TMPDIR/rlnctab" v
exits 2 "whatever else is said" "told to do so no more" rlncsetup open --tpm2 --tpm2-signature "$policy" w "${w[@]}"
exits 0 "a passphrase opens it still" "^$" rlncsetup open --key-file "$pass" v "${m[@]}"
must rlncsetup close v

# --- epochs ----------------------------------------------------------------------------
must sign 1 "$policy"
exits 0 "this state signed for, it opens" "Key slot 1 opens" rlncsetup key test --tpm2 --tpm2-signature "$policy" "${m[@]}"
exits 0 "the epoch is ended" "^2$" rlncsetup tpm epoch bump
exits 2 "and with it its policies" "is of epoch 1, and it is 2 now" rlncsetup open --tpm2 --tpm2-signature "$policy" v "${m[@]}"
must sign 2 "$policy"
exits 0 "those of the next are good" "Key slot 1 opens" rlncsetup key test --tpm2 --tpm2-signature "$policy" "${m[@]}"
must tpm2_pcrextend 4:sha256=000000000000000000000000000000000000000000000000000000000000002a
exits 2 "something else was measured" "PCRs 4 are not those of any signed policy" rlncsetup open --tpm2 --tpm2-signature "$policy" v "${m[@]}"
check_fails "nothing was opened" test -e /dev/mapper/v

# --- without one ---------------------------------------------------------------------------
exits 4 "no TPM there" "there is no TPM 2.0 at" rlncsetup open --tpm2 --tpm2-device device:/dev/nowhere v "${m[@]}"
exits 2 "asked for nothing, the TPM is tried, and then a passphrase" "ended before a passphrase came" rlncsetup open v "${m[@]}"
