// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Heads of strangers, as requests and as responses: one that comes in pieces is
 * understood as one that is there at once, and all that is handed out lies in it.
 */
#include "fuzz_util.h"

#include "http/head.h"
#include "http/range.h"
#include "http/uri.h"

static void in_buffer(const struct http_head *h, struct http_span span)
{
	require(span.at + span.len <= h->at);
}

static void check(const struct http_head *h)
{
	unsigned int i, from = 0;
	struct conditions c;
	struct str value;
	struct uri u;

	require(h->fields <= HTTP_FIELDS_MAX && h->at <= HTTP_HEAD_MAX);
	for (i = 0; i < h->fields; i++) {
		in_buffer(h, h->field[i].name);
		in_buffer(h, h->field[i].value);
		require(h->field[i].name.len);
		require(!memchr(http_str(h, h->field[i].value).at, '\n', h->field[i].value.len));
	}
	in_buffer(h, h->method);
	in_buffer(h, h->target);
	in_buffer(h, h->host);
	require(!(h->chunked && h->has_length) && !(h->chunked && !h->minor));
	if (h->response) {
		require(h->status >= 100 && h->status <= 599);
	} else {
		require(h->method.len && h->target.len);
		if (uri_split(http_str(h, h->target), &u))
			require(u.path.len);
	}
	while (http_find_next(h, STR("content-length"), &from, &value))
		require(h->has_length);
	http_body(h, false);
	conditions_from(h, &c);
	conditions_check(&c, true, STR("etag"), 1000000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_head whole, pieces;
	enum http_parse rc, last = HTTP_MORE;
	struct str text;
	size_t at, step;

	if (size < 2)
		return 0;
	step = data[1] + 1;
	text = own_copy(data + 2, size - 2);
	memset(whole.field, 0, sizeof(whole.field));
	http_head_init(&whole, data[0] & 1);
	rc = http_head_parse(&whole, text.at, text.len);
	if (rc == HTTP_DONE)
		check(&whole);
	else if (rc == HTTP_BAD)
		require(whole.error && http_error_text(whole.error));

	http_head_init(&pieces, data[0] & 1);
	for (at = 0; last == HTTP_MORE && at < text.len;) {
		struct str part;

		at = at + step < text.len ? at + step : text.len;
		part = own_copy(text.at, at);
		last = http_head_parse(&pieces, part.at, part.len);
		free((char *)part.at);
	}
	require(last == rc && pieces.error == whole.error);
	if (rc == HTTP_DONE)
		require(pieces.at == whole.at && pieces.fields == whole.fields &&
			!memcmp(pieces.field, whole.field,
				whole.fields * sizeof(whole.field[0])));
	free((char *)text.at);
	return 0;
}
