# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# make_microvm FILE: the initramfs of a microVM with the newest kernel of this machine.  What it says on
# its console, and nothing else after the kernel's "Run /init as init process":
#
#	up WORD...				its command
#	disk vda ro=0 SHA256			of each disk; on one that is not read-only it then writes
#	secrets vda SERIAL			of a disk that has some, with its serial number
#	secret NAME SHA256			of each; "bad" if they are damaged
#	net eth0 answers			its network has a 10.77.0.1; it is 10.77.0.2
#	done
#
# Sourced after lib.sh; it is made in the current folder.

microvm_modules()
{
	local kernel name

	kernel=$(find /boot -name 'vmlinuz-*' | sort -V | tail -n 1)
	for name in virtio_mmio virtio_blk virtio_net; do
		modprobe -S "${kernel##*/vmlinuz-}" --show-depends "$name"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

make_microvm()
{
	local module n=10

	mkdir -p microvm/bin microvm/proc microvm/dev microvm/sys microvm/modules
	cp "$(command -v busybox)" microvm/bin/busybox
	ln -sf busybox microvm/bin/sh
	for module in $(microvm_modules); do
		cp "$module" "microvm/modules/$n.ko"
		n=$((n + 1))
	done
	cat >microvm/init <<-'EOT'
	#!/bin/sh
	/bin/busybox --install -s /bin
	mount -t proc none /proc; mount -t sysfs none /sys; mount -t devtmpfs none /dev
	# So that no line of the kernel's is in the middle of one of these.
	dmesg -n 1
	echo "up $*"
	for module in /modules/*; do insmod "$module"; done
	number() { hexdump -s "$2" -n 4 -e '1/4 "%u"' "$1"; }
	bytes() { dd if="$1" bs=1 skip="$2" count="$3" 2>/dev/null; }
	sum() { sha256sum | cut -d ' ' -f 1; }
	# As include/uapi/sky_secret.h has it.
	secrets()
	{
		local n=0 at name count length

		count=$(number "$1" 8) length=$(number "$1" 12)
		if [ "$(bytes "$1" 512 $((length - 512)) | sum)" != "$(bytes "$1" 88 32 | hexdump -v -e '1/1 "%02x"')" ]; then
			echo "secret bad"
			return
		fi
		while [ "$n" -lt "$count" ]; do
			at=$((512 + 96 * n))
			name=$(bytes "$1" "$at" 64 | tr -d '\0')
			echo "secret $name $(bytes "$1" "$(number "$1" $((at + 64)))" "$(number "$1" $((at + 68)))" | sum)"
			n=$((n + 1))
		done
	}
	for disk in /sys/block/vd*; do
		[ -e "$disk" ] || continue
		name=${disk##*/} ro=$(cat "$disk/ro")
		echo "disk $name ro=$ro $(sum <"/dev/$name")"
		if [ "$(bytes "/dev/$name" 0 8 | tr -d '\0')" = SKYSECR1 ]; then
			echo "secrets $name $(cat "$disk/serial")"
			secrets "/dev/$name"
		fi
		[ "$ro" = 1 ] || { printf 'the guest was here' >"/dev/$name"; sync; }
	done
	if [ -e /sys/class/net/eth0 ]; then
		ip addr add 10.77.0.2/24 dev eth0
		ip link set eth0 up
		ping -c 5 -W 10 10.77.0.1 >/dev/null && echo "net eth0 answers"
	fi
	echo "done"
	exec sleep 1000
	EOT
	chmod 755 microvm/init
	(cd microvm && find . | cpio -o -H newc 2>/dev/null) | gzip >"$1"
}
