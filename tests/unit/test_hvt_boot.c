// SPDX-License-Identifier: GPL-2.0-or-later
/* What a guest starts with, looked up as a processor would; and the head of its core. */
#include <elf.h>
#include <sys/procfs.h>

#include "format_util.h"

#include "elf/hvt_boot.h"
#include "elf/hvt_core.h"

#define PRESENT		1u
#define WRITABLE	2u
#define LARGE		0x80u
#define ADDRESS		0x000ffffffffff000ull

static uint8_t tables[HVT_TABLES_SIZE] __attribute__((__aligned__(4096)));

/* An entry of a table within the pages; anything else is a failure. */
static u64 entry(u64 table, unsigned int index)
{
	u64 v;

	assert_true(table % PAGE == 0 && table + PAGE <= HVT_TABLES_SIZE);
	memcpy(&v, tables + table + 8 * (index % 512), sizeof(v));
	return v;
}

/* The walk of the processor's manual; the flags of all levels together. */
static u64 translate(u64 cr3, u64 va, unsigned int *flags)
{
	u64 e = cr3 | PRESENT | WRITABLE;
	int shift;

	*flags = PRESENT | WRITABLE;
	for (shift = 39; shift >= 12; shift -= 9) {
		e = entry(e & ADDRESS, va >> shift);
		*flags &= e & (PRESENT | WRITABLE);
		if (!(*flags & PRESENT))
			return 0;
		assert_int_equal(e & ~ADDRESS & ~(u64)(PRESENT | WRITABLE | LARGE), 0);
		if (shift == 21 && (e & LARGE))
			return (e & ADDRESS) | (va & 0x1fffff);
		assert_int_equal(e & LARGE, 0);
	}
	return (e & ADDRESS) | (va & 0xfff);
}

static unsigned int expected(u64 va, u64 mem)
{
	if (va < 0x10000 || va >= mem)
		return 0;
	return va < 0x100000 ? PRESENT : PRESENT | WRITABLE;
}

static void one_size(u64 mem)
{
	unsigned int flags;
	u64 va, pa;

	memset(tables, 0xa5, sizeof(tables));
	hvt_boot_tables(tables, mem);
	for (va = 0; va < HVT_MEM_MAX + 0x400000; va += va < 0x600000 ? 0x1000 : 0x1ff000) {
		pa = translate(HVT_CR3, va, &flags);
		assert_int_equal(flags, expected(va, mem));
		assert_int_equal(pa, flags ? va : 0);
	}
	translate(HVT_CR3, 1ull << 39, &flags);
	assert_int_equal(flags, 0);
	translate(HVT_CR3, ~0xfffull, &flags);
	assert_int_equal(flags, 0);
}

static void page_tables(void **state)
{
	u64 mem;

	(void)state;
	for (mem = HVT_MEM_MIN; mem < 0x2000000; mem += HVT_PAGE_2M)
		one_size(mem);
	for (; mem <= HVT_MEM_MAX; mem *= 2)
		one_size(mem);
	one_size(HVT_MEM_MAX - HVT_PAGE_2M);
	one_size(0x40000000 + HVT_PAGE_2M);
}

/* The words of the ABI, as they are written in it. */
static void words(void **state)
{
	static const struct { u32 at; u64 value; } want[] = {
		{ 0x1000, 0 }, { 0x1008, 0x00af99000000ffff },
		{ 0x1010, 0x00cf93000000ffff }, { 0x1018, 0 },
		{ 0x2000, 0x3003 }, { 0x2008, 0 },
		{ 0x3000, 0x4003 }, { 0x3008, 0x5003 }, { 0x3010, 0x6003 },
		{ 0x3018, 0x7003 }, { 0x3020, 0 },
		{ 0x4000, 0x8003 }, { 0x4008, 0x200083 }, { 0x4010, 0x400083 }, { 0x4018, 0 },
		{ 0x8000, 0 }, { 0x8078, 0 }, { 0x8080, 0x10001 }, { 0x87f8, 0xff001 },
		{ 0x8800, 0x100003 }, { 0x8ff8, 0x1ff003 },
	};
	unsigned int i;
	u64 v;

	(void)state;
	memset(tables, 0x5a, sizeof(tables));
	hvt_boot_tables(tables, 0x600000);
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		memcpy(&v, tables + want[i].at, sizeof(v));
		assert_int_equal(v, want[i].value);
	}
	for (i = 0; i < 0x1000; i++)
		assert_int_equal(tables[i], 0);
	assert_int_equal(HVT_GDT_LIMIT, 3 * 8 - 1);
}

/* Nothing beyond the pages is written. */
static void tables_bounds(void **state)
{
	uint8_t *edge = edge_copy(tables, sizeof(tables));

	(void)state;
	hvt_boot_tables(edge, HVT_MEM_MAX);
	edge_free(edge, sizeof(tables));
}

static void places(void **state)
{
	(void)state;
	assert_int_equal(hvt_boot_manifest(), 0x10038);
	assert_int_equal(hvt_boot_manifest() % 8, 0);
	assert_int_equal(hvt_boot_cmdline(8 + 104), 0x10038 + 112);
	assert_true(hvt_boot_cmdline(HVT_MANIFEST_MAX_SIZE) + HVT_CMDLINE_SIZE <= HVT_GUEST_MIN);
}

/* As <sys/procfs.h> has it, which debuggers are built with. */
static void core(void **state)
{
	struct hvt_core_regs regs;
	CLEANUP_FREE uint8_t *plain = malloc(HVT_CORE_HEAD_SIZE);
	uint8_t *head;
	const Elf64_Ehdr *e;
	const Elf64_Phdr *p;
	const Elf64_Nhdr *n;
	struct elf_prstatus status;
	u64 i, *word = (u64 *)&regs;

	(void)state;
	for (i = 0; i < sizeof(regs) / 8; i++)
		word[i] = 0x1000 + i;
	memset(plain, 0xa5, HVT_CORE_HEAD_SIZE);
	head = edge_copy(plain, HVT_CORE_HEAD_SIZE);
	hvt_core_head(head, 0x40000000, &regs);
	e = (const Elf64_Ehdr *)head;
	assert_memory_equal(e->e_ident, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", EI_NIDENT);
	assert_int_equal(e->e_type, ET_CORE);
	assert_int_equal(e->e_machine, EM_X86_64);
	assert_int_equal(e->e_phnum, 2);
	assert_int_equal(e->e_phentsize, sizeof(*p));
	p = (const Elf64_Phdr *)(head + e->e_phoff);
	assert_int_equal(p[0].p_type, PT_NOTE);
	n = (const Elf64_Nhdr *)(head + p[0].p_offset);
	assert_int_equal(p[0].p_filesz, sizeof(*n) + 8 + sizeof(status));
	assert_int_equal(n->n_type, NT_PRSTATUS);
	assert_int_equal(n->n_descsz, sizeof(status));
	assert_memory_equal(n + 1, "CORE\0\0\0", 8);
	memcpy(&status, (const uint8_t *)(n + 1) + 8, sizeof(status));
	assert_int_equal(sizeof(status.pr_reg), sizeof(regs));
	assert_memory_equal(&status.pr_reg, &regs, sizeof(regs));
	assert_int_equal(((struct user_regs_struct *)&status.pr_reg)->rip, regs.rip);
	assert_int_equal(((struct user_regs_struct *)&status.pr_reg)->rsp, regs.rsp);
	assert_int_equal(((struct user_regs_struct *)&status.pr_reg)->rdi, regs.rdi);
	assert_int_equal(((struct user_regs_struct *)&status.pr_reg)->r15, regs.r15);
	assert_int_equal(((struct user_regs_struct *)&status.pr_reg)->gs, regs.gs);
	assert_int_equal(p[1].p_type, PT_LOAD);
	assert_int_equal(p[1].p_offset, HVT_CORE_HEAD_SIZE);
	assert_int_equal(p[1].p_vaddr, 0);
	assert_int_equal(p[1].p_filesz, 0x40000000);
	assert_int_equal(p[1].p_memsz, 0x40000000);
	for (i = p[0].p_offset + p[0].p_filesz; i < HVT_CORE_HEAD_SIZE; i++)
		assert_int_equal(head[i], 0);
	edge_free(head, HVT_CORE_HEAD_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_tables), cmocka_unit_test(words),
		cmocka_unit_test(tables_bounds), cmocka_unit_test(places), cmocka_unit_test(core),
	};

	return cmocka_run_group_tests_name("start and end of a guest", tests, NULL, NULL);
}
