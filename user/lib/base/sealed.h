/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of files that nobody can change any more. */
#ifndef SKY_BASE_SEALED_H
#define SKY_BASE_SEALED_H

#include <stdint.h>

/**
 * sealed_copy - read a file once, into memory that is sealed
 * @from:	a regular file, at its beginning
 * @max:	most bytes
 *
 * Nobody has it open to write: the kernel reads no other files for itself.
 *
 * Return: a descriptor to read from; -EINVAL: not a regular file; -ENODATA: empty; -EFBIG; -errno.
 */
int sealed_copy(int from, uint64_t max);

#endif /* SKY_BASE_SEALED_H */
