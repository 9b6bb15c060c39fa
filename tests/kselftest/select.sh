# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Which tests a name stands for, and what a test's header says.
#
# A test is ROOT/AREA/NAME.sh and begins, after the interpreter and SPDX lines,
# with a comment that says what is shown.  A line "# vm: KEY=VALUE ..." in the
# head tells what it needs:
#
#	timeout=SECONDS	limit on an unloaded machine (60)
#	lane=LIST	lanes in which it makes sense (stock,debug,real)
#	long		takes minutes: run when it is named, by "long" too
#	optional	may be skipped where its requirements are missing
#	boot=own	gets a virtual machine for itself
#	trust=yes	and in it a kernel that has the key of the tests among its builtin ones,
#			$SKYHOLD_BUILD/vm/trust.key and .crt (lane=stock only)
#	tpm=yes		and a TPM 2.0, which nobody has used before
#	mem=SIZE smp=N accel=tcg|kvm	of the virtual machine (1G, 2, tcg)

# header FILE KEY DEFAULT: REPLY is the value of KEY; a key without one is "yes".
header()
{
	local line word words='' number=0
	while IFS= read -r line && [ $((number++)) -lt 20 ]; do
		[[ $line != "# vm:"* ]] || words+=" ${line#\# vm:}"
	done <"$1"
	REPLY=$3
	for word in $words; do
		case $word in
		"$2="*)	REPLY=${word#*=} ;;
		"$2")	REPLY=yes ;;
		esac
	done
}

# without_long ROOT: of the names read, those of tests that are not long.
without_long()
{
	local name
	while IFS= read -r name; do
		header "$1/$name.sh" long ''
		[ -n "$REPLY" ] || echo "$name"
	done
}

# select_tests ROOT [AREA | AREA/NAME | NAME | long]...: one AREA/NAME per line, each
# once; without names all there are but the long ones, which have that name together.
# An area is all of it.  Full names, which is what the VM gets, are found without a process.
select_tests()
{
	local root=$1 name found all=''
	local -A seen
	shift
	for name in "${@:-*}"; do
		name=${name%.sh}
		found=$name
		if [[ $name != */* ]] || [ ! -x "$root/$name.sh" ]; then
			[ -n "$all" ] || all=$(cd "$root" && find . -mindepth 2 -maxdepth 2 -name '*.sh' -perm -u+x |
				sed 's|^\./||; s|\.sh$||' | LC_ALL=C sort)
			case $name in
			"*")	found=$(without_long "$root" <<<"$all") ;;
			long)	found=$(grep -vxFf <(without_long "$root" <<<"$all") <<<"$all") ;;
			*)	found=$(awk -F/ -v name="$name" '$0 == name || $1 == name || $2 == name' <<<"$all") ;;
			esac
		fi
		[ -n "$found" ] || { echo "no test or area '$name' in $root" >&2; return 1; }
		while IFS= read -r name; do
			[ -n "${seen[$name]:-}" ] || echo "$name"
			seen[$name]=1
		done <<<"$found"
	done
}
