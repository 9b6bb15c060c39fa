#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The TPM remembers the epochs of a volume: all members put back to last week are refused; a
# crash inside the lease is not; the monitor renews the lease before it ends.
# vm: boot=own tpm=yes timeout=240

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires rlncsetup dmsetup tpm2_nvread keyctl
[ -c /dev/tpmrm0 ] || skip_all "needs a TPM"
plan 26

load_module dm-rlnc
ram_members 3 16
export TPM2TOOLS_TCTI=device:/dev/tpmrm0
m=("${MEMBERS[@]}")
must rlncsetup format -q -k 2 "${cheap[@]}" --key-file "$pass" "${m[@]}"
close_v() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup close_v
open() { rlncsetup open --key-file "$pass" "$@" v "${m[@]}"; }
write() { dd if=/dev/urandom of=/dev/mapper/v bs=64K count=1 oflag=direct conv=fsync status=none && rlncsetup checkpoint v; }
# crash: the members as they are now; what is open ends, and they are as they were.
crash()
{
	save crash 3
	must dmsetup remove --retry v
	restore crash 3
	must keyctl unlink "$(keyctl search @u user "rlnc-anchor:$uuid")" @u
}

uuid=$(rlncsetup dump "${m[0]}" | grep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' | head -n 1)
exits 2 "a volume that the TPM does not know is refused" "this machine's TPM does not know it" open --anchor
exits 0 "until it is made known" "^$" open --anchor-reset
exits 0 "it is listed" "$uuid" rlncsetup anchor list
must write
exits 0 "closed in order" "^$" rlncsetup close v
save week 3
exits 0 "it opens" "^$" open --anchor
check "and the kernel is told from which epoch on" grep -q min_epoch= <(dmsetup table v)
for _ in 1 2 3; do must write; done
must rlncsetup close v
save today 3

# --- all members put back ---------------------------------------------------------------
restore week 3
exits 2 "all members put back to last week are refused" "an earlier state was put back on its members" open --anchor
check_fails "and nothing is open" test -e /dev/mapper/v
exits 2 "as often as it is tried" "an earlier state was put back" open --anchor
restore today 3
exits 0 "the newest state opens" "^$" open --anchor

# --- a crash ------------------------------------------------------------------------------
must write
crash
exits 0 "after a crash, inside the lease, it opens" "^$" open --anchor
must write
must rlncsetup close v
restore crash 3
exits 2 "the crashed state is an earlier one, later" "an earlier state was put back" open --anchor
restore week 3
exits 2 "and last week's is that still" "an earlier state was put back" open --anchor

# --- beyond the lease -----------------------------------------------------------------------
must rlncsetup open --key-file "$pass" v "${m[@]}"
for _ in 1 2 3 4 5 6 7 8 9 10; do must write; done
must dmsetup remove --retry v
exits 2 "opened without the anchor it is ahead of it" "it has been open elsewhere, or without --anchor" open --anchor
exits 0 "which the owner may allow" "^$" open --anchor-reset --anchor-lease 4
for _ in 1 2 3 4 5 6; do must write; done
crash
exits 2 "a lease that nobody has renewed" "beyond its lease.*was up to" open --anchor
exits 0 "is taken as it is when that is said" "^$" open --anchor-reset --anchor-lease 4

# --- the monitor ----------------------------------------------------------------------------
rlncsetup monitor --foreground --anchor-lease 4 >"$TMPDIR/monitor" 2>&1 &
monitor=$!
cleanup kill $monitor
poll_until 10 grep -q . "$TMPDIR/monitor"
written() { rlncsetup anchor list | sed -n 's/.*written \([0-9]*\) times/\1/p'; }
before=$(written)
# each_renewed: a checkpoint, and the monitor keeps two epochs ahead.
for _ in 1 2 3 4 5 6 7 8; do
	must write
	poll_until 10 grep -q "durable\|checkpoint" "$TMPDIR/monitor"
	sleep 0.3
done
check "the monitor has renewed the lease, and not for every epoch" test "$(written)" -gt "$before" -a "$(written)" -lt $((before + 8))
crash
exits 0 "so that a crash is inside of it" "^$" open --anchor --anchor-lease 4
must rlncsetup close v
check "a closed volume's key is kept nowhere" test -z "$(keyctl search @u user "rlnc-anchor:$uuid" 2>/dev/null)"

# --- who has the owner's rights -----------------------------------------------------------
must tpm2_nvundefine 0x01a5c010
exits 2 "a counter that is gone" "was changed by somebody without its key" open --anchor
check "can be forgotten with its anchor" rlncsetup anchor remove "$uuid"
exits 2 "and is not known then" "does not know it" open --anchor
exits 0 "until it is made known again" "^$" open --anchor-reset
exits 0 "and opens as ever" "^$" rlncsetup close v
check "the monitor had nothing to complain of" test "$(grep -c 'TPM error' "$TMPDIR/monitor")" = 0
