// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/elf.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "hvt_core.h"

/* struct elf_prstatus of x86_64, as debuggers read it: most of it is about processes. */
struct prstatus {
	u32 signo;
	u32 code;
	u32 err;
	u16 cursig;
	u16 pad;
	u64 pending;
	u64 held;
	u32 pid;
	u32 ppid;
	u32 pgrp;
	u32 sid;
	u64 times[8];
	struct hvt_core_regs regs;
	u32 has_fpu;
	u32 pad2;
};

struct head {
	Elf64_Ehdr e;
	Elf64_Phdr note;
	Elf64_Phdr memory;
	u32 pad;			/* so that the status is aligned */
	Elf64_Nhdr n;
	char name[8];
	struct prstatus status;
};

HVT_ASSERT(sizeof(struct hvt_core_regs) == 27 * 8);
HVT_ASSERT(__builtin_offsetof(struct prstatus, regs) == 112);
HVT_ASSERT(sizeof(struct prstatus) == 336);
HVT_ASSERT(__builtin_offsetof(struct head, status) == __builtin_offsetof(struct head, n) + 20);
HVT_ASSERT(sizeof(struct head) <= HVT_CORE_HEAD_SIZE);

#define CORE_NAME	"CORE"

static void fill_ehdr(Elf64_Ehdr *e)
{
	memcpy(e->e_ident, ELFMAG, SELFMAG);
	e->e_ident[EI_CLASS] = ELFCLASS64;
	e->e_ident[EI_DATA] = ELFDATA2LSB;
	e->e_ident[EI_VERSION] = EV_CURRENT;
	e->e_type = ET_CORE;
	e->e_machine = EM_X86_64;
	e->e_version = EV_CURRENT;
	e->e_phoff = offsetof(struct head, note);
	e->e_ehsize = sizeof(Elf64_Ehdr);
	e->e_phentsize = sizeof(Elf64_Phdr);
	e->e_phnum = 2;
}

/**
 * hvt_core_head - what comes before the memory in a core
 * @bytes:	%HVT_CORE_HEAD_SIZE bytes, aligned to 8; every byte is written
 * @mem:	bytes of guest memory, which follow in the file (holes will do for zeros)
 * @regs:	of the processor
 */
void hvt_core_head(void *bytes, u64 mem, const struct hvt_core_regs *regs)
{
	struct head *h = bytes;

	memset(bytes, 0, HVT_CORE_HEAD_SIZE);
	fill_ehdr(&h->e);
	h->note.p_type = PT_NOTE;
	h->note.p_offset = offsetof(struct head, n);
	h->note.p_filesz = sizeof(*h) - offsetof(struct head, n);
	h->note.p_align = 4;
	h->memory.p_type = PT_LOAD;
	h->memory.p_flags = PF_R | PF_W | PF_X;
	h->memory.p_offset = HVT_CORE_HEAD_SIZE;
	h->memory.p_filesz = mem;
	h->memory.p_memsz = mem;
	h->memory.p_align = HVT_PAGE_SIZE;
	h->n.n_namesz = sizeof(CORE_NAME);
	h->n.n_descsz = sizeof(h->status);
	h->n.n_type = NT_PRSTATUS;
	memcpy(h->name, CORE_NAME, sizeof(CORE_NAME));
	h->status.regs = *regs;
}
