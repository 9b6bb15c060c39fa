// SPDX-License-Identifier: GPL-2.0-or-later
/* Documents that servers answer with.  One table has the lists of all kinds. */
#include <errno.h>
#include <stdlib.h>

#include "http/date.h"
#include "s3.h"
#include "s3/xml_read.h"

/* --- pages --------------------------------------------------------------------------- */

static struct s3_item *last(struct s3_page *p)
{
	return &p->item[p->count - 1];
}

static enum s3_code add(struct s3_page *p, enum s3_item_kind kind)
{
	struct s3_item *more;

	if (p->count == p->room) {
		more = reallocarray(p->item, p->room ? 2 * p->room : 64, sizeof(*more));
		if (!more)
			return S3_INTERNAL_ERROR;
		p->item = more;
		p->room = p->room ? 2 * p->room : 64;
	}
	p->item[p->count++] = (struct s3_item){ .kind = kind, .latest = true };
	return S3_OK;
}

static enum s3_code open_object(void *arg, const char *const *attributes)
{
	(void)attributes;
	return add(arg, ITEM_OBJECT);
}

static enum s3_code open_prefix(void *arg, const char *const *attributes)
{
	(void)attributes;
	return add(arg, ITEM_PREFIX);
}

static enum s3_code open_version(void *arg, const char *const *attributes)
{
	(void)attributes;
	return add(arg, ITEM_VERSION);
}

static enum s3_code open_marker(void *arg, const char *const *attributes)
{
	(void)attributes;
	return add(arg, ITEM_MARKER);
}

static enum s3_code open_upload(void *arg, const char *const *attributes)
{
	(void)attributes;
	return add(arg, ITEM_UPLOAD);
}

static enum s3_code open_bucket(void *arg, const char *const *attributes)
{
	(void)attributes;
	return add(arg, ITEM_BUCKET);
}

static char *copy_of(struct str s)
{
	char *to = malloc(s.len + 1);

	if (to && !str_copy(s, to, s.len + 1)) {
		free(to);
		return NULL;
	}
	return to;
}

/* An item has one. */
static enum s3_code on_key(void *arg, struct str text)
{
	struct s3_item *item = last(arg);

	if (item->key.at || !text.len)
		return S3_MALFORMED_XML;
	item->key = (struct str){ copy_of(text), text.len };
	return item->key.at ? S3_OK : S3_INTERNAL_ERROR;
}

/* An id goes back into queries, encoded: any text will do, but not without end. */
static enum s3_code on_version(void *arg, struct str text)
{
	struct s3_item *item = last(arg);

	return str_copy(text, item->version, sizeof(item->version)) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code on_etag(void *arg, struct str text)
{
	struct s3_item *item = last(arg);

	if (text.len > 1 && *text.at == '"' && text.at[text.len - 1] == '"')
		text = (struct str){ text.at + 1, text.len - 2 };
	/* One that is not understood is as good as none. */
	if (!str_copy(text, item->etag, sizeof(item->etag)))
		*item->etag = 0;
	return S3_OK;
}

static enum s3_code on_size(void *arg, struct str text)
{
	return str_number(text, INT64_MAX, &last(arg)->size) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code on_date(void *arg, struct str text)
{
	return iso_date_parse(text, &last(arg)->modified) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code on_latest(void *arg, struct str text)
{
	last(arg)->latest = str_is(text, "true");
	return S3_OK;
}

static enum s3_code on_truncated(void *arg, struct str text)
{
	((struct s3_page *)arg)->truncated = str_is(text, "true");
	return S3_OK;
}

static enum s3_code on_encoding(void *arg, struct str text)
{
	((struct s3_page *)arg)->encoded = str_is(text, "url");
	return S3_OK;
}

static enum s3_code keep(char **to, struct str text)
{
	free(*to);
	*to = copy_of(text);
	return *to ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code on_next(void *arg, struct str text)
{
	return keep(&((struct s3_page *)arg)->next, text);
}

static enum s3_code on_next_key(void *arg, struct str text)
{
	((struct s3_page *)arg)->next_is_key = true;
	return on_next(arg, text);
}

static enum s3_code on_next_version(void *arg, struct str text)
{
	return keep(&((struct s3_page *)arg)->next_version, text);
}

/* A list of buckets has no other sign of there being more. */
static enum s3_code on_next_buckets(void *arg, struct str text)
{
	((struct s3_page *)arg)->truncated = text.len;
	return on_next(arg, text);
}

static const struct xml_rule page_rules[] = {
	{ "ListBucketResult/Contents", false, open_object, NULL },
	{ "ListBucketResult/Contents/Key", true, NULL, on_key },
	{ "ListBucketResult/Contents/LastModified", true, NULL, on_date },
	{ "ListBucketResult/Contents/ETag", true, NULL, on_etag },
	{ "ListBucketResult/Contents/Size", true, NULL, on_size },
	{ "ListBucketResult/Contents/VersionId", true, NULL, on_version },
	{ "ListBucketResult/Contents/IsLatest", true, NULL, on_latest },
	{ "ListBucketResult", false, NULL, NULL },
	{ "ListBucketResult/IsTruncated", true, NULL, on_truncated },
	{ "ListBucketResult/EncodingType", true, NULL, on_encoding },
	{ "ListBucketResult/CommonPrefixes", false, open_prefix, NULL },
	{ "ListBucketResult/CommonPrefixes/Prefix", true, NULL, on_key },
	{ "ListBucketResult/NextContinuationToken", true, NULL, on_next },
	{ "ListVersionsResult/Version", false, open_version, NULL },
	{ "ListVersionsResult/Version/Key", true, NULL, on_key },
	{ "ListVersionsResult/Version/LastModified", true, NULL, on_date },
	{ "ListVersionsResult/Version/ETag", true, NULL, on_etag },
	{ "ListVersionsResult/Version/Size", true, NULL, on_size },
	{ "ListVersionsResult/Version/VersionId", true, NULL, on_version },
	{ "ListVersionsResult/Version/IsLatest", true, NULL, on_latest },
	{ "ListVersionsResult/DeleteMarker", false, open_marker, NULL },
	{ "ListVersionsResult/DeleteMarker/Key", true, NULL, on_key },
	{ "ListVersionsResult/DeleteMarker/LastModified", true, NULL, on_date },
	{ "ListVersionsResult/DeleteMarker/ETag", true, NULL, on_etag },
	{ "ListVersionsResult/DeleteMarker/Size", true, NULL, on_size },
	{ "ListVersionsResult/DeleteMarker/VersionId", true, NULL, on_version },
	{ "ListVersionsResult/DeleteMarker/IsLatest", true, NULL, on_latest },
	{ "ListVersionsResult", false, NULL, NULL },
	{ "ListVersionsResult/IsTruncated", true, NULL, on_truncated },
	{ "ListVersionsResult/EncodingType", true, NULL, on_encoding },
	{ "ListVersionsResult/CommonPrefixes", false, open_prefix, NULL },
	{ "ListVersionsResult/CommonPrefixes/Prefix", true, NULL, on_key },
	{ "ListVersionsResult/NextKeyMarker", true, NULL, on_next_key },
	{ "ListVersionsResult/NextVersionIdMarker", true, NULL, on_next_version },
	{ "ListMultipartUploadsResult", false, NULL, NULL },
	{ "ListMultipartUploadsResult/IsTruncated", true, NULL, on_truncated },
	{ "ListMultipartUploadsResult/EncodingType", true, NULL, on_encoding },
	{ "ListMultipartUploadsResult/CommonPrefixes", false, open_prefix, NULL },
	{ "ListMultipartUploadsResult/CommonPrefixes/Prefix", true, NULL, on_key },
	{ "ListMultipartUploadsResult/NextKeyMarker", true, NULL, on_next_key },
	{ "ListMultipartUploadsResult/NextUploadIdMarker", true, NULL, on_next_version },
	{ "ListMultipartUploadsResult/Upload", false, open_upload, NULL },
	{ "ListMultipartUploadsResult/Upload/Key", true, NULL, on_key },
	{ "ListMultipartUploadsResult/Upload/UploadId", true, NULL, on_version },
	{ "ListMultipartUploadsResult/Upload/Initiated", true, NULL, on_date },
	{ "ListAllMyBucketsResult", false, NULL, NULL },
	{ "ListAllMyBucketsResult/Buckets", false, NULL, NULL },
	{ "ListAllMyBucketsResult/Buckets/Bucket", false, open_bucket, NULL },
	{ "ListAllMyBucketsResult/Buckets/Bucket/Name", true, NULL, on_key },
	{ "ListAllMyBucketsResult/Buckets/Bucket/CreationDate", true, NULL, on_date },
	{ "ListAllMyBucketsResult/ContinuationToken", true, NULL, on_next_buckets },
};

/* In place: what is decoded is never longer. */
static bool decode(struct str *s)
{
	int len = s->at ? uri_decode(*s, (char *)s->at, s->len, URI_QUERY) : 0;

	s->len = len > 0 ? len : 0;
	return len > 0;
}

static bool decode_page(struct s3_page *p)
{
	struct str next = str_of(p->next);
	size_t i;

	for (i = 0; i < p->count; i++)
		if (!p->item[i].key.at || (p->encoded && !decode(&p->item[i].key)))
			return false;
	if (p->encoded && p->next && p->next_is_key) {
		if (!decode(&next) || memchr(next.at, 0, next.len))
			return false;
		p->next[next.len] = 0;
	}
	return true;
}

int s3_read_page(struct str document, struct s3_page *page)
{
	struct s3_fault f;
	enum s3_code code;

	*page = (struct s3_page){ 0 };
	code = xml_read_answer(document, page_rules, sizeof(page_rules) / sizeof(page_rules[0]),
			       page, &f);
	if (code == S3_INTERNAL_ERROR)
		return -ENOMEM;
	return !code && decode_page(page) ? 0 : -EBADMSG;
}

void s3_page_free(struct s3_page *page)
{
	size_t i;

	for (i = 0; i < page->count; i++)
		free((char *)page->item[i].key.at);
	free(page->item);
	free(page->next);
	free(page->next_version);
	*page = (struct s3_page){ 0 };
}

/* --- one value ----------------------------------------------------------------------- */

struct value {
	char *to;
	size_t size;
	bool found;
};

static enum s3_code on_value(void *arg, struct str text)
{
	struct value *v = arg;

	if (v->found || !str_copy(text, v->to, v->size))
		return S3_MALFORMED_XML;
	v->found = true;
	return S3_OK;
}

bool s3_read_value(struct str document, const char *path, char *to, size_t size)
{
	struct value v = { to, size, false };
	struct xml_rule rule[XML_DEPTH_MAX];
	char parent[XML_DEPTH_MAX][XML_PATH_MAX];
	const char *slash = path;
	unsigned int n = 0;
	struct s3_fault f;

	/* The rules are the path, from its root on. */
	while ((slash = strchr(slash, '/')) && n + 1 < XML_DEPTH_MAX) {
		snprintf(parent[n], XML_PATH_MAX, "%.*s", (int)(slash - path), path);
		rule[n] = (struct xml_rule){ parent[n], false, NULL, NULL };
		n++;
		slash++;
	}
	rule[n++] = (struct xml_rule){ path, true, NULL, on_value };
	return !xml_read_answer(document, rule, n, &v, &f) && v.found;
}

/* --- DeleteObjects ------------------------------------------------------------------- */

struct undeleted {
	s3_undeleted_fn *each;
	void *arg;
	char key[S3_KEY_MAX + 1], code[64], message[256];
	size_t key_len;
};

static enum s3_code open_undeleted(void *arg, const char *const *attributes)
{
	struct undeleted *u = arg;

	(void)attributes;
	*u->key = *u->code = *u->message = 0;
	return S3_OK;
}

static enum s3_code undeleted_key(void *arg, struct str text)
{
	struct undeleted *u = arg;

	return str_copy(text, u->key, sizeof(u->key)) ? S3_OK : S3_MALFORMED_XML;
}

static enum s3_code undeleted_code(void *arg, struct str text)
{
	struct undeleted *u = arg;

	str_copy(str_head(text, sizeof(u->code) - 1), u->code, sizeof(u->code));
	return S3_OK;
}

static enum s3_code undeleted_message(void *arg, struct str text)
{
	struct undeleted *u = arg;

	str_copy(str_head(text, sizeof(u->message) - 1), u->message, sizeof(u->message));
	return S3_OK;
}

static enum s3_code close_undeleted(void *arg, struct str text)
{
	struct undeleted *u = arg;

	(void)text;
	u->each(u->arg, str_of(u->key), str_of(u->code), str_of(u->message));
	return S3_OK;
}

int s3_read_undeleted(struct str document, s3_undeleted_fn *each, void *arg)
{
	static const struct xml_rule rules[] = {
		{ "DeleteResult", false, NULL, NULL },
		{ "DeleteResult/Error", false, open_undeleted, close_undeleted },
		{ "DeleteResult/Error/Key", true, NULL, undeleted_key },
		{ "DeleteResult/Error/Code", true, NULL, undeleted_code },
		{ "DeleteResult/Error/Message", true, NULL, undeleted_message },
	};
	struct undeleted u = { .each = each, .arg = arg };
	struct s3_fault f;

	return xml_read_answer(document, rules, sizeof(rules) / sizeof(rules[0]), &u, &f) ?
	       -EBADMSG : 0;
}
