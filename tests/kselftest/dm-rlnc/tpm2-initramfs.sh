#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the hook of initramfs-tools packs is enough to open a volume by the TPM with nothing else
# there, and the TPM gives no key up afterwards; the units of the generator do it in that order.
# vm: boot=own tpm=yes timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup skyctl dmsetup openssl tpm2_pcrread mkinitramfs systemd-escape
[ -c /dev/tpmrm0 ] || skip_all "needs a TPM"
plan 17

load_module dm-rlnc
requires_module brd rd_nr=3 rd_size=16384
export TPM2TOOLS_TCTI=device:/dev/tpmrm0
m=(/dev/ram0 /dev/ram1 /dev/ram2)
root=$TMPDIR/root
ramfs=$TMPDIR/ramfs
units=$TMPDIR/units
gone() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup gone
cleanup rm -rf /etc/rlnc /etc/rlnctab

# As make install-rlncsetup does, which rlncsetup-boot shows.
must mkdir -p "$root"
for file in rlnctab-generator rlncsetup.initramfs-hook rlncsetup.initramfs-script; do
	must cp "$SKYHOLD_TOP/user/tools/rlncsetup/$file" "$root/"
	must sed -i 's|@SBINDIR@|/usr/sbin|; s|@UNITDIR@|/usr/lib/systemd/system|' "$root/$file"
	must chmod +x "$root/$file"
done
must openssl genrsa -out "$TMPDIR/boot.key" 2048
must rlncsetup format -q -k 2 "${cheap[@]}" --key-file "$pass" "${m[@]}"
must rlncsetup key add --key-file "$pass" --tpm2 --tpm2-public-key "$TMPDIR/boot.key" "${m[@]}"
tpm2_pcrread sha256:4,7,9,11 | sed -nE 's/^ +([0-9]+) *: 0x/sha256 \1 /p' >"$TMPDIR/pcrs"
must mkdir -p /etc/rlnc "$units"
# As mkinitramfs has it before a hook runs.
for dir in bin sbin lib lib64; do
	must mkdir -p "$ramfs/usr/$dir"
	must ln -s "usr/$dir" "$ramfs/$dir"
done
must skyctl tpm sign-policy --pcrs "$TMPDIR/pcrs" --key "$TMPDIR/boot.key" --epoch 1 --out /etc/rlnc/tpm2-pcr-signature.json
cat >/etc/rlnctab <<-EOT
	v	tpm2	initramfs	${m[*]}
	late	tpm2	-	/dev/ram7
	far	tpm2	nofail	nbd://host/export
EOT

# --- the generator ---------------------------------------------------------------------
exits 0 "the generator runs" "^$" "$root/rlnctab-generator" "$units"
is "$(cd "$units" && echo ./*.target.*/*)" "./local-fs.target.requires/rlncsetup@late.service ./remote-fs.target.requires/rlncsetup-cap.service ./remote-fs.target.wants/rlncsetup@far.service" "what the initramfs opens is left to it; the cap is wanted with the last"
check "each is told that there are more" grep -q -- '--tpm2-no-cap -- %i' "$units/rlncsetup@late.service.d/50-rlnctab.conf"
check "the TPM is waited for" grep -q '^After=dev-tpmrm0.device' "$units/rlncsetup@far.service.d/50-rlnctab.conf"
check "and it comes after all of them" grep -q '^After=rlncsetup@late.service rlncsetup@far.service$' "$units/rlncsetup-cap.service.d/50-rlnctab.conf"
check_fails "no place is left to be filled in" grep -r '@[A-Z]*DIR@' "$root" "$units"

# --- the hook ----------------------------------------------------------------------------
must mkdir -p /usr/sbin
[ -e /usr/sbin/rlncsetup ] || { must cp "$SKYHOLD_BUILD/bin/rlncsetup" /usr/sbin/; cleanup rm -f /usr/sbin/rlncsetup; }
pack() { DESTDIR=$ramfs MODULESDIR=/lib/modules/$(uname -r) version=$(uname -r) verbose=n __MODULES_TO_ADD=$TMPDIR/modules sh "$root/rlncsetup.initramfs-hook"; }
exits 0 "the hook runs" "" pack
check "the program is packed, and its table" test -x "$ramfs/sbin/rlncsetup" -o -x "$ramfs/usr/sbin/rlncsetup" -a -s "$ramfs/etc/rlnctab"
check "the policy as well" cmp /etc/rlnc/tpm2-pcr-signature.json "$ramfs/etc/rlnc/tpm2-pcr-signature.json"
check "and the library that is loaded by name" test -n "$(find "$ramfs" -name 'libtss2-tcti-device.so.0')"

# --- with nothing else there --------------------------------------------------------------
must mkdir -p "$ramfs/bin" "$ramfs/dev" "$ramfs/proc" "$ramfs/sys" "$ramfs/run" "$ramfs/scripts"
must cp "$(command -v busybox)" "$ramfs/bin/"
must ln -s busybox "$ramfs/bin/sh"
must ln -sf /bin/busybox "$ramfs/bin/modprobe"
must cp "$root/rlncsetup.initramfs-script" "$ramfs/scripts/rlncsetup"
for dir in dev proc sys; do
	must mount --rbind "/$dir" "$ramfs/$dir"
	cleanup umount -l "$ramfs/$dir"
done
inside() { env -i PATH=/bin:/sbin:/usr/sbin DM_DISABLE_UDEV=1 chroot "$ramfs" "$@"; }
exits 0 "the script opens it" "" inside /bin/sh /scripts/rlncsetup
check "there it is" test -b /dev/mapper/v
check "it is read" dd if=/dev/mapper/v of=/dev/null bs=1M count=1 iflag=direct status=none
exits 0 "a second time there is nothing to do" "^$" inside /bin/sh /scripts/rlncsetup
must dmsetup remove --retry v
exits 0 "the TPM is left to the volumes that are opened later" "" rlncsetup key test --tpm2 "${m[@]}"
must sed -i '/^late/d; /^far/d' "$ramfs/etc/rlnctab"
exits 0 "where there are none the script opens it" "" inside /bin/sh /scripts/rlncsetup
must dmsetup remove --retry v
exits 2 "and the TPM gives nothing up any more" "was told to do so no more" rlncsetup open v --tpm2 "${m[@]}"
