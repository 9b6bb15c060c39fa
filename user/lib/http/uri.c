// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "uri.h"

const bool uri_plain[256] = {
	['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['0' ... '9'] = true,
	['-'] = true, ['.'] = true, ['_'] = true, ['~'] = true,
};

static bool cut_scheme(struct str *target)
{
	if (str_starts(*target, STR("http://")))
		*target = str_skip(*target, 7);
	else if (str_starts(*target, STR("https://")))
		*target = str_skip(*target, 8);
	else
		return false;
	return true;
}

/**
 * uri_split - take a target apart
 * @target:	of a request that http_head_parse() accepted
 * @u:		filled in
 *
 * Return: false when it has no path; an absolute form without one has "/".
 */
bool uri_split(struct str target, struct uri *u)
{
	size_t i = 0;

	u->host = STR_NONE;
	if (cut_scheme(&target)) {
		while (i < target.len && target.at[i] != '/' && target.at[i] != '?')
			i++;
		u->host = str_head(target, i);
		target = str_skip(target, i);
		if (!u->host.len)
			return false;
	}
	str_cut(&target, '?', &u->path);
	u->query = target;
	if (!u->path.len && u->host.len)
		u->path = STR("/");
	return u->path.len && (*u->path.at == '/' || str_equal(u->path, STR("*")));
}

/**
 * uri_decode_byte - the next byte that a text stands for
 * @from:	percent-coded, not empty; what was read is taken off
 * @flags:	URI_QUERY or 0
 * @c:		receives the byte
 *
 * Return: false for a "%" without two digits.
 */
bool uri_decode_byte(struct str *from, unsigned int flags, unsigned char *c)
{
	int high, low;

	*c = *from->at;
	if (*c == '%') {
		high = from->len > 2 ? hex_value(from->at[1]) : -1;
		low = high < 0 ? -1 : hex_value(from->at[2]);
		if (low < 0)
			return false;
		*c = high << 4 | low;
		*from = str_skip(*from, 3);
		return true;
	}
	if (*c == '+' && flags & URI_QUERY)
		*c = ' ';
	*from = str_skip(*from, 1);
	return true;
}

/* How many bytes stand for themselves. */
static size_t plain_run(struct str s, unsigned int flags)
{
	const char space = flags & URI_QUERY ? '+' : '%';
	size_t i = 0;

	while (i < s.len && s.at[i] != '%' && s.at[i] != space)
		i++;
	return i;
}

/**
 * uri_decode - what a text stands for
 * @from:	percent-coded
 * @to:		receives the bytes; NUL may be among them; may be @from.at
 * @size:	of @to; @from.len is always enough
 * @flags:	URI_QUERY or 0
 *
 * Return: how many bytes, -EINVAL for a "%" without two digits, -ENOSPC.
 */
int uri_decode(struct str from, char *to, size_t size, unsigned int flags)
{
	unsigned char c;
	size_t len = 0;

	while (from.len) {
		size_t run = plain_run(from, flags);

		if (run) {
			if (run > size - len || run > INT32_MAX - len)
				return -ENOSPC;
			memmove(to + len, from.at, run);
			len += run;
			from = str_skip(from, run);
			continue;
		}
		if (!uri_decode_byte(&from, flags, &c))
			return -EINVAL;
		if (len == size || len == INT32_MAX)
			return -ENOSPC;
		to[len++] = (char)c;
	}
	return (int)len;
}

/**
 * uri_encode - write bytes in S3's percent-coding
 * @o:		the writer
 * @from:	any bytes
 * @flags:	URI_SLASH or 0
 */
void uri_encode(struct out *o, struct str from, unsigned int flags)
{
	size_t i, run = 0;

	for (i = 0; i < from.len; i++) {
		unsigned char c = from.at[i];
		char *to;

		if (uri_unreserved(c) || (c == '/' && flags & URI_SLASH)) {
			run++;
			continue;
		}
		out_bytes(o, from.at + i - run, run);
		run = 0;
		to = out_reserve(o, 3);
		if (to) {
			to[0] = '%';
			to[1] = "0123456789ABCDEF"[c >> 4];
			to[2] = "0123456789ABCDEF"[c & 15];
		}
	}
	out_bytes(o, from.at + i - run, run);
}

/**
 * query_next - the parameters of a query, one by one
 * @rest:	the query; what was read is taken off
 * @name:	receives a name, not decoded
 * @value:	receives its value, not decoded; at is NULL when there is no "="
 *
 * Empty pieces ("a&&b") are passed over.
 *
 * Return: false at the end.
 */
bool query_next(struct str *rest, struct str *name, struct str *value)
{
	while (str_cut(rest, '&', value)) {
		if (!value->len)
			continue;
		str_cut(value, '=', name);
		return true;
	}
	return false;
}

/* Does a percent-coded text stand for @name? */
bool query_is(struct str raw, struct str name)
{
	unsigned char c;
	size_t i = 0;

	if (str_equal(raw, name))
		return true;
	/* A byte that is coded has two more, but for a space. */
	if (raw.len < name.len || (raw.len - name.len) % 2 ||
	    !memchr(raw.at, raw.len > name.len ? '%' : '+', raw.len))
		return false;
	while (raw.len) {
		if (i == name.len || !uri_decode_byte(&raw, URI_QUERY, &c) ||
		    c != (unsigned char)name.at[i++])
			return false;
	}
	return i == name.len;
}

/**
 * query_find - the first parameter of a name
 * @query:	as it was sent
 * @name:	decoded
 * @raw:	receives the value, not decoded; at is NULL when it has no "="
 *
 * Return: whether there is one.
 */
bool query_find(struct str query, struct str name, struct str *raw)
{
	struct str n, value;

	while (query_next(&query, &n, &value)) {
		if (query_is(n, name)) {
			*raw = value;
			return true;
		}
	}
	return false;
}
