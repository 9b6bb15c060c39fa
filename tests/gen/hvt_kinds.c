// SPDX-License-Identifier: GPL-2.0-or-later
/* Each kind of image is a good one with one change. */
#include <string.h>

#include "hvt_image.h"

static void put_note(struct gen_note *note, const char *name, uint32_t type, uint32_t descsz)
{
	note->n.n_namesz = strlen(name) + 1;
	note->n.n_descsz = descsz;
	note->n.n_type = type;
	memset(note->name, 0, sizeof(note->name));
	memcpy(note->name, name, strlen(name));
}

static void put_phdr(Elf64_Phdr *p, uint32_t type, size_t at, size_t size)
{
	p->p_type = type;
	p->p_offset = at;
	p->p_filesz = size;
	p->p_memsz = size;
	p->p_flags = PF_R;
	p->p_align = 4;
}

/* So many entries, and everything that follows from that. */
static void set_entries(struct gen *g, unsigned int entries)
{
	size_t size = sizeof(struct hvt_manifest) + entries * sizeof(struct hvt_manifest_entry);

	g->l.m.entries = entries;
	g->l.n_mft.n.n_descsz = GEN_MANIFEST_HEAD + size;
	g->l.mft.p_filesz = HVT_MANIFEST_OFFSET + size;
	g->size = offsetof(struct gen_layout, m) + size;
}

static void device(struct gen *g, unsigned int i, const char *name, uint32_t type)
{
	memset(&g->l.entry[i], 0, sizeof(g->l.entry[i]));
	strncpy(g->l.entry[i].name, name, HVT_NAME_SIZE);
	g->l.entry[i].type = type;
	if (i >= g->l.m.entries)
		set_entries(g, i + 1);
}

/* mov $GEN_DATA_AT, %eax; mov $0x508, %dx; out %eax, %dx; hlt; jmp . */
static const unsigned char code[] = {
	0xb8, 0x00, 0x10, 0x10, 0x00, 0x66, 0xba, 0x08, 0x05, 0xef, 0xf4, 0xeb, 0xfe,
};

static void segments(struct gen *g)
{
	put_phdr(&g->l.text, PT_LOAD, offsetof(struct gen_layout, code), sizeof(code));
	g->l.text.p_vaddr = GEN_CODE_AT;
	g->l.text.p_flags = PF_R | PF_X;
	g->l.text.p_align = 0x1000;
	put_phdr(&g->l.data, PT_LOAD, offsetof(struct gen_layout, halt), sizeof(g->l.halt));
	g->l.data.p_vaddr = GEN_DATA_AT;
	g->l.data.p_memsz = 0x1800;
	g->l.data.p_flags = PF_R | PF_W;
	g->l.data.p_align = 0x1000;
	put_phdr(&g->l.bss, PT_LOAD, 0, 0);
	g->l.bss.p_vaddr = 0x104000;
	g->l.bss.p_memsz = 0x1000;
}

static void good(struct gen *g)
{
	Elf64_Ehdr *e = &g->l.e;

	memset(g, 0, sizeof(*g));
	memcpy(e->e_ident, ELFMAG, SELFMAG);
	e->e_ident[EI_CLASS] = ELFCLASS64;
	e->e_ident[EI_DATA] = ELFDATA2LSB;
	e->e_ident[EI_VERSION] = EV_CURRENT;
	e->e_type = ET_EXEC;
	e->e_machine = EM_X86_64;
	e->e_version = EV_CURRENT;
	e->e_entry = GEN_CODE_AT;
	e->e_phoff = offsetof(struct gen_layout, text);
	e->e_ehsize = sizeof(Elf64_Ehdr);
	e->e_phentsize = sizeof(Elf64_Phdr);
	e->e_phnum = GEN_PHDRS;
	memcpy(g->l.code, code, sizeof(code));
	segments(g);
	put_note(&g->l.n_foreign, "GNU", 5, 0);
	put_phdr(&g->l.foreign, PT_NOTE, offsetof(struct gen_layout, n_foreign), 16);
	put_note(&g->l.n_abi, HVT_NOTE_NAME, HVT_NOTE_ABI, sizeof(g->l.abi_desc));
	g->l.abi_desc.target = HVT_ABI_TARGET;
	g->l.abi_desc.version = HVT_ABI_VERSION;
	put_phdr(&g->l.abi, PT_NOTE, offsetof(struct gen_layout, n_abi),
		 sizeof(g->l.n_abi) + sizeof(g->l.abi_desc));
	put_note(&g->l.n_mft, HVT_NOTE_NAME, HVT_NOTE_MANIFEST, 0);
	put_phdr(&g->l.mft, PT_NOTE, offsetof(struct gen_layout, n_mft), 0);
	g->l.m.version = HVT_MANIFEST_VERSION;
	device(g, 0, "", HVT_DEVICE_RESERVED_FIRST);
}

/* One that wants a disk and a network. */
static void devices(struct gen *g)
{
	device(g, 1, "disk", HVT_DEVICE_BLOCK);
	device(g, 2, "net", HVT_DEVICE_NET);
}

/* So many segments with something in the file, from 1 MiB on, in a table at the end. */
static void many_segments(struct gen *g, unsigned int n)
{
	size_t at = g->size + 1;		/* at an odd place */
	Elf64_Phdr p;
	unsigned int i;

	for (i = 0; i < n; i++) {
		p = g->l.text;
		p.p_vaddr += i * 0x1000;
		memcpy(g->bytes + at + i * sizeof(p), &p, sizeof(p));
	}
	memcpy(g->bytes + at + n * sizeof(p), &g->l.abi, sizeof(p));
	memcpy(g->bytes + at + (n + 1) * sizeof(p), &g->l.mft, sizeof(p));
	g->l.e.e_phoff = at;
	g->l.e.e_phnum = n + 2;
	g->size = at + (n + 2) * sizeof(p);
}

/* --- what is just as good -------------------------------------------------- */

static void as_it_is(struct gen *g)
{
	(void)g;
}

#define KIND(name, ...)							\
static void name(struct gen *g)						\
{									\
	struct gen_layout *l = &g->l;					\
									\
	(void)l;							\
	__VA_ARGS__;							\
}

KIND(other_os, l->e.e_ident[EI_OSABI] = 255; l->e.e_ident[EI_ABIVERSION] = 7)
KIND(junk_in_ident, memset(l->e.e_ident + EI_PAD, 0xff, EI_NIDENT - EI_PAD))
KIND(bss_anywhere, l->bss.p_vaddr = 0; l->bss.p_memsz = ~0ull; l->bss.p_align = 3;
	l->bss.p_offset = ~0ull)
KIND(bss_writable_code, l->bss.p_flags = PF_R | PF_W | PF_X)
KIND(foreign_short, l->foreign.p_filesz = 3)
KIND(foreign_none, l->foreign.p_filesz = 0; l->foreign.p_offset = g->size)
KIND(foreign_of_ours, put_note(&l->n_foreign, HVT_NOTE_NAME, 0x31585858, ~0u);
	l->foreign.p_filesz = 24)
KIND(segments_32, many_segments(g, 32))
static void entries_64(struct gen *g)
{
	unsigned int i;

	for (i = 1; i < HVT_MANIFEST_MAX; i++) {
		char name[8] = { 'd', '0' + i / 10, '0' + i % 10 };

		device(g, i, name, i % 2 ? HVT_DEVICE_BLOCK : HVT_DEVICE_NET);
	}
}

KIND(no_reserved, device(g, 0, "disk", HVT_DEVICE_BLOCK))
KIND(longest_name, l->entry[1].type = HVT_DEVICE_NET; set_entries(g, 2);
	strcpy(l->entry[1].name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-.zz"))
KIND(junk_to_overwrite, devices(g); memset(&l->entry[1].u, 0xff, 24);
	memset(l->entry[1].pad, 0xff, 7))
KIND(name_with_tail, device(g, 1, "disk", HVT_DEVICE_BLOCK); memset(l->entry[1].name + 5, 'x', 62))
KIND(entry_last, l->e.e_entry = HVT_MEM_MAX - 1)
KIND(entry_in_bss, l->e.e_entry = GEN_DATA_AT + 0x1000)
KIND(no_flags, l->data.p_flags = 0)
KIND(align_2m, l->data.p_vaddr = 0x212345; l->data.p_align = 0x200000)
KIND(align_one, l->data.p_align = 1; l->data.p_memsz = 0x2000)
KIND(up_to_4g, l->data.p_vaddr = HVT_MEM_MAX - 0x1000; l->data.p_memsz = 0x1000)
KIND(junk_behind, memset(g->bytes + g->size, 0xff, 999); g->size += 999)
KIND(note_with_tail, g->size += 8; l->mft.p_filesz += 8)

/* --- one way to be damaged each ---------------------------------------------- */

KIND(empty, g->size = 0)
KIND(short_header, g->size = sizeof(l->e) - 1)
KIND(bad_magic, l->e.e_ident[EI_MAG3] = 'E')
KIND(script, memcpy(g->bytes, "#!/bin/sh\n", 10))
KIND(class_32, l->e.e_ident[EI_CLASS] = ELFCLASS32)
KIND(class_none, l->e.e_ident[EI_CLASS] = 0)
KIND(big_endian, l->e.e_ident[EI_DATA] = ELFDATA2MSB)
KIND(ident_version, l->e.e_ident[EI_VERSION] = 2)
KIND(version_zero, l->e.e_version = 0)
KIND(version_high, l->e.e_version = 0x01000001)
KIND(machine_32, l->e.e_machine = EM_386)
KIND(machine_arm, l->e.e_machine = EM_AARCH64)
KIND(type_shared, l->e.e_type = ET_DYN)
KIND(type_object, l->e.e_type = ET_REL)
KIND(type_core, l->e.e_type = ET_CORE)
KIND(header_size, l->e.e_ehsize = 52)
KIND(phdr_size, l->e.e_phentsize = 32)
KIND(phdr_size_zero, l->e.e_phentsize = 0)
KIND(no_phdrs, l->e.e_phnum = 0)
KIND(phdrs_beyond, l->e.e_phoff = g->size)
KIND(phdrs_last_byte, l->e.e_phoff = g->size - GEN_PHDRS * sizeof(Elf64_Phdr) + 1)
KIND(phdrs_overflow, l->e.e_phoff = ~0ull - 55)
KIND(phdrs_many, l->e.e_phnum = 0xffff)
KIND(entry_zero, l->e.e_entry = 0)
KIND(entry_low, l->e.e_entry = HVT_GUEST_MIN - 1)
KIND(entry_high, l->e.e_entry = HVT_MEM_MAX)
KIND(entry_all_ones, l->e.e_entry = ~0ull)

KIND(segment_beyond, l->data.p_offset = g->size)
KIND(segment_last_byte, l->data.p_offset = g->size - l->data.p_filesz + 1)
KIND(segment_offset_overflow, l->data.p_offset = ~0ull - 8)
KIND(segment_size_overflow, l->data.p_filesz = ~0ull; l->data.p_memsz = ~0ull)
KIND(segment_sum_to_zero, l->data.p_filesz = -l->data.p_offset; l->data.p_memsz = ~0ull)
KIND(memsz_less, l->data.p_memsz = l->data.p_filesz - 1)
KIND(memsz_zero, l->data.p_memsz = 0)
KIND(vaddr_zero, l->text.p_vaddr = 0)
KIND(vaddr_low, l->text.p_vaddr = HVT_GUEST_MIN - 1)
KIND(vaddr_page_tables, l->text.p_vaddr = HVT_PML4_BASE)
KIND(vaddr_high, l->data.p_vaddr = HVT_MEM_MAX)
KIND(vaddr_all_ones, l->data.p_vaddr = ~0xfffull)
KIND(vaddr_negative, l->data.p_vaddr = 0xffffffff80000000ull)
KIND(memsz_high, l->data.p_memsz = HVT_MEM_MAX - GEN_DATA_AT + 1)
KIND(memsz_overflow, l->data.p_memsz = -l->data.p_vaddr)
KIND(memsz_all_ones, l->data.p_memsz = ~0ull)
KIND(align_zero, l->data.p_align = 0)
KIND(align_odd, l->data.p_align = 0x1001)
KIND(align_three_pages, l->data.p_align = 0x3000)
KIND(align_all_ones, l->data.p_align = ~0ull)
KIND(align_below, l->text.p_align = 0x200000)
KIND(align_4g, l->data.p_align = HVT_MEM_MAX)
KIND(align_highest, l->data.p_align = 1ull << 63)
KIND(pages_start, l->data.p_vaddr += 8; l->data.p_align = 8)
KIND(pages_end, l->data.p_align = 1)
KIND(pages_half, l->data.p_align = 0x800)
KIND(writable_code, l->text.p_flags |= PF_W)
KIND(executable_data, l->data.p_flags |= PF_X)
KIND(write_only_code, l->text.p_flags = PF_W | PF_X)
KIND(wrong_order, l->text.p_vaddr = GEN_DATA_AT + 0x10000)
KIND(same_place, l->data.p_vaddr = l->text.p_vaddr)
KIND(overlap, l->text.p_memsz = 0x1001)
KIND(overlap_by_alignment, l->text.p_vaddr = 0x110000; l->data.p_vaddr = 0x111000;
	l->data.p_align = 0x10000)
KIND(segments_33, many_segments(g, 33))
KIND(nothing_to_load, l->text.p_type = PT_NULL; l->data.p_type = PT_NULL)
KIND(nothing_in_file, l->text.p_filesz = 0; l->data.p_filesz = 0)

KIND(note_beyond, l->foreign.p_offset = g->size)
KIND(note_overflow, l->foreign.p_offset = ~0ull - 15)
KIND(note_size_overflow, l->mft.p_filesz = ~0ull)
KIND(note_cut, g->size -= 1)
KIND(abi_none, l->abi.p_type = PT_NULL)
KIND(abi_in_one_note, l->mft.p_offset = l->abi.p_offset; l->mft.p_filesz = l->abi.p_filesz;
	l->abi.p_type = PT_NULL)
KIND(abi_name, l->n_abi.name[5] = 'x')
KIND(abi_name_size, l->n_abi.n.n_namesz = 5)
KIND(abi_type, l->n_abi.n.n_type = 0x32494241)
KIND(abi_twice, l->foreign = l->abi)
KIND(abi_empty_too, put_note(&l->n_foreign, HVT_NOTE_NAME, HVT_NOTE_ABI, 0);
	l->foreign.p_filesz = HVT_NOTE_HEADER_SIZE)
KIND(abi_small, l->n_abi.n.n_descsz = 12)
KIND(abi_large, l->n_abi.n.n_descsz = 20; l->abi.p_filesz += 4)
KIND(abi_longer, l->abi.p_filesz -= 1)
KIND(abi_size_overflow, l->n_abi.n.n_descsz = ~0u - 19)
KIND(abi_spt, l->abi_desc.target = 2)
KIND(abi_target_zero, l->abi_desc.target = 0)
KIND(abi_version_1, l->abi_desc.version = 1)
KIND(abi_version_3, l->abi_desc.version = 3)
KIND(abi_reserved0, l->abi_desc.reserved0 = 1)
KIND(abi_reserved1, l->abi_desc.reserved1 = 1u << 31)
KIND(mft_none, l->mft.p_type = PT_NULL)
KIND(mft_type, l->n_mft.n.n_type = 0x3254464d)
KIND(mft_twice, l->foreign = l->mft)
KIND(mft_empty, l->n_mft.n.n_descsz = 4)
KIND(mft_less_than_empty, l->n_mft.n.n_descsz = 0)
KIND(mft_large, set_entries(g, 67))
KIND(mft_longer, l->mft.p_filesz -= 1)
KIND(mft_size_overflow, l->n_mft.n.n_descsz = ~0u)

KIND(manifest_short, l->n_mft.n.n_descsz = GEN_MANIFEST_HEAD + 7)
KIND(manifest_version_0, l->m.version = 0)
KIND(manifest_version_2, l->m.version = 2)
KIND(entries_none, set_entries(g, 0))
KIND(entries_65, set_entries(g, 65))
KIND(entries_66, set_entries(g, 66))
KIND(entries_huge, l->m.entries = ~0u)
KIND(entries_product_overflow, l->m.entries = (1ull << 32) / 8 + 1)
KIND(entries_more, l->m.entries = 2)
KIND(entries_fewer, devices(g); l->m.entries = 2)
KIND(manifest_byte_short, l->n_mft.n.n_descsz -= 1)
KIND(manifest_byte_more, l->n_mft.n.n_descsz += 1; l->mft.p_filesz += 1; g->size += 1)
KIND(name_open, device(g, 1, "disk", HVT_DEVICE_BLOCK); memset(l->entry[1].name, 'a', 68))
KIND(name_open_first, memset(l->entry[0].name + 1, 'a', HVT_NAME_SIZE - 1))
KIND(attached, devices(g); l->entry[2].attached = 1)
KIND(attached_not_bool, devices(g); l->entry[1].attached = 0x80)
KIND(attached_reserved, l->entry[0].attached = 1)
KIND(reserved_second, device(g, 1, "", HVT_DEVICE_RESERVED_FIRST))
KIND(reserved_named, device(g, 0, "a", HVT_DEVICE_RESERVED_FIRST))
KIND(type_zero, device(g, 1, "disk", 0))
KIND(type_three, device(g, 1, "disk", 3))
KIND(type_high, device(g, 1, "disk", HVT_DEVICE_BLOCK | 1u << 31))
KIND(type_reserved_high, device(g, 0, "", HVT_DEVICE_RESERVED_FIRST + 1))
KIND(name_empty, device(g, 1, "", HVT_DEVICE_NET))
KIND(name_space, device(g, 1, "a disk", HVT_DEVICE_BLOCK))
KIND(name_bar, device(g, 1, "disk|stop", HVT_DEVICE_BLOCK))
KIND(name_equals, device(g, 1, "disk=", HVT_DEVICE_BLOCK))
KIND(name_slash, device(g, 1, "../disk", HVT_DEVICE_BLOCK))
KIND(name_newline, device(g, 1, "disk\n", HVT_DEVICE_BLOCK))
KIND(name_escape, device(g, 1, "\033[2J", HVT_DEVICE_BLOCK))
KIND(name_not_ascii, device(g, 1, "d\xc3\xa9", HVT_DEVICE_BLOCK))
KIND(name_twice, device(g, 1, "disk", HVT_DEVICE_BLOCK); device(g, 2, "disk", HVT_DEVICE_NET))

#define LATE	"the file ends within a segment"
#define HIGH	"a segment ends beyond 4 GiB"
#define LOW	"a segment begins below 0x100000"
#define POWER	"the alignment of a segment is not a power of two"
#define BELOW	"a segment, aligned, begins below 0x100000"
#define PAGES	"a segment, aligned, is not of whole pages of 4 KiB"
#define WX	"a segment is both writable and executable"
#define OVERLAP	"two segments, aligned, overlap"
#define NO_ABI	"it has no ABI note: it is not a Solo5 image"
#define LONGER	"a note is longer than its program header says"
#define NO_END	"the name of a device in its manifest has no end"
#define CHARS	"the name of a device in its manifest is not of letters, digits, _, - and ."

const struct gen_kind gen_kinds[] = {
#define G(fn)		{ #fn, fn, NULL }
	{ "good", as_it_is, NULL },
	G(devices), G(other_os), G(junk_in_ident), G(bss_anywhere), G(bss_writable_code),
	G(foreign_short), G(foreign_none), G(foreign_of_ours), G(segments_32), G(entries_64),
	G(no_reserved), G(longest_name), G(junk_to_overwrite), G(name_with_tail), G(entry_last),
	G(entry_in_bss), G(no_flags), G(align_2m), G(align_one), G(up_to_4g), G(junk_behind),
	G(note_with_tail),
#undef G
#define D(fn, why)	{ #fn, fn, why }
	D(empty, "it is too short for an ELF file"),
	D(short_header, "it is too short for an ELF file"),
	D(bad_magic, "it is not an ELF file"), D(script, "it is not an ELF file"),
	D(class_32, "it is not a 64-bit ELF file"), D(class_none, "it is not a 64-bit ELF file"),
	D(big_endian, "it is not a little-endian ELF file"),
	D(ident_version, "its ELF version is not 1"), D(version_zero, "its ELF version is not 1"),
	D(version_high, "its ELF version is not 1"),
	D(machine_32, "it is not for x86_64"), D(machine_arm, "it is not for x86_64"),
	D(type_shared, "it is not a statically linked executable (ET_EXEC)"),
	D(type_object, "it is not a statically linked executable (ET_EXEC)"),
	D(type_core, "it is not a statically linked executable (ET_EXEC)"),
	D(header_size, "its ELF header is not of 64 bytes"),
	D(phdr_size, "its program headers are not of 56 bytes"),
	D(phdr_size_zero, "its program headers are not of 56 bytes"),
	D(no_phdrs, "it has no program headers"),
	D(phdrs_beyond, "the file ends within its program headers"),
	D(phdrs_last_byte, "the file ends within its program headers"),
	D(phdrs_overflow, "the file ends within its program headers"),
	D(phdrs_many, "the file ends within its program headers"),
	D(entry_zero, "its entry is below 0x100000"), D(entry_low, "its entry is below 0x100000"),
	D(entry_high, "its entry is beyond 4 GiB"), D(entry_all_ones, "its entry is beyond 4 GiB"),
	D(segment_beyond, LATE), D(segment_last_byte, LATE), D(segment_offset_overflow, LATE),
	D(segment_size_overflow, LATE), D(segment_sum_to_zero, LATE),
	D(memsz_less, "a segment is smaller in memory than in the file"),
	D(memsz_zero, "a segment is smaller in memory than in the file"),
	D(vaddr_zero, LOW), D(vaddr_low, LOW), D(vaddr_page_tables, LOW),
	D(vaddr_high, HIGH), D(vaddr_all_ones, HIGH), D(vaddr_negative, HIGH),
	D(memsz_high, HIGH), D(memsz_overflow, HIGH), D(memsz_all_ones, HIGH),
	D(align_zero, POWER), D(align_odd, POWER), D(align_three_pages, POWER),
	D(align_all_ones, POWER),
	D(align_below, BELOW), D(align_4g, BELOW), D(align_highest, BELOW),
	D(pages_start, PAGES), D(pages_end, PAGES), D(pages_half, PAGES),
	D(writable_code, WX), D(executable_data, WX), D(write_only_code, WX),
	D(wrong_order, "its segments are not in the order of their addresses"),
	D(same_place, OVERLAP), D(overlap, OVERLAP), D(overlap_by_alignment, OVERLAP),
	D(segments_33, "it has more than 32 segments"),
	D(nothing_to_load, "it has nothing to load"), D(nothing_in_file, "it has nothing to load"),
	D(note_beyond, "the file ends within a note"), D(note_overflow, "the file ends within a note"),
	D(note_size_overflow, "the file ends within a note"), D(note_cut, "the file ends within a note"),
	D(abi_none, NO_ABI), D(abi_name, NO_ABI), D(abi_name_size, NO_ABI), D(abi_type, NO_ABI),
	D(abi_in_one_note, "it has no manifest"),
	D(abi_twice, "it has two ABI notes"),
	D(abi_empty_too, "its ABI note is not of 16 bytes"),
	D(abi_small, "its ABI note is not of 16 bytes"), D(abi_large, "its ABI note is not of 16 bytes"),
	D(abi_longer, LONGER), D(abi_size_overflow, LONGER),
	D(abi_spt, "it was not built for the hvt target"),
	D(abi_target_zero, "it was not built for the hvt target"),
	D(abi_version_1, "it was not built for version 2 of the hvt ABI"),
	D(abi_version_3, "it was not built for version 2 of the hvt ABI"),
	D(abi_reserved0, "reserved words of its ABI note are not zero"),
	D(abi_reserved1, "reserved words of its ABI note are not zero"),
	D(mft_none, "it has no manifest"), D(mft_type, "it has no manifest"),
	D(mft_twice, "it has two manifests"),
	D(mft_empty, "its manifest note is empty or of more than 6876 bytes"),
	D(mft_less_than_empty, "its manifest note is empty or of more than 6876 bytes"),
	D(mft_large, "its manifest note is empty or of more than 6876 bytes"),
	D(mft_longer, LONGER), D(mft_size_overflow, LONGER),
	D(manifest_short, "its manifest is too short"),
	D(manifest_version_0, "its manifest is not of version 1"),
	D(manifest_version_2, "its manifest is not of version 1"),
	D(entries_none, "its manifest does not have 1 to 64 entries"),
	D(entries_65, "its manifest does not have 1 to 64 entries"),
	D(entries_66, "its manifest does not have 1 to 64 entries"),
	D(entries_huge, "its manifest does not have 1 to 64 entries"),
	D(entries_product_overflow, "its manifest does not have 1 to 64 entries"),
	D(entries_more, "the size of its manifest is not that of its entries"),
	D(entries_fewer, "the size of its manifest is not that of its entries"),
	D(manifest_byte_short, "the size of its manifest is not that of its entries"),
	D(manifest_byte_more, "the size of its manifest is not that of its entries"),
	D(name_open, NO_END), D(name_open_first, NO_END),
	D(attached, "its manifest says that a device is attached already"),
	D(attached_not_bool, "its manifest says that a device is attached already"),
	D(attached_reserved, "its manifest says that a device is attached already"),
	D(reserved_second, "the reserved entry is not the first of its manifest"),
	D(reserved_named, "the reserved entry of its manifest has a name"),
	D(type_zero, "its manifest has a device of an unknown type"),
	D(type_three, "its manifest has a device of an unknown type"),
	D(type_high, "its manifest has a device of an unknown type"),
	D(type_reserved_high, "its manifest has a device of an unknown type"),
	D(name_empty, "a device in its manifest has no name"),
	D(name_space, CHARS), D(name_bar, CHARS), D(name_equals, CHARS), D(name_slash, CHARS),
	D(name_newline, CHARS), D(name_escape, CHARS), D(name_not_ascii, CHARS),
	D(name_twice, "two devices in its manifest have the same name"),
#undef D
};

const unsigned int gen_kinds_count = sizeof(gen_kinds) / sizeof(gen_kinds[0]);

/* The image of that kind. */
void gen_make(struct gen *g, const struct gen_kind *kind)
{
	good(g);
	kind->apply(g);
}
