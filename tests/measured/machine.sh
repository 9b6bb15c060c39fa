# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Machines with firmware and a TPM: what they boot from, and how they are started.  Sourced
# behind tests/kselftest/lib.sh and tests/vm/machine.sh.  $WORK is where all of it is.

OVMF=/usr/share/OVMF
STUB=/usr/lib/systemd/boot/efi/linuxx64.efi.stub

# --- the TPM: swtpm, whose state is a folder ----------------------------------------------

# tpm_make FOLDER: a new TPM with a certificate from a maker of our own, in $WORK/maker.
tpm_make()
{
	local maker=$WORK/maker
	mkdir -p "$1" "$maker"
	printf '%s\n' "create_certs_tool=$(command -v swtpm_localca)" "create_certs_tool_config=$maker/conf" \
		"create_certs_tool_options=$maker/options" >"$maker/setup.conf"
	printf '%s\n' "statedir=$maker" "signingkey=$maker/key.pem" "issuercert=$maker/issuer.pem" \
		"certserial=$maker/serial" >"$maker/conf"
	echo "--platform-manufacturer Sky --platform-version 1 --platform-model M" >"$maker/options"
	swtpm_setup --tpm2 --tpmstate "$1" --create-ek-cert --create-platform-cert --lock-nvram --overwrite \
		--pcr-banks sha256 --config "$maker/setup.conf" --logfile "$1/setup.log"
}

# tpm_start FOLDER ARGUMENT...: until the machine, or the last who speaks to it, has gone.
tpm_start()
{
	local tpm=$1
	shift
	swtpm socket --tpm2 --tpmstate "dir=$tpm" --pid "file=$tpm/pid" --log "file=$tpm/log,level=1" --daemon "$@"
}

# tpm_ask FOLDER COMMAND...: run it while the TPM is there, as the operator does before the
# machine boots; it is reached by $(tcti FOLDER).
tcti() { echo "swtpm:path=$1/s"; }
tpm_ask()
{
	local tpm=$1 status=0
	shift
	tpm_start "$tpm" --server "type=unixio,path=$tpm/s" --ctrl "type=unixio,path=$tpm/s.ctrl" \
		--flags startup-clear,not-need-init || return
	"$@" || status=$?
	tpm_stop "$tpm"
	return $status
}

# tpm_stop FOLDER: end it, if it has not by itself, and wait until it has written all.
tpm_stop()
{
	local pid=''
	# The number has no end of line.
	{ read -r pid <"$1/pid"; } 2>/dev/null
	[ -n "$pid" ] || return 0
	kill "$pid" 2>/dev/null
	while running "$pid"; do pause; done
}

# --- what is booted ----------------------------------------------------------------------

# uki OUTPUT CMDLINE INITRD KERNEL [OBJCOPY-ARGUMENT...]: a unified kernel image.
uki()
{
	local output=$1 cmdline=$2 initrd=$3 kernel=$4
	shift 4
	printf %s "$cmdline" >"$output.cmdline"
	printf 'ID=skyhold-test\n' >"$output.osrel"
	objcopy --add-section .osrel="$output.osrel" --change-section-vma .osrel=0x20000 \
		--add-section .cmdline="$output.cmdline" --change-section-vma .cmdline=0x30000 \
		--add-section .linux="$kernel" --change-section-vma .linux=0x2000000 \
		--add-section .initrd="$initrd" --change-section-vma .initrd=0x3000000 "$@" "$STUB" "$output"
}

# esp OUTPUT UKI: a disk with one EFI system partition, from which firmware boots by itself.
esp()
{
	truncate -s 96M "$1.tmp"
	printf '%s\n' "label: gpt" "label-id: 8F6C3B0E-3A55-4F0C-9C0B-0D4B1D3E5A10" \
		"start=2048, size=192512, type=U, uuid=8F6C3B0E-3A55-4F0C-9C0B-0D4B1D3E5A11" |
		sfdisk --quiet "$1.tmp" &&
		mformat -i "$1.tmp@@1M" -T 192512 -h 64 -s 32 -F -N 53c7f00d :: &&
		mmd -i "$1.tmp@@1M" ::/EFI ::/EFI/BOOT &&
		mcopy -i "$1.tmp@@1M" "$2" ::/EFI/BOOT/BOOTX64.EFI && mv "$1.tmp" "$1"
}

# --- the machine --------------------------------------------------------------------------

# disk SERIAL FILE [OPTION]: one of virtio.
disk()
{
	printf '%s\n' -drive "if=none,id=$1,file=${2//,/,,},format=raw,cache=unsafe" \
		-device "virtio-blk-pci,drive=$1,serial=$1${3:+,$3}"
}

# follow PID CONSOLE: until the machine has ended, or says what $STOP_AT is: firmware that has
# nothing to start waits for somebody to press a key.
follow()
{
	while [ -n "${STOP_AT:-}" ] && running "$1"; do
		! grep -qE -- "$STOP_AT" "$2" 2>/dev/null || kill "$1"
		pause
	done
	wait "$1"
}

# start NAME TPM ARGUMENT...: run a machine to its end.  Its console, its channel and what it
# has told are in $WORK/NAME; if there is a file $WORK/NAME.members, it lists the members of its
# volume, and NAME.key is a key for it, or NAME.signature has the policies with which the TPM
# gives one up.
start()
{
	local name=$1 tpm=$2 out=$WORK/$1 member number=0 members=()
	shift 2
	mkdir -p "$out/mail" "$out/told"
	head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$out/mail/nonce"
	echo >>"$out/mail/nonce"
	[ ! -e "$WORK/$name.key" ] || cp "$WORK/$name.key" "$out/mail/key"
	[ ! -e "$WORK/$name.signature" ] || cp "$WORK/$name.signature" "$out/mail/signature"
	truncate -s 8M "$out/disk"
	tar -cf "$out/mail.tar" -C "$out/mail" .
	dd if="$out/mail.tar" of="$out/disk" conv=notrunc status=none
	if [ -e "$WORK/$name.members" ]; then
		while read -r member; do
			mapfile -t -O "${#members[@]}" members < <(disk "member$number" "$member")
			number=$((number + 1))
		done <"$WORK/$name.members"
	fi
	tpm_start "$tpm" --ctrl "type=unixio,path=$tpm/s" --terminate || return
	mapfile -t board < <(machine tcg 1 768M)
	date +%s.%N >"$out/began"
	timeout --foreground --kill-after=10 "$BOOT_SECONDS" qemu-system-x86_64 "${board[@]}" \
		-chardev "socket,id=tpm,path=$tpm/s" -tpmdev emulator,id=tpm,chardev=tpm \
		-serial "file:$out/console.log" -serial "file:$out/channel" "${members[@]}" "$@" \
		-drive "if=none,id=mail,file=$out/disk,format=raw,cache=unsafe" \
		-device virtio-blk-pci,drive=mail,serial=mail >"$out/qemu.log" 2>&1 &
	follow "$!" "$out/console.log"
	echo $? >"$out/status"
	tpm_stop "$tpm"
	date +%s.%N >"$out/ended"
	tar -xf "$out/disk" -C "$out/told" 2>>"$out/qemu.log"
	touch "$out/done"
}

# by_firmware NAME TPM ESP VARS ARGUMENT...: UEFI.
by_firmware()
{
	local name=$1 tpm=$2 esp=$3 vars=$4
	shift 4
	start "$name" "$tpm" -machine smm=off -drive "if=pflash,format=raw,unit=0,readonly=on,file=$OVMF/OVMF_CODE_4M.fd" \
		-drive "if=pflash,format=raw,unit=1,file=$vars" -device tpm-crb,tpmdev=tpm \
		-drive "if=none,id=esp,file=$esp,format=raw,readonly=on" -device virtio-blk-pci,drive=esp,bootindex=1 "$@"
}

# by_secure_boot NAME TPM ESP VARS: UEFI that starts nothing without a signature; its
# variables can be written only from the system's management mode.
by_secure_boot()
{
	start "$1" "$2" -machine smm=on -global driver=cfi.pflash01,property=secure,value=on \
		-global ICH9-LPC.disable_s3=1 \
		-drive "if=pflash,format=raw,unit=0,readonly=on,file=$OVMF/OVMF_CODE_4M.secboot.fd" \
		-drive "if=pflash,format=raw,unit=1,file=$4" -device tpm-crb,tpmdev=tpm \
		-drive "if=none,id=esp,file=$3,format=raw,readonly=on" -device virtio-blk-pci,drive=esp,bootindex=1
}

# by_kernel NAME TPM KERNEL INITRD CMDLINE: SeaBIOS, which measures no kernel.  With a TPM it
# has its tables where QEMU puts the initrd, unless memory goes on behind what a bzImage takes.
by_kernel()
{
	start "$1" "$2" -m 2304M -device tpm-tis,tpmdev=tpm -kernel "$3" -initrd "$4" -append "$5"
}
