#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# skyd below a real systemd, started as its manual page says: sockets, reloads, watchdog, crashes,
# a wrong configuration, and the sandbox that the unit asks for.
#
# usage: with-systemd BUILD service.sh

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../kselftest/lib.sh"
requires systemctl journalctl skyctl cmp
plan 35

CONF=/etc/skyd/skyd.conf
URL=http://127.0.0.1:9000

property() { systemctl show --value -p "$1" skyd.service; }
active() { [ "$(property ActiveState)" = active ]; }
main_pid() { property MainPID; }
# role NAME: the process of that name, a child of the parent.
role() { pgrep -P "$(main_pid)" -x "$1" | tail -n 1; }
has_role() { [ -n "$(role "$1")" ]; }
of_process() { awk -F':[ \t]*' -v name="$2" '$1 == name { print $2 }' "/proc/$1/status"; }
user_of() { stat -c %U "/proc/$(role "$1")"; }
s3() { skyctl object "$@" --endpoint $URL; }
is_back() { rm -f back && s3 cp s3://bucket/file back && cmp file back; }
told() { journalctl --no-pager -o cat -u skyd.service | grep -qE -- "$1"; }
another() { [ "$(main_pid)" != "$1" ] && [ "$(main_pid)" != 0 ] && active; }

# What the service has said, and all commands here, are in the journal, which goes with the machine.
journal()
{
	[ "$_failed" -gt 0 ] || [ "$_ran" -lt "$_planned" ] || return 0
	journalctl --no-pager -o cat | tail -n 200 | while IFS= read -r line; do note "$line"; done
}
cleanup journal

cd "$TMPDIR" || bail "no $TMPDIR"

# --- the first start, as in skyd(8) ------------------------------------------------
check "users and folders are made" sh -c 'systemd-sysusers && systemd-tmpfiles --create skyd.conf'
for i in 1 2 3 4 5 6; do
	must install -d -o skyd-edge -g skyd-edge -m 0700 "/var/lib/skyd/edges/e$i"
	printf '[edge e%d]\nlisten = 127.0.0.1:%d\npath = /var/lib/skyd/edges/e%d\n' "$i" $((9000 + i)) "$i" >>$CONF
done
check "the configuration holds" skyd --check-config
check "keys are made" skyd --make-keys
check "it is enabled and started" systemctl enable --now skyd.socket skyd.service
check "it runs" active
is "$(systemctl is-enabled skyd.service skyd.socket | xargs)" "enabled enabled" "it will be there after a boot"
check "a team is made" skyctl team create main
skyctl key create --team main --json >made || bail "no key"
value() { python3 -c 'import json, sys; print(json.load(open("made"))[sys.argv[1]])' "$1"; }
AWS_ACCESS_KEY_ID=$(value access_key)
AWS_SECRET_ACCESS_KEY=$(value secret_key)
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
must dd if=/dev/urandom of=file bs=1M count=9 status=none
must skyctl bucket create --endpoint $URL bucket
check "an object is stored" s3 cp file s3://bucket/file
check "and comes back" is_back

# --- what the unit allows ----------------------------------------------------------
is "$(user_of gateway) $(user_of backend) $(user_of vault) $(user_of 'edge e1')" \
	"skyd-gateway skyd-backend skyd-vault skyd-edge" "each role has a user of its own"
pid=$(main_pid)
is "$(of_process "$pid" NoNewPrivs) $(of_process "$pid" Seccomp)" "1 2" "the parent gets no privileges, and is filtered"
must touch ~/.bashrc
in_its_view() { nsenter -t "$pid" -m -- "$@"; }
check_fails "it cannot write to the system" in_its_view touch /usr/sbin/touched
is "$(in_its_view ls -A ~ "$(dirname "$TMPDIR")" 2>&1 | grep -c "$(basename "$TMPDIR")\|[.]ssh\|[.]bashrc")" 0 \
	"nor see homes, or what others have in /tmp"
is "$(of_process "$(role gateway)" CapEff)" 0000000000000000 "the gateway has no capabilities"

# --- signals and crashes -----------------------------------------------------------
old=$(role gateway)
echo '# another' >>$CONF
check "it is reloaded" systemctl reload skyd.service
is "$(main_pid)" "$pid" "by the same parent"
gateway_changed() { has_role gateway && [ "$(role gateway)" != "$old" ]; }
check "with another gateway" poll_until 30 gateway_changed
check "which answers" is_back
must cp $CONF good
echo 'nonsense = 1' >>$CONF
check_fails "a reload of what is wrong is refused" systemctl reload skyd.service
lines=$(wc -l <$CONF)
check "and says where" told "skyd[.]conf:$lines:"
check "it goes on as it was" is_back
must cp good $CONF
old=$(role backend)
backend_changed() { has_role backend && [ "$(role backend)" != "$old" ]; }
must kill -KILL "$old"
check "a role that dies is started again" poll_until 30 backend_changed
must kill -KILL "$pid"
check "so is the whole" poll_until 30 another "$pid"
check "nothing is lost" poll_until 20 is_back

# --- a watchdog that barks, a stop, and a start by whoever connects ------------------
must mkdir -p /run/systemd/system/skyd.service.d
printf '[Service]\nWatchdogSec=2\n' >/run/systemd/system/skyd.service.d/watchdog.conf
must systemctl daemon-reload
must systemctl restart skyd.service
pid=$(main_pid)
must kill -STOP "$pid"
check "one that hangs is ended, and started again" poll_until 40 another "$pid"
must rm -r /run/systemd/system/skyd.service.d
must systemctl daemon-reload
must systemctl restart skyd.service
check "it stops" systemctl stop skyd.service
is "$(property Result) $(pgrep -c -u skyd-gateway,skyd-backend,skyd-vault,skyd-edge)" "success 0" "well, and whole"
check "whoever connects starts it" is_back

must systemctl stop skyd.socket skyd.service
echo 'nonsense = 1' >>$CONF
check_fails "a start with what is wrong is refused" systemctl start skyd.service
is "$(property ActiveState) $(property ExecMainStatus) $(property NRestarts)" "failed 78 0" "and not tried again"

# --- keys that have a passphrase -----------------------------------------------------
must rm -r /var/lib/skyd
must systemd-tmpfiles --create skyd.conf
must cp good $CONF
sed -i '/^\[edge/,$d' $CONF
must mkdir -p /etc/credstore
(umask 077 && echo 'correct horse' >/etc/credstore/skyd.passphrase)
sed 's|^#passphrase =.*|passphrase = /etc/credstore/skyd.passphrase|' $CONF >by-hand
check "keys are made with a passphrase" skyd --config by-hand --make-keys
check "the service has it from the service manager" systemctl start skyd.service
must systemctl stop skyd.service
echo 'another horse' >/etc/credstore/skyd.passphrase
check_fails "it is needed" systemctl start skyd.service
check "which is said" told 'keys .* cannot be used'
is "$(property ExecMainStatus) $(property NRestarts)" "78 0" "and not tried again"
