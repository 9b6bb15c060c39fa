// SPDX-License-Identifier: GPL-2.0-or-later
#include "chunked.h"
#include "head.h"

enum {
	AT_SIZE,	/* in the line of a chunk's size */
	AT_DATA,
	AT_DATA_END,	/* in the CR LF after the data */
	AT_TRAILER,
	AT_DONE,
	AT_BAD,
};

/**
 * chunk_scan_init - before the first byte of a body
 * @c:		the scanner
 * @lenient:	for the trailers of aws-chunked, which clients end in LF, CR LF or
 *		LF CR LF.  The body that they are in has a length of its own, so
 *		that nothing can be smuggled in behind it.
 */
void chunk_scan_init(struct chunk_scan *c, bool lenient)
{
	memset(c, 0, offsetof(struct chunk_scan, line));
	c->lenient = lenient;
}

static enum chunk_event bad(struct chunk_scan *c)
{
	c->state = AT_BAD;
	return CHUNK_BAD;
}

/*
 * Gather a line up to LF.  Returns 1 when it is there, without its end, 0 when
 * there is to be more, -1 when it is none.
 */
static int gather(struct chunk_scan *c, struct str *in, bool lenient)
{
	const char *end = in->len ? memchr(in->at, '\n', in->len) : NULL;
	size_t len = end ? end - in->at + 1 : in->len;

	if (len > sizeof(c->line) - c->line_len)
		return -1;
	if (len)
		memcpy(c->line + c->line_len, in->at, len);
	c->line_len += len;
	*in = str_skip(*in, len);
	if (!end)
		return 0;
	c->line_len--;
	if (c->line_len && c->line[c->line_len - 1] == '\r')
		c->line_len--;
	else if (!lenient)
		return -1;
	return 1;
}

/* 1*HEXDIG of at most 15 digits, then an extension or nothing. */
static bool parse_size(struct chunk_scan *c)
{
	size_t i;

	c->size = 0;
	for (i = 0; i < c->line_len && hex_value(c->line[i]) >= 0; i++) {
		if (i == 15)
			return false;
		c->size = c->size << 4 | hex_value(c->line[i]);
	}
	c->ext = (struct str){ c->line + i, c->line_len - i };
	return i && http_is_value(c->ext) && (!c->ext.len || *c->ext.at == ';');
}

static enum chunk_event take_size(struct chunk_scan *c, struct str *in)
{
	int rc = gather(c, in, false);

	if (rc <= 0)
		return rc ? bad(c) : CHUNK_MORE;
	if (!parse_size(c))
		return bad(c);
	c->line_len = 0;
	c->left = c->size;
	c->state = c->size ? AT_DATA : AT_TRAILER;
	return CHUNK_SIZE;
}

static enum chunk_event take_data(struct chunk_scan *c, struct str *in)
{
	c->data = str_head(*in, c->left < SIZE_MAX ? c->left : SIZE_MAX);
	*in = str_skip(*in, c->data.len);
	c->left -= c->data.len;
	if (!c->left)
		c->state = AT_DATA_END;
	return CHUNK_DATA;
}

static enum chunk_event take_data_end(struct chunk_scan *c, struct str *in)
{
	while (in->len) {
		if (*in->at != "\r\n"[c->line_len])
			return bad(c);
		*in = str_skip(*in, 1);
		if (++c->line_len == 2) {
			c->line_len = 0;
			c->state = AT_SIZE;
			return CHUNK_END;
		}
	}
	return CHUNK_MORE;
}

static enum chunk_event take_trailer(struct chunk_scan *c, struct str *in)
{
	int rc = gather(c, in, c->lenient);
	struct str line;

	if (rc <= 0)
		return rc ? bad(c) : CHUNK_MORE;
	line = (struct str){ c->line, c->line_len };
	c->line_len = 0;
	if (!line.len) {
		c->state = AT_DONE;
		return CHUNK_DONE;
	}
	if (++c->trailers > CHUNK_TRAILERS_MAX || !str_cut(&line, ':', &c->name) || !line.at ||
	    !http_is_token(c->name))
		return bad(c);
	c->value = str_trim(line);
	return http_is_value(c->value) ? CHUNK_TRAILER : bad(c);
}

/**
 * chunk_scan_next - what comes next in a body
 * @c:		the scanner; its fields say what goes with the event
 * @in:		bytes of the body; what was used is taken off.  The next call goes
 *		on with the rest, or with what follows
 *
 * After CHUNK_DONE and CHUNK_BAD the same is returned for ever.
 */
enum chunk_event chunk_scan_next(struct chunk_scan *c, struct str *in)
{
	if (c->state == AT_DONE)
		return CHUNK_DONE;
	if (c->state == AT_BAD)
		return CHUNK_BAD;
	if (!in->len)
		return CHUNK_MORE;
	switch (c->state) {
	case AT_SIZE:
		return take_size(c, in);
	case AT_DATA:
		return take_data(c, in);
	case AT_DATA_END:
		return take_data_end(c, in);
	default:
		return take_trailer(c, in);
	}
}

/**
 * chunk_scan_go_on - the empty line was not the end
 * @c:		after CHUNK_DONE
 *
 * For aws-chunked, where clients put empty lines before trailers and between them.
 */
void chunk_scan_go_on(struct chunk_scan *c)
{
	c->state = AT_TRAILER;
}

/**
 * chunk_write_size - what comes before the data of a chunk
 * @o:		the writer
 * @size:	of the data, not 0; CR LF follows the data
 */
void chunk_write_size(struct out *o, uint64_t size)
{
	char digits[16];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[size & 15];
		size >>= 4;
	} while (size);
	out_bytes(o, digits + at, sizeof(digits) - at);
	out_str(o, STR("\r\n"));
}

/* The last chunk; trailers, by http_write_field(), and CR LF follow. */
void chunk_write_last(struct out *o)
{
	out_str(o, STR("0\r\n"));
}
