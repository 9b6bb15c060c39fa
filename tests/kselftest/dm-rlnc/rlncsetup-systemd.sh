#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A machine boots, below a systemd of its own: the volumes of /etc/rlnctab are opened
# and mounted, the monitor brings back members inside the sandbox of its unit, and all
# is closed when the machine is powered off.  FAR=nvme: some are NVMe's instead of NBD's.
# vm: timeout=400

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup dmsetup systemctl journalctl mkfs.ext4 nbdkit make udevadm
plan 16

load_module dm-rlnc
requires_module brd rd_nr=6 rd_size=32768
FAR=${FAR:-nbd}
if [ "$FAR" = nvme ]; then
	# shellcheck source=tests/kselftest/dm-rlnc/nvme.sh
	. "$(dirname "$0")/nvme.sh"
	cleanup unload_nvme
	cleanup stop_nvme
	load_nvme Y
	url=()
	for i in 3 4 5; do
		must serve_nvme $i /dev/ram$i
		url+=("$(nvme_url $i)")
	done
else
	requires_module nbd
	url=(nbd://127.0.0.1:1090{3,4,5}/disk)
fi
m=(/dev/ram0 /dev/ram1 /dev/ram2)
far=(/dev/ram3 /dev/ram4 /dev/ram5)

gone() { local v; for v in here far; do [ ! -e "/dev/mapper/$v" ] || rlncsetup close $v; done; }
cleanup gone
open() { rlncsetup open "$1" --key-file "$pass" "${@:2}"; }
must rlncsetup format -q -k 2 "${cheap[@]}" --key-file "$pass" "${m[@]}"
must rlncsetup format -q -k 2 "${cheap[@]}" --key-file "$pass" "${far[@]}"
must open here "${m[@]}"
must open far "${far[@]}"
for v in here far; do must mkfs.ext4 -q /dev/mapper/$v; done
gone

# --- a machine, and what it does ---------------------------------------------------
files=$TMPDIR/files
must mkdir -p "$files/etc/systemd/system/rlncsetup-monitor.service.d" "$files"/srv/{here,far}
must cp "$pass" "$files/etc/rlnc.key"
cat >"$files/etc/rlnctab" <<-EOT
	here	/etc/rlnc.key	-	${m[*]}
	far	/etc/rlnc.key	nbd-timeout=2,nbd-dead-timeout=1	${url[*]}
EOT
cat >"$files/etc/fstab" <<-EOT
	/dev/mapper/here	/srv/here	ext4	defaults	0 2
	/dev/mapper/far		/srv/far	ext4	_netdev		0 2
EOT
# A server for each of the far members, which are disks of this machine, too.
cat >"$files/etc/systemd/system/serve@.service" <<-'EOT'
	[Unit]
	DefaultDependencies=no
	After=systemd-udevd.service
	[Service]
	Type=forking
	PIDFile=/run/serve%i.pid
	ExecStart=nbdkit --threads 1 --ipaddr 127.0.0.1 --port 1090%i --export-name disk -P /run/serve%i.pid file /dev/ram%i
EOT
cat >"$files/etc/systemd/system/serve.target" <<-'EOT'
	[Unit]
	DefaultDependencies=no
	Wants=serve@3.service serve@4.service serve@5.service
	After=serve@3.service serve@4.service serve@5.service
	Before=network-online.target
EOT
must mkdir -p "$files/etc/systemd/system/network-online.target.wants"
[ "$FAR" = nvme ] || must ln -s ../serve.target "$files/etc/systemd/system/network-online.target.wants/"
cat >"$files/etc/systemd/system/rlncsetup-monitor.service.d/patience.conf" <<-EOT
	[Service]
	ExecStart=
	ExecStart=/usr/sbin/rlncsetup monitor --nbd-timeout 2 --max-delay 4
EOT
if [ "$FAR" = nvme ]; then
	cat >"$files/etc/far" <<-'EOT'
		. tests/kselftest/dm-rlnc/nvme.sh
		lose_member_1() { unplug 4; }
		find_member_1() { plug 4; }
	EOT
else
	cat >"$files/etc/far" <<-'EOT'
		lose_member_1() { systemctl kill -s KILL serve@4; }
		find_member_1() { systemctl start serve@4; }
	EOT
fi
cat >"$files/etc/machine" <<-'EOT'
	. /etc/far
	# A line for each thing that was seen to be so.
	seen() { local what=$1; shift; "$@" >&2 && echo "seen: $what"; }
	until_so() { local i; for ((i = 0; i < 60; i++)); do "$@" && return; sleep 1; done; return 1; }
	are() { dmsetup status far | awk -v want="$1" '$7 == want { so = 1 } END { exit !so }'; }
	told() { journalctl --no-pager -o cat -u rlncsetup-monitor | grep -qE -- "$1"; }
	unit() { systemctl is-active --quiet "$1"; }
	seen "opened" unit rlncsetup@here.service
	seen "mounted" mountpoint -q /srv/here
	seen "far opened" unit rlncsetup@far.service
	seen "far mounted" mountpoint -q /srv/far
	seen "written" sh -c 'echo of the machine >/srv/here/file && echo of the machine >/srv/far/file && sync'
	seen "monitor" systemctl start rlncsetup-monitor
	lose_member_1
	sh -c 'head -c 1M /dev/urandom >/srv/far/more; sync'
	seen "failed" until_so told "member 1 .* failed"
	find_member_1
	seen "returned" until_so are AAA
	seen "told" until_so told 'member 1 .* in sync'
	seen "confined" sh -c 'for f in CapBnd:.*0000000000201000 NoNewPrivs:.*1; do grep -q "^$f" /proc/$(systemctl show --value -p MainPID rlncsetup-monitor)/status || exit 1; done'
	systemctl --no-pager --failed --no-legend | sed 's/^/failed unit: /'
	journalctl --no-pager -o short-monotonic | grep -E 'rlnc|here|far|fsck|mount' | tail -n 60 | sed 's/^/journal: /'
EOT
machine() { "$SKYHOLD_TOP/tests/install/with-systemd" -d -f "$files" -i install-rlncsetup "$SKYHOLD_BUILD" bash /etc/machine; }
machine >"$TMPDIR/log" 2>&1
status=$?
cat "$TMPDIR/log"
saw() { grep -qx "seen: $1" "$TMPDIR/log"; }
is "$status" 0 "a machine boots, works, and is powered off"
check "a volume of rlnctab was opened at its boot" saw opened
check "and mounted by fstab" saw mounted
check "one with members of the network, too" saw "far opened"
check "and mounted after that" saw "far mounted"
check "both were written" saw written
check "the monitor was started by its unit" saw monitor
check "with two capabilities and no more" saw confined
check "a server was killed: its member failed" saw failed
check "the monitor brought it back" saw returned
check "and said so in the journal" saw told
check_fails "no unit of it failed" grep "^failed unit:" "$TMPDIR/log"
is "$(find /dev/mapper -name here -o -name far)" "" "the volumes were closed"
gone
check "one opens again" open here "${m[@]}"
must mkdir "$TMPDIR/mnt"
must mount -o ro /dev/mapper/here "$TMPDIR/mnt"
is "$(cat "$TMPDIR/mnt/file")" "of the machine" "with what was written"
must umount "$TMPDIR/mnt"
check "and was clean" rlncsetup close here
