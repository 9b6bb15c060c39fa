# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # status is of who sources this
#
# What cases.sh wants, of the monitor in the kernel.

out=$TMPDIR/out err=$TMPDIR/err
declare -A loops

# guest_begin NAME OPTION... IMAGE WORD...: $status is 2 if it is refused.
guest_begin()
{
	local name=$1 mem=32 cpu='' keys='' arg dev file
	shift
	loops[$name]=''
	while [[ ${1-} == --* ]]; do
		arg=${1#--} dev=${1#*:}
		file=${dev#*=} dev=${dev%%=*}
		case $arg in
		mem=*)		mem=${arg#*=} ;;
		cpu=*)		cpu=${arg#*=} ;;
		core=*)		keys+="|$arg" ;;
		block:*)	keys+="|block.$dev=$(losetup -f --show "$file")" || bail "no loop device"
				loops[$name]+=" $(losetup -j "$file" -O NAME -n | tail -n 1)" ;;
		block-size:*)	keys+="|block_size.$dev=$file" ;;
		readonly:*)	keys+="|readonly.$dev=1" ;;
		net:*)		keys+="|net.$dev=$file" ;;
		mac:*)		keys+="|mac.$dev=$file" ;;
		*)		bail "no option $1" ;;
		esac
		shift
	done
	arg=$1
	shift
	status=0
	: >"$err"
	tell "start|$name|$arg|$cpu|$mem|||${*:-x}$keys" >"$err" || status=2
	[ $status -eq 0 ] || free_loops "$name"
}
free_loops()
{
	local dev
	for dev in ${loops[$1]}; do losetup -d "$dev"; done
}
guest_runs() { ! has_ended "$1"; }
guest_kill() { tell "stop|$1"; }
guest_end()
{
	poll_until 60 has_ended "$1" || tell "stop|$1"
	free_loops "$1"
	console "$1" >"$out"
	value "$1" reason >"$err"
	status=$(value "$1" exit_status)
	head -c 300 "$out" "$err"
}
guest()
{
	guest_begin guest "$@"
	if [ "$status" -eq 0 ]; then guest_end guest; else cat "$err"; : >"$out"; fi
}
