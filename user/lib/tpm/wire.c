// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "wire.h"

struct tpm_blob tpm_read_bytes(struct tpm_reader *r, size_t len)
{
	struct tpm_blob got = { r->at, len };

	if (r->bad || len > r->left) {
		r->bad = true;
		return TPM_BLOB_NONE;
	}
	r->at += len;
	r->left -= len;
	return got;
}

static uint64_t number(struct tpm_reader *r, size_t len)
{
	struct tpm_blob b = tpm_read_bytes(r, len);
	uint64_t value = 0;

	for (; b.len; b.len--)
		value = value << 8 | *b.at++;
	return value;
}

uint8_t tpm_read_u8(struct tpm_reader *r)
{
	return number(r, 1);
}

uint16_t tpm_read_u16(struct tpm_reader *r)
{
	return number(r, 2);
}

uint32_t tpm_read_u32(struct tpm_reader *r)
{
	return number(r, 4);
}

uint64_t tpm_read_u64(struct tpm_reader *r)
{
	return number(r, 8);
}

struct tpm_blob tpm_read_2b(struct tpm_reader *r, size_t max)
{
	size_t len = tpm_read_u16(r);

	if (len > max)
		r->bad = true;
	return tpm_read_bytes(r, len);
}

bool tpm_read_end(const struct tpm_reader *r)
{
	return !r->bad && !r->left;
}

void tpm_write_bytes(struct tpm_writer *w, const void *bytes, size_t len)
{
	if (w->bad || len > w->size - w->len) {
		w->bad = true;
		return;
	}
	if (len)
		memcpy(w->at + w->len, bytes, len);
	w->len += len;
}

static void write_number(struct tpm_writer *w, uint64_t value, unsigned int len)
{
	uint8_t bytes[8];
	unsigned int i;

	for (i = 0; i < len; i++)
		bytes[i] = value >> 8 * (len - 1 - i);
	tpm_write_bytes(w, bytes, len);
}

void tpm_write_u16(struct tpm_writer *w, uint16_t value)
{
	write_number(w, value, 2);
}

void tpm_write_u32(struct tpm_writer *w, uint32_t value)
{
	write_number(w, value, 4);
}

void tpm_write_u64(struct tpm_writer *w, uint64_t value)
{
	write_number(w, value, 8);
}

void tpm_write_2b(struct tpm_writer *w, const void *bytes, size_t len)
{
	w->bad |= len > UINT16_MAX;
	tpm_write_u16(w, len);
	tpm_write_bytes(w, bytes, len);
}

bool tpm_blob_equal(struct tpm_blob a, struct tpm_blob b)
{
	return a.len == b.len && (!a.len || !memcmp(a.at, b.at, a.len));
}
