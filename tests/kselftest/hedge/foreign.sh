#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An image that our library, its headers and its linker script have no part in runs: put
# together by the system's assembler from what Solo5's headers say, and laid out by the
# system's linker in the segments that Solo5's images have.
#
# It is written here, by an independent route: there is no package of an image of Solo5's
# hvt that somebody else has built.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
here=$(cd "$(dirname "$0")" && pwd)
requires as ld readelf ip
requires_kvm
requires_module tun
requires_module brd rd_nr=1 rd_size=1024
plan 12
load_module hedge

image=$TMPDIR/foreign.hvt
must as "$here/foreign.S" -o "$TMPDIR/foreign.o"
must ld -nostdlib -static --build-id=none -z max-page-size=0x1000 -z noexecstack -T "$here/foreign.lds" "$TMPDIR/foreign.o" -o "$image"
is "$(readelf -lW "$image" 2>/dev/null | awk '$1 ~ /^(INTERP|LOAD|NOTE)$/ { print $1 }' | xargs)" "INTERP LOAD LOAD LOAD LOAD NOTE NOTE NOTE" "it is laid out as Solo5's are"
must ip tuntap add hvtf mode tap
cleanup ip link del hvtf
must ip link set hvtf up
refused "its devices have to be given" "start|a|$image||32|||x" 'the image wants a device storage'
refused "both" "start|a|$image||32|/dev/ram0||x" 'the image wants a device service'
check "with them it is started" tell "start|a|$image||32|/dev/ram0|hvtf|what it is told"
check "and ends" poll_until 10 has_ended a
is "$(value a exit_status)" 77 "the processor was as it should be, and so is its own status"
is "$(console a | head -n 1)" "foreign: what it is told" "it has its command line"
is "$(console a | tail -n 1)" "the block is as it was written" "and its disk"
is "$(od -An -v -tx1 -j 512 -N 512 /dev/ram0 | tr -d ' \n' | sed 's/\(5a\)*//')" "" "to which it has written"
is "$(value a block_write_ops) $(value a block_read_ops)" "1 1" "once, and read once"
check "by name, too" tell "start|b|$image||32|||x|block.storage=/dev/ram0|net.service=hvtf"
must poll_until 10 has_ended b
is "$(value b exit_status)" 77 "it ends as it did"
