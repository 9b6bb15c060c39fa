// SPDX-License-Identifier: GPL-2.0-or-later
/* What requests say of an object besides its bytes, and how it is kept and given back. */
#include <errno.h>
#include <stdlib.h>

#include "base/hex.h"
#include "front.h"
#include "s3/tags.h"

#define META_PREFIX	STR("x-amz-meta-")
#define LITERAL(text)	{ (text), sizeof(text) - 1 }
#define ENCODED_FRAME	12u		/* "=?UTF-8?B?" and "?=" */

/* --- headers and metadata ------------------------------------------------------------ */

static const char *const kept_headers[] = {
	"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language",
	"Content-Type", "Expires",
};

/* Its name as it is kept, or NULL. */
static const char *kept_name(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof(kept_headers) / sizeof(kept_headers[0]); i++)
		if (str_equal_nocase(name, str_of(kept_headers[i])))
			return kept_headers[i];
	return NULL;
}

static int keep_header(struct object_fields *f, const char *name, struct str value)
{
	char text[HTTP_LINE_MAX / 4];
	struct out o = OUT(text, sizeof(text));

	if (!strcmp(name, "Content-Encoding")) {
		s3_content_encoding(&o, value);
		value = o.err ? value : out_written(&o);
	}
	/* Nothing says nothing. */
	if (!value.len)
		return 0;
	http_write_field(&f->headers, str_of(name), value);
	return 0;
}

static bool is_plain(struct str value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if ((unsigned char)value.at[i] >= 0x80)
			return false;
	return true;
}

/* Names have no case; of two of one name, both values count (RFC 9110, 5.3). */
static void keep_metadata(struct s3_call *c, struct object_fields *f, unsigned int number)
{
	const struct http_head *h = &c->rq->head;
	struct str name = http_str(h, h->field[number].name), value;
	unsigned int i;
	size_t n;

	for (i = 0; i < number; i++)
		if (str_equal_nocase(http_str(h, h->field[i].name), name))
			return;
	for (n = 0; n < name.len; n++)
		out_char(&f->metadata, ascii_lower(name.at[n]));
	out_str(&f->metadata, STR(": "));
	out_str(&f->metadata, http_str(h, h->field[number].value));
	for (i = number + 1; http_find_next(h, name, &i, &value);) {
		out_char(&f->metadata, ',');
		out_str(&f->metadata, value);
	}
	out_str(&f->metadata, STR("\r\n"));
}

static int read_tags(struct s3_call *c, struct object_fields *f)
{
	struct str value = field_of(c, STR("x-amz-tagging"));
	struct s3_tags *tags;
	int rc;

	if (!value.len)
		return 0;
	tags = malloc(sizeof(*tags));
	if (!tags)
		return -ENOMEM;
	rc = s3_tags_from_header(tags, value, &c->fault);
	if (!rc)
		s3_tags_to_header(&f->tags, tags);
	free(tags);
	return rc ? rc : f->tags.err ? s3_fail(&c->fault, S3_INVALID_TAG, NULL) : 0;
}

/* Bytes that they take in a reply. */
static size_t rendered(const struct object_fields *f)
{
	struct str rest = out_written(&f->metadata), line;
	size_t len = f->headers.len;

	while (str_cut(&rest, '\n', &line))
		len += is_plain(line) ? line.len + 1 : line.len * 4 / 3 + ENCODED_FRAME + 4;
	return len;
}

void fields_begin(struct object_fields *f)
{
	f->headers = OUT(f->text, FIELDS_MAX);
	f->metadata = OUT(f->text + FIELDS_MAX, FIELDS_MAX);
	f->tags = OUT(f->tag_text, sizeof(f->tag_text));
	f->grants_canned = (struct rpc_bytes){ 0 };
	f->grants = 0;
}

int fields_add(struct s3_call *c, struct object_fields *f, struct str name, struct str value)
{
	const char *kept = kept_name(name);
	size_t i;

	if (!kept && !str_equal_nocase(str_head(name, META_PREFIX.len), META_PREFIX))
		return 0;
	if (!http_is_token(name) || !http_is_value(value))
		return front_argument(c, name, value, "Not a header field");
	if (kept)
		return keep_header(f, kept, value);
	for (i = 0; i < name.len; i++)
		out_char(&f->metadata, ascii_lower(name.at[i]));
	out_str(&f->metadata, STR(": "));
	out_str(&f->metadata, value);
	out_str(&f->metadata, STR("\r\n"));
	return 0;
}

int fields_check(struct s3_call *c, const struct object_fields *f)
{
	if (!f->headers.err && !f->metadata.err && rendered(f) <= FIELDS_MAX)
		return 0;
	return s3_fail(&c->fault, S3_METADATA_TOO_LARGE, NULL);
}

int fields_read(struct s3_call *c, struct object_fields *f, bool headers, bool tags)
{
	const struct http_head *h = &c->rq->head;
	unsigned int i;
	int rc = 0;

	fields_begin(f);
	for (i = 0; headers && !rc && i < h->fields; i++) {
		struct str name = http_str(h, h->field[i].name);
		const char *kept = kept_name(name);

		if (kept)
			rc = keep_header(f, kept, http_str(h, h->field[i].value));
		else if (str_equal_nocase(str_head(name, META_PREFIX.len), META_PREFIX))
			keep_metadata(c, f, i);
	}
	if (!rc && headers)
		rc = s3_metadata_check(h, &c->fault);
	if (!rc)
		rc = fields_check(c, f);
	if (!rc && tags)
		rc = read_tags(c, f);
	return rc ? rc : fields_acl(c, f);
}

/* What is not of ASCII goes as an encoded word (RFC 2047), unless nobody could decode it. */
static void write_metadata(struct out *o, struct str line)
{
	struct str name, value = line;

	if (is_plain(line) || !str_cut(&value, ':', &name) || !str_is_utf8(value)) {
		out_str(o, line);
		out_str(o, STR("\r\n"));
		return;
	}
	value = str_trim(value);
	out_str(o, name);
	out_str(o, STR(": =?UTF-8?B?"));
	out_base64(o, value.at, value.len);
	out_str(o, STR("?=\r\n"));
}

static bool next_line(struct str *rest, struct str *line)
{
	if (!rest->len || !str_cut(rest, '\n', line))
		return false;
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

struct str fields_type(struct str headers)
{
	struct str line, name;

	while (next_line(&headers, &line))
		if (str_cut(&line, ':', &name) && str_is(name, "Content-Type"))
			return str_trim(line);
	return STR_NONE;
}

/* Is there a parameter for it? */
static bool is_overridden(const struct s3_call *c, struct str header)
{
	struct str rest = c->uri.query, name, value;

	while (query_next(&rest, &name, &value))
		if (str_equal_nocase(s3_response_override(name), header))
			return true;
	return false;
}

int fields_override_check(struct s3_call *c)
{
	struct str rest = c->uri.query, name, value;

	while (c->claim.place == SIG_ANONYMOUS && query_next(&rest, &name, &value))
		if (s3_response_override(name).at)
			return s3_fail(&c->fault, S3_INVALID_REQUEST,
				       "Request specific response headers cannot be used for anonymous GET requests.");
	return 0;
}

static int write_overrides(struct s3_call *c, struct out *o)
{
	struct str rest = c->uri.query, name, raw, header;
	char text[2048];
	int len;

	while (query_next(&rest, &name, &raw)) {
		header = s3_response_override(name);
		if (!header.at)
			continue;
		len = uri_decode(raw, text, sizeof(text), URI_QUERY);
		if (len < 0 || !http_is_value((struct str){ text, len }))
			return front_argument(c, name, raw, "Invalid value of a response header");
		http_write_field(o, header, (struct str){ text, len });
	}
	return 0;
}

int fields_write(struct s3_call *c, struct out *o, struct str headers, struct str metadata,
		 bool override)
{
	struct str line, name, value;
	bool typed = false;

	while (next_line(&headers, &line)) {
		value = line;
		str_cut(&value, ':', &name);
		typed |= str_is(name, "Content-Type");
		if (override && is_overridden(c, name))
			continue;
		out_str(o, line);
		out_str(o, STR("\r\n"));
	}
	if (!typed && !(override && is_overridden(c, STR("Content-Type"))))
		http_write_field(o, STR("Content-Type"), STR("binary/octet-stream"));
	while (next_line(&metadata, &line))
		write_metadata(o, line);
	return override ? write_overrides(c, o) : 0;
}

/* --- grants -------------------------------------------------------------------------- */

static int bad_grant(struct s3_call *c, struct str name, struct str value)
{
	return front_argument(c, name, value, "Invalid grant header");
}

/* id="...", uri="..." */
static int read_grant(struct s3_call *c, struct object_fields *f, struct str name,
		      enum s3_permission permission)
{
	struct str list = field_of(c, name), item, kind;

	while (str_cut(&list, ',', &item)) {
		struct meta_grant *g = &f->grant[f->grants];
		struct str value = str_trim(item);

		str_cut(&value, '=', &kind);
		value = str_trim(value);
		if (value.len >= 2 && *value.at == '"' && value.at[value.len - 1] == '"')
			value = (struct str){ value.at + 1, value.len - 2 };
		if (!value.len || f->grants == META_GRANTS_MAX)
			return bad_grant(c, name, item);
		*g = (struct meta_grant){ .permission = permission };
		kind = str_trim(kind);
		if (str_equal_nocase(kind, STR("id")))
			g->id = bytes_of(value);
		else if (str_equal_nocase(kind, STR("uri")))
			g->uri = bytes_of(value);
		else if (str_equal_nocase(kind, STR("emailAddress")))
			return s3_fail(&c->fault, S3_UNRESOLVABLE_GRANT, NULL);
		else
			return bad_grant(c, name, item);
		f->grants++;
	}
	return 0;
}

#define GROUPS		"http://acs.amazonaws.com/groups/"

/* What a canned ACL grants besides what its owner may do anyway. */
static const struct {
	enum s3_canned_acl acl;
	struct str group;
	enum s3_permission permission;
} canned_grants[] = {
	{ S3_ACL_PUBLIC_READ, LITERAL(GROUPS "global/AllUsers"), S3_READ },
	{ S3_ACL_PUBLIC_READ_WRITE, LITERAL(GROUPS "global/AllUsers"), S3_READ },
	{ S3_ACL_PUBLIC_READ_WRITE, LITERAL(GROUPS "global/AllUsers"), S3_WRITE },
	{ S3_ACL_AUTHENTICATED_READ, LITERAL(GROUPS "global/AuthenticatedUsers"), S3_READ },
	{ S3_ACL_LOG_DELIVERY_WRITE, LITERAL(GROUPS "s3/LogDelivery"), S3_WRITE },
	{ S3_ACL_LOG_DELIVERY_WRITE, LITERAL(GROUPS "s3/LogDelivery"), S3_READ_ACP },
};

/*
 * The owner of a bucket owns all that is in it, so what is canned for him alone grants nothing.
 * Where others get something, the backend adds his line: it knows who he is.
 */
int fields_canned(struct s3_call *c, struct object_fields *f, struct str name)
{
	enum s3_canned_acl acl = s3_canned_acl_find(name);
	size_t i;

	f->grants_canned = bytes_of(name);
	if (acl == S3_CANNED_ACLS)
		return front_argument(c, STR("x-amz-acl"), name, "Invalid canned ACL");
	if (acl == S3_ACL_AWS_EXEC_READ)
		return s3_fail(&c->fault, S3_NOT_IMPLEMENTED, NULL);
	for (i = 0; i < sizeof(canned_grants) / sizeof(canned_grants[0]); i++) {
		if (canned_grants[i].acl == acl)
			f->grant[f->grants++] = (struct meta_grant){
				.permission = canned_grants[i].permission,
				.uri = bytes_of(canned_grants[i].group),
			};
	}
	return 0;
}

int fields_acl(struct s3_call *c, struct object_fields *f)
{
	static const struct {
		struct str name;
		enum s3_permission permission;
	} grants[] = {
		{ LITERAL("x-amz-grant-read"), S3_READ },
		{ LITERAL("x-amz-grant-write"), S3_WRITE },
		{ LITERAL("x-amz-grant-read-acp"), S3_READ_ACP },
		{ LITERAL("x-amz-grant-write-acp"), S3_WRITE_ACP },
		{ LITERAL("x-amz-grant-full-control"), S3_FULL_CONTROL },
	};
	struct str canned = field_of(c, STR("x-amz-acl"));
	size_t i;
	int rc = 0;

	f->grants = 0;
	f->grants_canned = (struct rpc_bytes){ 0 };
	for (i = 0; !rc && i < sizeof(grants) / sizeof(grants[0]); i++)
		rc = read_grant(c, f, grants[i].name, grants[i].permission);
	if (!rc && canned.at && f->grants)
		return s3_fail(&c->fault, S3_INVALID_REQUEST,
			       "Specifying both Canned ACLs and Header Grants is not allowed");
	return rc || !canned.at ? rc : fields_canned(c, f, canned);
}

/* --- checksums ----------------------------------------------------------------------- */

size_t sums_write(const struct object_sums *s, u8 to[SUMS_MAX])
{
	size_t n = s->empty ? 0 : s3_checksum_bytes(s->value.kind);
	int i;

	if (s->value.kind == S3_NO_CHECKSUM)
		return 0;
	to[0] = s->value.kind;
	to[1] = s->type;
	for (i = 0; i < 4; i++)
		to[2 + i] = s->value.parts >> 8 * i;
	memcpy(to + 6, s->value.bytes, n);
	return 6 + n;
}

void sums_read(struct rpc_bytes from, struct object_sums *s)
{
	const u8 *b = from.data;
	int i;

	*s = (struct object_sums){ .value.kind = S3_NO_CHECKSUM, .empty = true };
	if (from.len < 6 || b[0] >= S3_CHECKSUMS || b[1] > S3_COMPOSITE)
		return;
	s->value.kind = b[0];
	s->type = b[1];
	for (i = 0; i < 4; i++)
		s->value.parts |= (u32)b[2 + i] << 8 * i;
	s->empty = from.len != 6 + s3_checksum_bytes(s->value.kind);
	if (!s->empty)
		memcpy(s->value.bytes, b + 6, from.len - 6);
}

void sums_fields(struct out *o, const struct object_sums *s)
{
	if (s->empty || s->value.kind == S3_NO_CHECKSUM)
		return;
	out_str(o, s3_checksum_header(s->value.kind));
	out_str(o, STR(": "));
	s3_checksum_write(o, &s->value);
	out_str(o, STR("\r\n"));
	http_write_field(o, STR("x-amz-checksum-type"),
			 s->type == S3_COMPOSITE ? STR("COMPOSITE") : STR("FULL_OBJECT"));
}

/* --- versions, uploads, conditions --------------------------------------------------- */

struct str version_text(u8 kind, const u8 version[META_VERSION_BYTES],
			char to[FRONT_VERSION_LEN + 1])
{
	struct out o = OUT(to, FRONT_VERSION_LEN);

	if (kind == META_LATEST)
		return STR_NONE;
	if (kind == META_NULL)
		return STR("null");
	out_hex(&o, version, META_VERSION_BYTES);
	return out_written(&o);
}

static bool from_hex(struct str text, u8 *to, size_t bytes)
{
	size_t i;

	if (text.len != 2 * bytes)
		return false;
	for (i = 0; i < bytes; i++) {
		int high = hex_value(text.at[2 * i]), low = hex_value(text.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = high << 4 | low;
	}
	return true;
}

bool version_parse(struct str text, u8 *kind, u8 version[META_VERSION_BYTES])
{
	*kind = str_is(text, "null") ? META_NULL : META_BY_ID;
	return *kind == META_NULL || from_hex(text, version, META_VERSION_BYTES);
}

int version_asked(struct s3_call *c, u8 *kind, u8 version[META_VERSION_BYTES])
{
	struct str text;
	int rc = s3_param(&c->params, c->uri.query, STR("versionId"), &text, &c->fault);

	*kind = META_LATEST;
	if (rc || !text.at)
		return rc;
	if (!text.len)
		return front_argument(c, STR("versionId"), text,
				      "Version id cannot be the empty string");
	if (!version_parse(text, kind, version))
		return front_argument(c, STR("versionId"), text, "Invalid version id specified");
	return 0;
}

int upload_asked(struct s3_call *c, u8 upload[META_VERSION_BYTES])
{
	struct str text;
	int rc = s3_param(&c->params, c->uri.query, STR("uploadId"), &text, &c->fault);

	if (rc)
		return rc;
	if (!text.len)
		return front_argument(c, STR("uploadId"), text, "This operation needs an uploadId");
	/* What is none is one that has never been; but first it is judged whether he may ask. */
	if (!from_hex(text, upload, META_VERSION_BYTES))
		memset(upload, 0, META_VERSION_BYTES);
	return 0;
}

void version_field(struct out *o, u8 kind, const u8 version[META_VERSION_BYTES])
{
	char text[FRONT_VERSION_LEN + 1];
	struct str s = version_text(kind, version, text);

	if (s.at)
		http_write_field(o, STR("x-amz-version-id"), s);
}

void etag_field(struct out *o, struct str etag)
{
	out_str(o, STR("ETag: \""));
	out_str(o, etag);
	out_str(o, STR("\"\r\n"));
}

struct rpc_bytes condition_value(struct str value)
{
	value = str_trim(value);
	if (str_starts(value, STR("W/")))
		value = str_skip(value, 2);
	if (value.len >= 2 && *value.at == '"' && value.at[value.len - 1] == '"')
		value = (struct str){ value.at + 1, value.len - 2 };
	return bytes_of(value);
}

int write_conditions(struct s3_call *c, struct rpc_bytes *match, struct rpc_bytes *none_match)
{
	struct str none = str_trim(field_of(c, STR("if-none-match")));

	*match = condition_value(field_of(c, STR("if-match")));
	*none_match = bytes_of(none);
	/* S3 has no other for writes, and not both. */
	if (none.at && (!str_is(none, "*") || match->len)) {
		s3_fail(&c->fault, S3_NOT_IMPLEMENTED, NULL);
		s3_detail(&c->fault, "Header", STR("If-None-Match"));
		return S3_NOT_IMPLEMENTED;
	}
	return 0;
}
