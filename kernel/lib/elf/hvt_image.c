// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "hvt_image.h"

/* A file that nobody vouches for; all reading goes through read_at(). */
struct blob {
	const u8 *data;
	u64 size;
};

static bool within(const struct blob *file, u64 offset, u64 len)
{
	return offset <= file->size && len <= file->size - offset;
}

/* Copies, since a structure may be anywhere in the file. */
static bool read_at(const struct blob *file, u64 offset, void *to, size_t len)
{
	if (!within(file, offset, len))
		return false;
	memcpy(to, file->data + offset, len);
	return true;
}

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -ENOEXEC;
}

static int check_header(const Elf64_Ehdr *e, const char **why)
{
	if (memcmp(e->e_ident, ELFMAG, SELFMAG))
		return refuse(why, "it is not an ELF file");
	if (e->e_ident[EI_CLASS] != ELFCLASS64)
		return refuse(why, "it is not a 64-bit ELF file");
	if (e->e_ident[EI_DATA] != ELFDATA2LSB)
		return refuse(why, "it is not a little-endian ELF file");
	if (e->e_ident[EI_VERSION] != EV_CURRENT || e->e_version != EV_CURRENT)
		return refuse(why, "its ELF version is not 1");
	if (e->e_machine != EM_X86_64)
		return refuse(why, "it is not for x86_64");
	if (e->e_type != ET_EXEC)
		return refuse(why, "it is not a statically linked executable (ET_EXEC)");
	if (e->e_ehsize != sizeof(Elf64_Ehdr))
		return refuse(why, "its ELF header is not of 64 bytes");
	if (e->e_phentsize != sizeof(Elf64_Phdr))
		return refuse(why, "its program headers are not of 56 bytes");
	if (!e->e_phnum)
		return refuse(why, "it has no program headers");
	if (e->e_entry < HVT_GUEST_MIN)
		return refuse(why, "its entry is below 0x100000");
	if (e->e_entry >= HVT_MEM_MAX)
		return refuse(why, "its entry is beyond 4 GiB");
	return 0;
}

/*
 * No sum here can overflow: the end is at most 4 GiB, and the alignment at most 2^63,
 * before they are added. Nor does alignment move an end beyond 4 GiB: that is a multiple
 * of every alignment up to it, and a larger one has moved the beginning to 0.
 */
static int check_segment(const struct blob *file, const Elf64_Phdr *p, struct hvt_segment *s,
			 const char **why)
{
	if (!within(file, p->p_offset, p->p_filesz))
		return refuse(why, "the file ends within a segment");
	if (p->p_memsz < p->p_filesz)
		return refuse(why, "a segment is smaller in memory than in the file");
	if (p->p_vaddr < HVT_GUEST_MIN)
		return refuse(why, "a segment begins below 0x100000");
	if (p->p_vaddr >= HVT_MEM_MAX || p->p_memsz > HVT_MEM_MAX - p->p_vaddr)
		return refuse(why, "a segment ends beyond 4 GiB");
	if (!p->p_align || p->p_align & (p->p_align - 1))
		return refuse(why, "the alignment of a segment is not a power of two");
	if ((p->p_flags & PF_W) && (p->p_flags & PF_X))
		return refuse(why, "a segment is both writable and executable");
	s->vaddr = p->p_vaddr;
	s->offset = p->p_offset;
	s->filesz = p->p_filesz;
	s->memsz = p->p_memsz;
	s->start = p->p_vaddr & -p->p_align;
	s->end = (p->p_vaddr + p->p_memsz + p->p_align - 1) & -p->p_align;
	s->prot = (p->p_flags & PF_R ? HVT_PROT_READ : 0) |
		  (p->p_flags & PF_W ? HVT_PROT_WRITE : 0) |
		  (p->p_flags & PF_X ? HVT_PROT_EXEC : 0);
	if (s->start < HVT_GUEST_MIN)
		return refuse(why, "a segment, aligned, begins below 0x100000");
	if (s->start % HVT_PAGE_SIZE || s->end % HVT_PAGE_SIZE)
		return refuse(why, "a segment, aligned, is not of whole pages of 4 KiB");
	return 0;
}

static int add_segment(const struct blob *file, const Elf64_Phdr *p, struct hvt_image *image,
		       const char **why)
{
	struct hvt_segment *s = &image->segment[image->segments];
	int err;

	if (image->segments == HVT_MAX_SEGMENTS)
		return refuse(why, "it has more than 32 segments");
	err = check_segment(file, p, s, why);
	if (err)
		return err;
	if (image->segments && s->vaddr < s[-1].vaddr)
		return refuse(why, "its segments are not in the order of their addresses");
	if (image->segments && s->start < s[-1].end)
		return refuse(why, "two segments, aligned, overlap");
	image->kernel_end = s->end;
	image->segments++;
	return 0;
}

/* Which of ours a note is: HVT_NOTE_*, or 0. */
static u32 note_type(const u8 header[HVT_NOTE_HEADER_SIZE], u32 *descsz)
{
	Elf64_Nhdr note;

	memcpy(&note, header, sizeof(note));
	*descsz = note.n_descsz;
	if (note.n_namesz != HVT_NOTE_NAME_SIZE ||
	    memcmp(header + sizeof(note), HVT_NOTE_NAME, HVT_NOTE_NAME_SIZE))
		return 0;
	if (note.n_type != HVT_NOTE_ABI && note.n_type != HVT_NOTE_MANIFEST)
		return 0;
	return note.n_type;
}

static int check_abi(const struct blob *file, u64 offset, u32 descsz, const char **why)
{
	struct hvt_note_abi abi;

	if (descsz != sizeof(abi))
		return refuse(why, "its ABI note is not of 16 bytes");
	read_at(file, offset, &abi, sizeof(abi));
	if (abi.target != HVT_ABI_TARGET)
		return refuse(why, "it was not built for the hvt target");
	if (abi.version != HVT_ABI_VERSION)
		return refuse(why, "it was not built for version 2 of the hvt ABI");
	if (abi.reserved0 || abi.reserved1)
		return refuse(why, "reserved words of its ABI note are not zero");
	return 0;
}

/* Of a note's contents, what lies before the manifest, which is aligned. */
#define MANIFEST_PAD	(HVT_MANIFEST_OFFSET - HVT_NOTE_HEADER_SIZE)

static int find_manifest(u64 note, u32 descsz, struct hvt_image *image, const char **why)
{
	if (descsz <= MANIFEST_PAD || descsz > HVT_MANIFEST_MAX_SIZE)
		return refuse(why, "its manifest note is empty or of more than 6876 bytes");
	image->manifest_offset = note + HVT_MANIFEST_OFFSET;
	image->manifest_size = descsz - MANIFEST_PAD;
	return 0;
}

/* Notes of others may be what they like, as long as they are in the file. */
static int add_note(const struct blob *file, const Elf64_Phdr *p, struct hvt_image *image,
		    bool *has_abi, const char **why)
{
	u8 header[HVT_NOTE_HEADER_SIZE];
	u32 descsz, type;

	if (!within(file, p->p_offset, p->p_filesz))
		return refuse(why, "the file ends within a note");
	if (p->p_filesz < sizeof(header))
		return 0;
	read_at(file, p->p_offset, header, sizeof(header));
	type = note_type(header, &descsz);
	if (!type)
		return 0;
	if (descsz > p->p_filesz - sizeof(header))
		return refuse(why, "a note is longer than its program header says");
	if (type == HVT_NOTE_MANIFEST) {
		if (image->manifest_size)
			return refuse(why, "it has two manifests");
		return find_manifest(p->p_offset, descsz, image, why);
	}
	if (*has_abi)
		return refuse(why, "it has two ABI notes");
	*has_abi = true;
	return check_abi(file, p->p_offset + sizeof(header), descsz, why);
}

/**
 * hvt_image_parse - check an image, before a byte of it is loaded
 * @bytes:	the whole file, untrusted, at any alignment
 * @size:	its bytes
 * @image:	filled in; meaningless unless 0 is returned
 * @why:	else, the rule that is broken: a sentence about the image without its full
 *		stop, a constant
 *
 * What is checked is what Solo5's hvt asks of an image (tenders/common/elf.c), and
 * hvt_manifest_check(). Only segments that have something in the file count: memory is
 * zero anyway. Whether the image fits a guest's memory, hvt_image_fits() says.
 *
 * Return: 0 or -ENOEXEC.
 */
int hvt_image_parse(const void *bytes, size_t size, struct hvt_image *image, const char **why)
{
	const struct blob file = { bytes, size };
	bool has_abi = false;
	Elf64_Ehdr e;
	Elf64_Phdr p;
	u32 i;
	int err;

	memset(image, 0, sizeof(*image));
	if (!read_at(&file, 0, &e, sizeof(e)))
		return refuse(why, "it is too short for an ELF file");
	err = check_header(&e, why);
	if (err)
		return err;
	if (!within(&file, e.e_phoff, e.e_phnum * sizeof(p)))
		return refuse(why, "the file ends within its program headers");
	image->entry = e.e_entry;
	for (i = 0; i < e.e_phnum && !err; i++) {
		read_at(&file, e.e_phoff + i * sizeof(p), &p, sizeof(p));
		if (p.p_type == PT_LOAD && p.p_filesz)
			err = add_segment(&file, &p, image, why);
		else if (p.p_type == PT_NOTE)
			err = add_note(&file, &p, image, &has_abi, why);
	}
	if (err)
		return err;
	if (!image->segments)
		return refuse(why, "it has nothing to load");
	if (!has_abi)
		return refuse(why, "it has no ABI note: it is not a Solo5 image");
	if (!image->manifest_size)
		return refuse(why, "it has no manifest");
	return hvt_manifest_check(file.data + image->manifest_offset, image->manifest_size, why);
}

/**
 * hvt_image_fits - does an image fit a guest's memory?
 * @image:	from hvt_image_parse()
 * @mem:	bytes of memory
 * @why:	if not, the rule that is broken, as in hvt_image_parse()
 *
 * Return: 0 or -EINVAL.
 */
int hvt_image_fits(const struct hvt_image *image, u64 mem, const char **why)
{
	*why = NULL;
	if (mem < HVT_MEM_MIN || mem > HVT_MEM_MAX || mem % HVT_PAGE_2M)
		*why = "its memory is not a multiple of 2 MiB up to 4 GiB";
	else if (image->entry >= mem)
		*why = "its entry is beyond its memory";
	else if (image->kernel_end > mem)
		*why = "a segment ends beyond its memory";
	return *why ? -EINVAL : 0;
}

/* Names of devices stand in commands and messages. */
static bool name_is_plain(const char *name)
{
	for (; *name; name++)
		if (!(*name >= 'a' && *name <= 'z') && !(*name >= 'A' && *name <= 'Z') &&
		    !(*name >= '0' && *name <= '9') && *name != '_' && *name != '-' &&
		    *name != '.')
			return false;
	return true;
}

static const u8 *entry_at(const void *manifest, u32 i)
{
	return (const u8 *)manifest + sizeof(struct hvt_manifest) +
	       i * sizeof(struct hvt_manifest_entry);
}

static int check_entry(const void *manifest, u32 i, const char **why)
{
	struct hvt_manifest_entry e, other;
	u32 j;

	memcpy(&e, entry_at(manifest, i), sizeof(e));
	if (e.name[HVT_NAME_SIZE - 1])
		return refuse(why, "the name of a device in its manifest has no end");
	if (e.attached)
		return refuse(why, "its manifest says that a device is attached already");
	if (e.type == HVT_DEVICE_RESERVED_FIRST) {
		if (i)
			return refuse(why, "the reserved entry is not the first of its manifest");
		if (e.name[0])
			return refuse(why, "the reserved entry of its manifest has a name");
		return 0;
	}
	if (e.type != HVT_DEVICE_BLOCK && e.type != HVT_DEVICE_NET)
		return refuse(why, "its manifest has a device of an unknown type");
	if (!e.name[0])
		return refuse(why, "a device in its manifest has no name");
	if (!name_is_plain(e.name))
		return refuse(why, "the name of a device in its manifest is not of letters, digits, _, - and .");
	for (j = 0; j < i; j++) {
		memcpy(&other, entry_at(manifest, j), sizeof(other));
		if (!strcmp(e.name, other.name))
			return refuse(why, "two devices in its manifest have the same name");
	}
	return 0;
}

/**
 * hvt_manifest_check - check the list of devices that an image wants
 * @manifest:	untrusted bytes, at any alignment: as struct hvt_manifest
 * @size:	how many
 * @why:	the rule that is broken, as in hvt_image_parse()
 *
 * What a monitor fills in when it attaches a device (its size, its address, and the
 * reserved word) is not looked at: it has to be overwritten in any case.
 *
 * Return: 0 or -ENOEXEC.
 */
int hvt_manifest_check(const void *manifest, size_t size, const char **why)
{
	struct hvt_manifest m;
	u32 i;
	int err = 0;

	if (size < sizeof(m))
		return refuse(why, "its manifest is too short");
	memcpy(&m, manifest, sizeof(m));
	if (m.version != HVT_MANIFEST_VERSION)
		return refuse(why, "its manifest is not of version 1");
	if (!m.entries || m.entries > HVT_MANIFEST_MAX)
		return refuse(why, "its manifest does not have 1 to 64 entries");
	if (size != sizeof(m) + m.entries * sizeof(struct hvt_manifest_entry))
		return refuse(why, "the size of its manifest is not that of its entries");
	for (i = 0; i < m.entries && !err; i++)
		err = check_entry(manifest, i, why);
	return err;
}
