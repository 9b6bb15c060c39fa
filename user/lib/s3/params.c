// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/uri.h"
#include "params.h"

static enum s3_code bad(struct s3_fault *f, struct str name, struct str value, const char *why)
{
	char text[32];

	s3_fail(f, S3_INVALID_ARGUMENT, "%s", why);
	if (str_copy(name, text, sizeof(text)))
		s3_detail(f, "ArgumentName", str_of(text));
	s3_detail(f, "ArgumentValue", value.at ? value : STR(""));
	return S3_INVALID_ARGUMENT;
}

/**
 * s3_param - a parameter of a query, decoded
 * @p:		room for it
 * @query:	as it was sent
 * @name:	decoded
 * @value:	receives it, in @p; at is NULL when there is none
 * @f:		says why when it is refused
 *
 * It must be UTF-8 without NUL, as all that it can be compared with.
 */
enum s3_code s3_param(struct s3_params *p, struct str query, struct str name, struct str *value,
		      struct s3_fault *f)
{
	struct str raw;
	int len;

	*value = STR_NONE;
	if (!query_find(query, name, &raw))
		return S3_OK;
	len = uri_decode(raw, p->text + p->used, sizeof(p->text) - p->used, URI_QUERY);
	if (len < 0)
		return s3_fail(f, S3_INVALID_URI, NULL);
	*value = (struct str){ p->text + p->used, len };
	if (!str_is_utf8(*value) || memchr(p->text + p->used, '\0', len))
		return bad(f, name, STR_NONE, "A parameter is not valid UTF-8");
	p->used += len;
	return S3_OK;
}

/**
 * s3_param_number - a parameter that is a number
 * @p:		room for its text
 * @query:	as it was sent
 * @name:	decoded
 * @max:	what is more counts as this, as far as S3 knows numbers: to 2^31 - 1
 * @value:	receives it; left alone when there is none, or an empty one
 * @f:		says why when it is refused
 */
enum s3_code s3_param_number(struct s3_params *p, struct str query, struct str name,
			     uint64_t max, uint64_t *value, struct s3_fault *f)
{
	struct str text;
	enum s3_code code = s3_param(p, query, name, &text, f);
	char why[96];
	struct out o = OUT(why, sizeof(why) - 1);
	uint64_t number;

	if (code || !text.len)
		return code;
	if (str_number(text, INT32_MAX, &number)) {
		*value = number < max ? number : max;
		return S3_OK;
	}
	if (*text.at == '-' && str_number(str_skip(text, 1), INT32_MAX, &number)) {
		out_text(&o, "Argument ");
		out_str(&o, name);
		out_text(&o, " must be an integer between 0 and 2147483647");
	} else {
		out_text(&o, "Provided ");
		out_str(&o, name);
		out_text(&o, " not an integer or within integer range");
	}
	why[o.len] = '\0';
	return bad(f, name, text, why);
}

static enum s3_code encoding_type(struct s3_params *p, struct str query, bool *encode_url,
				  struct s3_fault *f)
{
	struct str text;
	enum s3_code code = s3_param(p, query, STR("encoding-type"), &text, f);

	*encode_url = text.len;
	if (code || !text.len || str_equal_nocase(text, STR("url")))
		return code;
	return bad(f, STR("encoding-type"), text, "Invalid Encoding Method specified in Request");
}

/* An empty delimiter is none. */
static enum s3_code prefix_and_delimiter(struct s3_params *p, struct str query,
					 struct str *prefix, struct str *delimiter,
					 struct s3_fault *f)
{
	enum s3_code code = s3_param(p, query, STR("prefix"), prefix, f);

	code = code ? code : s3_param(p, query, STR("delimiter"), delimiter, f);
	if (!delimiter->len)
		*delimiter = STR_NONE;
	return code;
}

static enum s3_code v2_params(struct s3_params *p, struct str query, struct s3_list *l,
			      struct s3_fault *f)
{
	enum s3_code code = s3_param(p, query, STR("start-after"), &l->marker, f);
	struct str owner = STR_NONE;

	code = code ? code : s3_param(p, query, STR("continuation-token"), &l->token, f);
	code = code ? code : s3_param(p, query, STR("fetch-owner"), &owner, f);
	if (!code && owner.len && !body_bool(owner, &l->fetch_owner))
		code = bad(f, STR("fetch-owner"), owner, "Invalid fetch-owner");
	return code;
}

static enum s3_code versions_params(struct s3_params *p, struct str query, struct s3_list *l,
				    struct s3_fault *f)
{
	enum s3_code code = s3_param(p, query, STR("key-marker"), &l->marker, f);

	code = code ? code : s3_param(p, query, STR("version-id-marker"), &l->version_marker, f);
	if (!code && l->version_marker.len && !l->marker.len)
		code = bad(f, STR("version-id-marker"), l->version_marker,
			   "A version-id marker cannot be specified without a key marker.");
	return code;
}

/**
 * s3_list_from_query - what a list is to be of
 * @p:		room for the texts; begins empty
 * @query:	as it was sent
 * @kind:	of the list
 * @l:		filled in but for its bucket
 * @f:		says why when it is refused
 */
enum s3_code s3_list_from_query(struct s3_params *p, struct str query, enum s3_list_kind kind,
				struct s3_list *l, struct s3_fault *f)
{
	uint64_t max = S3_LIST_MAX;
	enum s3_code code;

	memset(l, 0, sizeof(*l));
	p->used = 0;
	l->kind = kind;
	code = prefix_and_delimiter(p, query, &l->prefix, &l->delimiter, f);
	code = code ? code : encoding_type(p, query, &l->encode_url, f);
	code = code ? code : s3_param_number(p, query, STR("max-keys"), S3_LIST_MAX, &max, f);
	l->max_keys = max;
	if (code)
		return code;
	switch (kind) {
	case S3_LIST_V2:
		return v2_params(p, query, l, f);
	case S3_LIST_VERSIONS:
		return versions_params(p, query, l, f);
	default:
		return s3_param(p, query, STR("marker"), &l->marker, f);
	}
}

/* The same for ListMultipartUploads. */
enum s3_code s3_uploads_from_query(struct s3_params *p, struct str query, struct s3_uploads *u,
				   struct s3_fault *f)
{
	uint64_t max = S3_LIST_MAX;
	enum s3_code code;

	memset(u, 0, sizeof(*u));
	p->used = 0;
	code = prefix_and_delimiter(p, query, &u->prefix, &u->delimiter, f);
	code = code ? code : encoding_type(p, query, &u->encode_url, f);
	code = code ? code : s3_param_number(p, query, STR("max-uploads"), S3_LIST_MAX, &max, f);
	code = code ? code : s3_param(p, query, STR("key-marker"), &u->key_marker, f);
	code = code ? code : s3_param(p, query, STR("upload-id-marker"), &u->upload_marker, f);
	u->max_uploads = max;
	return code;
}

/**
 * s3_part_number - the parameter partNumber
 * @p:		room for its text
 * @query:	as it was sent
 * @number:	receives it, 0 when there is none
 * @f:		says why when it is refused
 */
enum s3_code s3_part_number(struct s3_params *p, struct str query, uint32_t *number,
			    struct s3_fault *f)
{
	struct str text;
	enum s3_code code = s3_param(p, query, STR("partNumber"), &text, f);
	uint64_t value;

	*number = 0;
	if (code || !text.at)
		return code;
	if (!str_number(text, S3_PARTS_MAX, &value) || !value)
		return bad(f, STR("partNumber"), text,
			   "Part number must be an integer between 1 and 10000, inclusive");
	*number = value;
	return S3_OK;
}

/* The header that a parameter of GET sets in the answer; none (at is NULL) for others. */
struct str s3_response_override(struct str name)
{
	static const struct {
		struct str name, header;
	} overrides[] = {
		{ { "response-cache-control", 22 }, { "Cache-Control", 13 } },
		{ { "response-content-disposition", 28 }, { "Content-Disposition", 19 } },
		{ { "response-content-encoding", 25 }, { "Content-Encoding", 16 } },
		{ { "response-content-language", 25 }, { "Content-Language", 16 } },
		{ { "response-content-type", 21 }, { "Content-Type", 12 } },
		{ { "response-expires", 16 }, { "Expires", 7 } },
	};
	size_t i;

	for (i = 0; i < sizeof(overrides) / sizeof(overrides[0]); i++)
		if (str_equal(name, overrides[i].name))
			return overrides[i].header;
	return STR_NONE;
}

/* Is the metadata of a user small enough?  Names count without "x-amz-meta-". */
enum s3_code s3_metadata_check(const struct http_head *h, struct s3_fault *f)
{
	size_t total = 0;
	unsigned int i;

	for (i = 0; i < h->fields; i++) {
		struct str name = http_str(h, h->field[i].name);

		if (str_equal_nocase(str_head(name, 11), STR("x-amz-meta-")))
			total += name.len - 11 + h->field[i].value.len;
	}
	if (total <= S3_METADATA_MAX)
		return S3_OK;
	s3_fail(f, S3_METADATA_TOO_LARGE, NULL);
	s3_detail(f, "MaxSizeAllowed", STR("2048"));
	return S3_METADATA_TOO_LARGE;
}

/**
 * s3_content_encoding - the encoding that an object is stored with
 * @o:		receives it, nothing when none is left
 * @value:	of Content-Encoding
 *
 * "aws-chunked" is how the body came, not how the object is.  All else stays as it was written.
 */
void s3_content_encoding(struct out *o, struct str value)
{
	bool first = true;
	struct str item;

	while (str_cut(&value, ',', &item)) {
		struct str name = str_trim(item);

		if (!name.len || str_equal_nocase(name, STR("aws-chunked")))
			continue;
		if (!first)
			out_char(o, ',');
		out_str(o, first ? name : item);
		first = false;
	}
}
