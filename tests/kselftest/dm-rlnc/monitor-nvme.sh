#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Of six NVMe/TCP targets one goes away in the middle of writing, and then another:
# writing and reading go on, the monitor takes each member back by itself when its
# target answers again, and everything is right afterwards.
# vm: long timeout=400

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
# shellcheck source=tests/kselftest/dm-rlnc/nvme.sh
. "$(dirname "$0")/nvme.sh"
requires rlncsetup dmsetup fio
plan 23

load_module dm-rlnc
requires_module brd rd_nr=6 rd_size=32768
cleanup unload_nvme
cleanup stop_nvme
load_nvme Y
url=()
for i in 0 1 2 3 4 5; do
	must serve_nvme "$i" "/dev/ram$i"
	url+=("$(nvme_url "$i")")
done
head -c 4194304 /dev/urandom >"$TMPDIR/image"

rlncsetup monitor --foreground --nbd-timeout 2 --max-delay 4 >"$TMPDIR/events" &
monitor=$!
stop_monitor() { kill "$monitor" && wait "$monitor"; }
cleanup stop_monitor
gone() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup gone

patience=(--nbd-timeout 2 --nbd-dead-timeout 1)
must rlncsetup format -q -k 4 --symbol 4K "${cheap[@]}" --key-file "$pass" "${url[@]}"
exits 0 "a volume over six NVMe/TCP targets opens" "^$" rlncsetup open v "${patience[@]}" --key-file "$pass" "${url[@]}"
is "$(nvme_connections)" 6 "over six connections"
letters() { dmsetup status v | awk '{ print $7 }'; }
are() { [ "$(letters)" = "$1" ]; }
logged() { grep -qE "$1" "$TMPDIR/events"; }
# The first MiBs are the image's; fio has the rest.
image_is_there() { cmp "$TMPDIR/image" <(dd if=/dev/mapper/v bs=1M count=4 iflag=direct status=none); }
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync,nocreat status=none
job=(fio --name=job --filename=/dev/mapper/v --offset=8M --size=16M --bs=16k --ioengine=libaio --iodepth=4 --direct=1
     --verify=crc32c --verify_fatal=1 --do_verify=1 --output="$TMPDIR/fio.log")

"${job[@]}" --rw=randwrite --loops=3 &
writer=$!
must unplug 2
check "a target goes away while it is written: its member is given up" poll_until 40 are AAFAAA
check "what was there before is read" image_is_there
must unplug 5
check "so is that of another one" poll_until 40 are AAFAAF
check "and it is read still" image_is_there
must running "$writer"
check "writing and verifying goes on to its end" wait "$writer"
exits 0 "status names them" "5 +F +failed .*nvme-tcp://127.0.0.1:4425/" rlncsetup status v
connecting() { [ "$(grep -l '^connecting$' /sys/class/nvme/nvme*/state | wc -l)" -eq 2 ]; }
check "the kernel tries to connect again" poll_until 20 connecting
check_fails "and brings nothing back that is not there" logged 'member [25] .* has returned'

must plug 2
check "the target is back: the member comes back by itself, in sync" poll_until 90 are AAAAAF
check "which the monitor says" logged 'member 2 \(259:[0-9]+\) is in sync'
must plug 5
check "and so does the other one" poll_until 90 are AAAAAA

must rlncsetup fail v 0
must rlncsetup fail v 1
check "they serve what was written without them" "${job[@]}" --rw=randwrite --verify_only
check "and what was there before" image_is_there
exits 0 "the two others return, with their devices" "" rlncsetup return --wait v 0
exits 0 "one by one" "" rlncsetup return --wait v 1

exits 0 "it closes" "^$" rlncsetup close v
is "$(nvme_connections)" 0 "and nothing stays connected"
exits 0 "it opens again, in another order" "^$" rlncsetup open v "${patience[@]}" --key-file "$pass" "${url[5]}" "${url[2]}" "${url[@]:0:2}" "${url[@]:3:2}"
check "everything is there" image_is_there
check "all of it" "${job[@]}" --rw=randwrite --verify_only
exits 0 "it closes" "^$" rlncsetup close v
