# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The emulated machine: which kernel, which command line, which devices; one at a time.

# kernel_image MODULES-ROOT RELEASE OUTDIR: print the file for -kernel.
#
# The distribution's kernel unpacks itself from xz, seven seconds of emulation,
# so unpack it here once and enter it through PVH, as a debug kernel is.
kernel_image()
{
	local release=$1 dir=$2 packed=/boot/vmlinuz-$1 image=$2/vmlinux-$1
	local setup offset length
	[ -r "$packed" ] || { echo "vm: no $packed: apt-get install linux-image-amd64" >&2; return 1; }
	if [ ! -e "$image" ] || [ "$packed" -nt "$image" ]; then
		# The boot protocol's header: setup_sects, payload_offset, payload_length.
		setup=$(od -An -tu1 -j $((0x1f1)) -N 1 "$packed")
		offset=$(od -An -tu4 -j $((0x248)) -N 4 "$packed")
		length=$(od -An -tu4 -j $((0x24c)) -N 4 "$packed")
		mkdir -p "$dir"
		tail -c +$(((setup + 1) * 512 + offset + 1)) "$packed" | head -c $((length - 4)) | unpack >"$image.tmp"
		if ! grep -qx CONFIG_PVH=y "/boot/config-$release" || ! head -c 4 "$image.tmp" | grep -q ELF; then
			cp "$packed" "$image.tmp"
		fi
		mv "$image.tmp" "$image"
	fi
	echo "$image"
}

# unpack: decompress standard input, whatever it is compressed with.
unpack()
{
	local file
	file=$(mktemp)
	cat >"$file"
	case $(od -An -tx1 -N 4 "$file") in
	*"fd 37 7a 58")	xz -dc <"$file" ;;
	*"1f 8b "*)	gzip -dc <"$file" ;;
	*"28 b5 2f fd")	zstd -dc <"$file" ;;
	*"02 21 4c 18")	lz4 -dc <"$file" ;;
	esac 2>/dev/null
	rm -f "$file"
}

# tsc_khz PROGRAM: the argument that saves the guest's kernel from measuring its time stamp
# counter, which is the host's.  On a busy host it was ten times wrong, and time ten times
# too fast.  PROGRAM is compiled if it has to be.
tsc_khz()
{
	local source khz
	source=$(dirname "${BASH_SOURCE[0]}")/tsc-khz.c
	[ "$1" -nt "$source" ] || cc -O2 -o "$1" "$source" || return
	khz=$("$1") && echo "tsc_early_khz=$khz"
}

# kernel_cmdline SLOW TSC-ARGUMENT
#
# no_timer_check: a loaded host can be late for the check.  The stall detectors
# get more time for the same reason.  unknown_nmi_panic: the harness sends an NMI
# to a guest that is over its time, and the console shows where it was.
kernel_cmdline()
{
	echo "console=ttyS0 loglevel=7 log_buf_len=4M no_timer_check norandmaps tsc=reliable $2 mitigations=off" \
		"panic=-1 panic_on_warn=1 oops=panic hung_task_panic=1 unknown_nmi_panic=1" \
		"rcupdate.rcu_cpu_stall_timeout=$((60 * $1)) watchdog_thresh=$((30 * ($1 > 2 ? 2 : $1)))" \
		"random.trust_cpu=on cgroup_no_v1=all audit=0 apparmor=0"
}

# share TAG PATH ro|rw: QEMU arguments for a folder of the host.
share()
{
	local ro=on
	[ "$3" = ro ] || ro=off
	printf '%s\n' -fsdev "local,id=$1,path=${2//,/,,},security_model=none,multidevs=remap,readonly=$ro" \
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1"
}

# machine ACCEL SMP MEM: QEMU arguments for the board.
machine()
{
	local accel=$1
	# One thread: the multi-threaded emulator has locked up with KVM guests inside.
	[ "$1" != tcg ] || accel=tcg,thread=single,tb-size=512
	printf '%s\n' -nodefaults -no-user-config -no-reboot -display none \
		-machine q35,smbus=off,sata=off,usb=off,vmport=off,i8042=off -accel "$accel" \
		-cpu max -smp "$2" -m "$3"
}

# machine_lock: until this shell ends.  One machine that runs tests at a time: two would
# share the processors and miss their deadlines.  One with a person at it is mostly idle and
# may stay for hours, so it does not count.
machine_lock()
{
	local file=/run/lock/skyhold-vm.lock fd
	# The lock is one user's; who may not open it has one of his own.
	{ : >>"$file"; } 2>/dev/null || file=${XDG_RUNTIME_DIR:-/tmp}/skyhold-vm.$EUID.lock
	exec {fd}>>"$file" || return
	flock -n "$fd" && return
	echo "# waiting for another virtual machine to end" >&2
	flock "$fd"
}
