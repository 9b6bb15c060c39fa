# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Three machines: network namespaces behind one switch, which is in the namespace of the test,
# and a skyd on each of them.  Sourced after lib.sh, in a network and mounts of the test's own.
#
#	a 10.9.0.1	the gateway
#	b 10.9.0.2	the backend and the vault
#	c 10.9.0.3	six edges
#
# Each is NAME.sky.test, as the name server at 10.9.0.254 has it, which is beside them.

# shellcheck disable=SC2034 # the test reads all three
declare -A machine=() skyd=() address=([a]=10.9.0.1 [b]=10.9.0.2 [c]=10.9.0.3)
pki=$TMPDIR/pki

# on MACHINE COMMAND...: in its network.
on() { local name=$1; shift; nsenter -t "${machine[$name]}" -n "$@"; }

make_switch()
{
	must ip link set lo up
	must ip link add switch type bridge
	must ip addr add 10.9.0.254/24 dev switch
	must ip link set switch up
	dns_start 10.9.0.254 --local=/test/
	dns_names <<-EOT
	10.9.0.1 a.sky.test
	10.9.0.2 b.sky.test
	10.9.0.3 c.sky.test
	EOT
}

# make_machine NAME
make_machine()
{
	local name=$1

	unshare -n sleep infinity &
	machine[$name]=$!
	cleanup kill "${machine[$name]}"
	poll_until 5 other_network "${machine[$name]}" || bail "no network for $name"
	must ip link add "to-$name" type veth peer name eth0 netns "${machine[$name]}"
	must ip link set "to-$name" master switch up
	must on "$name" ip link set lo up
	must on "$name" ip addr add "${address[$name]}/24" dev eth0
	must on "$name" ip link set eth0 up
}

other_network() { ! [ "/proc/$1/ns/net" -ef /proc/self/ns/net ]; }

# cut NAME, heal NAME: its cable.
cut_cable() { must ip link set "to-$1" down; }
heal_cable() { must ip link set "to-$1" up; }

# config NAME: what all machines have; the rest comes from standard input.
config()
{
	mkdir -p "$TMPDIR/$1"
	{
		cat <<-EOT
		[skyd]
		state = $TMPDIR/$1
		control = unix:$TMPDIR/$1/control
		chroot =
		stop = 5s
		[log]
		audit = no
		[gateway]
		user =
		listen = 10.9.0.1:9000
		[backend]
		user =
		[vault]
		user =
		keys = $TMPDIR/$1/vault/keys
		[edges]
		user =
		[resolver]
		user =
		[link]
		user =
		ping = 500ms
		certificate = $pki/$1.crt
		key = $pki/$1.key
		authority = $pki/authority.crt
		EOT
		cat
	} >"$TMPDIR/$1.conf"
}

# start NAME ROLE...: its skyd; the log goes on in one file.
start()
{
	local name=$1 role
	local -a roles=()

	shift
	for role; do roles+=(--role "$role"); done
	# Not by a function: its process would be a shell's.
	nsenter -t "${machine[$name]}" -n skyd --config "$TMPDIR/$name.conf" "${roles[@]}" >>"$TMPDIR/$name.log" 2>&1 &
	skyd[$name]=$!
}

# stop NAME
stop()
{
	kill "${skyd[$1]}" 2>/dev/null
	wait "${skyd[$1]}"
}

# power_off NAME: all of its processes at once, without a word to anybody.
power_off()
{
	local pid=${skyd[$1]} children

	children=$(pgrep -P "$pid" | tr '\n' ' ')
	# shellcheck disable=SC2086 # words
	kill -9 "$pid" $children
	wait "$pid" 2>/dev/null
}

said() { grep -qE -- "$2" "$TMPDIR/$1.log"; }
# times NAME PATTERN: how often.
times() { grep -cE -- "$2" "$TMPDIR/$1.log"; }

stop_all()
{
	local name

	for name in a b c; do
		[ -z "${skyd[$name]:-}" ] || stop "$name"
	done
	return 0
}
