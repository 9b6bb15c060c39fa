// SPDX-License-Identifier: GPL-2.0-or-later
#include "checksum.h"

#define PARTS_MAX	10000u

static const struct {
	struct str header;
	const char *element;	/* of XML */
	const char *name;	/* as in x-amz-checksum-algorithm */
	size_t bytes;
	bool full, composite;	/* the types that it may have */
} kinds[S3_CHECKSUMS] = {
	[S3_CRC32] = { { "x-amz-checksum-crc32", 20 }, "ChecksumCRC32", "CRC32", 4, true, true },
	[S3_CRC32C] = { { "x-amz-checksum-crc32c", 21 }, "ChecksumCRC32C", "CRC32C", 4, true,
			true },
	[S3_CRC64NVME] = { { "x-amz-checksum-crc64nvme", 24 }, "ChecksumCRC64NVME", "CRC64NVME",
			   8, true, false },
	[S3_SHA1] = { { "x-amz-checksum-sha1", 19 }, "ChecksumSHA1", "SHA1", 20, false, true },
	[S3_SHA256] = { { "x-amz-checksum-sha256", 21 }, "ChecksumSHA256", "SHA256", 32, false,
			true },
};

size_t s3_checksum_bytes(enum s3_checksum kind)
{
	return kinds[kind].bytes;
}

/* The header's name in lower case. */
struct str s3_checksum_header(enum s3_checksum kind)
{
	return kinds[kind].header;
}

const char *s3_checksum_element(enum s3_checksum kind)
{
	return kinds[kind].element;
}

const char *s3_checksum_name(enum s3_checksum kind)
{
	return kinds[kind].name;
}

/* S3_NO_CHECKSUM when a header is none of these. */
enum s3_checksum s3_checksum_of_header(struct str name)
{
	unsigned int i;

	for (i = 0; i < S3_CHECKSUMS; i++)
		if (str_equal_nocase(name, kinds[i].header))
			return i;
	return S3_NO_CHECKSUM;
}

/* The same for what x-amz-checksum-algorithm says. */
enum s3_checksum s3_checksum_of_name(struct str name)
{
	unsigned int i;

	for (i = 0; i < S3_CHECKSUMS; i++)
		if (str_equal_nocase(name, str_of(kinds[i].name)))
			return i;
	return S3_NO_CHECKSUM;
}

/* May a multipart upload have that type of that checksum? */
enum s3_code s3_checksum_type_check(enum s3_checksum kind, enum s3_checksum_type type,
				    struct s3_fault *f)
{
	if (type == S3_FULL_OBJECT ? kinds[kind].full : kinds[kind].composite)
		return S3_OK;
	return s3_fail(f, S3_INVALID_REQUEST,
		       "The %s checksum type cannot be used with the %s checksum algorithm.",
		       type == S3_FULL_OBJECT ? "FULL_OBJECT" : "COMPOSITE", kinds[kind].name);
}

/* "-N" behind the value; false when it is not that. */
static bool cut_parts(struct str *text, uint32_t *parts)
{
	uint64_t n;
	size_t at;

	*parts = 0;
	if (!str_find(*text, '-', &at))
		return true;
	if (!str_number(str_skip(*text, at + 1), PARTS_MAX, &n) || !n)
		return false;
	*parts = n;
	*text = str_head(*text, at);
	return true;
}

/**
 * s3_checksum_parse - read a value
 * @kind:	of which checksum
 * @text:	base64, for a composite one with "-N" behind it
 * @v:		filled in
 *
 * Return: false when it is not one of that length.
 */
bool s3_checksum_parse(enum s3_checksum kind, struct str text, struct s3_checksum_value *v)
{
	v->kind = kind;
	return cut_parts(&text, &v->parts) && base64_decode(text, v->bytes, kinds[kind].bytes) ==
	       (int)kinds[kind].bytes;
}

/* What s3_checksum_parse() reads. */
void s3_checksum_write(struct out *o, const struct s3_checksum_value *v)
{
	out_base64(o, v->bytes, kinds[v->kind].bytes);
	if (v->parts) {
		out_char(o, '-');
		out_number(o, v->parts);
	}
}

static enum s3_code bad_header(struct s3_fault *f, struct str name)
{
	return s3_fail(f, S3_INVALID_REQUEST, "Value for %.*s header is invalid.", STR_ARG(name));
}

/* The one x-amz-checksum-* that a request may have; "-N" behind it where @parts says so. */
static enum s3_code take_values(const struct http_head *h, struct s3_checksum_value *v,
				bool parts, struct s3_fault *f)
{
	struct str name, value;
	enum s3_checksum kind;
	unsigned int i;

	for (i = 0; i < h->fields; i++) {
		name = http_str(h, h->field[i].name);
		if (!str_equal_nocase(str_head(name, 15), STR("x-amz-checksum-")))
			continue;
		value = http_str(h, h->field[i].value);
		kind = s3_checksum_of_header(name);
		if (kind == S3_NO_CHECKSUM) {
			/* Not values: -algorithm, -type and -mode. */
			if (str_equal_nocase(name, STR("x-amz-checksum-algorithm")) ||
			    str_equal_nocase(name, STR("x-amz-checksum-type")) ||
			    str_equal_nocase(name, STR("x-amz-checksum-mode")))
				continue;
			return s3_fail(f, S3_INVALID_REQUEST,
				       "The algorithm type you specified in x-amz-checksum- header is invalid.");
		}
		if (v->kind != S3_NO_CHECKSUM)
			return s3_fail(f, S3_INVALID_REQUEST,
				       "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
		if (!s3_checksum_parse(kind, value, v) || (v->parts && !parts))
			return bad_header(f, kinds[kind].header);
	}
	return S3_OK;
}

static enum s3_code take_md5(const struct http_head *h, struct s3_checksum_request *r,
			     struct s3_fault *f)
{
	struct str value;

	r->has_md5 = http_find(h, STR("content-md5"), &value);
	if (r->has_md5 && base64_decode(value, r->md5, sizeof(r->md5)) != sizeof(r->md5)) {
		s3_fail(f, S3_INVALID_DIGEST, "The Content-MD5 you specified was invalid.");
		s3_detail(f, "Content-MD5", value);
		return S3_INVALID_DIGEST;
	}
	return S3_OK;
}

/**
 * s3_checksum_from_head - what an upload says of its checksums
 * @h:		the request
 * @r:		filled in
 * @object:	NULL; where the values are not of the body, but of the object that it
 *		completes, receives the one there is, and @r has none
 * @f:		says why when it is refused
 *
 * x-amz-sdk-checksum-algorithm must be that of the value or trailer, where there
 * is one.
 */
enum s3_code s3_checksum_from_head(const struct http_head *h, struct s3_checksum_request *r,
				   struct s3_checksum_value *object, struct s3_fault *f)
{
	enum s3_checksum asked = S3_NO_CHECKSUM;
	struct str value;
	enum s3_code code;

	r->value.kind = S3_NO_CHECKSUM;
	r->trailer = S3_NO_CHECKSUM;
	r->algorithm = S3_NO_CHECKSUM;
	code = take_md5(h, r, f);
	if (object)
		object->kind = S3_NO_CHECKSUM;
	code = code ? code : take_values(h, object ? object : &r->value, object, f);
	if (code || object)
		return code;
	if (http_find(h, STR("x-amz-trailer"), &value)) {
		r->trailer = s3_checksum_of_header(value);
		if (r->trailer == S3_NO_CHECKSUM)
			return s3_fail(f, S3_INVALID_REQUEST,
				       "The value specified in the x-amz-trailer header is not supported");
		if (r->value.kind != S3_NO_CHECKSUM)
			return s3_fail(f, S3_INVALID_REQUEST,
				       "Expecting a single x-amz-checksum- header");
	}
	if (http_find(h, STR("x-amz-sdk-checksum-algorithm"), &value)) {
		asked = s3_checksum_of_name(value);
		if (asked == S3_NO_CHECKSUM)
			return s3_fail(f, S3_INVALID_REQUEST,
				       "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
	}
	r->algorithm = r->value.kind != S3_NO_CHECKSUM ? r->value.kind : r->trailer;
	if (asked != S3_NO_CHECKSUM && r->algorithm == S3_NO_CHECKSUM)
		return s3_fail(f, S3_INVALID_REQUEST,
			       "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.");
	if (asked != S3_NO_CHECKSUM && asked != r->algorithm)
		return bad_header(f, STR("x-amz-sdk-checksum-algorithm"));
	return S3_OK;
}

/**
 * s3_etag_write - an ETag without quotes
 * @o:		the writer
 * @md5:	of the object, or of the MD5s of its parts
 * @parts:	how many parts; 0: it was put in one
 */
void s3_etag_write(struct out *o, const uint8_t md5[S3_MD5_BYTES], uint32_t parts)
{
	out_hex(o, md5, S3_MD5_BYTES);
	if (parts) {
		out_char(o, '-');
		out_number(o, parts);
	}
}

/* What s3_etag_write() wrote, with quotes or without. */
bool s3_etag_parse(struct str text, uint8_t md5[S3_MD5_BYTES], uint32_t *parts)
{
	unsigned int i;

	text = str_trim(text);
	if (text.len >= 2 && text.at[0] == '"' && text.at[text.len - 1] == '"')
		text = (struct str){ text.at + 1, text.len - 2 };
	if (!cut_parts(&text, parts) || text.len != 2 * S3_MD5_BYTES)
		return false;
	for (i = 0; i < S3_MD5_BYTES; i++) {
		int high = hex_value(text.at[2 * i]), low = hex_value(text.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		md5[i] = high << 4 | low;
	}
	return true;
}
