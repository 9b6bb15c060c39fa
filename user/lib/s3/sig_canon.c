// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The canonical request: one text for all ways in which the same request can be
 * written.  Of a server's, each line is hashed as it is made.
 */
#include <errno.h>

#include "sig.h"

/**
 * sig_message_from - a request as it came, for verification
 * @h:		its head
 * @u:		its target
 * @table:	receives its fields
 * @m:		filled in, without a prefix; lies in @table and in the head's buffer
 */
void sig_message_from(const struct http_head *h, const struct uri *u,
		      struct sig_header table[HTTP_FIELDS_MAX], struct sig_message *m)
{
	unsigned int i;

	for (i = 0; i < h->fields; i++) {
		table[i].name = http_str(h, h->field[i].name);
		table[i].value = http_str(h, h->field[i].value);
	}
	m->method = http_str(h, h->method);
	m->prefix = STR_NONE;
	m->path = u->path;
	m->query = u->query;
	m->headers = table;
	m->count = h->fields;
}

/* The first header of a name. */
bool sig_find(const struct sig_message *m, struct str name, struct str *value)
{
	unsigned int i;

	for (i = 0; i < m->count; i++) {
		if (m->headers[i].name.len == name.len &&
		    str_equal_nocase(m->headers[i].name, name)) {
			*value = m->headers[i].value;
			return true;
		}
	}
	return false;
}

static void put_percent(struct out *o, unsigned char c)
{
	char *to = out_reserve(o, 3);

	if (to) {
		to[0] = '%';
		to[1] = "0123456789ABCDEF"[c >> 4];
		to[2] = "0123456789ABCDEF"[c & 15];
	}
}

/*
 * Decode and encode again, so that every way to write a byte gives the same.  A
 * "%" that begins nothing stands for itself.  In a path (URI_SLASH) "/" stays; a
 * "%2F" becomes one with @slashes, and stays as it is without.
 */
static void put_normal(struct out *o, struct str raw, unsigned int flags, bool slashes)
{
	while (raw.len) {
		size_t run = 0;
		unsigned char c;
		bool coded;

		while (run < raw.len && (uri_unreserved(raw.at[run]) ||
					 (raw.at[run] == '/' && flags & URI_SLASH)))
			run++;
		out_bytes(o, raw.at, run);
		raw = str_skip(raw, run);
		if (!raw.len)
			break;
		coded = *raw.at == '%';
		if (!uri_decode_byte(&raw, flags & URI_QUERY, &c)) {
			c = '%';
			raw = str_skip(raw, 1);
		}
		if (uri_unreserved(c) || (c == '/' && flags & URI_SLASH && (!coded || slashes)))
			out_char(o, c);
		else
			put_percent(o, c);
	}
}

/* The next byte of a parameter, so that it sorts as its encoded form does; -1: none. */
static int sort_key(struct str *raw)
{
	unsigned char c;

	if (!raw->len)
		return -1;
	if (!uri_decode_byte(raw, URI_QUERY, &c)) {
		c = '%';
		*raw = str_skip(*raw, 1);
	}
	/* "%" is below everything that is not encoded. */
	return uri_unreserved(c) ? c + 256 : c;
}

static int compare_raw(struct str a, struct str b)
{
	int x, y;

	do {
		x = sort_key(&a);
		y = sort_key(&b);
	} while (x == y && x >= 0);
	return x - y;
}

/* Is a piece of a query as put_normal() would write it? */
static bool is_normal(struct str raw)
{
	size_t i = 0;
	int high, low;

	while (i < raw.len) {
		if (uri_unreserved(raw.at[i])) {
			i++;
			continue;
		}
		if (raw.at[i] != '%' || raw.len - i < 3)
			return false;
		high = hex_value(raw.at[i + 1]);
		low = hex_value(raw.at[i + 2]);
		/* Digits in lower case, or for what needs none. */
		if (high < 0 || low < 0 || raw.at[i + 1] >= 'a' || raw.at[i + 2] >= 'a' ||
		    uri_unreserved(high << 4 | low))
			return false;
		i += 3;
	}
	return true;
}

struct parameter {
	struct str name, value;
	bool normal;			/* both of them */
};

/* Normal texts sort as their bytes do: "%" is the least of them. */
static int compare(const struct parameter *a, const struct parameter *b)
{
	int order;

	if (a->normal && b->normal)
		return str_compare(a->name, b->name) ?: str_compare(a->value, b->value);
	order = compare_raw(a->name, b->name);
	return order ? order : compare_raw(a->value, b->value);
}

static void put_parameter(struct out *o, const struct parameter *p)
{
	if (p->normal) {
		out_str(o, p->name);
		out_char(o, '=');
		out_str(o, p->value);
		return;
	}
	put_normal(o, p->name, URI_QUERY, false);
	out_char(o, '=');
	put_normal(o, p->value, URI_QUERY, false);
}

/* All parameters but the signature, sorted.  More than the limit cannot be signed. */
static void put_query(struct out *o, struct str query)
{
	struct parameter list[SIG_QUERY_MAX], p;
	unsigned int count = 0, i;

	while (query_next(&query, &p.name, &p.value)) {
		if (query_is(p.name, STR("X-Amz-Signature")))
			continue;
		if (count == SIG_QUERY_MAX) {
			o->err = -E2BIG;
			return;
		}
		p.normal = is_normal(p.name) && is_normal(p.value);
		for (i = count++; i && compare(&list[i - 1], &p) > 0; i--)
			list[i] = list[i - 1];
		list[i] = p;
	}
	for (i = 0; i < count; i++) {
		if (i)
			out_char(o, '&');
		put_parameter(o, &list[i]);
	}
}

/* Without space at the ends, and with one where there are several. */
static void put_value(struct out *o, struct str value)
{
	value = str_trim(value);
	while (value.len) {
		size_t run = 0;

		while (run < value.len &&
		       !(value.at[run] == ' ' && run + 1 < value.len && value.at[run + 1] == ' '))
			run++;
		out_bytes(o, value.at, run);
		value = str_skip(value, run);
		if (value.len)
			out_char(o, ' ');
		while (value.len && *value.at == ' ')
			value = str_skip(value, 1);
	}
}

static void put_header(struct out *o, const struct sig_message *m, struct str name)
{
	bool found = false;
	unsigned int i;

	out_str(o, name);
	out_char(o, ':');
	for (i = 0; i < m->count; i++) {
		if (m->headers[i].name.len != name.len ||
		    !str_equal_nocase(m->headers[i].name, name))
			continue;
		if (found)
			out_char(o, ',');
		put_value(o, m->headers[i].value);
		found = true;
	}
	/* Some proxies answer it themselves and do not pass it on. */
	if (!found && str_equal(name, STR("expect")))
		out_str(o, STR("100-continue"));
	out_char(o, '\n');
}

/**
 * sig_canonical - write the canonical request
 * @o:			the writer
 * @m:			the request
 * @signed_headers:	names in lower case, with ";" between them; one that the
 *			request lacks has an empty value
 * @content_sha256:	the last line
 * @slashes:		a "%2F" of the path counts as "/"
 */
void sig_canonical(struct out *o, const struct sig_message *m, struct str signed_headers,
		   struct str content_sha256, bool slashes)
{
	struct str names = signed_headers, name;

	out_str(o, m->method);
	out_char(o, '\n');
	put_normal(o, m->prefix, URI_SLASH, slashes);
	put_normal(o, m->path, URI_SLASH, slashes);
	out_char(o, '\n');
	put_query(o, m->query);
	out_char(o, '\n');
	while (str_cut(&names, ';', &name))
		put_header(o, m, name);
	out_char(o, '\n');
	out_str(o, signed_headers);
	out_char(o, '\n');
	out_str(o, content_sha256);
}

static int hash_away(struct out *o, size_t need)
{
	(void)need;
	sha256_add(o->arg, o->at, o->len);
	o->len = 0;
	return 0;
}

/**
 * sig_digest - SHA-256 of the canonical request of a claim
 * @m:		the request
 * @claim:	what it claims
 * @slashes:	as in sig_canonical()
 * @digest:	receives it
 *
 * Return: false when the query has too many parameters.
 */
bool sig_digest(const struct sig_message *m, const struct sig_claim *claim, bool slashes,
		uint8_t digest[SHA256_BYTES])
{
	struct sha256_state s;
	char buf[4096];
	struct out o = OUT(buf, sizeof(buf));

	o.room = hash_away;
	o.arg = &s;
	sha256_begin(&s);
	sig_canonical(&o, m, claim->signed_headers, claim->content_sha256, slashes);
	sha256_add(&s, o.at, o.len);
	sha256_end(&s, digest);
	return !o.err;
}
