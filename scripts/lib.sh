# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the scripts share.  Source it; it changes nothing but these names.

# The top of the tree, wherever the caller stands.
# shellcheck disable=SC2034
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# Things that are expensive to make and outlive a clean: outside the tree.
# shellcheck disable=SC2034
CACHE=${XDG_CACHE_HOME:-/var/cache}/skyhold

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

# need_root WHAT: WHAT completes "... needs to be root to ".
need_root()
{
	[ "$(id -u)" -eq 0 ] || die "needs to be root to $1; run it with sudo"
}

# Files of the tree under DIR that may hold text of ours: what git tracks and
# what it would track.  Without git, everything but build products.
# tree_files DIR [PATHSPEC...]: one path a line, relative to DIR.
tree_files()
{
	local dir=$1

	shift
	(
		cd "$dir" || exit 1
		if [ -e .git ]; then
			git ls-files --cached --others --exclude-standard -- "$@"
		else
			list_without_git "$@"
		fi | while IFS= read -r f; do [ -f "$f" ] && printf '%s\n' "$f"; done | LC_ALL=C sort -u
	)
}

list_without_git()
{
	local file pattern

	find . -name .git -prune -o -path ./build -prune -o -type f -printf '%P\n' |
		while IFS= read -r file; do
			[ $# -gt 0 ] || { printf '%s\n' "$file"; continue; }
			for pattern in "$@"; do
				# shellcheck disable=SC2254 # a pattern is meant
				case $file in
				$pattern|$pattern/*) printf '%s\n' "$file"; break ;;
				esac
			done
		done
}

# Shell scripts under DIR: by suffix, or by the interpreter they name.
shell_files()
{
	local dir=$1 file first

	tree_files "$dir" | while IFS= read -r file; do
		case $file in
		*.sh) printf '%s\n' "$file"; continue ;;
		*.[chSo]|*.mk|*.rst|*.md|*.json|*.bin|*.py|*.pl) continue ;;
		esac
		IFS= read -r first <"$dir/$file" 2>/dev/null || continue
		case $first in
		'#!'*/bash*|'#!'*/sh*|'#!'*'/busybox sh'*|'#!'*'env bash'*) printf '%s\n' "$file" ;;
		esac
	done
}

# seconds -> "12 s" or "3 min 05 s"
duration()
{
	if [ "$1" -lt 60 ]; then
		printf '%d s' "$1"
	else
		printf '%d min %02d s' $(($1 / 60)) $(($1 % 60))
	fi
}
