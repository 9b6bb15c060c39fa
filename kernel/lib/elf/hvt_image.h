/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A guest's image: what is checked before a byte of it is loaded.  Pure functions over
 * bytes that nobody vouches for; nothing is allocated.
 */
#ifndef HEDGE_ELF_HVT_IMAGE_H
#define HEDGE_ELF_HVT_IMAGE_H

#include <linux/types.h>

#include "hvt_abi.h"

#define HVT_MAX_SEGMENTS	32	/* that have something in the file */

enum hvt_prot {
	HVT_PROT_READ = 1,
	HVT_PROT_WRITE = 2,
	HVT_PROT_EXEC = 4,
};

struct hvt_segment {
	u64 vaddr;			/* where its first byte goes */
	u64 offset;			/* in the file */
	u64 filesz;			/* bytes of it in the file; the rest is zeros */
	u64 memsz;
	u64 start;			/* in pages: a multiple of 4 KiB, at most vaddr */
	u64 end;			/* likewise, at least vaddr + memsz */
	u32 prot;			/* enum hvt_prot; never both WRITE and EXEC */
};

struct hvt_image {
	u64 entry;
	u64 kernel_end;			/* end of the last segment, in pages */
	u32 segments;
	struct hvt_segment segment[HVT_MAX_SEGMENTS];
	u64 manifest_offset;		/* in the file */
	u32 manifest_size;		/* bytes */
};

int hvt_image_parse(const void *file, size_t size, struct hvt_image *image, const char **why);
int hvt_image_fits(const struct hvt_image *image, u64 mem, const char **why);
int hvt_manifest_check(const void *manifest, size_t size, const char **why);

#endif /* HEDGE_ELF_HVT_IMAGE_H */
