/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of guests, made by hand: a good one, others that are just as good, and one
 * for each way in which a rule of kernel/lib/elf/hvt_image.c can be broken.
 *
 * The good one is complete: it halts with status 0 and wants no devices.
 */
#ifndef TESTS_GEN_HVT_IMAGE_H
#define TESTS_GEN_HVT_IMAGE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include "hvt_abi.h"

#define GEN_MAX			32768u		/* bytes of an image */
#define GEN_PHDRS		6u
#define GEN_CODE_AT		0x100000u
#define GEN_DATA_AT		0x101000u
#define GEN_ENTRIES		70u		/* more than there may be */
#define GEN_MANIFEST_HEAD	4u		/* bytes of the note's contents before it */

struct gen_note {
	Elf64_Nhdr n;
	char name[8];
};

/* Segments are not in pages of the file, since that is no rule. */
struct gen_layout {
	Elf64_Ehdr e;
	Elf64_Phdr text;		/* program headers, up to mft */
	Elf64_Phdr data;
	Elf64_Phdr bss;
	Elf64_Phdr foreign;
	Elf64_Phdr abi;
	Elf64_Phdr mft;
	struct gen_note n_foreign;
	struct gen_note n_abi;
	struct hvt_note_abi abi_desc;
	unsigned char code[16];
	struct hvt_hc_halt halt;
	struct gen_note n_mft;
	uint32_t pad;
	struct hvt_manifest m;
	struct hvt_manifest_entry entry[GEN_ENTRIES];
};

_Static_assert(offsetof(struct gen_layout, m) ==
	       offsetof(struct gen_layout, n_mft) + HVT_MANIFEST_OFFSET, "place of the manifest");

struct gen {
	union {
		struct gen_layout l;
		unsigned char bytes[GEN_MAX];
	};
	size_t size;
};

/* One image by name; of a good one, why is NULL. */
struct gen_kind {
	const char *name;
	void (*apply)(struct gen *g);
	const char *why;
};

extern const struct gen_kind gen_kinds[];
extern const unsigned int gen_kinds_count;

void gen_make(struct gen *g, const struct gen_kind *kind);

#endif /* TESTS_GEN_HVT_IMAGE_H */
