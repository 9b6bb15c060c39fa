# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the soak tests: everything that can happen to a volume and must not show,
# in an order that a seed decides, while fio writes and verifies.  Never are more
# than CHURN_AWAY members hurt, stale or rotten at a time, so that no I/O error is
# allowed for.
#
#	CHURN_SEED	of the driver and of fio (random)
#	NOMEM		set by churn_faults: allocations of the module fail, too
#
# What comes next follows from the seed and from what the driver has done, never from
# what it has seen: the same seed takes the same steps.  Every step is a line of the
# results and of the kernel's log, with the time.

# Steps and conditions are called by name, and the last command of a list decides.
# shellcheck disable=SC2015,SC2034,SC2317

CHURN_SEED=${CHURN_SEED:-$((SRANDOM % 30000 + 1))}
CHURN_AWAY=2
CHURN_DEVICES=10
CHURN_MEMBERS=8		# the most that adding makes it
CHURN_MIB=24		# of each member, at first
CHURN_TOP_MIB=40	# of each ram disk
CHURN_BIOS=5		# that fail at a time
CHURN_MODEL_MIB=4	# of the driver's own region
MODEL_AT=24		# MiB, where that is; below it is fio's
FAIL_REQUEST=/sys/kernel/debug/fail_make_request
DEADLINE=$((5000 * SKYHOLD_SLOW))

DEV=()			# the device of member i: m0, m1...
HURT=()			# what was done to member i
RECOVERING=()		# member i is well, but may not have caught up
BIOS=0 ARMED=0		# that have failed, that shall
REPLACED=()		# member i in this activation
SPARE=() RETIRED=()	# devices
GROWN=()		# MiB that were the volume's last once

# The hands that are dealt: all of it happens, again and again, in another order.
declare -A CARDS=(
	[step]="hurt hurt hurt hurt hurt hurt heal heal heal settle absent replace replace add rot scrub scrub_stop
		checkpoint look suspend suspend key reload reload grow model model model model model"
	[kind]="failed error held silent slow flaky lying"
	[how]="write write discard zero"
)
declare -A HAND=()
declare -A COUNT=()	# steps of each kind

draw() { REPLY=$((RANDOM % $1)); }

# deal CARDS: the next of them.
deal()
{
	local i card cards
	read -ra cards <<<"${HAND[$1]:-}"
	if [ ${#cards[@]} -eq 0 ]; then
		read -ra cards <<<"${CARDS[$1]//$'\n'/ }"
		for ((i = ${#cards[@]} - 1; i > 0; i--)); do
			draw $((i + 1))
			card=${cards[i]} cards[i]=${cards[REPLY]} cards[REPLY]=$card
		done
	fi
	HAND[$1]=${cards[*]:1}
	REPLY=${cards[0]}
}

count() { COUNT[$1]=$((${COUNT[$1]:-0} + 1)); }
tell() { local up; read -r up _ </proc/uptime; note "$up: $*"; echo "soak: $*" >/dev/kmsg; }
wrong() { tell "WRONG: $*"; WRONG=$*; return 1; }

# --- devices ---------------------------------------------------------------------------

under() { echo "/dev/ram${1#m}"; }

# put_under NAME TABLE...: without its range, which is as long as members are.  The
# device is held for no longer than the tables are exchanged: on a slow machine, for
# two processes more may be until the deadline.
put_under() { dmsetup reload "$1" --table "0 $((CHURN_MIB * 2048)) ${*:2}" && dmsetup resume --nolockfs "$1"; }
whole() { put_under "$1" linear "$(under "$1")" 0; }

fail_requests() { echo "$2" >"/sys/block/$(basename "$(under "$1")")/make-it-fail"; }

# --- the volume ------------------------------------------------------------------------

# look: the status line, in STATE.
look() { read -ra STATE < <(dmsetup status v) && [ ${#STATE[@]} -gt 12 ]; }
letter() { look && REPLY=${STATE[6]:$1:1}; }
idle() { look && [ "${STATE[10]}" = idle ]; }
all_in_sync() { idle && [[ ${STATE[6]} =~ ^A+$ ]]; }

# away: how many members are not what they should be.
away()
{
	local i
	REPLY=0
	for i in "${!DEV[@]}"; do
		[ -z "${HURT[i]:-}${RECOVERING[i]:-}" ] || REPLY=$((REPLY + 1))
	done
}

has_failed() { letter "$1" && [ "$REPLY" = F ]; }

# taken_up I: the member has not failed, or no more.
taken_up() { letter "$1" && { [ "$REPLY" != F ] || { message return "$1" && letter "$1" && [ "$REPLY" != F ]; }; }; }

# caught_up: all are in sync that are not hurt; those that recover are taken up again if
# an error of before was noticed late.  The others must not fail.
caught_up()
{
	local i
	look || return
	for i in "${!DEV[@]}"; do
		[ -z "${HURT[i]:-}" ] || continue
		case ${STATE[6]:i:1} in
		A)	;;
		F)	[ -n "${RECOVERING[i]:-}" ] || { STRANGE=$i; return 0; }
			message return "$i"
			return 1 ;;
		*)	return 1 ;;
		esac
	done
}

settle()
{
	STRANGE=''
	poll_until 60 caught_up || wrong "not all catch up: ${STATE[*]}" || return
	[ -z "$STRANGE" ] || wrong "member $STRANGE has failed, and nothing was done to it: ${STATE[*]}" || return
	RECOVERING=()
}
step_settle() { settle; }

# make_room N: have no more than N members away.
make_room()
{
	away
	while [ "$REPLY" -gt "$1" ]; do
		if [ "${#RECOVERING[@]}" -gt 0 ]; then settle; else step_heal; fi || return
		away
	done
}

# pick_well: a member that may be hurt.
pick_well()
{
	make_room $((CHURN_AWAY - 1)) || return
	draw "${#DEV[@]}"
	while [ -n "${HURT[REPLY]:-}${RECOVERING[REPLY]:-}" ]; do REPLY=$(((REPLY + 1) % ${#DEV[@]})); done
}

knob() { [ -z "${NOMEM:-}" ] || echo "$2" >"$NOMEM/$1"; }

# able COMMAND...: it succeeds; where allocations fail, at the latest when they do not.
able()
{
	local said try status
	for try in 1 2 3; do
		status=0
		[ "$try" -eq 3 ] || knob wait 1
		said=$("$@" 2>&1) || status=$?
		knob wait 0
		echo "+ $*: $status $said"
		[ "$status" -ne 0 ] && [ -n "${NOMEM:-}" ] || break
	done
	return "$status"
}
message() { able dmsetup message v 0 "$@"; }

# A table that could not be activated has to be loaded again.
take_table() { dmsetup reload v --table "$1" && dmsetup suspend v && dmsetup resume v; }

# swap: the table of v, as things are, with options that do not matter to the data.
swap()
{
	local i devs=() opts=(allow_discards "deadline_ms=$DEADLINE")
	look && note "before it: ${STATE[*]}"
	draw 3; case $REPLY in 0) opts+=(hedge_ms=20) ;; 1) opts+=(hedge_ms=2000) ;; esac
	draw 3; [ "$REPLY" -gt 0 ] || opts+=(rebuild_kbps=4000)
	draw 3; [ "$REPLY" -gt 0 ] || opts+=(cache_mb=1)
	for i in "${!DEV[@]}"; do
		if [ "${HURT[i]:-}" = absent ]; then devs+=(-); else devs+=("/dev/mapper/${DEV[i]}"); fi
	done
	able take_table "$(table "${opts[@]}" -- "${devs[@]}")" || wrong "the table is refused" || return
	# The table of before has closed what was replaced.
	SPARE+=("${RETIRED[@]}")
	RETIRED=()
	REPLACED=()
}

# --- what is done to members -------------------------------------------------------------

hurt()
{
	pick_well || return
	local i=$REPLY dev=${DEV[REPLY]} ram
	count "$1"
	ram=$(under "$dev")
	tell "member $i ($dev): $1"
	HURT[i]=$1
	case $1 in
	failed)	message fail "$i" ;;
	error)	put_under "$dev" error ;;
	held)	dmsetup suspend --noflush --nolockfs "$dev" ;;
	silent)	dmsetup suspend --noflush --nolockfs "$dev" && poll_until 60 has_failed "$i" ;;
	slow)	draw 400
		put_under "$dev" delay "$ram" 0 $((100 + REPLY)) "$ram" 0 $((REPLY / 8)) ;;
	flaky)	put_under "$dev" flakey "$ram" 0 1 2 1 error_writes ;;
	lying)	put_under "$dev" flakey "$ram" 0 0 100 5 corrupt_bio_byte 32 r 1 0 ;;
	bios)	fail_requests "$dev" 1 && arm ;;
	esac || wrong "cannot"
}

heal()
{
	local i=$1 dev=${DEV[$1]}
	look
	tell "member $i ($dev): no more ${HURT[i]} (${STATE[6]})"
	RECOVERING[i]=1
	case ${HURT[i]} in
	held | silent) dmsetup resume "$dev" ;;
	error | slow | flaky | lying) whole "$dev" ;;
	bios)	fail_requests "$dev" 0 && bios_failed ;;
	absent)	HURT[i]=''; swap ;;
	esac || wrong "cannot" || return
	HURT[i]=''
	poll_until 60 taken_up "$i" || wrong "it is not taken up again"
}

# arm: CHURN_BIOS bios shall fail, and those counted that have; the kernel counts down.
arm() { bios_failed && ARMED=$CHURN_BIOS && echo $ARMED >$FAIL_REQUEST/times; }
bios_failed()
{
	local left
	read -r left <$FAIL_REQUEST/times
	BIOS=$((BIOS + ARMED - left)) ARMED=0
	echo 0 >$FAIL_REQUEST/times
}

step_hurt() { deal kind; hurt "$REPLY"; }
# One that is absent comes last: a new table has to be able to open all the others.
step_heal()
{
	local i absent=''
	for i in "${!DEV[@]}"; do
		case ${HURT[i]:-} in
		'')	;;
		absent)	absent=$i ;;
		*)	heal "$i"; return ;;
		esac
	done
	[ -n "$absent" ] && heal "$absent"
}
# heal_all [KIND...]: heal those that were hurt so; all without KINDs.
heal_all()
{
	local i
	for i in "${!DEV[@]}"; do
		[ -n "${HURT[i]:-}" ] && { [ $# -eq 0 ] || [[ " $* " == *" ${HURT[i]} "* ]]; } || continue
		[ "${HURT[i]}" = absent ] || heal "$i" || return
	done
	[ $# -gt 0 ] || while step_heal; do :; done
	[ -z "$WRONG" ]
}

step_absent()
{
	heal_all && pick_well || return
	local i=$REPLY
	count absent
	tell "member $i is left out of the table"
	HURT[i]=absent
	swap
}

step_replace()
{
	local i new old
	[ ${#SPARE[@]} -gt 0 ] || return
	# One that is hurt already, or a good one.
	draw "${#DEV[@]}"
	i=$REPLY
	[ -n "${HURT[i]:-}" ] || { pick_well && i=$REPLY; } || return
	[ "${HURT[i]:-}" != absent ] && [ -z "${REPLACED[i]:-}" ] || return
	new=${SPARE[0]} old=${DEV[i]}
	count replaced
	tell "member $i is replaced: $new for $old, ${HURT[i]:-well}"
	message replace "$i" "/dev/mapper/$new" || wrong "cannot" || return
	SPARE=("${SPARE[@]:1}")
	RETIRED+=("$old")
	DEV[i]=$new
	REPLACED[i]=1
	RECOVERING[i]=1
	case ${HURT[i]:-} in
	held | silent) dmsetup resume "$old" ;;
	bios)	fail_requests "$old" 0 && bios_failed ;;
	'' | failed) ;;
	*)	whole "$old" ;;
	esac || wrong "cannot mend $old" || return
	HURT[i]=''
}

step_add()
{
	[ ${#SPARE[@]} -gt 1 ] && [ ${#DEV[@]} -lt "$CHURN_MEMBERS" ] && make_room $((CHURN_AWAY - 1)) || return
	count added
	tell "member ${#DEV[@]} is added: ${SPARE[0]}"
	message add "/dev/mapper/${SPARE[0]}" || wrong "cannot" || return
	RECOVERING[${#DEV[@]}]=1
	DEV+=("${SPARE[0]}")
	SPARE=("${SPARE[@]:1}")
}

# A quarter of a MiB of junk; then a scrub, before anything else is hurt.
step_rot()
{
	local i ram
	make_room 0 && pick_well || return
	i=$REPLY
	count rot
	RECOVERING[i]=1
	ram=$(under "${DEV[i]}")
	draw $((4 * (CHURN_MIB - 2)))
	tell "member $i ($ram): junk from $((REPLY + 4)) quarters of a MiB on, and a scrub"
	dd if=/dev/urandom of="$ram" bs=256K count=1 seek=$((REPLY + 4)) oflag=direct conv=notrunc status=none || wrong "no junk" || return
	poll_until 60 idle && message scrub start && poll_until 120 idle || wrong "no scrub"
}

# --- what is done to the volume -----------------------------------------------------------

step_scrub() { tell "scrub"; count scrub; message scrub start; }
step_scrub_stop() { tell "no scrub"; message scrub stop; }
step_checkpoint() { tell "checkpoint"; message checkpoint || wrong "no checkpoint"; }
step_look()
{
	dmsetup table v
	counters
	look && tell "status: ${STATE[*]}"
}

# counters: of the volume and of its members, as sysfs has them.
counters()
{
	local file disk
	disk=$(readlink -f /dev/mapper/v)
	for file in /sys/block/"${disk##*/}"/rlnc/* /sys/block/"${disk##*/}"/rlnc/*/*; do
		[ ! -f "$file" ] || echo "${file#/sys/block/}: $(tr '\n' ' ' <"$file")"
	done
}

# steps_pause N: N times 50 ms, for others to do something.
steps_pause() { local i; for ((i = 0; i < $1; i++)); do pause; done; }

step_suspend()
{
	local how=()
	draw 2
	[ "$REPLY" -eq 0 ] || how=(--noflush)
	tell "suspend ${how[*]}"
	count suspend
	dmsetup suspend "${how[@]}" v || wrong "it does not suspend" || return
	draw 10
	steps_pause "$REPLY"
	able dmsetup resume v || wrong "it does not resume"
}

step_key()
{
	tell "the key is wiped, and set again"
	dmsetup suspend v && message key wipe || wrong "not wiped" || return
	! dmsetup resume v || wrong "it resumes without a key" || return
	message key set "$KEY" && able dmsetup resume v || wrong "not set"
}

# Not while a member refuses to be opened.
step_reload()
{
	heal_all held silent error flaky lying bios || return
	tell "another table"
	count reload
	swap
}

step_grow()
{
	local dev
	[ "$CHURN_MIB" -lt "$CHURN_TOP_MIB" ] || return
	make_room 0 || return
	count grow
	CHURN_MIB=$((CHURN_MIB + 4))
	SECTORS=$((SECTORS + 4 * 2048))
	tell "$CHURN_MIB MiB a member, $((SECTORS / 2048)) in all"
	for dev in "${DEV[@]}" "${SPARE[@]}" "${RETIRED[@]}"; do
		whole "$dev" || wrong "$dev does not grow" || return
	done
	swap || return
	GROWN+=($((SECTORS / 2048 - 1)))
	dd if="$TMPDIR/pattern" of=/dev/mapper/v bs=1M count=1 seek="${GROWN[-1]}" oflag=direct,dsync status=none || wrong "the end cannot be written"
}

# Writes, discards and zeroes in a region of the driver's own, and in a model of it.
model_is_right() { cmp "$TMPDIR/model" <(dd if=/dev/mapper/v bs=1M skip=$MODEL_AT count=$CHURN_MODEL_MIB iflag=direct status=none); }
step_model()
{
	local at count from
	draw $((CHURN_MODEL_MIB * 256)); at=$REPLY
	draw $((CHURN_MODEL_MIB * 256 - at)); count=$((REPLY + 1))
	draw 256; from=$REPLY
	deal how
	count "$REPLY"
	tell "own region: $count blocks from $at on, $REPLY"
	case $REPLY in
	discard) # Whole generations: of others a discard leaves what it likes.
		at=$((at / 4 * 4)) count=$(((count + 3) / 4 * 4))
		blkdiscard -o $(((MODEL_AT * 256 + at) * 4096)) -l $((count * 4096)) /dev/mapper/v &&
			dd if=/dev/zero of="$TMPDIR/model" bs=4K seek=$at count=$count conv=notrunc status=none ;;
	zero)	blkdiscard -z -o $(((MODEL_AT * 256 + at) * 4096)) -l $((count * 4096)) /dev/mapper/v &&
			dd if=/dev/zero of="$TMPDIR/model" bs=4K seek=$at count=$count conv=notrunc status=none ;;
	*)	[ $count -le 256 ] || count=256
		dd if="$TMPDIR/pattern" of=/dev/mapper/v bs=4K skip=$from seek=$((MODEL_AT * 256 + at)) count=$count oflag=direct conv=fsync status=none &&
			dd if="$TMPDIR/pattern" of="$TMPDIR/model" bs=4K skip=$from seek=$at count=$count conv=notrunc status=none ;;
	esac || wrong "an error" || return
	model_is_right || wrong "own region is not what was written"
}

grown_is_right()
{
	local at
	for at in "${GROWN[@]}"; do
		cmp -n 1048576 "$TMPDIR/pattern" <(dd if=/dev/mapper/v bs=1M skip="$at" count=1 iflag=direct status=none) || return
	done
}

# --- fio ----------------------------------------------------------------------------------

# A job's region, in MiB from and how many (a quarter of it where all is slow), and how
# it is written.  Sizes are mixed without overlap: fio keeps a map.
declare -A FIO_JOBS=(
	[stream]="0 8 --rw=write --bs=1M --ioengine=libaio --iodepth=4 --verify_backlog=6"
	[random]="8 8 --rw=randwrite --bssplit=4k/60:16k/15:64k/15:128k/10 --ioengine=io_uring --iodepth=16 --verify_backlog=32"
	[durable]="16 2 --rw=randwrite --bs=4k --ioengine=psync --fdatasync=5 --verify_backlog=64"
	[odd]="20 4 --rw=randwrite --bsrange=4k-40k --ioengine=libaio --iodepth=4 --verify_backlog=16"
)

run_fio() # JOB SEED OPTION...
{
	local at size how
	read -r at size how <<<"${FIO_JOBS[$1]}"
	[ "$SKYHOLD_SLOW" -eq 1 ] || size=$(((size + 3) / 4))
	# shellcheck disable=SC2086 # words
	nice -n 5 fio --name="$1" --thread --filename=/dev/mapper/v --direct=1 --verify=crc32c --verify_fatal=1 --verify_state_save=0 --aux-path="$TMPDIR" \
		--offset="${at}M" --size="${size}M" --randseed="$2" $how "${@:3}" --output="$TMPDIR/fio.$1"
}

fio_sum() # JOB
{
	local at size
	read -r at size _ <<<"${FIO_JOBS[$1]}"
	dd if=/dev/mapper/v bs=1M skip="$at" count="$size" iflag=direct status=none | sha256sum
}

# fio_loop JOB: pass after pass, to the end of one.
fio_loop()
{
	local seed=$((CHURN_SEED * 1000))
	until [ -e "$TMPDIR/stop" ]; do
		seed=$((seed + 1))
		run_fio "$1" $seed --thinktime=$((30000 * SKYHOLD_SLOW)) --thinktime_blocks=4 || { echo "fio $1: status $?"; cat "$TMPDIR/fio.$1"; return 1; } >>"$TMPDIR/fio.wrong"
		echo $seed >"$TMPDIR/fio.seed.$1"
	done
	fio_sum "$1" >"$TMPDIR/fio.sum.$1"
}

# With verify_only, fio takes what an earlier pass wrote for good: hence the sum.
fio_is_right()
{
	local job
	for job in "${!FIO_JOBS[@]}"; do
		run_fio "$job" "$(cat "$TMPDIR/fio.seed.$job")" --verify_only=1 || { cat "$TMPDIR/fio.$job"; return 1; }
		cmp "$TMPDIR/fio.sum.$job" <(fio_sum "$job") || return
	done
}

# --- the whole ------------------------------------------------------------------------------

churn_begin()
{
	local i
	tell "seed $CHURN_SEED"
	RANDOM=$CHURN_SEED
	WRONG=''
	load_module dm-rlnc
	requires_module dm-delay
	requires_module dm-flakey
	ram_members $CHURN_DEVICES $CHURN_TOP_MIB
	for ((i = 0; i < CHURN_DEVICES; i++)); do
		must dmsetup create "m$i" --table "0 $((CHURN_MIB * 2048)) linear /dev/ram$i 0"
		cleanup poll_until 10 dmsetup remove "m$i"
		SPARE+=("m$i")
	done
	DEV=("${SPARE[@]:0:6}")
	SPARE=("${SPARE[@]:6}")
	MEMBERS=("${DEV[@]/#//dev/mapper/}")
	format 4 --symbol 4K --size 32M
	must create v allow_discards "deadline_ms=$DEADLINE" -- "${MEMBERS[@]}"
	cleanup let_all_go
	pattern 1 "$CHURN_SEED" >"$TMPDIR/pattern"
	truncate -s ${CHURN_MODEL_MIB}M "$TMPDIR/model"
}

let_all_go()
{
	local i
	touch "$TMPDIR/stop"
	for ((i = 0; i < CHURN_DEVICES; i++)); do dmsetup resume "m$i"; done
	[ ! -e /dev/mapper/v ] || dmsetup resume v
	# shellcheck disable=SC2046 # words
	kill $(jobs -p) 2>/dev/null || :
	wait
}

# churn_faults FILE: allocations of the module fail, and bios.
churn_faults()
{
	local base
	base=$(cat /sys/module/dm_rlnc/sections/.text)
	must insmod "$1" start="$base" size="$(awk '$1 == "dm_rlnc" { print $2 }' /proc/modules)" seed="$CHURN_SEED"
	cleanup rmmod skyhold_nomem
	NOMEM=/sys/module/skyhold_nomem/parameters
	knob one_in 20
	CARDS[kind]+=" bios bios bios bios bios bios bios"
	echo 0 >$FAIL_REQUEST/times
	echo 30 >$FAIL_REQUEST/probability
	echo 1 >$FAIL_REQUEST/interval
	echo 1 >$FAIL_REQUEST/verbose
}

# churn_faults_work: what is to fail does, and others are spared.
churn_faults_work()
{
	local line failed=0
	line=$(table allow_discards -- "${MEMBERS[@]}")
	knob one_in 1
	knob wait 1
	! dmsetup reload v --table "$line" || failed=1
	dmsetup reload m0 --table "$(dmsetup table m0)" || failed=1
	knob wait 0
	knob one_in 20
	dmsetup reload v --table "$line" && dmsetup clear v && dmsetup clear m0 && [ $failed -eq 0 ]
}

# churn_no_faults: that was all of them; how many there were, in SLABS, PAGES and BIOS.
churn_no_faults()
{
	knob one_in 0
	SLABS=$(cat "$NOMEM/slabs")
	PAGES=$(cat "$NOMEM/pages")
	unset NOMEM
}

sound()
{
	[ -z "$WRONG" ] || return
	[ ! -e "$TMPDIR/fio.wrong" ] || wrong "fio: $(head -c 300 "$TMPDIR/fio.wrong" | tr '\n' ' ')" || return
	look || wrong "no status" || return
	echo "${STATE[*]}"
	case ${STATE[3]} in optimal | degraded) ;; *) wrong "${STATE[*]}" || return ;; esac
	[ "${STATE[12]}" -eq 0 ] || wrong "sectors are lost: ${STATE[*]}"
}

# churn seconds|steps N: fio and the driver.
churn()
{
	local begin=$SECONDS steps=0 job
	for job in "${!FIO_JOBS[@]}"; do
		fio_loop "$job" &
	done
	more() { if [ "$1" = seconds ]; then [ $((SECONDS - begin)) -lt "$2" ]; else [ $steps -lt "$2" ]; fi; }
	while more "$@" && sound; do
		deal step
		"step_$REPLY" || continue
		steps=$((steps + 1))
		draw 20
		steps_pause "$REPLY"
	done
	touch "$TMPDIR/stop"
	heal_all && settle
	tell "$steps steps; fio comes to the end of its passes"
	# Without a process: in the debug kernel fio would get nothing done beside them.
	passes_ended()
	{
		[ ! -e "$TMPDIR/fio.wrong" ] || return 0
		for job in "${!FIO_JOBS[@]}"; do [ -s "$TMPDIR/fio.sum.$job" ] || return; done
	}
	poll_until 200 passes_ended || wrong "fio does not end"
	sound
	tell "fio: $(for job in "${!FIO_JOBS[@]}"; do echo "$job $(($(cat "$TMPDIR/fio.seed.$job") - CHURN_SEED * 1000))"; done | xargs) passes"
	tell "done: $(for job in "${!COUNT[@]}"; do echo "$job ${COUNT[$job]}"; done | sort | xargs)"
	tell "status: ${STATE[*]}"
	counters
	[ -z "$WRONG" ]
}

CHURN_RESULTS=10

# churn_verdict: nothing is lost, now and after opening it again without two members.
churn_verdict()
{
	check "all members are back" poll_until 120 all_in_sync
	klog_mark
	must dmsetup message v 0 scrub start
	check "a scrub ends" poll_until 120 idle
	check_klog "and finds nothing that it cannot mend" 'scrub finished: [0-9]+ mended, 0 could not be'
	check "what fio wrote last is there" fio_is_right
	check "what the driver wrote, too" model_is_right
	must gone v
	MEMBERS=("${DEV[@]/#//dev/mapper/}")
	draw ${#MEMBERS[@]}
	MEMBERS[REPLY]=-
	MEMBERS[(REPLY + 1 + RANDOM % (${#MEMBERS[@]} - 1)) % ${#MEMBERS[@]}]=-
	tell "opened again: ${MEMBERS[*]}"
	check "it opens again without two members" create v allow_discards -- "${MEMBERS[@]}"
	check "what fio wrote is there" fio_is_right
	check "what the driver wrote, too" model_is_right
	check "and what was written where it has grown" grown_is_right
	is "$(field v 10)" 0 "no sector is lost"
	must gone v
}
