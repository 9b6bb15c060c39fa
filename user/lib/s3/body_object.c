// SPDX-License-Identifier: GPL-2.0-or-later
/* Documents about objects: which to delete, which parts make one. */
#include "body.h"
#include "xml_read.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* Copy a text for the item at hand; false when it was there already, or does not fit. */
bool body_keep(struct body_text *t, struct str text, struct str *to)
{
	if (to->at || text.len > sizeof(t->text) - t->used)
		return false;
	to->at = t->text + t->used;
	to->len = text.len;
	if (text.len)
		memcpy(t->text + t->used, text.at, text.len);
	t->used += text.len;
	return true;
}

/* "true" and "false" in any case, as S3 takes them. */
bool body_bool(struct str text, bool *value)
{
	*value = str_equal_nocase(text, STR("true"));
	return *value || str_equal_nocase(text, STR("false"));
}

/* --- Delete --------------------------------------------------------------- */

struct delete {
	s3_delete_fn *each;
	void *arg;
	bool *quiet;
	unsigned int count;
	struct s3_delete_item item;
	struct body_text text;
};

static enum s3_code delete_quiet(void *arg, struct str text)
{
	struct delete *d = arg;

	return body_bool(text, d->quiet) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code delete_open(void *arg, const char *const *attributes)
{
	struct delete *d = arg;

	(void)attributes;
	memset(&d->item, 0, sizeof(d->item));
	d->text.used = 0;
	return ++d->count > S3_DELETE_MAX ? S3_MALFORMED_XML : S3_OK;
}

static enum s3_code delete_key(void *arg, struct str text)
{
	struct delete *d = arg;

	return text.len && body_keep(&d->text, text, &d->item.key) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code delete_version(void *arg, struct str text)
{
	struct delete *d = arg;

	/* Some clients send it empty for every key. */
	if (!text.len)
		return S3_OK;
	return body_keep(&d->text, text, &d->item.version) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code delete_etag(void *arg, struct str text)
{
	struct delete *d = arg;

	return body_keep(&d->text, text, &d->item.etag) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code not_implemented(void *arg, struct str text)
{
	(void)arg;
	(void)text;
	return S3_NOT_IMPLEMENTED;
}

static enum s3_code delete_close(void *arg, struct str text)
{
	struct delete *d = arg;

	(void)text;
	return d->item.key.at ? d->each(d->arg, &d->item) : S3_MALFORMED_XML;
}

/**
 * s3_read_delete - read the body of DeleteObjects
 * @document:	it
 * @each:	called for each object, before it is known whether the rest can be
 *		read; a code that it returns is the result
 * @arg:	for @each
 * @quiet:	receives whether only errors are to be answered
 * @f:		says why when it is refused
 */
enum s3_code s3_read_delete(struct str document, s3_delete_fn *each, void *arg, bool *quiet,
			    struct s3_fault *f)
{
	static const struct xml_rule rules[] = {
		{ "Delete/Object/Key", true, NULL, delete_key },
		{ "Delete/Object", false, delete_open, delete_close },
		{ "Delete/Object/VersionId", true, NULL, delete_version },
		{ "Delete/Object/ETag", true, NULL, delete_etag },
		{ "Delete/Object/LastModifiedTime", true, NULL, not_implemented },
		{ "Delete/Object/Size", true, NULL, not_implemented },
		{ "Delete/Quiet", true, NULL, delete_quiet },
		{ "Delete", false, NULL, NULL },
	};
	struct delete d = { .each = each, .arg = arg, .quiet = quiet };
	enum s3_code code;

	*quiet = false;
	code = xml_read(document, rules, COUNT(rules), &d, f);
	return code || d.count ? code : s3_fail(f, S3_MALFORMED_XML, NULL);
}

/* --- CompleteMultipartUpload ---------------------------------------------- */

struct complete {
	s3_complete_fn *each;
	void *arg;
	struct s3_fault *f;
	unsigned int count;
	uint32_t last;
	bool has_number;
	struct s3_complete_part part;
	struct body_text text;
};

static enum s3_code part_open(void *arg, const char *const *attributes)
{
	struct complete *c = arg;

	(void)attributes;
	memset(&c->part, 0, sizeof(c->part));
	c->part.checksum.kind = S3_NO_CHECKSUM;
	c->text.used = 0;
	c->has_number = false;
	return ++c->count > S3_PARTS_MAX ? S3_MALFORMED_XML : S3_OK;
}

static enum s3_code part_number(void *arg, struct str text)
{
	struct complete *c = arg;
	uint64_t number;

	bool below = text.len && *text.at == '-';

	if (c->has_number || !str_number(str_skip(text, below), UINT32_MAX, &number))
		return S3_MALFORMED_XML;
	if (below || !number || number > S3_PARTS_MAX)
		return s3_fail(c->f, S3_INVALID_ARGUMENT,
			       "PartNumber must be an integer between 1 and 10000, inclusive");
	c->has_number = true;
	c->part.number = number;
	return S3_OK;
}

static enum s3_code part_etag(void *arg, struct str text)
{
	struct complete *c = arg;

	return body_keep(&c->text, text, &c->part.etag) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code part_checksum(struct complete *c, enum s3_checksum kind, struct str text)
{
	if (c->part.checksum.kind == S3_NO_CHECKSUM &&
	    s3_checksum_parse(kind, text, &c->part.checksum) && !c->part.checksum.parts)
		return S3_OK;
	s3_fail(c->f, S3_INVALID_ARGUMENT,
		"Invalid Base64 or multiple checksums present in request");
	s3_detail(c->f, "ArgumentName", str_of(s3_checksum_element(kind)));
	return S3_INVALID_ARGUMENT;
}

static enum s3_code part_crc32(void *arg, struct str text)
{
	return part_checksum(arg, S3_CRC32, text);
}

static enum s3_code part_crc32c(void *arg, struct str text)
{
	return part_checksum(arg, S3_CRC32C, text);
}

static enum s3_code part_crc64(void *arg, struct str text)
{
	return part_checksum(arg, S3_CRC64NVME, text);
}

static enum s3_code part_sha1(void *arg, struct str text)
{
	return part_checksum(arg, S3_SHA1, text);
}

static enum s3_code part_sha256(void *arg, struct str text)
{
	return part_checksum(arg, S3_SHA256, text);
}

static enum s3_code part_close(void *arg, struct str text)
{
	struct complete *c = arg;

	(void)text;
	if (!c->has_number || !c->part.etag.at)
		return S3_MALFORMED_XML;
	if (c->part.number <= c->last)
		return S3_INVALID_PART_ORDER;
	c->last = c->part.number;
	return c->each(c->arg, &c->part);
}

/**
 * s3_read_complete - read the body of CompleteMultipartUpload
 * @document:	it
 * @each:	called for each part, in rising order; a code that it returns is the
 *		result
 * @arg:	for @each
 * @f:		says why when it is refused
 */
enum s3_code s3_read_complete(struct str document, s3_complete_fn *each, void *arg,
			      struct s3_fault *f)
{
#define PART	"CompleteMultipartUpload/Part"
	static const struct xml_rule rules[] = {
		{ PART "/PartNumber", true, NULL, part_number },
		{ PART "/ETag", true, NULL, part_etag },
		{ PART, false, part_open, part_close },
		{ PART "/ChecksumCRC32", true, NULL, part_crc32 },
		{ PART "/ChecksumCRC32C", true, NULL, part_crc32c },
		{ PART "/ChecksumCRC64NVME", true, NULL, part_crc64 },
		{ PART "/ChecksumSHA1", true, NULL, part_sha1 },
		{ PART "/ChecksumSHA256", true, NULL, part_sha256 },
		{ "CompleteMultipartUpload", false, NULL, NULL },
	};
	struct complete c = { .each = each, .arg = arg, .f = f };
	enum s3_code code = xml_read(document, rules, COUNT(rules), &c, f);

	return code || c.count ? code : s3_fail(f, S3_MALFORMED_XML, NULL);
}
