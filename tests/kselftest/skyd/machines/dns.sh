# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A name server of the test's own, which is what /etc/resolv.conf says in its namespaces of
# network and mounts.  Sourced after lib.sh.

dns=

# dns_start ADDRESS ARGUMENT...
dns_start()
{
	local address=$1

	shift
	must mount --make-rprivate /
	: >"$TMPDIR/hosts"
	printf 'nameserver %s\noptions timeout:1 attempts:2\n' "$address" >"$TMPDIR/resolv.conf"
	chmod 644 "$TMPDIR/resolv.conf"
	must mount --bind "$TMPDIR/resolv.conf" /etc/resolv.conf
	dnsmasq --conf-file=/dev/null --keep-in-foreground --no-resolv --no-hosts --user=root --pid-file= \
		--listen-address="$address" --bind-interfaces --addn-hosts="$TMPDIR/hosts" --log-facility="$TMPDIR/dns.log" \
		"$@" &
	dns=$!
	cleanup kill "$dns"
	poll_until 10 dns_answers "$address" || bail "no name server: $(<"$TMPDIR/dns.log")"
}

dns_answers() { [ -n "$(ss -Hlun "src $1:53")" ]; }

# dns_reads: how often it has read its names; dns_has_read N: more often than that?
dns_reads() { grep -c "read $TMPDIR/hosts" "$TMPDIR/dns.log"; }
dns_has_read() { [ "$(dns_reads)" -gt "$1" ]; }

# dns_names: lines of "ADDRESS NAME..." become what it knows.
dns_names()
{
	local before

	before=$(dns_reads)
	cat >"$TMPDIR/hosts"
	must kill -HUP "$dns"
	poll_until 10 dns_has_read "$before" || bail "names are not read: $(<"$TMPDIR/dns.log")"
}
