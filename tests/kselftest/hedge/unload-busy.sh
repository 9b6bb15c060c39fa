#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The module is unloaded while guests write to disks, send and receive, wait and stand still:
# all of them end, and their disks, networks, tasks and memory are given back.
# vm: long timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires dmsetup ip python3
requires_kvm
requires_module tun
requires_module brd rd_nr=6 rd_size=4096
requires_module dm-delay
ROUNDS=3
plan $((8 * ROUNDS + 2))

must ip tuntap add hvtu mode tap
cleanup ip link del hvtu
echo 1 >/proc/sys/net/ipv6/conf/hvtu/disable_ipv6
must ip addr add 10.95.0.1/24 dev hvtu
must ip link set hvtu up
must dmsetup create late --table "0 8192 delay /dev/ram5 0 1500"
cleanup poll_until 10 dmsetup remove late

# Datagrams to the guest, as many as it answers.
cat >"$TMPDIR/flood" <<'PY'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.05)
while True:
    try:
        s.sendto(b"x" * 1400, ("10.95.0.2", 7))
        s.recv(2048)
    except OSError:
        pass
PY
python3 "$TMPDIR/flood" &
cleanup kill $!

free() { drop_caches; echo $(($(available_kib) / 1024)); }
kvm_users() { awk '$1 == "kvm_amd" || $1 == "kvm_intel" { n += $3 } END { print n + 0 }' /proc/modules; }
# more NAME KEY: it is counted on.
more() { local n; n=$(value "$1" "$2"); for _ in 1 2 3 4; do pause; done; [ "$(value "$1" "$2")" -gt "$n" ]; }
names=(churn0 churn1 copy whole late echo paused loop)

start_all()
{
	must start churn0 block churn -- block.disk=/dev/ram0
	must start churn1 block churn -- block.disk=/dev/ram1 cpu_quota=30
	must start copy copy hold -- block.from=/dev/ram2 block.to=/dev/ram3
	must start whole block whole -- block.disk=/dev/ram4 block_kbps=64
	must start late block churn -- block.disk=/dev/mapper/late
	must start echo echo 10.95.0.2 -- net.net=hvtu
	must start paused hang
	must tell "pause|paused"
	must start loop hang
	must tell "pool|1"
}

before=''
for ((round = 1; round <= ROUNDS; round++)); do
	load_module hedge
	start_all
	note "round $round"
	check "a disk is written to" poll_until 20 more churn0 block_write_bytes
	check "another by a guest with a quota" poll_until 20 more churn1 block_write_bytes
	check "one is read from" poll_until 20 more copy block_read_bytes
	check "packets come and go" poll_until 20 more echo net_write_packets
	pids=$(for name in "${names[@]}"; do value "$name" pid; done)
	began=${EPOCHREALTIME/./}
	check "the module goes" timeout $((20 * SKYHOLD_SLOW)) rmmod hedge
	note "in $(((${EPOCHREALTIME/./} - began) / 1000)) ms, of which the late disk takes up to 1500"
	gone() { local p; for p in $pids; do [ ! -e "/proc/$p" ] || return; done; ! pgrep -x 'hedge|vm:.*'; }
	check "no task is left" poll_until 5 gone
	# Whoever wants a disk for himself gets it.
	mine() { python3 -c 'import os, sys; [os.open(p, os.O_RDWR | os.O_EXCL) for p in sys.argv[1:]]' /dev/ram[0-4] /dev/mapper/late; }
	check "no disk is held" mine
	is "$(kvm_users)" 0 "nor KVM"
	[ -n "$before" ] || before=$(free)
done
left=$((before - $(free)))
note "$left MiB less than after the first round"
check "nor memory" test "$left" -le 24
check_fails "the network has no user" grep -q . <(ip -d link show hvtu | grep -o LOWER_UP)
