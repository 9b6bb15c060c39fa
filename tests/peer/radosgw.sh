# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Ceph's S3 gateway: somebody else's location, an oracle of conformance, the peer of benchmarks.
# Source it:
#
#	start_radosgw DIR PORT		prints endpoint=, access_key= and secret_key=, one a line
#	...
#	stop_radosgw DIR		from a trap, too, at any time, and as often as one likes
#
# One monitor, one OSD that stores in memory, one gateway; on loopback, and nothing of them
# outside DIR, which is new and goes away with them.  The gateway is at PORT; PORT + 1 to
# PORT + 20 are for the others.  DIR/credentials is what aws-cli reads.  There is no manager:
# S3 needs none, and it would use the processor beside what is measured.  The daemons trust each
# other without keys.  Nothing survives: a peer that never waits for a disk.  (Without
# tcp_nodelay, each small answer would wait 40 ms for an acknowledgement.)
#
# RADOSGW_MEMORY: bytes that may be stored, 4 GiB unless told.

radosgw_programs="radosgw radosgw-admin ceph ceph-mon ceph-osd monmaptool curl"

radosgw_config()
{
	local dir=$1 port=$2 what

	cat <<-EOT
	[global]
	fsid = $(cat /proc/sys/kernel/random/uuid)
	mon host = [v2:127.0.0.1:$((port + 1))]
	public addr = 127.0.0.1
	ms bind msgr1 = false
	ms bind port min = $((port + 2))
	ms bind port max = $((port + 20))
	ms mon client mode = crc
	auth cluster required = none
	auth service required = none
	auth client required = none
	run dir = $dir/run
	pid file = $dir/run/\$name.pid
	admin socket =
	crash dir = $dir/run
	log file = $dir/log/\$name.log
	osd pool default size = 1
	osd pool default min size = 1
	osd pool default pg num = 8
	osd pool default pg autoscale mode = off
	osd crush chooseleaf type = 0
	mon allow pool size one = true
	mon max pg per osd = 1000
	EOT
	# Each of these says something even when all is well.
	for what in mgrc mon monc monmap ms objecter osd paxos rgw rocksdb; do
		echo "debug $what = 0/0"
	done
	cat <<-EOT
	[mon.a]
	mon data = $dir/mon
	mon data avail warn = 0
	mon data avail crit = 0
	mon cluster log to file = false
	[osd.0]
	osd data = $dir/osd
	osd objectstore = memstore
	memstore device bytes = ${RADOSGW_MEMORY:-4294967296}
	[client.rgw]
	rgw data = $dir/rgw
	rgw frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
	rgw enable usage log = false
	rgw enable ops log = false
	rgw gc obj min wait = 1
	EOT
}

# radosgw_tool DIR PROGRAM...: one of Ceph's programs, once.
radosgw_tool()
{
	local dir=$1 program=$2

	shift 2
	timeout -k 5 60 "$program" -c "$dir/ceph.conf" -n client.rgw "$@" </dev/null
}

# They come back when they have begun to serve.
radosgw_daemon()
{
	local dir=$1

	shift
	timeout -k 5 60 "$1" -c "$dir/ceph.conf" "${@:2}" </dev/null >>"$dir/log/start" 2>&1
}

radosgw_daemons()
{
	local dir=$1 port=$2 osd

	osd=$(cat /proc/sys/kernel/random/uuid)
	radosgw_tool "$dir" monmaptool --create --addv a "[v2:127.0.0.1:$((port + 1))]" "$dir/monmap" \
		--fsid "$(sed -n 's/^fsid = //p' "$dir/ceph.conf")" >"$dir/log/start" 2>&1 &&
	radosgw_daemon "$dir" ceph-mon --mkfs -i a --monmap "$dir/monmap" &&
	radosgw_daemon "$dir" ceph-mon -i a &&
	radosgw_tool "$dir" ceph osd new "$osd" >>"$dir/log/start" 2>&1 &&
	radosgw_daemon "$dir" ceph-osd -i 0 --mkfs --osd-uuid "$osd" &&
	radosgw_daemon "$dir" ceph-osd -i 0 &&
	radosgw_daemon "$dir" radosgw -n client.rgw &&
	curl -s -o /dev/null --retry 60 --retry-delay 1 --retry-connrefused -m 60 "http://127.0.0.1:$port/" &&
	radosgw_listens "$dir" "$port"
}

# It is this gateway that has answered, and nobody else who had the port before.
radosgw_listens()
{
	local inode

	inode=$(awk -v port="$(printf ':%04X' "$2")" '$4 == "0A" && substr($2, 9) == port { print $10 }' /proc/net/tcp)
	[ -n "$inode" ] && find "/proc/$(<"$1/run/client.rgw.pid")/fd" -lname "socket:\[$inode]" | grep -q .
}

# radosgw_user DIR NAME: an account; prints access_key= and secret_key=.  The keys are made by
# Ceph: on a command line, others would see them.
radosgw_user()
{
	local made

	made=$(radosgw_tool "$1" radosgw-admin user create --uid "$2" --display-name "$2" 2>>"$1/log/start") ||
		return 1
	# JSON of Ceph writes a slash as "\/".
	sed -nE '/_key"/ { s/^ *"(access_key|secret_key)": "(.*)",?$/\1=\2/; s|\\/|/|g; p }' <<<"$made"
}

# Did all of them start?  Return 1, with the reason on standard error.
start_radosgw()
{
	local dir=$1 port=$2 program keys

	for program in $radosgw_programs; do
		command -v "$program" >/dev/null || {
			echo "radosgw: no program $program; see scripts/install-deps peer" >&2
			return 1
		}
	done
	mkdir "$dir" || return 1
	dir=$(cd "$dir" && pwd -P)
	mkdir "$dir"/{run,log,mon,osd,rgw} && radosgw_config "$dir" "$port" >"$dir/ceph.conf" || return 1
	if radosgw_daemons "$dir" "$port" && keys=$(radosgw_user "$dir" owner) && [ -n "$keys" ]; then
		(umask 077 && sed '1i [default]
			s/^/aws_/; s/aws_access_key=/aws_access_key_id = /; s/aws_secret_key=/aws_secret_access_key = /' \
			<<<"$keys" >"$dir/credentials")
		printf 'endpoint=http://127.0.0.1:%d\n%s\n' "$port" "$keys"
		return 0
	fi
	echo "radosgw: did not start" >&2
	tail -q -n 5 "$dir"/log/* >&2
	stop_radosgw "$dir"
	return 1
}

# Process ids of the gateway and of what stores for it, with commas: what a request costs.
radosgw_pids() { echo "$(<"$1/run/client.rgw.pid"),$(<"$1/run/osd.0.pid")"; }

# What was deleted or replaced stays in memory until this, or until its hour has come.
radosgw_collect() { radosgw_tool "$1" radosgw-admin gc process --include-all >/dev/null 2>&1; }

# Processes that were told to read DIR's configuration, tools included: also those that had no
# time to write their number anywhere.
radosgw_processes()
{
	local line

	for line in /proc/[0-9]*/cmdline; do
		{ tr '\0' '\n' <"$line" | grep -xF -A 1 -e -c | grep -qxF "$1/ceph.conf"; } 2>/dev/null &&
			basename "${line%/cmdline}"
	done
	return 0
}

stop_radosgw()
{
	local dir pid pids

	[ -d "$1" ] || return 0
	dir=$(cd "$1" && pwd -P)
	# One that forks meanwhile is found in the next round.  Nothing of theirs is to be kept.
	while pids=$(radosgw_processes "$dir"); [ -n "$pids" ]; do
		for pid in $pids; do
			kill -KILL "$pid" 2>/dev/null && timeout 20 tail -f --pid="$pid" /dev/null
		done
	done
	rm -rf "$dir"
}
