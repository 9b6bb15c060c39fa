# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For tests of guests that serve TCP, under the monitor in the kernel: service.sh after
# monitor.sh.  The guest has 10.97.0.2, the host 10.97.0.1 on the TAP hvts.

HOST_IP=10.97.0.1
GUEST_IP=10.97.0.2

service_net()
{
	requires_module tun
	must ip tuntap add hvts mode tap
	cleanup ip link del hvts
	echo 1 >/proc/sys/net/ipv6/conf/hvts/disable_ipv6
	must ip addr add $HOST_IP/24 dev hvts
	must ip link set hvts up
}

# serve NAME IMAGE DISK: start it, and wait until it is there.
serve()
{
	must start "$1" "$2" ip=$GUEST_IP/24 -- block.disk="$3" net.net=hvts
	must poll_until 20 said "$1" 'serving at port'
}

# tcp PORT: standard input to the guest, and what it answers until it closes.
tcp()
{
	# shellcheck disable=SC2016 # those of the inner shell
	timeout $((30 * SKYHOLD_SLOW)) bash -c '
		exec 3<>"/dev/tcp/$0/$1" || exit 1
		cat >&3
		cat <&3
	' $GUEST_IP "$1"
}
