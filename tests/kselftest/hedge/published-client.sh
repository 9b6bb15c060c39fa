#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The commands of the published HEDGE client (nubificus/hedge_cli, urunc), byte for byte, and
# the files that it reads: each command is one write(2), and has been carried out, or
# refused, when that returns.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires python3 ip hedgectl sha256sum
requires_kvm
requires_module tun
requires_module brd rd_nr=1 rd_size=1024
plan 39
load_module hedge

# bytes TEXT: these, and no others, in one write; what Python's \ means is meant.
bytes()
{
	python3 - "$1" <<-'PY'
		import os, sys
		data = sys.argv[1].encode().decode("unicode_escape").encode("latin-1")
		fd = os.open("/proc/monitor", os.O_WRONLY)
		try:
		    done = os.write(fd, data)
		except OSError as error:
		    sys.exit(error.strerror)
		sys.exit(done != len(data))
	PY
}
listed() { cat /proc/monitor; }
image=$guests/hang.hvt hello=$guests/hello.hvt

is "$(listed | od -An -c | tr -d ' \n')" 'IDNAMEMODIDMODNAME\n' "no VM: a header, and its newline"
is "$(listed)" "ID NAME MODID MODNAME" "with these columns"
check "vmcons is a folder" test -d /proc/vmcons
check "so is vmstats" test -d /proc/vmstats

check "load|PATH" bytes "load|$hello"
check "start|NAME|PATH|CPU|MEM_MB|BLK|NET|CMDLINE" bytes "start|vm0|$image|0|64|||hello"
is "$(listed | sed -n 2p)" "1 vm0 0 $image" "the VM is listed: ID NAME MODID MODNAME"
is "$(awk '/^Cpus_allowed_list:/ { print $2 }' "/proc/$(value vm0 pid)/status")" 0 "CPU is the processor that it is on"
is "$(value vm0 memory_bytes)" $((64 << 20)) "MEM_MB is in MiB"
must poll_until 10 said vm0 hanging
check "its console is /proc/vmcons/vmID" grep -qx hanging /proc/vmcons/vm1
check "and is read again" grep -qx hanging /proc/vmcons/vm1
check_fails "a name is taken once" bytes "start|vm0|$image|0|64|||hello"
check "stop|NAME" bytes "stop|vm0"
is "$(listed)" "ID NAME MODID MODNAME" "it is not listed when that returns"
check_fails "stop of none" bytes "stop|vm0"

check "a newline may follow" bytes "start|vm1|$image|0|64|||hello\\n"
check "each of them" bytes "stop|vm1\\n"
check "CPU may be empty" bytes "start|vm1|$image||64|||hello"
check "a second VM" bytes "start|vm2|$image|0|32|||two words, and more"
is "$(listed | sed 1d | cut -d ' ' -f 2 | xargs)" "vm1 vm2" "both are listed"
must bytes "stop|vm1"
must bytes "stop|vm2"
check "what was loaded is started" bytes "start|vm3|$hello|0|32|||x"
must poll_until 10 has_ended vm3
is "$(value vm3 exit_status)" 0 "and runs"

# urunc has the ID of the container as NAME: 64 hex digits.
id=$(sha256sum <"$image" | cut -d ' ' -f 1)
check "a name may be the ID of a container" bytes "start|$id|$image|0|32|||hello"
is "$(listed | sed 1d | cut -d ' ' -f 2)" "$id" "and is listed whole"
must poll_until 10 said "$id" hanging
check "its console is read" grep -qx hanging "/proc/vmcons/vm$(value "$id" id)"
is "$(value "$id" name) $(value "$id" state)" "$id running" "and its record"
is "$(hedgectl list | awk -v id="$id" '$2 == id { print $3 }')" "$image" "hedgectl lists it"
is "$(hedgectl stats "$id" | awk '$1 == "name" { print $2 }')" "$id" "and knows it"
check "so do the metrics" grep -q "^hedge_vm_up_seconds{vm=\"$id\"}" /proc/vmstats/metrics
check "it is stopped" bytes "stop|$id"
longest=$id${id:1}
check "the longest name has 127 bytes" bytes "start|$longest|$image|0|32|||hello"
is "$(value "$longest" name)" "$longest" "all of which are kept"
must bytes "stop|$longest"
check_fails "one of 128 is refused" bytes "start|x$longest|$image|0|32|||hello"

must ip tuntap add hvtc mode tap
cleanup ip link del hvtc
must ip link set hvtc up
check "BLK" bytes "start|disk|$guests/block.hvt|0|32|/dev/ram0||read"
must poll_until 20 has_ended disk
is "$(value disk exit_status)" 0 "is the guest's disk"
check "NET" bytes "start|net|$guests/echo.hvt|0|32||hvtc|10.94.0.2"
check "is its network" poll_until 10 said net 'is at '
must bytes "stop|net"
check_fails "CMDLINE is not empty" bytes "start|vm4|$image|0|64|||"
check_fails "nor left out" bytes "start|vm4|$image|0|64||"
