#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How a scrub has ended: finished, stopped by somebody or because the volume takes no
# more writes, or not yet; rlncsetup scrub --wait fails unless it has finished.
# vm: timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 22

load_module dm-rlnc
ram_members 6 24
format 4 --symbol 4K
must create v -- "${MEMBERS[@]}"
must dd if=<(pattern 8 ends) of=/dev/mapper/v bs=1M count=8 iflag=fullblock oflag=direct conv=fsync status=none
work() { field v 8 | cut -d: -f1; }
outcome() { field v 13; }
is_now() { [ "$(work) $(outcome)" = "$1" ]; }
has_ended() { ended "$waiting"; }
begin_waiting() { rlncsetup scrub --wait v >"$TMPDIR/said" 2>&1 & waiting=$!; }

is "$(work) $(outcome)" "idle none" "there was none"
check "one is waited for" rlncsetup scrub --wait v
is "$(work) $(outcome)" "idle finished" "it has finished"
must gone v

# As slow as that, this one would take half an hour.
must create v rebuild_kbps=10 writes_min=6 -- "${MEMBERS[@]}"
is "$(outcome)" none "of another activation nothing is known"
begin_waiting
check "another begins" poll_until 10 is_now "scrub none"
must dmsetup suspend v
is "$(work) $(outcome)" "scrub none" "suspended it is interrupted, and has not ended"
must dmsetup resume v
check "the one who waits goes on waiting" running "$waiting"
must dmsetup message v 0 scrub stop
check "until somebody stops it" poll_until 20 has_ended
check_fails "which is an error" wait "$waiting"
check "that is told" grep -q "the scrub was stopped" "$TMPDIR/said"
is "$(work) $(outcome)" "idle stopped" "the status says so, too"

begin_waiting
check "a new one begins, and how the last one ended is forgotten" poll_until 10 is_now "scrub none"
must dmsetup message v 0 fail 5
dmsetup message v 0 checkpoint
is "$(health v)" read-only "the volume takes no more writes"
check "the scrub is not under way any more" poll_until 20 is_now "idle stopped"
check "nobody waits for it" poll_until 20 has_ended
check_fails "it is an error" wait "$waiting"
check "that is told" grep -q "read-only: the scrub cannot have come to its end" "$TMPDIR/said"
must gone v
must create v -- "${MEMBERS[@]}"
check "opened again, it goes on" poll_until 60 is_now "idle finished"
must gone v

# --- behind a rebuild ------------------------------------------------------------------
must create v rebuild_kbps=10 -- "${MEMBERS[@]}"
must dmsetup message v 0 fail 1
must dd if=<(pattern 1 more) of=/dev/mapper/v bs=64K count=16 iflag=fullblock oflag=direct conv=fsync,notrunc status=none
must dmsetup message v 0 return 1
must poll_until 10 is_now "rebuild none"
begin_waiting
check "one that waits for a rebuild has not ended" running "$waiting"
# Again and again: nothing tells when it has asked for the scrub.
stop_it() { dmsetup message v 0 scrub stop; has_ended; }
check "stopped before it begins" poll_until 20 stop_it
check_fails "is stopped, too" wait "$waiting"
is "$(work) $(outcome)" "rebuild stopped" "and the rebuild goes on"
must gone v
