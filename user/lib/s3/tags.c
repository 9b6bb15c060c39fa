// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/uri.h"
#include "tags.h"
#include "tags_read.h"
#include "xml.h"
#include "xml_read.h"

/*
 * Letters, digits, spaces of any script, and a few marks.  What is beyond ASCII is
 * taken for a letter.
 */
static bool characters_ok(struct str s, unsigned int max)
{
	unsigned int n = 0;
	uint32_t code;
	size_t len;

	for (; s.len; s = str_skip(s, len), n++) {
		len = utf8_next(s, &code);
		if (!len || n == max)
			return false;
		if (code < 0x80 && !strchr("+-=._:/@ \t", code) &&
		    !(code >= '0' && code <= '9') &&
		    !(ascii_lower(code) >= 'a' && ascii_lower(code) <= 'z'))
			return false;
		if (!code)
			return false;
	}
	return true;
}

/* By their bytes, as keys of objects are ordered. */
static bool comes_before(struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.at, b.at, len) : 0;

	return order ? order < 0 : a.len < b.len;
}

static struct str keep(struct s3_tags *t, struct str s)
{
	char *to = t->text + t->used;

	if (s.len)
		memcpy(to, s.at, s.len);
	t->used += s.len;
	return (struct str){ to, s.len };
}

/**
 * s3_tags_add - one tag more
 * @t:		the tags, in the order of their keys; copies are kept
 * @max:	S3_OBJECT_TAGS or S3_BUCKET_TAGS
 * @key:	1 to 128 characters
 * @value:	up to 256
 * @f:		says why when it is refused
 *
 * Return: S3_OK, S3_INVALID_TAG, or S3_BAD_REQUEST when there are too many.
 */
enum s3_code s3_tags_add(struct s3_tags *t, unsigned int max, struct str key, struct str value,
			 struct s3_fault *f)
{
	unsigned int i;

	if (t->count == max)
		return s3_fail(f, S3_BAD_REQUEST, "%s tags cannot be greater than %u",
			       max == S3_OBJECT_TAGS ? "Object" : "Bucket", max);
	if (!key.len || !characters_ok(key, S3_TAG_KEY_MAX))
		return s3_fail(f, S3_INVALID_TAG, "The TagKey you have provided is invalid");
	if (!characters_ok(value, S3_TAG_VALUE_MAX))
		return s3_fail(f, S3_INVALID_TAG, "The TagValue you have provided is invalid");
	if (str_equal_nocase(str_head(key, 4), STR("aws:")))
		return s3_fail(f, S3_INVALID_TAG,
			       "System tags cannot be added/updated by requester");
	for (i = 0; i < t->count; i++)
		if (str_equal(t->tag[i].key, key))
			return s3_fail(f, S3_INVALID_TAG,
				       "Cannot provide multiple Tags with the same key");
	if (key.len + value.len > sizeof(t->text) - t->used)
		return s3_fail(f, S3_BAD_REQUEST, "The tags are too long");
	for (i = t->count++; i && comes_before(key, t->tag[i - 1].key); i--)
		t->tag[i] = t->tag[i - 1];
	t->tag[i].key = keep(t, key);
	t->tag[i].value = keep(t, value);
	return S3_OK;
}

static bool has_key(const struct s3_tags *t, struct str key)
{
	unsigned int i;

	for (i = 0; i < t->count; i++)
		if (str_equal(t->tag[i].key, key))
			return true;
	return false;
}

/**
 * s3_tags_from_header - read x-amz-tagging
 * @t:		filled in
 * @value:	"key=value&..." in percent-coding
 * @f:		says why when it is refused
 */
enum s3_code s3_tags_from_header(struct s3_tags *t, struct str value, struct s3_fault *f)
{
	char key_text[4 * S3_TAG_KEY_MAX], value_text[4 * S3_TAG_VALUE_MAX];
	struct str name, raw;
	enum s3_code code;
	int n, v;

	t->count = 0;
	t->used = 0;
	while (query_next(&value, &name, &raw)) {
		n = uri_decode(name, key_text, sizeof(key_text), URI_QUERY);
		v = uri_decode(raw, value_text, sizeof(value_text), URI_QUERY);
		if (n <= 0 || v < 0 || has_key(t, (struct str){ key_text, n }))
			return s3_fail(f, S3_INVALID_ARGUMENT,
				       "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.");
		code = s3_tags_add(t, S3_OBJECT_TAGS, (struct str){ key_text, n },
				   (struct str){ value_text, v }, f);
		if (code)
			return code;
	}
	return S3_OK;
}

/* --- documents ------------------------------------------------------------ */

enum s3_code s3_tagging_open(void *arg, const char *const *attributes)
{
	struct s3_tagging *g = arg;

	(void)attributes;
	g->has_key = false;
	g->has_value = false;
	return S3_OK;
}

enum s3_code s3_tagging_key(void *arg, struct str text)
{
	struct s3_tagging *g = arg;

	if (g->has_key)
		return S3_MALFORMED_XML;
	g->has_key = true;
	return str_copy(text, g->key, sizeof(g->key)) ? S3_OK :
	       s3_fail(g->f, S3_INVALID_TAG, "The TagKey you have provided is invalid");
}

enum s3_code s3_tagging_value(void *arg, struct str text)
{
	struct s3_tagging *g = arg;

	if (g->has_value)
		return S3_MALFORMED_XML;
	g->has_value = true;
	return str_copy(text, g->value, sizeof(g->value)) ? S3_OK :
	       s3_fail(g->f, S3_INVALID_TAG, "The TagValue you have provided is invalid");
}

enum s3_code s3_tagging_close(void *arg, struct str text)
{
	struct s3_tagging *g = arg;

	(void)text;
	if (!g->has_key || !g->has_value)
		return S3_MALFORMED_XML;
	return s3_tags_add(g->tags, g->max, str_of(g->key), str_of(g->value), g->f);
}

enum s3_code s3_tagging_set_close(void *arg, struct str text)
{
	struct s3_tagging *g = arg;

	(void)text;
	if (g->set)
		return S3_MALFORMED_XML;
	g->set = true;
	return S3_OK;
}

/**
 * s3_tags_from_xml - read a Tagging document
 * @t:		filled in
 * @max:	S3_OBJECT_TAGS or S3_BUCKET_TAGS
 * @document:	the body of the request
 * @f:		says why when it is refused
 */
enum s3_code s3_tags_from_xml(struct s3_tags *t, unsigned int max, struct str document,
			      struct s3_fault *f)
{
	static const struct xml_rule rules[] = {
		{ "Tagging", false, NULL, NULL },
		{ "Tagging/TagSet", false, NULL, s3_tagging_set_close },
		{ "Tagging/TagSet/Tag", false, s3_tagging_open, s3_tagging_close },
		{ "Tagging/TagSet/Tag/Key", true, NULL, s3_tagging_key },
		{ "Tagging/TagSet/Tag/Value", true, NULL, s3_tagging_value },
	};
	struct s3_tagging g = { .tags = t, .max = max, .f = f };
	enum s3_code code;

	t->count = 0;
	t->used = 0;
	code = xml_read(document, rules, sizeof(rules) / sizeof(rules[0]), &g, f);
	if (!code && !g.set)
		code = s3_fail(f, S3_MALFORMED_XML, NULL);
	return code;
}

/* The form of the header, which is also the one to be stored. */
void s3_tags_to_header(struct out *o, const struct s3_tags *t)
{
	unsigned int i;

	for (i = 0; i < t->count; i++) {
		if (i)
			out_char(o, '&');
		uri_encode(o, t->tag[i].key, 0);
		out_char(o, '=');
		uri_encode(o, t->tag[i].value, 0);
	}
}

/* The answer to GetObjectTagging and GetBucketTagging. */
void s3_tags_to_xml(struct out *o, const struct s3_tags *t)
{
	unsigned int i;

	xml_open_root(o, "Tagging");
	xml_open(o, "TagSet");
	for (i = 0; i < t->count; i++) {
		xml_open(o, "Tag");
		xml_text(o, "Key", t->tag[i].key);
		xml_text(o, "Value", t->tag[i].value);
		xml_close(o, "Tag");
	}
	xml_close(o, "TagSet");
	xml_close(o, "Tagging");
}
