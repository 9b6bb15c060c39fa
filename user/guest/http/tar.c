// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "tar.h"

#define NAME_AT		0u
#define NAME_SIZE	100u
#define SIZE_AT		124u
#define SIZE_SIZE	12u
#define SUM_AT		148u
#define SUM_SIZE	8u
#define TYPE_AT		156u
#define MAGIC_AT	257u
#define PREFIX_AT	345u
#define PREFIX_SIZE	155u

static bool octal(const uint8_t *p, size_t size, uint64_t *v)
{
	size_t i, digits = 0;

	*v = 0;
	for (i = 0; i < size && p[i] == ' '; i++)
		;
	for (; i < size && p[i] >= '0' && p[i] <= '7'; i++, digits++)
		*v = *v << 3 | (p[i] - '0');
	/* 12 digits are 36 bits. */
	return digits && (i == size || !p[i] || p[i] == ' ');
}

static size_t field_length(const uint8_t *p, size_t size)
{
	size_t n;

	for (n = 0; n < size && p[n]; n++)
		;
	return n;
}

int tar_parse(const uint8_t block[TAR_BLOCK], struct tar_file *file)
{
	size_t n = 0, len, i;
	uint64_t sum = 0, want;
	const uint8_t *name = block + NAME_AT;
	uint8_t any = 0;

	for (i = 0; i < TAR_BLOCK; i++) {
		sum += i >= SUM_AT && i < SUM_AT + SUM_SIZE ? ' ' : block[i];
		any |= block[i];
	}
	if (!any)
		return 0;
	if (memcmp(block + MAGIC_AT, "ustar", 5) || !octal(block + SUM_AT, SUM_SIZE, &want) ||
	    want != sum || !octal(block + SIZE_AT, SIZE_SIZE, &file->size))
		return -1;
	file->regular = block[TYPE_AT] == '0' || !block[TYPE_AT];
	/* The old GNU format has other things where ustar has the prefix. */
	len = block[MAGIC_AT + 5] ? 0 : field_length(block + PREFIX_AT, PREFIX_SIZE);
	memcpy(file->name, block + PREFIX_AT, len);
	n = len;
	if (n)
		file->name[n++] = '/';
	len = field_length(name, NAME_SIZE);
	memcpy(file->name + n, name, len);
	n += len;
	file->name[n] = 0;
	if (n >= 2 && file->name[0] == '.' && file->name[1] == '/')
		memmove(file->name, file->name + 2, n - 1);
	return 1;
}
