#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# hedgectl net: TAP interfaces that stay, carry frames, and go away; and what is refused.
# vm: timeout=60

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
requires hedgectl ip
plan 20

requires_module tun
requires_module bridge

gone() { ! ip link show "$1" >/dev/null 2>&1; }
# remove TAP...: what a failure has left.
remove() { local tap; for tap; do gone "$tap" || ip link delete "$tap"; done; }
flags() { cat "/sys/class/net/$1/tun_flags"; }
cleanup remove tap0 tap1 br0

# --- a plain one -------------------------------------------------------------------
check "a TAP interface is made" hedgectl net add tap0
is "$(flags tap0)" 0x1802 "it is a TAP without a header of its own, and stays"
check "it is up" sh -c 'ip link show tap0 | grep -q "[<,]UP[,>]"'
check_fails "there is one of that name" hedgectl net add tap0
is "$(flags tap0)" 0x1802 "that one is as it was"
check "it is taken away" hedgectl net delete tap0
check "it is gone" gone tap0
check_fails "nothing is left to take away" hedgectl net delete tap0

# --- with everything ------------------------------------------------------------------
must ip link add br0 type bridge
check "a TAP interface is made, with options" \
	hedgectl net add --bridge br0 --user 1000 --mac 02:00:00:00:00:05 --mtu 1400 tap1
is "$(cat /sys/class/net/tap1/address)" 02:00:00:00:00:05 "it has its address"
is "$(cat /sys/class/net/tap1/mtu)" 1400 "its MTU"
is "$(cat /sys/class/net/tap1/owner)" 1000 "its owner"
is "$(basename "$(readlink /sys/class/net/tap1/master)")" br0 "and is a port of the bridge"
check "it is taken away as well" hedgectl net delete tap1

# --- all or nothing -----------------------------------------------------------------------
check_fails "a bridge that is none" hedgectl net add --bridge lo tap1
check "leaves nothing behind" gone tap1
check_fails "nor does one that is not there" hedgectl net add --bridge br9 tap1
check "leave anything" gone tap1
check_fails "what is no TAP is not taken away" hedgectl net delete br0
check "it is still there" ip link show br0
