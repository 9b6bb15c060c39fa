/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Untrusted bytes that are read from their beginning; what does not fit is not read. */
#ifndef SKY_TPM_BYTES_H
#define SKY_TPM_BYTES_H

#include "base/str.h"

struct bytes {
	const uint8_t *at;
	size_t len;			/* what is left */
};

static inline struct bytes bytes_of(const void *at, size_t len)
{
	return (struct bytes){ at, len };
}

/* Return: false, and nothing is taken, when there are not so many. */
static inline bool bytes_take(struct bytes *b, size_t len, const uint8_t **at)
{
	if (len > b->len)
		return false;
	*at = b->at;
	b->at += len;
	b->len -= len;
	return true;
}

static inline bool bytes_skip(struct bytes *b, size_t len)
{
	const uint8_t *at;

	return bytes_take(b, len, &at);
}

static inline bool bytes_str(struct bytes *b, size_t len, struct str *s)
{
	const uint8_t *at;

	if (!bytes_take(b, len, &at))
		return false;
	*s = (struct str){ (const char *)at, len };
	return true;
}

static inline bool bytes_le16(struct bytes *b, uint16_t *value)
{
	const uint8_t *at;

	if (!bytes_take(b, 2, &at))
		return false;
	*value = (uint16_t)(at[0] | at[1] << 8);
	return true;
}

static inline bool bytes_le32(struct bytes *b, uint32_t *value)
{
	const uint8_t *at;

	if (!bytes_take(b, 4, &at))
		return false;
	*value = at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
	return true;
}

static inline bool bytes_le64(struct bytes *b, uint64_t *value)
{
	uint32_t low, high;

	if (b->len < 8)
		return false;
	if (!bytes_le32(b, &low) || !bytes_le32(b, &high))
		return false;
	*value = (uint64_t)high << 32 | low;
	return true;
}

/* A number in front of so many bytes, which are taken. */
static inline bool bytes_counted(struct bytes *b, struct str *s)
{
	struct bytes try = *b;
	uint32_t len;

	if (!bytes_le32(&try, &len) || !bytes_str(&try, len, s))
		return false;
	*b = try;
	return true;
}

#endif /* SKY_TPM_BYTES_H */
