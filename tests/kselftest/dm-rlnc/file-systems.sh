#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ext4 and xfs live on a volume through lost members, and are clean afterwards; so
# does a root file system that programs are run from, with a repository in it.
# vm: long timeout=400 mem=2G

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/volume.sh
. "$(dirname "$0")/volume.sh"
requires dmsetup openssl mkfs.ext4 fsck.ext4 mkfs.xfs xfs_repair git bash ldd
plan 18

load_module dm-rlnc
requires_module ext4
requires_module xfs
ram_members 6 112
format 4 --symbol 16K
must create v allow_discards -- "${MEMBERS[@]}"
mnt=$TMPDIR/mnt
mkdir "$mnt"
cleanup sh -c "! mountpoint -q $mnt || umount $mnt"
checksums() { (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum; }
idle() { [ "$(field v 8)" = idle ] && [ "$(letters v)" = AAAAAA ]; }

# A repository of our own sources, so that nothing outside the tree is needed.
export HOME=$TMPDIR GIT_CONFIG_NOSYSTEM=1
repo=$TMPDIR/repo
must git init -q "$repo"
must cp -a "$SKYHOLD_TOP/kernel" "$SKYHOLD_TOP/user" "$repo"
git -C "$repo" -c gc.auto=0 add . && git -C "$repo" -c user.name=t -c user.email=t@example.org commit -qm one
must git -C "$repo" rev-parse -q --verify HEAD
tree=$(git -C "$repo" rev-parse 'HEAD^{tree}')
expected=$(checksums "$repo/kernel")

# --- ext4, the root of a chroot -----------------------------------------------------
must mkfs.ext4 -q /dev/mapper/v
must mount -o discard /dev/mapper/v "$mnt"
for program in /bin/bash /usr/bin/git /usr/bin/sha256sum /usr/bin/find /usr/bin/sort /usr/bin/xargs /bin/cat; do
	for file in "$program" $(ldd "$program" | grep -o '/[^ ]*'); do
		[ -e "$mnt$file" ] || { mkdir -p "$mnt${file%/*}" && cp -L "$file" "$mnt$file"; }
	done
done
mkdir -p "$mnt/tmp" "$mnt/dev" "$mnt/usr/share"
must mknod -m 666 "$mnt/dev/null" c 1 3
check "ext4: git clones into a root file system" git clone -q --no-local "$repo" "$mnt/clone"
sync
must dmsetup message v 0 fail 1
drop_caches
check "programs are run from it, a member lost" chroot "$mnt" /usr/bin/git -C /clone fsck --full --strict
is "$(chroot "$mnt" /usr/bin/git -c safe.directory=/clone -C /clone rev-parse 'HEAD^{tree}')" "$tree" "the tree is the one that was cloned"
# shellcheck disable=SC2016 # it is for the shell in there
chroot "$mnt" /bin/bash -c 'cd /clone && for i in 1 2; do cat kernel/*/*.c >/tmp/all$i; done; sha256sum /tmp/all2 >/tmp/sum' &
must dmsetup message v 0 fail 4
check "and go on while a second one fails" wait $!
drop_caches
check "what they wrote is right" chroot "$mnt" /usr/bin/sha256sum -c --quiet /tmp/sum
is "$(checksums "$mnt/clone/kernel")" "$expected" "so is every file of the clone"
must rm -rf "$mnt/clone" "$mnt/tmp"
must umount "$mnt"
check "ext4: fsck finds nothing, degraded" fsck.ext4 -fn /dev/mapper/v
must dmsetup message v 0 return 1
must dmsetup message v 0 return 4
check "both members are rebuilt" poll_until 60 idle

# --- xfs -----------------------------------------------------------------------------
check "xfs takes its place" mkfs.xfs -q -f /dev/mapper/v
must mount /dev/mapper/v "$mnt"
check "xfs: git clones into it" git clone -q --no-local "$repo" "$mnt/clone"
cp -a "$mnt/clone/kernel" "$mnt/copy" &
must dmsetup message v 0 fail 0
check "a copy goes on while a member fails" wait $!
sync -f "$mnt"
must dmsetup suspend v
must dmsetup resume v
drop_caches
is "$(checksums "$mnt/copy")" "$expected" "every file of the copy is right"
check "git fsck finds nothing" git -C "$mnt/clone" fsck --full --strict
check "files are removed" rm -rf "$mnt/clone"
check "free space is trimmed" fstrim "$mnt"
is "$(checksums "$mnt/copy")" "$expected" "which leaves the others"
must umount "$mnt"
check "xfs: repair finds nothing to do" xfs_repair -n /dev/mapper/v
must gone v
must create v -- "${MEMBERS[@]}"
check "nor after the volume was closed and opened" xfs_repair -n /dev/mapper/v
