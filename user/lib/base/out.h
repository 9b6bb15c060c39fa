/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that is written into memory of the caller's.  A writer that has no room
 * remembers so and takes no more; who wrote asks once, at the end.
 */
#ifndef SKY_BASE_OUT_H
#define SKY_BASE_OUT_H

#include "str.h"

struct out {
	char *at;
	size_t len;		/* bytes written */
	size_t size;		/* bytes there are */
	int err;		/* 0, or the negative errno of the first failure */

	/*
	 * Called when @need bytes more do not fit; sends what is there and lowers
	 * @len, or enlarges @at, as far as it can.  Returns 0 or a negative errno.
	 * NULL: there is no more room.
	 */
	int (*room)(struct out *o, size_t need);
	void *arg;		/* for @room */
};

#define OUT(buf, bytes)	((struct out){ .at = (buf), .size = (bytes) })

static inline struct str out_written(const struct out *o)
{
	return (struct str){ o->at, o->len };
}

char *out_make_room(struct out *o, size_t len);
void out_bytes(struct out *o, const void *bytes, size_t len);
void out_number(struct out *o, uint64_t value);
void out_hex(struct out *o, const void *bytes, size_t len);
void out_base64(struct out *o, const void *bytes, size_t len);

/**
 * out_reserve - room for a piece that is about to be written
 * @o:		the writer
 * @len:	bytes
 *
 * They count as written.
 *
 * Return: where they go, or NULL when the writer has failed.
 */
static inline char *out_reserve(struct out *o, size_t len)
{
	char *at;

	if (o->err || len > o->size - o->len)
		return out_make_room(o, len);
	at = o->at + o->len;
	o->len += len;
	return at;
}

static inline void out_char(struct out *o, char c)
{
	char *to = out_reserve(o, 1);

	if (to)
		*to = c;
}

static inline void out_str(struct out *o, struct str s)
{
	out_bytes(o, s.at, s.len);
}

static inline void out_text(struct out *o, const char *text)
{
	out_bytes(o, text, strlen(text));
}

int base64_decode(struct str text, void *to, size_t size);

#endif /* SKY_BASE_OUT_H */
