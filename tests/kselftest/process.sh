# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Whether a process runs; sourced by lib.sh, run.sh and the VM harness.

# running PID: and no zombie, which kill -0 finds alive until the shell has noticed,
# and it may not notice for minutes.
running()
{
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null && [[ ${stat##*) } != [ZX]* ]]
}

ended() { ! running "$1"; }
