// SPDX-License-Identifier: GPL-2.0-or-later
/* Values of fields: what can be read can be written and read again. */
#include "fuzz_util.h"

#include "http/date.h"
#include "http/forwarded.h"
#include "http/media.h"
#include "http/range.h"
#include "http/uri.h"

static void uris(struct str text)
{
	struct str rest = text, name, value;
	char *decoded, *encoded, *again;
	struct out o;
	struct uri u;
	int len;

	if (uri_split(text, &u))
		require(u.path.len && u.path.len + u.query.len <= text.len + 1);
	while (query_next(&rest, &name, &value))
		query_is(name, STR("X-Amz-Date"));
	decoded = malloc(text.len + 1);
	encoded = malloc(3 * text.len + 1);
	again = malloc(text.len + 1);
	require(decoded && encoded && again);
	len = uri_decode(text, decoded, text.len, 0);
	if (len >= 0) {
		o = OUT(encoded, 3 * text.len);
		uri_encode(&o, (struct str){ decoded, len }, URI_SLASH);
		require(!o.err && uri_decode(out_written(&o), again, text.len, 0) == len &&
			!memcmp(decoded, again, len));
	}
	free(decoded);
	free(encoded);
	free(again);
}

static void dates(struct str text)
{
	int64_t value, again;
	char buf[64];
	struct out o = OUT(buf, sizeof(buf));

	/* A leap second and what a zone moves out of the years cannot be written. */
	if (http_date_parse(text, &value) && value >= -62135596800 && value <= 253402300799) {
		http_date_write(&o, value);
		require(http_date_parse(out_written(&o), &again) && again == value);
	}
	o = OUT(buf, sizeof(buf));
	if (iso_date_parse(text, &value) && value >= -62135596800000 && value < 253402300800000) {
		iso_date_write(&o, value);
		require(iso_date_parse(out_written(&o), &again) && again == value);
	}
	o = OUT(buf, sizeof(buf));
	if (amz_date_parse(text, &value) && value <= 253402300799) {
		amz_date_write(&o, value);
		require(amz_date_parse(out_written(&o), &again) && again == value);
	}
}

static void addresses(struct str text)
{
	char address[INET6_ADDRSTRLEN], again[INET6_ADDRSTRLEN];

	if (forwarded_address(text, address))
		require(forwarded_address(str_of(address), again) && !strcmp(address, again));
}

static void ranges(struct str text)
{
	static const uint64_t sizes[] = { 0, 1, 10, UINT64_MAX >> 1 };
	uint64_t size;
	struct range r;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (range_parse(text, sizes[i], &r) == RANGE_PART)
			require(r.len && r.first < sizes[i] && r.len <= sizes[i] - r.first);
	if (range_parse_exact(text, &r))
		require(r.len);
	if (content_range_parse(text, &r, &size))
		require(r.len && r.first + r.len <= size);
}

static void media(struct str text)
{
	struct str rest;
	struct param p;
	char value[32];

	params_start(text, &rest);
	while (params_next(&rest, &p))
		if (param_copy(&p, value, sizeof(value)))
			require(strlen(value) <= p.value.len);
	media_matches(text, STR("text/plain"));
	media_matches(STR("text/*"), text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = own_copy(data, size);
	uint8_t bytes[64];
	char back[128];
	struct out o = OUT(back, sizeof(back));
	int len;

	uris(text);
	dates(text);
	addresses(text);
	ranges(text);
	media(text);
	etag_in_list(text, STR("etag"));
	if_range_holds(text, STR("etag"), 0);
	len = base64_decode(text, bytes, sizeof(bytes));
	if (len >= 0) {
		out_base64(&o, bytes, len);
		require(str_equal(out_written(&o), text));
	}
	free((char *)text.at);
	return 0;
}
