/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ustar archive on a disk (POSIX.1-2001, pax: ustar interchange format), as it is. */
#ifndef GUEST_HTTP_TAR_H
#define GUEST_HTTP_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK	512u
#define TAR_NAME_MAX	260u		/* prefix, "/" and name, with a NUL */

struct tar_file {
	char name[TAR_NAME_MAX];	/* without "./" before it */
	uint64_t size;			/* bytes */
	bool regular;			/* others are skipped: folders, links, ... */
};

/*
 * What a header block says: 1; 0 for a block of zeros, the end; -1 if it is none, or its
 * checksum is wrong.
 */
int tar_parse(const uint8_t block[TAR_BLOCK], struct tar_file *file);

#endif /* GUEST_HTTP_TAR_H */
