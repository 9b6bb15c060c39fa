#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A machine that has more to do than it can is not taken for sick members: none
# fails, and few reads are hedged.
# vm: timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup fio jq
plan 4

load_module dm-rlnc
ram_members 6 24
format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"

hogs=()
for i in 1 2 3 4; do (while :; do :; done) & hogs+=($!); done
stop_hogs() { kill "${hogs[@]}" 2>/dev/null; wait "${hogs[@]}" 2>/dev/null; true; }
cleanup stop_hogs
klog_mark
check "four jobs beside four hogs" fio --name=t --filename=/dev/mapper/v --size=16M --direct=1 --ioengine=libaio \
	--rw=randrw --bsrange=4k-128k --iodepth=16 --numjobs=4 --offset_increment=16M --time_based --runtime=20 \
	--verify=crc32c --fsync=128 --group_reporting --output-format=json --output="$TMPDIR/fio"
stop_hogs
is "$(letters v)" AAAAAA "no member has failed"
check_fails "none was said not to answer" klog_has 'does not answer'
reads=$(sed -n '/^{/,$p' "$TMPDIR/fio" | jq '.jobs[0].read.total_ios')
note "$(field v 12) of $reads reads were hedged"
check "few reads were hedged" test "$(($(field v 12) * 20))" -le "$reads"
must gone v
