/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules for images a second time, without regard for speed or size: numbers of 128
 * bits, one byte after the other. It says yes or no, and not why.
 */
#ifndef TESTS_HVT_NAIVE_H
#define TESTS_HVT_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAIVE_4G	((__uint128_t)1 << 32)

struct naive {
	const uint8_t *data;
	size_t size;
	bool outside;			/* something was to be read that is not there */
};

/* A little-endian number of @bytes bytes. */
static inline uint64_t naive_get(struct naive *f, __uint128_t at, unsigned int bytes)
{
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < bytes; i++) {
		if (at + i >= f->size) {
			f->outside = true;
			return 0;
		}
		v |= (uint64_t)f->data[at + i] << (8 * i);
	}
	return v;
}

static inline bool naive_is(struct naive *f, __uint128_t at, const char *text, unsigned int bytes)
{
	unsigned int i;

	for (i = 0; i < bytes; i++)
		if (naive_get(f, at + i, 1) != (uint8_t)text[i])
			return false;
	return true;
}

/* The name at @at, and whether it is one; its length in *@len. */
static inline bool naive_name(struct naive *f, __uint128_t at, unsigned int *len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	unsigned int i, j;

	*len = 0;
	if (naive_get(f, at + 67, 1))
		return false;
	for (i = 0; naive_get(f, at + i, 1); i++) {
		for (j = 0; allowed[j] && (uint8_t)allowed[j] != naive_get(f, at + i, 1); j++)
			;
		if (!allowed[j])
			return false;
	}
	*len = i;
	return true;
}

static inline bool naive_same_name(struct naive *f, __uint128_t a, __uint128_t b)
{
	unsigned int i;

	for (i = 0; naive_get(f, a + i, 1) == naive_get(f, b + i, 1); i++)
		if (!naive_get(f, a + i, 1))
			return true;
	return false;
}

static inline bool naive_entry(struct naive *f, __uint128_t first, unsigned int i)
{
	__uint128_t at = first + i * 104;
	uint64_t type = naive_get(f, at + 68, 4);
	unsigned int j, len;

	if (naive_get(f, at + 96, 1))
		return false;
	if (type == 1 << 30)
		return i == 0 && !naive_get(f, at, 1) && !naive_get(f, at + 67, 1);
	if ((type != 1 && type != 2) || !naive_name(f, at, &len) || !len)
		return false;
	for (j = 0; j < i; j++)
		if (naive_same_name(f, at, first + j * 104))
			return false;
	return true;
}

static inline bool naive_manifest(struct naive *f, __uint128_t at, __uint128_t size)
{
	uint64_t entries, i;

	if (size < 8 || naive_get(f, at, 4) != 1)
		return false;
	entries = naive_get(f, at + 4, 4);
	if (entries < 1 || entries > 64 || size != 8 + 104 * (__uint128_t)entries)
		return false;
	for (i = 0; i < entries; i++)
		if (!naive_entry(f, at + 8, i))
			return false;
	return true;
}

static inline bool naive_note(struct naive *f, __uint128_t at, unsigned int *abis,
			      unsigned int *manifests)
{
	__uint128_t offset = naive_get(f, at + 8, 8), size = naive_get(f, at + 32, 8);
	uint64_t descsz, type;

	if (offset + size > f->size)
		return false;
	if (size < 20 || naive_get(f, offset, 4) != 6 || !naive_is(f, offset + 12, "Solo5", 6))
		return true;
	descsz = naive_get(f, offset + 4, 4);
	type = naive_get(f, offset + 8, 4);
	if (type == 0x31494241) {
		++*abis;
		return 20 + (__uint128_t)descsz <= size && descsz == 16 &&
		       naive_get(f, offset + 20, 4) == 1 && naive_get(f, offset + 24, 4) == 2 &&
		       naive_get(f, offset + 28, 8) == 0;
	}
	if (type == 0x3154464d) {
		++*manifests;
		return 20 + (__uint128_t)descsz <= size && descsz > 4 && descsz <= 6876 &&
		       naive_manifest(f, offset + 24, descsz - 4);
	}
	return true;
}

/* @last: end of the segment before, aligned; @vaddr: its address. */
static inline bool naive_segment(struct naive *f, __uint128_t at, __uint128_t *last,
				 __uint128_t *vaddr)
{
	__uint128_t offset = naive_get(f, at + 8, 8), va = naive_get(f, at + 16, 8);
	__uint128_t filesz = naive_get(f, at + 32, 8), memsz = naive_get(f, at + 40, 8);
	__uint128_t align = naive_get(f, at + 48, 8), start, end, power;
	uint64_t flags = naive_get(f, at + 4, 4);

	for (power = 1; power < align; power *= 2)
		;
	if (align == 0 || power != align)
		return false;
	start = va / align * align;
	end = (va + memsz + align - 1) / align * align;
	if (offset + filesz > f->size || filesz > memsz || va < *vaddr || start < *last)
		return false;
	if (start < 0x100000 || end > NAIVE_4G || start % 4096 || end % 4096)
		return false;
	if ((flags & 1) && (flags & 2))
		return false;
	*last = end;
	*vaddr = va;
	return true;
}

/* @end: where the last segment ends. */
static inline bool naive_accepts(const uint8_t *data, size_t size, uint64_t *end)
{
	struct naive f = { data, size, false };
	__uint128_t phoff = naive_get(&f, 32, 8), at, last = 0, vaddr = 0;
	uint64_t count = naive_get(&f, 56, 2), entry = naive_get(&f, 24, 8), i;
	unsigned int segments = 0, abis = 0, manifests = 0;

	if (size < 64 || !naive_is(&f, 0, "\177ELF\2\1\1", 7) || naive_get(&f, 16, 2) != 2 ||
	    naive_get(&f, 18, 2) != 62 || naive_get(&f, 20, 4) != 1 || naive_get(&f, 52, 2) != 64 ||
	    naive_get(&f, 54, 2) != 56 || entry < 0x100000 || entry >= NAIVE_4G)
		return false;
	if (phoff + count * 56 > size)
		return false;
	for (i = 0; i < count; i++) {
		at = phoff + i * 56;
		if (naive_get(&f, at, 4) == 1 && naive_get(&f, at + 32, 8)) {
			if (!naive_segment(&f, at, &last, &vaddr))
				return false;
			segments++;
		}
		if (naive_get(&f, at, 4) == 4 && !naive_note(&f, at, &abis, &manifests))
			return false;
	}
	*end = last;
	return !f.outside && segments >= 1 && segments <= 32 && abis == 1 && manifests == 1;
}

#endif /* TESTS_HVT_NAIVE_H */
