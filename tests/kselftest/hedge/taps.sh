# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For tests of guests with a network.

# taps NAME...: taps for them, on which the host says nothing by itself; gone at the end.
taps()
{
	local tap
	for tap; do
		must ip tuntap add "$tap" mode tap
		cleanup ip link del "$tap"
		echo 1 >"/proc/sys/net/ipv6/conf/$tap/disable_ipv6"
		must ip link set "$tap" up
	done
}
