#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A volume is a physical volume of LVM: logical volumes on it, a snapshot, growth,
# and a move away from it.
# vm: long timeout=240 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl lvm mkfs.ext4 fsck.ext4 resize2fs
plan 13

load_module dm-rlnc
requires_module ext4
requires_module dm_snapshot
requires_module dm_mirror
ram_members 8 48
other=${MEMBERS[7]}
MEMBERS=("${MEMBERS[@]:0:6}")
format 4 --symbol 4K
must create v allow_discards -- "${MEMBERS[@]}"

# A configuration of the test's own: no daemons, no udev, only these devices.
export LVM_SYSTEM_DIR=$TMPDIR/lvm
mkdir "$LVM_SYSTEM_DIR"
cat >"$LVM_SYSTEM_DIR/lvm.conf" <<CONF
devices {
	filter = [ "a|^/dev/mapper/v$|", "a|^$other$|", "r|.*|" ]
	external_device_info_source = "none"
	obtain_device_list_from_udev = 0
	use_devicesfile = 0
}
activation {
	udev_sync = 0
	udev_rules = 0
	verify_udev_operations = 0
	monitoring = 0
}
global { event_activation = 0 }
CONF
check "a volume becomes a physical volume" lvm pvcreate -q /dev/mapper/v
cleanup sh -c 'lvm vgremove -ff -y rlnctest; rm -rf /run/lvm /run/lock/lvm; true'
must lvm vgcreate -q -s 1M rlnctest /dev/mapper/v
check "a logical volume" lvm lvcreate -q -y -Wn -L 40M -n data rlnctest
lv=/dev/mapper/rlnctest-data
must mkfs.ext4 -q "$lv"
mkdir "$TMPDIR/mnt"
must mount "$lv" "$TMPDIR/mnt"
cleanup sh -c "! mountpoint -q $TMPDIR/mnt || umount $TMPDIR/mnt"
pattern 16 lvm >"$TMPDIR/image"
must cp "$TMPDIR/image" "$TMPDIR/mnt/image"
sync -f "$TMPDIR/mnt"
check "a snapshot of it" lvm lvcreate -q -y -s -L 16M -n before rlnctest/data
must dmsetup message v 0 fail 2
must cp /dev/null "$TMPDIR/mnt/image"
pattern 12 after >"$TMPDIR/mnt/other"
sync -f "$TMPDIR/mnt"
must umount "$TMPDIR/mnt"
drop_caches
check "the logical volume is clean" fsck.ext4 -fn "$lv"
must fsck.ext4 -fy -E journal_only /dev/mapper/rlnctest-before
must mount -o ro /dev/mapper/rlnctest-before "$TMPDIR/mnt"
check "the snapshot has what was there before" cmp "$TMPDIR/image" "$TMPDIR/mnt/image"
must umount "$TMPDIR/mnt"
check "it is removed" lvm lvremove -q -f rlnctest/before
check "the logical volume grows" lvm lvextend -q -L +20M rlnctest/data
must fsck.ext4 -fy "$lv"
check "and its file system" resize2fs "$lv"
must mount "$lv" "$TMPDIR/mnt"
check "nothing is lost" cmp <(pattern 12 after) "$TMPDIR/mnt/other"
must umount "$TMPDIR/mnt"
check "the volume closes and opens beneath it" sh -c 'lvm vgchange -q -an rlnctest'
must gone v
must create v allow_discards -- "${MEMBERS[@]}"
must lvm vgchange -q -ay rlnctest
check "the logical volume is clean" fsck.ext4 -fn "$lv"
check "logical and physical volume are removed" sh -c 'lvm vgremove -q -ff -y rlnctest && lvm pvremove -q /dev/mapper/v'
check "the whole volume can still be read" dd if=/dev/mapper/v of=/dev/null bs=1M iflag=direct status=none
