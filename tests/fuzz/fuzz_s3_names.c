// SPDX-License-Identifier: GPL-2.0-or-later
/* Paths, queries, copy sources, tags in a header, checksums, ETags: all of one input. */
#include "fuzz_util.h"

#include "s3/checksum.h"
#include "s3/names.h"
#include "s3/params.h"
#include "s3/tags.h"

static void tags(struct str text)
{
	static struct s3_tags a, b;
	static char buf[3 * S3_TAGS_TEXT + 2 * S3_BUCKET_TAGS], again[sizeof(buf)];
	struct out o = OUT(buf, sizeof(buf)), p = OUT(again, sizeof(again));
	struct s3_fault f;

	if (s3_tags_from_header(&a, text, &f))
		return;
	s3_tags_to_header(&o, &a);
	/* Written in the order of keys, whatever order they came in. */
	require(!o.err && !s3_tags_from_header(&b, out_written(&o), &f) && a.count == b.count &&
		a.used == b.used);
	s3_tags_to_header(&p, &b);
	require(!p.err && str_equal(out_written(&o), out_written(&p)));
}

static void queries(struct str text)
{
	static struct s3_params p;
	struct s3_fault f = { 0 };
	struct s3_uploads u;
	struct s3_list l;
	uint32_t number;
	unsigned int kind;

	for (kind = S3_LIST_V1; kind <= S3_LIST_VERSIONS; kind++)
		if (!s3_list_from_query(&p, text, kind, &l, &f))
			require(l.max_keys <= S3_LIST_MAX && str_is_utf8(l.prefix) &&
				str_is_utf8(l.marker) && p.used <= sizeof(p.text));
	if (!s3_uploads_from_query(&p, text, &u, &f))
		require(u.max_uploads <= S3_LIST_MAX);
	p.used = 0;
	if (!s3_part_number(&p, text, &number, &f))
		require(number <= S3_PARTS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct s3_target t;
	static struct s3_copy_source c;
	struct str text = own_copy(data, size);
	struct s3_checksum_value v;
	uint8_t md5[S3_MD5_BYTES];
	struct s3_fault f = { 0 };
	unsigned int kind;
	uint32_t parts;
	char buf[64];
	struct out o = OUT(buf, sizeof(buf));

	if (!s3_target_from_path(text, &t, &f) && t.key.at)
		require(t.bucket.len && t.key.len && t.key.len <= S3_KEY_MAX &&
			str_is_utf8(t.key));
	if (!s3_copy_source_parse(text, &c, &f))
		require(c.from.bucket.len && c.from.key.len &&
			strlen(c.version) < sizeof(c.version));
	if (s3_bucket_name_ok(text))
		require(text.len <= S3_BUCKET_MAX && !s3_key_check(text, &f));
	tags(text);
	queries(text);
	for (kind = 0; kind < S3_CHECKSUMS; kind++) {
		o = OUT(buf, sizeof(buf));
		if (s3_checksum_parse(kind, text, &v)) {
			s3_checksum_write(&o, &v);
			require(!o.err);
		}
	}
	o = OUT(buf, sizeof(buf));
	if (s3_etag_parse(text, md5, &parts)) {
		s3_etag_write(&o, md5, parts);
		require(!o.err);
	}
	free((char *)text.at);
	return 0;
}
