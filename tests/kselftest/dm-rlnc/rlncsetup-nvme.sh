#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Members as nvme-tcp:// URLs, with the kernel's multipath and without: formatted,
# opened, closed, and nothing stays connected; what is wrong is said in words.
# vm: timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
# shellcheck source=tests/kselftest/dm-rlnc/nvme.sh
. "$(dirname "$0")/nvme.sh"
requires rlncsetup dmsetup nbdkit perl
plan 39

load_module dm-rlnc
requires_module brd rd_nr=4 rd_size=24576
head -c 2097152 /dev/urandom >"$TMPDIR/image"
cleanup unload_nvme
cleanup stop_nvme
gone() { [ ! -e /dev/mapper/v ] || rlncsetup close v; }
cleanup gone
url=("$(nvme_url 0)" "$(nvme_url 1)" "$(nvme_url 2)")
open() { rlncsetup open v --key-file "$pass" "$@"; }
dump() { rlncsetup dump --nbd-timeout 2 "$@"; }
unconnected() { [ "$(nvme_connections)" -eq 0 ]; }
head_of() { dd if="$1" bs=1M count=2 iflag=direct status=none; }

some_disk() { rlncsetup status v | grep -m 1 -o '/dev/nvme[0-9]*n1'; }

for multipath in Y N; do
	load_nvme $multipath
	for i in 0 1 2; do must serve_nvme "$i" "/dev/ram$i"; done
	exits 0 "multipath=$multipath: three subsystems are formatted" "any 2 of 3" \
		rlncsetup format -q --force -k 2 "${cheap[@]}" --key-file "$pass" "${url[@]}"
	check "nothing stays connected" unconnected
	exits 0 "one is dumped" "any 2 of 3" dump "${url[2]}"
	exits 0 "the volume opens" "^$" open "${url[2]}" "${url[0]}" "${url[1]}"
	is "$(nvme_connections)" 3 "over three connections"
	exits 0 "status knows the URLs" "2 +A +in sync +/dev/nvme[0-9]+n1 .*${nqn}2" rlncsetup status v
	exits 0 "and so does its JSON" "nvme-tcp://127.0.0.1:4421/${nqn}1" rlncsetup status --json v
	check "it is written" dd if="$TMPDIR/image" of=/dev/mapper/v bs=1M oflag=direct conv=fsync,nocreat status=none
	check "and read" cmp "$TMPDIR/image" <(head_of /dev/mapper/v)
	exits 5 "a member in use is not formatted" "mounted or part of something that is open" \
		rlncsetup format -q --force -k 1 "${cheap[@]}" --key-file "$pass" "$(some_disk)"
	exits 0 "it closes" "^$" rlncsetup close v
	check "nothing stays connected" unconnected
	[ $multipath = N ] || { must stop_nvme; }
done

exits 1 "a URL that is none" "not of the form nvme-tcp://" dump "nvme-tcp://127.0.0.1"
exits 4 "a subsystem that is not there" "not connected: .*" dump "nvme-tcp://127.0.0.1:4420/nqn.2026-01.org.example:none"
exits 4 "a port where nobody listens" "port 4999: Connection refused" dump "nvme-tcp://127.0.0.1:4999/${nqn}0"
exits 4 "a host that cannot be reached" "192.0.2.1 port 4420: Network is unreachable" dump "nvme-tcp://192.0.2.1/${nqn}0"
exits 4 "a host without a name" "no-such-host.invalid: " dump "nvme-tcp://no-such-host.invalid/${nqn}0"
listening() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
nbdkit -f -i 127.0.0.1 -p 4998 memory 1M &
cleanup kill $!
# Its kernel accepts, and nobody ever says a word.
perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(4997, inet_aton("127.0.0.1"))) or die; listen(S, 5); sleep 1000' &
cleanup kill $!
poll_until 10 listening 4998 || bail "the other server does not listen"
poll_until 10 listening 4997 || bail "the silent server does not listen"
exits 4 "a server of something else" "port 4998, subsystem .*: not connected: Protocol error" dump "nvme-tcp://127.0.0.1:4998/${nqn}0"
exits 4 "a silent one is given up" "port 4997, subsystem .*: not connected" timeout 60 rlncsetup dump "nvme-tcp://127.0.0.1:4997/${nqn}0"
check "none of these leaves a connection" unconnected

# Only one host is let in, and that is said to be us.
us=nqn.2014-08.org.nvmexpress:uuid:7c9e6679-7425-40de-944b-e07fc1f90ae7
# shellcheck disable=SC2016 # for the inner shell
as_us() { unshare -m sh -c 'mkdir -p /etc/nvme && mount --bind "$1" /etc/nvme && shift && exec "$@"' - "$TMPDIR/us" "$@"; }
must mkdir "$TMPDIR/us" "$nvmet/hosts/$us"
echo "$us" >"$TMPDIR/us/hostnqn"
echo "${us##*:}" >"$TMPDIR/us/hostid"
must sh -c "echo 0 >$nvmet/subsystems/${nqn}1/attr_allow_any_host"
must ln -s "$nvmet/hosts/$us" "$nvmet/subsystems/${nqn}1/allowed_hosts/"
exits 4 "a target that does not let us in" "let this host in" dump "${url[1]}"
exits 0 "it does when it knows who we are" "any 2 of 3" as_us rlncsetup dump "${url[1]}"

must poll_until 10 modprobe -qr nvme_tcp nvme_fabrics
exits 4 "a kernel without NVMe over TCP" "hint: modprobe nvme-tcp" env PATH=/nowhere "$(command -v rlncsetup)" dump "${url[0]}"
exits 0 "its module is loaded where that is possible" "any 2 of 3" dump "${url[0]}"

must add_namespace 0 7 /dev/ram3
exits 1 "two namespaces: one must be named" "has several namespaces: 1 7" dump "${url[0]}"
exits 0 "it is" "any 2 of 3" dump "${url[0]}?nsid=1"
exits 4 "the other one is no member" "not a dm-rlnc member" dump "${url[0]}?nsid=7"
