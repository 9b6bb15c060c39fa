#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The epoch that status and sysfs tell is durable, and the root digest beside it is that
# epoch's: not yet while superblocks are being written, and not when that has failed.
# vm: timeout=120 lane=stock,real

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl
plan 7

load_module dm-rlnc checkpoint_ms=3600000
requires_module dm-delay
held_members 3 24
format 2
# supers TARGET...: what is below the superblocks of all members; %s is their disk.
supers()
{
	local i
	for i in 0 1 2; do
		must dmsetup suspend --nolockfs "m$i"
		printf '%s\n' "0 2048 ${*//%s/${RAM[i]}}" "2048 $((RAM_SECTORS - 2048)) linear ${RAM[i]} 2048" >"$TMPDIR/table"
		must dmsetup reload "m$i" "$TMPDIR/table"
		must dmsetup resume "m$i"
	done
}
told() { dmsetup status v | awk '{ print $8, $9 }'; }	# epoch and root
folder() { echo "/sys/dev/block/$(stat -c '%Hr:%Lr' /dev/mapper/v)/rlnc"; }
must create v -- "${MEMBERS[@]}"
must dmsetup message v 0 checkpoint
pattern 1 epoch >"$TMPDIR/image"
before=$(epoch v)

# --- while they are being written --------------------------------------------------------
supers delay %s 0 0 %s 0 2000
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct status=none
dmsetup message v 0 checkpoint &
checkpoint=$!
while running "$checkpoint"; do
	told >>"$TMPDIR/pairs"
	echo "$(cat "$(folder)/epoch") $(epoch v)" >>"$TMPDIR/sysfs"
done
check "a checkpoint is written, slowly" wait "$checkpoint"
is "$(epoch v)" "$((before + 1))" "it is the next epoch"
told >>"$TMPDIR/pairs"
sort -u "$TMPDIR/pairs"
is "$(sort -u "$TMPDIR/pairs" | cut -d' ' -f1 | uniq -d)" "" "no epoch had two roots meanwhile"
is "$(sort -u "$TMPDIR/pairs" | cut -d' ' -f2 | sort | uniq -d)" "" "and no root two epochs"
# shellcheck disable=SC2016 # awk's
check "sysfs was never ahead" awk '$1 > $2 { exit 1 }' "$TMPDIR/sysfs"

# --- when that fails ---------------------------------------------------------------------
before=$(epoch v)
supers error
must dd if="$TMPDIR/image" of=/dev/mapper/v bs=64K oflag=direct status=none
check_fails "a checkpoint that no superblock tells of fails" dmsetup message v 0 checkpoint
after=$(epoch v)
must gone v
supers linear %s 0
create v min_epoch="$after" -- "${MEMBERS[@]}"
is "$(epoch v) $(health v)" "$before optimal" "the volume opens with what it said its epoch was"
