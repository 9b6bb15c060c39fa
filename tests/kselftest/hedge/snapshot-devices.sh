#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that was made of a snapshot goes on with its disk and its network, if they are what they
# were, and is refused if they are not.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
# shellcheck source=tests/kselftest/hedge/service.sh
. "$(dirname "$0")/service.sh"
requires dmsetup ip busybox
requires_kvm
requires_module brd rd_nr=1 rd_size=32768
plan 15
load_module hedge
service_net

snap=$TMPDIR/snap
answers() { printf '%s\r\n' "$@" QUIT | tcp 6379 | tr -d '\r' | tr '\n' ' '; }
# Of the neighbour, as the host has learnt it.
mac() { ip neigh show "$GUEST_IP" dev hvts | grep -oE '([0-9a-f]{2}:){5}[0-9a-f]{2}'; }
disk()
{
	must dmsetup create "$1" --table "0 $2 linear /dev/ram0 $3"
	cleanup sh -c "dmsetup remove $1 2>/dev/null || :"
}
disk same 32768 0
disk less 24576 32768

must start kv kv ip=$GUEST_IP/24 -- block.disk=/dev/mapper/same net.net=hvts
must poll_until 20 said kv 'serving at port'
# shellcheck disable=SC2016 # $1 is a length here
is "$(answers 'SET a 1' 'SAVE' 'GET a')" '+OK +OK $1 1 +OK ' "a guest with a disk and a network serves"
had=$(mac)
check "a snapshot of it" tell "snapshot|kv|$snap"
# What it has on its disk beyond that the snapshot does not know; it is written again below.
must tell "stop|kv"
must poll_until 10 has_ended kv

refused "without its disk it is refused" "restore|kv|$snap|||hvts" 'BLK: the image wants a device disk'
refused "without its network" "restore|kv|$snap||/dev/mapper/same|" 'NET: the image wants a device net'
refused "with a disk of another size" "restore|kv|$snap||/dev/mapper/less|hvts" "BLK: the device is not of the snapshot's size"
refused "with blocks of another size" "restore|kv|$snap||/dev/mapper/same|hvts|block_size.disk=4096" "BLK: the device is not of the snapshot's size"
refused "with another address" "restore|kv|$snap||/dev/mapper/same|hvts|mac.net=02:00:00:00:00:99" 'mac: a guest of a snapshot has the address that it had'
must ip link set hvts mtu 1400
refused "with another MTU" "restore|kv|$snap||/dev/mapper/same|hvts" "NET: the interface is not of the snapshot's MTU"
must ip link set hvts mtu 1500
refused "where the network has none of its words" "restore|kv|$snap||/dev/mapper/same|hvts|block.net=/dev/mapper/less" 'the manifest has a network of this name'
is "$(sed 1d /proc/monitor)" "" "nothing of it is left"

check "with what it had it goes on" tell "restore|kv|$snap||/dev/mapper/same|hvts"
must ip neigh flush dev hvts
check "it answers" poll_until 20 busybox ping -c 1 -W 2 $GUEST_IP
is "$(mac)" "$had" "at the address that it had"
# shellcheck disable=SC2016
is "$(answers 'GET a' 'SET b 2' 'SAVE' 'GET b')" '$1 1 +OK +OK $1 2 +OK ' "with what it knew, and takes more"
must tell "stop|kv"
must poll_until 10 has_ended kv
# As its words name them: in any VM's name, and with the address that it had.
must tell "restore|other|$snap||||block.disk=/dev/mapper/same|net.net=hvts|mac.net=$had"
must ip neigh flush dev hvts
is "$(poll_until 20 busybox ping -c 1 -W 2 $GUEST_IP >/dev/null && mac)" "$had" "so it does by another name"
must tell "stop|other"
