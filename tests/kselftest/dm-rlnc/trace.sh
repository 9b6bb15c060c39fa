#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every tracepoint is hit by what it stands for, and says what happened.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl fio
plan 24

load_module dm-rlnc checkpoint_ms=600000
held_members 6 24
format 4 --symbol 4K
must create v hedge_ms=100 -- "${MEMBERS[@]}"
pattern 4 trace >"$TMPDIR/image"
dev="dev=$(stat -c '%Hr:%Lr' /dev/mapper/v)"

tracing=/sys/kernel/tracing/instances/rlnc
must mkdir "$tracing"
cleanup rmdir "$tracing"
cleanup eval "echo 0 >$tracing/events/rlnc/enable"
must eval "echo 16384 >$tracing/buffer_size_kb"
events=$tracing/events/rlnc
is "$(cat "$events/enable")" 0 "the tracepoints are off"

# trace COMMAND...: with the tracepoints on, and nothing but what it did in $TMPDIR/trace.
trace()
{
	must eval "echo >$tracing/trace"
	must eval "echo 1 >$events/enable"
	must "$@"
	must eval "echo 0 >$events/enable"
	must eval "grep -v '^#' $tracing/trace >$TMPDIR/trace"
	cat "$TMPDIR/trace" >>"$TMPDIR/all"
}
# saw TEXT EVENT FIELDS: a line of the event matches.
saw() { check "$1" grep -Eq " rlnc_$2: $dev $3\$" "$TMPDIR/trace"; }
put() { dd if="$TMPDIR/image" of=/dev/mapper/v oflag=direct conv=notrunc status=none "$@"; }
get() { dd if=/dev/mapper/v of=/dev/null iflag=direct status=none "$@"; }
idle() { [ "$(field v 8)" = idle ]; }

trace put bs=16K count=256
saw "a write begins" io_begin "op=write gen=7 sector=0 count=4"
saw "and ends, in its time" io_end "op=write gen=7 sector=0 count=4 latency_us=[1-9][0-9]* error=0"
saw "its sectors are sealed, in the epoch that is built" seal "tree=0 level=0 index=7 sector=3 birth=$(($(epoch v) + 1))"
saw "and encoded" encode "slot=[0-9]+ column=0 count=1"

trace get bs=16K count=4
saw "a read" io_end "op=read gen=3 sector=0 count=4 latency_us=[1-9][0-9]* error=0"

trace dmsetup message v 0 checkpoint
saw "a checkpoint begins" checkpoint_begin "epoch=$(epoch v) dirty=[1-9][0-9]*"
saw "and ends" checkpoint_end "epoch=$(epoch v) nodes=[1-9][0-9]* error=0"

trace put bs=4K count=1 seek=2 conv=fsync
saw "a small write goes into a pack" pack_seal "pack=0 position=0 gen=0 sector=2 count=1"
saw "which is flushed" pack_flush "pack=0 slot=[0-9]+ column=0 count=1"
saw "and noted in the log" log_record "record=0 slot=[0-9]+ column=0 bytes=[1-9][0-9]* error=0"
saw "for a flush" io_end "op=flush gen=0 sector=0 count=0 latency_us=[1-9][0-9]* error=0"

# 276 packs of 4 sectors are three quarters of those that there are.
small_writes() { fio --name=small --filename=/dev/mapper/v --direct=1 --rw=randwrite --bs=4k --size=3M --io_size=8M --minimal --output=/dev/null; }
merged() { grep -q rlnc_pack_merge "$tracing/trace"; }
trace eval "small_writes && poll_until 30 merged"
saw "the oldest packs are merged" pack_merge "pack=[0-9]+ error=0"
trace put bs=4K count=8
saw "a stream has its generations written at once" stage_end "gen=1 count=4 error=0"

must dd if=/dev/urandom of=/dev/ram3 bs=1M seek=1 count=22 oflag=direct conv=notrunc status=none
trace get bs=16K count=6 skip=250
saw "a sector that is wrong" sector_wrong "tree=0 level=0 index=[0-9]+ sector=3 member=3"
saw "is corrected" corrected "tree=0 level=0 index=[0-9]+ pages=1 members=[0,]*8"

hold 1
trace get bs=16K count=6 skip=250
let_go 1
saw "a member that is late" member_late "member=1"
saw "and the read that is hedged" read_hedged "tree=0 level=0 index=[0-9]+ waited_us=100000"

become 5 error
trace put bs=16K count=4
saw "a request that a member fails" member_error "member=5 op=write bytes=4096 latency_us=[0-9]+ error=-5"
saw "and that the member has failed" member_state "member=5 event=failed valid_through=[0-9]+ reason=\"write error\""
become 5 linear "${RAM[5]}" 0
trace eval "dmsetup message v 0 return 5 && poll_until 60 idle"
saw "it is taken up again" member_state "member=5 event=returned valid_through=[0-9]+ reason=\"\""
saw "rebuilt" work "work=rebuild event=finished done=[0-9]+ total=[0-9]+ mended=[1-9][0-9]* errors=0"
trace eval "dmsetup message v 0 scrub start && poll_until 60 idle"
saw "a scrub" work "work=scrub event=started done=0 total=[1-9][0-9]* mended=0 errors=0"

cut -s -d: -f2- "$TMPDIR/all" | grep -o 'rlnc_[a-z_]*' | sort -u >"$TMPDIR/seen"
is "$(find "$events" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort | comm -23 - "$TMPDIR/seen")" "" \
	"there is no tracepoint that was not hit"
must gone v
