#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a guest is told of the processor is on a list, without SVM, VMX, SGX, counters or KVM;
# of the model-specific registers it has those of its own calls and thread pointers. A guest
# that was made of a snapshot has no more.
# vm: timeout=120

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires_kvm
plan 10
load_module hedge

must start a cpu leaves
must poll_until 20 has_ended a
console a
is "$(value a exit_status) $(console a | tail -n 1)" "0 no more than there should be" "no leaf and no feature that is not on the list"
check "the last is no Hypervisor leaf" test "$(console a | grep -c '^4000')" = 0

own=(0xc0000081 0xc0000082 0xc0000084 0xc0000100 0xc0000101 0xc0000102 0xc0000103)
must start b cpu msr "${own[@]}"
must poll_until 20 has_ended b
is "$(console b)" "$(printf '%x read written kept\n' "${own[@]}")" "its own registers can be read and written"

# TSC, platform, APIC base, its features, microcode, MTRR, SYSENTER, machine checks, counters,
# debug control, PAT, SGX, VMX, XSS, TSC deadline, x2APIC, EFER, CSTAR, SYSCFG, HWCR, SVM, IBS,
# SEV, and those of KVM, of Hyper-V and of nobody.
others=(0x10 0x17 0x1b 0x3a 0x3b 0x48 0x49 0x79 0x8b 0xc1 0xc2 0xce 0xfe 0x10a 0x122
	0x174 0x175 0x176 0x179 0x17a 0x17b 0x186 0x187 0x1a0 0x1d9 0x200 0x250 0x277 0x2ff
	0x309 0x345 0x38d 0x38f 0x390 0x3f1 0x400 0x480 0x48b 0x4c1 0x560 0x570 0x600 0x6a0
	0x6e0 0x800 0x802 0x830 0x83f 0xda0 0xe1 0x11 0x12 0x4b564d00 0x4b564d01 0x4b564d02
	0x4b564d04 0x4b564d05 0x40000000 0x40000001 0x40000020 0x40000073
	0xc0000080 0xc0000083 0xc0000085 0xc00000e9 0xc0000104 0xc000010f 0xc0000110
	0xc0010000 0xc0010004 0xc0010010 0xc0010015 0xc001001f 0xc0010055 0xc0010058
	0xc0010111 0xc0010112 0xc0010114 0xc0010117 0xc0010130 0xc0010131 0xc0010140
	0xc0010200 0xc0011022 0xc0011029 0xc001102a 0xc0011030 0 0x12345678 0xffffffff)
for at in 0 45; do
	some=("${others[@]:at:45}")
	must start c cpu msr "${some[@]}"
	must poll_until 20 has_ended c
	is "$(value c exit_status) $(console c | wc -l)" "0 ${#some[@]}" "others were tried"
	is "$(console c | grep -E 'read|written')" "" "and can be neither read nor written"
done

# A guest that looks again and again goes on in what is made of its snapshot.
must start d cpu again
must poll_until 10 said d '^no more than'
must tell "snapshot|d|$TMPDIR/snap"
must tell "stop|d"
must tell "restore|e|$TMPDIR/snap|||"
check "a guest of a snapshot has no more" poll_until 20 said e '^no more than'
check "and has found none" runs e
must tell "stop|e"
is "$(wc -l </proc/monitor)" 1 "nothing else runs"
