#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install-rlncsetup, and what opens the volumes of /etc/rlnctab at boot: the units
# that the generator makes, and rlncsetup open with a name only.
# vm: timeout=180

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup dmsetup make systemd-escape
plan 20

load_module dm-rlnc
requires_module brd rd_nr=3 rd_size=16384
m=(/dev/ram0 /dev/ram1 /dev/ram2)
tab=$TMPDIR/rlnctab
units=$TMPDIR/units
root=$TMPDIR/root

open() { rlncsetup open --tab "$tab" "$@"; }
gone() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup gone

# --- install -----------------------------------------------------------------------
check "make install-rlncsetup" make -s -C "$SKYHOLD_TOP" -o "$SKYHOLD_BUILD/bin/rlncsetup" O="$SKYHOLD_BUILD" \
	DESTDIR="$root" prefix=/usr install-rlncsetup
check "the program runs" "$root/usr/sbin/rlncsetup" --version
check "its unit starts it" grep -q '^ExecStart=/usr/sbin/rlncsetup open -- %i$' "$root/usr/lib/systemd/system/rlncsetup@.service"
check_fails "no place is left to be filled in" grep -r '@[A-Z]*DIR@' "$root/usr/lib"
check "page and completion are there" test -s "$root/usr/share/man/man8/rlncsetup.8" -a -s "$root/usr/share/bash-completion/completions/rlncsetup"

# --- the table ---------------------------------------------------------------------
cat >"$tab" <<-EOT
	# name key options members
	v	$pass	cache-mb=8,nofail	${m[*]}
	later	$pass	noauto			/dev/ram7
	asks	none	-			/dev/ram7
	far	$pass	-			/dev/ram7 nbd://host/export
	bad	$pass	colour=red		/dev/ram7
	short	$pass
	odd/name $pass	-			/dev/ram7
EOT
must mkdir "$units"
exits 0 "the generator runs" "asks has no key file" env RLNCTAB="$tab" "$root/usr/lib/systemd/system-generators/rlnctab-generator" "$units"
is "$(cd "$units" && echo ./*.target.*/*)" "./local-fs.target.requires/rlncsetup@bad.service ./local-fs.target.wants/rlncsetup@v.service ./remote-fs.target.requires/rlncsetup@far.service" "what can be opened at boot is wanted, and required unless nofail"
is "$(readlink "$units/local-fs.target.wants/rlncsetup@v.service")" "/usr/lib/systemd/system/rlncsetup@.service" "by the unit that is installed"
check "after its devices" grep -q '^After=dev-ram1.device$' "$units/rlncsetup@v.service.d/50-rlnctab.conf"
check "or the network" grep -q '^After=network-online.target$' "$units/rlncsetup@far.service.d/50-rlnctab.conf"
exits 0 "without a table there is nothing to do" "^$" env RLNCTAB=/nowhere "$root/usr/lib/systemd/system-generators/rlnctab-generator" "$units"

# --- open by name --------------------------------------------------------------------
must rlncsetup format -q -k 2 "${cheap[@]}" --key-file "$pass" "${m[@]}"
exits 0 "a name is enough" "^$" open v
check "the options are used" grep -q cache_mb=8 <(dmsetup table v)
must rlncsetup close v
exits 0 "the command line says otherwise" "^$" open --cache-mb 16 v
check "and has the last word" grep -q cache_mb=16 <(dmsetup table v)
must rlncsetup close v
must sed -i 's|/dev/ram1|/dev/disk/by-id/lost|' "$tab"
exits 0 "a device that is not there is left out" "lost is not there: going on without it" open v
must rlncsetup close v
exits 4 "a name that is not there" "has no volume w" open w
exits 1 "an option that is none" 'no option "colour"' open bad
exits 1 "a line that is too short" "a line is NAME KEY-FILE OPTIONS MEMBER" open short
exits 4 "no table" "nowhere: No such file" rlncsetup open --tab /nowhere v
