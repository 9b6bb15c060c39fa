#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Measure dm-rlnc and its peers, in turns, with fio.
# vm: boot=own mem=4G smp=1 timeout=3000 lane=stock
#
# Leaves logs/rounds/N.json, what fio says of round N, and N.stat, the snapshots
# before and after each of its jobs; "skybench dm" reads both.  A job is named
# ROW@STACK.  Every job of writing ends with a flush, in the time that is measured.
# N.aead has what AES-GCM alone took then, in nanoseconds for a byte.
#
# One processor: the emulator would run two in turns anyway, and with one, CPU time
# is what the clock says.
#
# From the environment: SKYHOLD_BENCH_QUICK=1 takes some rows, three short rounds;
# SKYHOLD_BENCH_FORMAT are more options for rlncsetup format.

# shellcheck source=tests/kselftest/lib.sh
. "$SKYHOLD_TOP/tests/kselftest/lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$SKYHOLD_TOP/tests/kselftest/dm-rlnc/volume.sh"
# shellcheck source=tests/bench/dm/stacks.sh
. "$(dirname "$0")/stacks.sh"

QUICK_ROWS="seqread-1m-q16 randread-4k-q1 randread-4k-q16 seqwrite-4k-q16 seqwrite-1m-q16
	randwrite-4k-q1 randwrite-4k-q16 randwrite-64k-q16 fsync-4k-q1
	lost-seqread-1m-q16 lost-randread-4k-q16 lost-randwrite-4k-q16"

all_rows()
{
	local kind size depth
	for kind in seqread randread seqwrite randwrite; do
		for size in 4k 64k 1m; do
			for depth in 1 16; do echo "$kind-$size-q$depth"; done
		done
	done
	echo fsync-4k-q1
	for kind in seqread-1m randread-4k randread-64k seqwrite-1m randwrite-4k; do
		echo "lost-$kind-q16"
	done
}

if [ "${SKYHOLD_BENCH_QUICK:-0}" = 1 ]; then
	read -rd '' -a ROWS <<<"$QUICK_ROWS"
	ROUNDS=3 RUNTIME=700ms REGION_MIB=32
else
	mapfile -t ROWS < <(all_rows)
	ROUNDS=5 RUNTIME=1300ms REGION_MIB=64
fi
SLICE_MIB=96
ROUNDS_OUT=$SKYHOLD_LOGS/rounds

declare -A TOPS MINORS

# make_set SET NUMBER: all stacks once; md devices are numbered from NUMBER.
make_set()
{
	local stack number=$2
	for stack in "${STACKS[@]}"; do
		slices "$1" "$stack" $SLICE_MIB
		"build_$stack" "$1" "$number"
		TOPS[$1-$stack]=$TOP
		MINORS[$1-$stack]=$(minors "$1" "$stack")
		number=$((number + 1))
	done
}

# lose_of_set SET NUMBER: two members of each stack.
lose_of_set()
{
	local stack number=$2
	for stack in "${STACKS[@]}"; do
		lose_two "$1" "$stack" "$number"
		number=$((number + 1))
	done
}

# global [OPTION...]: head of a job file.
global()
{
	printf '%s\n' "[global]" ioengine=libaio direct=1 thread=1 stonewall invalidate=0 disk_util=0 \
		disable_lat=1 disable_clat=1 disable_slat=1 disable_bw_measurement=1 "size=${REGION_MIB}m" "$@"
}

# fill: what is read later; whole stripes, since what dm-integrity has not seen
# written cannot be read.
fill_jobs()
{
	local name
	global rw=write bs=1m iodepth=4 end_fsync=1
	for name in "${!TOPS[@]}"; do printf '%s\n' "[$name]" "filename=${TOPS[$name]}"; done
}

# job ROW STACK
job()
{
	local kind size depth set=whole snapshot
	IFS=- read -r kind size depth <<<"${1#lost-}"
	[ "$1" = "${1#lost-}" ] || set=lost
	snapshot="$SNAPSHOT ${MINORS[$set-$2]}"
	printf '%s\n' "[$1@$2]" "filename=${TOPS[$set-$2]}" "bs=$size" "iodepth=${depth#q}" \
		"exec_prerun=$snapshot" "exec_postrun=$snapshot"
	case $kind in
	seqread)	echo rw=read ;;
	randread)	echo rw=randread ;;
	seqwrite)	printf '%s\n' rw=write end_fsync=1 ;;
	randwrite)	printf '%s\n' rw=randwrite end_fsync=1 ;;
	fsync)		printf '%s\n' rw=randwrite fsync=1 ;;
	esac
}

# round_jobs N: each row for each stack; who is first in a row changes.
round_jobs()
{
	local row i
	global time_based=1 runtime="$RUNTIME" "randseed=$1"
	for row in "${ROWS[@]}"; do
		for ((i = 0; i < ${#STACKS[@]}; i++)); do
			job "$row" "${STACKS[(i + $1) % ${#STACKS[@]}]}"
		done
	done
}

# aead: what the kernel's AES-256-GCM takes for a byte, in requests of 4 KiB; a line
# "encryption NS" or "decryption NS" for each time that it was measured.  tcrypt
# says what it found in the log, in cycles, and refuses to stay.
aead()
{
	local i mhz
	mhz=$(awk '/^cpu MHz/ { print $4; exit }' /proc/cpuinfo)
	klog_mark
	for ((i = 0; i < 3; i++)); do modprobe tcrypt mode=211 2>/dev/null; done
	klog | awk -v mhz="$mhz" '
		/testing speed of / { way = / gcm\(aes\) / ? $NF : "" }
		/ cycles \(4096 bytes\)/ && wanted { print wanted, $(NF - 3) * 1000 / mhz / 4096 }
		{ wanted = /\(256 bit key, 4096 byte blocks\)/ ? way : "" }'
}

# round N
round()
{
	local work=$TMPDIR/round
	rm -rf "$work"
	mkdir "$work"
	aead >"$ROUNDS_OUT/$1.aead"
	round_jobs "$1" >"$work/jobs"
	(cd "$work" && fio --output-format=json --output=fio.json jobs && grep -H . ./*.txt >stat) || return
	# Remarks come before the document.
	sed -n '/^{/,$p' "$work/fio.json" >"$ROUNDS_OUT/$1.json"
	cp "$work/stat" "$ROUNDS_OUT/$1.stat"
}

requires fio mdadm dmsetup rlncsetup
plan $((2 + ROUNDS))

export MDADM_NO_UDEV=1
mkdir -p "$ROUNDS_OUT"
SNAPSHOT=$TMPDIR/snapshot
must cp "$(dirname "$0")/snapshot" "$SNAPSHOT"
for module in raid456 dm-crypt dm-integrity; do requires_module $module; done
load_module dm-rlnc
requires_module brd rd_nr=$MEMBERS_OF_ALL rd_size=$((SLICE_MIB * 2 * ${#STACKS[@]} * 1024))

make_set whole 10
make_set lost 20
ok "five stacks, twice"
fill_jobs >"$TMPDIR/fill"
check "$REGION_MIB MiB of each are written" fio --output="$TMPDIR/fill.out" "$TMPDIR/fill"
cat "$TMPDIR/fill.out"
lose_of_set lost 20
for ((i = 1; i <= ROUNDS; i++)); do
	check "round $i: ${#ROWS[@]} rows of ${#STACKS[@]} stacks" round "$i"
done
