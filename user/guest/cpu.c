// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cpu leaves: what the processor says that it can, in all of CPUID, is nothing of what guests
 * are not to have.
 * cpu msr NUMBER...: which model-specific registers can be read, and written.
 * cpu again: the first, and that neither EFER nor the TSC can be read so, again and again.
 */
#include "lib/descriptor.h"
#include "lib/guest.h"

GUEST_MANIFEST();

/* --- CPUID ------------------------------------------------------------------------ */

struct leaf {
	uint32_t r[4];				/* eax, ebx, ecx, edx */
};

static struct leaf cpuid(uint32_t function, uint32_t index)
{
	struct leaf l;

	__asm__ volatile("cpuid" : "=a" (l.r[0]), "=b" (l.r[1]), "=c" (l.r[2]), "=d" (l.r[3])
			 : "a" (function), "c" (index));
	return l;
}

static bool same(const struct leaf *a, const struct leaf *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Some of what there must not be, where other bits of the leaf are let through. */
static const struct {
	const char *name;
	uint32_t function;
	uint8_t reg, bit;
} hidden[] = {
	{ "DTES64", 1, 2, 2 }, { "MONITOR", 1, 2, 3 }, { "VMX", 1, 2, 5 }, { "SMX", 1, 2, 6 },
	{ "FMA", 1, 2, 12 }, { "PDCM", 1, 2, 15 }, { "PCID", 1, 2, 17 }, { "x2APIC", 1, 2, 21 },
	{ "TSC deadline", 1, 2, 24 }, { "XSAVE", 1, 2, 26 }, { "OSXSAVE", 1, 2, 27 },
	{ "AVX", 1, 2, 28 }, { "F16C", 1, 2, 29 }, { "hypervisor", 1, 2, 31 },
	{ "VME", 1, 3, 1 }, { "MCE", 1, 3, 7 }, { "APIC", 1, 3, 9 }, { "SYSENTER", 1, 3, 11 },
	{ "MTRR", 1, 3, 12 }, { "MCA", 1, 3, 14 }, { "PAT", 1, 3, 16 }, { "debug store", 1, 3, 21 },
	{ "SGX", 7, 1, 2 }, { "HLE", 7, 1, 4 }, { "AVX2", 7, 1, 5 }, { "INVPCID", 7, 1, 10 },
	{ "RTM", 7, 1, 11 }, { "MPX", 7, 1, 14 }, { "AVX512F", 7, 1, 16 }, { "PT", 7, 1, 25 },
	{ "memory keys", 7, 2, 3 }, { "CET", 7, 2, 7 }, { "ARCH_CAPABILITIES", 7, 3, 29 },
	{ "SVM", 0x80000001, 2, 2 }, { "IBS", 0x80000001, 2, 10 }, { "XOP", 0x80000001, 2, 11 },
	{ "SKINIT", 0x80000001, 2, 12 }, { "PERFCTR", 0x80000001, 2, 23 },
	{ "BPEXT", 0x80000001, 2, 26 }, { "PERFTSC", 0x80000001, 2, 27 },
};

/* All other leaves have nothing: of caches, counters, enclaves, SVM, KVM, encryption... */
static bool may_be_there(uint32_t function, uint32_t index)
{
	switch (function) {
	case 0: case 1: case 0x15:
	case 0x80000000 ... 0x80000004: case 0x80000007: case 0x80000008:
		return true;
	case 7:
		return !index;
	default:
		return false;
	}
}

/* Intel's processors answer with the last basic leaf where there is none. */
static void look(uint32_t function, uint32_t index)
{
	const struct leaf l = cpuid(function, index), none = { { 0 } };
	const struct leaf last = cpuid(cpuid(0, 0).r[0], index);

	if (same(&l, &none))
		return;
	guest_printf("%08x.%u %08x %08x %08x %08x\n", function, index, l.r[0], l.r[1], l.r[2], l.r[3]);
	if (may_be_there(function, index) || (function > cpuid(0, 0).r[0] && same(&l, &last)))
		return;
	guest_fail("leaf 0x%x.%u is there\n", function, index);
}

static void leaves(void)
{
	static const uint32_t ranges[] = { 0, 0x20000000, 0x40000000, 0x40000100, 0x80000000,
					   0x8ffffff0, 0xc0000000, 0xffffffe0 };
	unsigned int i, function, index;

	for (i = 0; i < GUEST_COUNT(ranges); i++)
		for (function = 0; function < 0x20; function++)
			for (index = 0; index < 3; index++)
				look(ranges[i] + function, index);
	for (i = 0; i < GUEST_COUNT(hidden); i++)
		if (cpuid(hidden[i].function, 0).r[hidden[i].reg] >> hidden[i].bit & 1)
			guest_fail("there is %s\n", hidden[i].name);
	if (~cpuid(1, 0).r[3] & (1u << 24 | 1u << 25 | 1u << 26))
		guest_fail("there is no SSE2\n");
	guest_puts("no more than there should be\n");
}

/* --- MSRs -------------------------------------------------------------------------- */

#define GENERAL_PROTECTION	13
#define MSR_TSC			0x10
#define MSR_EFER		0xc0000080

extern const uint8_t skip_msr[];
volatile uint8_t msr_refused;

/* Two bytes is what rdmsr and wrmsr are long. */
__asm__(".text\n"
	"skip_msr:\n\t"
	"addq $8, %rsp\n\t"
	"addq $2, (%rsp)\n\t"
	"movb $1, msr_refused(%rip)\n\t"
	"iretq\n");

static void take_faults(void)
{
	static struct gate idt[GENERAL_PROTECTION + 1] __attribute__((__aligned__(16)));
	const struct table_pointer at = { sizeof(idt) - 1, guest_address(idt) };
	uint64_t entry = guest_address(skip_msr);

	idt[GENERAL_PROTECTION] = (struct gate){
		.offset0 = entry, .offset1 = entry >> 16, .offset2 = entry >> 32,
		.selector = 8, .type = 0x8e,
	};
	__asm__ volatile("lidt %0" : : "m" (at));
}

static bool read_msr(uint32_t nr, uint64_t *value)
{
	uint32_t low = 0, high = 0;

	msr_refused = 0;
	__asm__ volatile("rdmsr" : "+a" (low), "+d" (high) : "c" (nr) : "memory");
	*value = (uint64_t)high << 32 | low;
	return !msr_refused;
}

static bool write_msr(uint32_t nr, uint64_t value)
{
	msr_refused = 0;
	__asm__ volatile("wrmsr" : : "c" (nr), "a" ((uint32_t)value), "d" (value >> 32) : "memory");
	return !msr_refused;
}

/* Another value is written, and what was there before; where it cannot be read, what is likely. */
static void try(uint32_t nr)
{
	uint64_t before = 0, after = 0;
	bool reads = read_msr(nr, &before);
	bool writes = write_msr(nr, before ^ 0x1000);
	bool keeps = read_msr(nr, &after) && after == (before ^ 0x1000);

	if (writes)
		write_msr(nr, before);
	else
		writes = write_msr(nr, before);
	guest_printf("%x %s%s%s\n", nr, reads ? "read " : "", writes ? "written " : "",
		     keeps ? "kept" : "");
}

static void again(void)
{
	uint64_t value, ready;

	take_faults();
	for (;;) {
		if (read_msr(MSR_EFER, &value) || read_msr(MSR_TSC, &value))
			guest_fail("there are registers of others\n");
		leaves();
		guest_poll(20000000, &ready);
	}
}

int guest_main(int argc, char **argv)
{
	int i;

	if (argc == 1 && !strcmp(argv[0], "again"))
		again();
	if (argc == 1 && !strcmp(argv[0], "leaves")) {
		leaves();
		return 0;
	}
	if (argc < 2 || strcmp(argv[0], "msr"))
		guest_fail("cpu leaves, cpu again, or cpu msr NUMBER...\n");
	take_faults();
	for (i = 1; i < argc; i++)
		try(guest_number(argv[i]));
	return 0;
}
