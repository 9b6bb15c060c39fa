# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# NVMe targets of the kernel's own on this machine's loopback, one port for each,
# so that each can go away by itself.

nvmet=/sys/kernel/config/nvmet
nqn=nqn.2026-01.org.example.skyhold:m

# load_nvme Y|N: the modules anew, with native multipath or without.
load_nvme()
{
	poll_until 20 modprobe -qr nvmet_tcp nvme_tcp nvme_fabrics nvme nvme_core || bail "NVMe is in use"
	modprobe nvme_core "multipath=$1" || skip_all "needs module nvme_core"
	modprobe nvme_tcp || skip_all "needs module nvme_tcp"
	modprobe nvmet_tcp || skip_all "needs module nvmet_tcp"
	mountpoint -q /sys/kernel/config || must mount -t configfs configfs /sys/kernel/config
}
unload_nvme() { poll_until 20 modprobe -qr nvmet_tcp nvme_tcp nvme_fabrics nvme_core; }

# add_namespace I N DEVICE: namespace N of subsystem I.
add_namespace()
{
	local ns=$nvmet/subsystems/$nqn$1/namespaces/$2
	mkdir "$ns" && echo -n "$3" >"$ns/device_path" && echo 1 >"$ns/enable"
}

# serve_nvme I DEVICE: subsystem I, at port 4420 + I.
serve_nvme()
{
	local port=$nvmet/ports/$(($1 + 1))
	mkdir "$nvmet/subsystems/$nqn$1" "$port" &&
	echo 1 >"$nvmet/subsystems/$nqn$1/attr_allow_any_host" &&
	add_namespace "$1" 1 "$2" &&
	echo tcp >"$port/addr_trtype" && echo ipv4 >"$port/addr_adrfam" &&
	echo 127.0.0.1 >"$port/addr_traddr" && echo $((4420 + $1)) >"$port/addr_trsvcid" &&
	plug "$1"
}

# plug I, unplug I: the target answers; it is gone, and its connections with it.
plug() { ln -s "$nvmet/subsystems/$nqn$1" "$nvmet/ports/$(($1 + 1))/subsystems/"; }
unplug() { rm "$nvmet/ports/$(($1 + 1))/subsystems/$nqn$1"; }

# stop_nvme: no targets and no connections.
stop_nvme()
{
	local path
	for path in /sys/class/nvme/nvme*/delete_controller; do
		[ ! -e "$path" ] || echo 1 >"$path"
	done
	find "$nvmet/ports" "$nvmet/subsystems" -type l -delete 2>/dev/null
	for path in "$nvmet"/hosts/* "$nvmet"/ports/* "$nvmet"/subsystems/*/namespaces/* "$nvmet"/subsystems/*; do
		[ ! -d "$path" ] || rmdir "$path" || return
	done
}

nvme_connections() { find /sys/class/nvme -mindepth 1 2>/dev/null | wc -l; }
nvme_url() { echo "nvme-tcp://127.0.0.1:$((4420 + $1))/$nqn$1"; }
