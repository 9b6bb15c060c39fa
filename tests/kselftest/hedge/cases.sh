# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # as in cases-io.sh
#
# What each of the small guests does, under any monitor.  Whoever sources this has what
# cases-io.sh wants.

# shellcheck source=tests/kselftest/hedge/cases-io.sh
. "$(dirname "$0")/cases-io.sh"

# --- alone ---

ends "hello" 0 '^Hello from the guest$' "$guests/hello.hvt"
ends "the least memory" 0 '^Hello' --mem=2 "$guests/hello.hvt"
ends "an odd number of MiB" 0 '^Hello' --mem=5 "$guests/hello.hvt"
ends "4 GiB" 0 '^Hello' --mem=4096 "$guests/hello.hvt"
hvt-image good >"$TMPDIR/good" || bail "hvt-image good"
ends "an image made by hand" 0 '' "$TMPDIR/good"
wrong='' kinds=0
while IFS=$'\t' read -r name why; do
	hvt-image "$name" >"$TMPDIR/bad" || bail "hvt-image $name"
	guest "$TMPDIR/bad" >/dev/null
	kinds=$((kinds + 1))
	[ "$status" = 2 ] && grep -qaF -e "$why" "$err" || wrong+=" $name"
done < <(hvt-image --list)
is "$wrong" "" "malformed images are refused, and each is told what is wrong"
check "of many kinds" test $kinds -ge 86
ends "thread variables" 0 'as they should be' "$guests/tls.hvt"
ends "clocks" 0 '^wall ' "$guests/clock.hvt"
now=$(date +%s)
guest=$(head -n 1 "$out")
check "the wall clock is the host's" test $((now - guest / 1000000000)) -ge 0 -a $((now - guest / 1000000000)) -lt 60
ends "a command line" 0 '^\[a  b=c/d\]$' "$guests/cmdline.hvt" 'a ' 'b=c/d'
long=$(printf '%8191s' '' | tr ' ' x)
ends "the longest" 0 '^8191 bytes, 1 words$' "$guests/cmdline.hvt" "$long"
ends "a longer one" 2 'too long' "$guests/cmdline.hvt" "x$long"
for code in 0 1 42 254; do
	ends "exit status $code" $code '' "$guests/exit.hvt" $code
done
ends "abort" 255 '^aborting$' --core="$TMPDIR/core.abort" "$guests/abort.hvt"
is "$(stat -c %s "$TMPDIR/core.abort")" $((32 * 1048576 + 4096)) "its core has all memory"
guest "$guests/puts.hvt" 500
check "500 lines, in order" cmp "$out" <(for ((i = 0; i < 500; i++)); do
	printf '%08d 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOP\n' $i
done)
guest_begin hang "$guests/hang.hvt"
must poll_until 10 said hang hanging
guest_kill hang
guest_end hang
is "$status" 137 "hang"

# --- what ends it ---

while read -r kind vector; do
	ends "exception: $kind" 255 "^exception $vector: rip 0x1" "$guests/exception.hvt" "$kind"
done <<-'TABLE'
	divide 0
	breakpoint 3
	opcode 6
	interrupt 13
	canonical 13
	null 14
	low 14
	beyond 14
	segment 13
	stack 14
TABLE
for kind in code rodata answer_to_code answer_to_rodata; do
	ends "memory: $kind" 1 'host/guest translation fault' "$guests/memory.hvt" $kind
done
ends "pointer: good" 0 '^.?fine$' "$guests/pointer.hvt" good
for kind in data_end data_beyond data_high data_overflow len_beyond len_overflow len_to_zero \
	    argument_end argument_beyond argument_across argument_high halt_beyond; do
	ends "pointer: $kind" 1 'not in its memory' "$guests/pointer.hvt" $kind
done
for kind in first beyond other highest byte word in string string_in; do
	ends "port: $kind" 1 'no hypercall' "$guests/port.hvt" $kind
done

# --- together ---

for seed in 1 2; do
	guest_begin fpu$seed --cpu=0 "$guests/fpu.hvt" $seed 3000
done
for seed in 1 2; do
	guest_end fpu$seed
	is "$status" 0 "guest $seed of two on one processor ends"
	check "and has kept its vector registers" said fpu$seed '^kept'
done

# --- time ---

ends "what hypercalls cost" 0 '^block_read_64k [0-9]+$' "$disk" "$guests/speed.hvt" 200
note "$(grep -E '^[a-z]' "$out" | tr '\n' ' ')ns"
