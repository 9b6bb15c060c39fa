// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which operation a request is.  What S3 has and is not here is refused by name, and so is
 * what nobody knows: nothing is passed over that could mean something.
 */
#include <errno.h>

#include "front.h"
#include "s3/setting.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* --- parameters ---------------------------------------------------------------------- */

/* Levels at which a parameter means something that is there. */
enum {
	SERVICE = 1 << LEVEL_SERVICE,
	BUCKET = 1 << LEVEL_BUCKET,
	OBJECT = 1 << LEVEL_OBJECT,
	SELECTS = 1 << 3,	/* it is another operation: never passed over */
};

static const struct {
	const char *name;
	unsigned int levels;
} known[] = {
	{ "accelerate", BUCKET | SELECTS },
	{ "acl", BUCKET | OBJECT | SELECTS }, { "attributes", OBJECT | SELECTS },
	{ "bucket-region", SERVICE }, { "continuation-token", SERVICE | BUCKET },
	{ "cors", BUCKET | SELECTS }, { "delete", BUCKET | SELECTS }, { "delimiter", BUCKET },
	{ "encoding-type", BUCKET | OBJECT },
	{ "encryption", BUCKET | SELECTS }, { "fetch-owner", BUCKET },
	{ "key-marker", BUCKET }, { "lifecycle", BUCKET | SELECTS },
	{ "list-type", BUCKET | SELECTS }, { "location", BUCKET | SELECTS },
	{ "logging", BUCKET | SELECTS }, { "notification", BUCKET | SELECTS },
	{ "object-lock", BUCKET | SELECTS }, { "ownershipControls", BUCKET | SELECTS },
	{ "publicAccessBlock", BUCKET | SELECTS }, { "replication", BUCKET | SELECTS },
	{ "requestPayment", BUCKET | SELECTS }, { "website", BUCKET | SELECTS },
	{ "marker", BUCKET }, { "max-buckets", SERVICE }, { "max-keys", BUCKET },
	{ "max-parts", OBJECT }, { "max-uploads", BUCKET }, { "partNumber", OBJECT },
	{ "part-number-marker", OBJECT }, { "policy", BUCKET | SELECTS },
	{ "policyStatus", BUCKET | SELECTS }, { "prefix", SERVICE | BUCKET },
	{ "response-cache-control", OBJECT }, { "response-content-disposition", OBJECT },
	{ "response-content-encoding", OBJECT }, { "response-content-language", OBJECT },
	{ "response-content-type", OBJECT }, { "response-expires", OBJECT },
	{ "start-after", BUCKET }, { "tagging", BUCKET | OBJECT | SELECTS },
	{ "uploadId", OBJECT | SELECTS }, { "upload-id-marker", BUCKET },
	{ "uploads", BUCKET | OBJECT | SELECTS }, { "version-id-marker", BUCKET },
	{ "versionId", OBJECT }, { "versioning", BUCKET | SELECTS },
	{ "versions", BUCKET | SELECTS },
};

/* Those of signatures, and "x-id" and its like, which S3 lets everybody add, say nothing more. */
static bool parameter_known(struct str name, enum s3_level level)
{
	size_t i;

	if (str_equal_nocase(str_head(name, 2), STR("x-")))
		return true;
	for (i = 0; i < COUNT(known); i++)
		if (str_is(name, known[i].name))
			return known[i].levels & 1 << level;
	return false;
}

/* Is a sub-resource named beside the one that @r is about?  Its bucket must not be deleted then. */
static bool names_another(const struct s3_call *c, const struct s3_route *r)
{
	size_t i;

	for (i = 0; i < COUNT(known); i++)
		if (known[i].levels & SELECTS && known[i].levels & 1 << r->level &&
		    !(r->parameter && !strcmp(r->parameter, known[i].name)) &&
		    asks_for(c, str_of(known[i].name)))
			return true;
	return false;
}

/* Those that are looked at, of signatures as well: which of two would count? */
static const char *const of_signatures[] = {
	"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
	"X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token",
	"X-Amz-Content-Sha256", "X-Amz-Region-Set",
};

static bool seen_before(struct str raw, uint64_t *seen)
{
	uint64_t bit = 1;
	bool twice;
	size_t i;

	_Static_assert(COUNT(known) + COUNT(of_signatures) <= 64, "a bit for each");
	for (i = 0; i < COUNT(known); i++, bit <<= 1)
		if (query_is(raw, str_of(known[i].name)))
			break;
	for (; i >= COUNT(known) && i < COUNT(known) + COUNT(of_signatures); i++, bit <<= 1)
		if (query_is(raw, str_of(of_signatures[i - COUNT(known)])))
			break;
	twice = *seen & bit;
	if (i < COUNT(known) + COUNT(of_signatures))
		*seen |= bit;
	return twice;
}

static int check_twice(struct s3_call *c)
{
	struct str rest = c->uri.query, name, value;
	uint64_t seen = 0;

	while (query_next(&rest, &name, &value))
		if (seen_before(name, &seen))
			return front_argument(c, str_head(name, 31), str_head(value, 64),
					      "A parameter may be given once");
	return 0;
}

/*
 * Headers that a client has put into the query, as some do when they sign URLs: they are not
 * looked for there, so they are refused where they would mean something.
 */
static int check_hoisted(struct s3_call *c)
{
	static const char *const meant[] = {
		"x-amz-acl", "x-amz-grant-", "x-amz-tagging", "x-amz-copy-source", "x-amz-meta-",
		"x-amz-metadata-directive", "x-amz-object-ownership", "x-amz-checksum-",
	};
	struct str rest = c->uri.query, raw, value;
	char text[64];
	size_t i;
	int len, rc;

	while (query_next(&rest, &raw, &value)) {
		struct str name;

		len = uri_decode(str_head(raw, sizeof(text)), text, sizeof(text), URI_QUERY);
		name = (struct str){ text, len < 0 ? 0 : len };
		if (!str_equal_nocase(str_head(name, 6), STR("x-amz-")))
			continue;
		for (i = 0; i < COUNT(meant); i++)
			if (str_equal_nocase(str_head(name, strlen(meant[i])), str_of(meant[i])))
				break;
		rc = route_field(c, name, value);
		if (rc)
			return rc;
		if (i == COUNT(meant))
			continue;
		s3_fail(&c->fault, S3_NOT_IMPLEMENTED,
			"A header you provided as a parameter implies functionality that is not implemented");
		s3_detail(&c->fault, "Parameter", str_head(raw, 64));
		return S3_NOT_IMPLEMENTED;
	}
	return 0;
}

/* "response-" and what is no header that an answer's can be replaced by. */
static bool overrides_nothing(struct str name)
{
	return str_starts(name, STR("response-")) && !parameter_known(name, LEVEL_OBJECT);
}

static int check_parameters(struct s3_call *c, enum s3_level level)
{
	struct str rest = c->uri.query, name, value;
	bool reads = str_is(http_method(c->rq), "GET") || str_is(http_method(c->rq), "HEAD");
	char text[64];
	int len = check_twice(c);

	if (!len && !reads)
		len = check_hoisted(c);
	if (len)
		return len;
	while (query_next(&rest, &name, &value)) {
		len = uri_decode(name, text, sizeof(text), URI_QUERY);
		if (len > 0 && overrides_nothing((struct str){ text, len })) {
			s3_fail(&c->fault, S3_INVALID_ARGUMENT,
				"The parameter is not in the set of overridable response headers");
			s3_detail(&c->fault, "ArgumentName", name);
			return S3_INVALID_ARGUMENT;
		}
		/* Sub-resources have no values; where nothing is changed, S3 lets others pass. */
		if (!name.len || (reads && value.len))
			continue;
		if (len >= 0 && parameter_known((struct str){ text, len }, level))
			continue;
		s3_fail(&c->fault, S3_NOT_IMPLEMENTED,
			"A parameter you provided implies functionality that is not implemented");
		s3_detail(&c->fault, "Parameter", name);
		return S3_NOT_IMPLEMENTED;
	}
	return 0;
}

/* --- fields -------------------------------------------------------------------------- */

#define TEXT(literal)	{ (literal), sizeof(literal) - 1 }

static const struct {
	struct str name;		/* or how it begins: then with "*" at its end */
	struct str may;			/* the value that says nothing new */
	enum s3_code code;
} fields[] = {
	{ TEXT("x-amz-server-side-encryption"), TEXT("AES256"), S3_NOT_IMPLEMENTED },
	{ TEXT("x-amz-server-side-encryption-*"), TEXT(""), S3_NOT_IMPLEMENTED },
	{ TEXT("x-amz-copy-source-server-side-encryption-*"), TEXT(""), S3_NOT_IMPLEMENTED },
	{ TEXT("x-amz-storage-class"), TEXT("STANDARD"), S3_INVALID_STORAGE_CLASS },
	{ TEXT("x-amz-object-lock-*"), TEXT(""), S3_NOT_IMPLEMENTED },
	{ TEXT("x-amz-bucket-object-lock-enabled"), TEXT("false"), S3_NOT_IMPLEMENTED },
	{ TEXT("x-amz-bypass-governance-retention"), TEXT("false"), S3_NOT_IMPLEMENTED },
	{ TEXT("x-amz-request-payer"), TEXT(""), S3_NOT_IMPLEMENTED },
	{ TEXT("x-amz-website-redirect-location"), TEXT(""), S3_NOT_IMPLEMENTED },
	{ TEXT("x-amz-mfa"), TEXT(""), S3_NOT_IMPLEMENTED },
	{ TEXT("x-amz-write-offset-bytes"), TEXT(""), S3_NOT_IMPLEMENTED },
	{ TEXT("x-amz-if-match-*"), TEXT(""), S3_NOT_IMPLEMENTED },
	{ TEXT("x-amz-rename-source*"), TEXT(""), S3_NOT_IMPLEMENTED },
	{ TEXT("x-amz-create-session-mode"), TEXT(""), S3_NOT_IMPLEMENTED },
};

static bool name_fits(struct str pattern, struct str name)
{
	if (pattern.at[pattern.len - 1] != '*')
		return str_equal_nocase(pattern, name);
	pattern.len--;
	return name.len >= pattern.len && str_equal_nocase(pattern, str_head(name, pattern.len));
}

int route_field(struct s3_call *c, struct str name, struct str value)
{
	size_t i;

	for (i = 0; i < COUNT(fields); i++) {
		if (!name_fits(fields[i].name, name))
			continue;
		if (fields[i].may.len && str_equal_nocase(fields[i].may, value))
			return 0;
		s3_fail(&c->fault, fields[i].code, NULL);
		s3_detail(&c->fault, "Header", name);
		return fields[i].code;
	}
	return 0;
}

/*
 * Who the bucket's owner has to be, for the backend to see to: in a field, or in a URL that was
 * signed with it.
 */
static int note_owner(struct s3_call *c)
{
	const struct str name = STR("x-amz-expected-bucket-owner");
	struct str rest = c->uri.query, owner = field_of(c, name), raw, value;

	while (!owner.len && query_next(&rest, &raw, &value))
		if (str_equal_nocase(raw, name))
			owner = value;
	if (owner.len > META_ID_MAX)
		return s3_fail(&c->fault, S3_ACCESS_DENIED, NULL);
	c->caller.owner = bytes_of(owner);
	return 0;
}

/* Of which the first would count for one, and the last, or both, for another. */
static bool may_repeat(struct str name)
{
	return str_equal_nocase(str_head(name, 11), STR("x-amz-meta-")) ||
	       str_equal_nocase(name, STR("x-amz-object-attributes")) ||
	       str_equal_nocase(name, STR("x-amz-optional-object-attributes"));
}

int route_twice(struct s3_call *c)
{
	static const struct str single[] = {
		TEXT("authorization"), TEXT("date"), TEXT("content-md5"), TEXT("content-type"),
		TEXT("range"),
	};
	const struct http_head *h = &c->rq->head;
	unsigned int i, j;

	for (i = 0; i < h->fields; i++) {
		struct str name = http_str(h, h->field[i].name), value;
		bool matters = str_equal_nocase(str_head(name, 6), STR("x-amz-")) &&
			       !may_repeat(name);

		for (j = 0; !matters && j < COUNT(single); j++)
			matters = str_equal_nocase(name, single[j]);
		j = i + 1;
		if (matters && http_find_next(h, name, &j, &value))
			return front_argument(c, str_head(name, 63), str_head(value, 64),
					      "A header may be given once");
	}
	return 0;
}

/* A source is for copies, and what is none must not look like one. */
static int check_source(struct s3_call *c)
{
	static const struct str name = TEXT("x-amz-copy-source");
	struct str value = field_of(c, name);

	if (!value.at || (c->route->header && str_is(name, c->route->header)))
		return 0;
	return front_argument(c, name, str_head(value, 64),
			      "You can only specify a copy source header for copy requests.");
}

/* Whose a bucket's objects are is said with the bucket. */
static int check_ownership(struct s3_call *c)
{
	static const struct str name = TEXT("x-amz-object-ownership");
	struct str value = field_of(c, name);

	if (!value.at || c->route->handle == s3_create_bucket)
		return 0;
	return front_argument(c, name, str_head(value, 64),
			      "You can only specify object ownership when you create a bucket");
}

/* How an object is encrypted is said when it is written (GetObject, "Encryption"). */
static int check_encryption(struct s3_call *c)
{
	static const struct str name = TEXT("x-amz-server-side-encryption");
	struct str method = http_method(c->rq), value = field_of(c, name);

	if (!value.at || !c->target.key.len || !(str_is(method, "GET") || str_is(method, "HEAD")))
		return 0;
	return front_argument(c, name, str_head(value, 64),
			      "x-amz-server-side-encryption header is not supported for this operation.");
}

int route_headers(struct s3_call *c)
{
	const struct http_head *h = &c->rq->head;
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < h->fields; i++) {
		struct str name = http_str(h, h->field[i].name);

		if (str_equal_nocase(str_head(name, 6), STR("x-amz-")))
			rc = route_field(c, name, http_str(h, h->field[i].value));
	}
	if (!rc)
		rc = check_source(c);
	if (!rc)
		rc = check_ownership(c);
	if (!rc)
		rc = check_encryption(c);
	return rc ? rc : note_owner(c);
}

/* --- bucket and object --------------------------------------------------------------- */

struct str route_bucket_of(const struct s3_call *c, struct str host)
{
	struct str domain = c->front->domain;
	size_t colon;

	if (!domain.len)
		return STR_NONE;
	if (str_find(host, ':', &colon))
		host = str_head(host, colon);
	if (host.len < domain.len + 2 ||
	    !str_equal_nocase(str_skip(host, host.len - domain.len), domain) ||
	    host.at[host.len - domain.len - 1] != '.')
		return STR_NONE;
	return str_head(host, host.len - domain.len - 1);
}

int route_target(struct s3_call *c)
{
	struct str bucket = route_bucket_of(c, c->host), path = c->uri.path;

	if (bucket.len) {
		c->path = path;
		return s3_target_from_host(bucket, path, &c->target, &c->fault);
	}
	/* No bucket has a name of two letters. */
	if (str_starts(path, STR(FRONT_PREFIX)) &&
	    (path.len == strlen(FRONT_PREFIX) || path.at[strlen(FRONT_PREFIX)] == '/'))
		path = str_skip(path, strlen(FRONT_PREFIX));
	c->path = path.len ? path : STR("/");
	return s3_target_from_path(c->path, &c->target, &c->fault);
}

/* Allow: what there is at this level; with the refusal. */
static void list_methods(struct s3_call *c, enum s3_level level)
{
	static const char *const methods[] = { "GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS" };
	bool first = true;
	unsigned int i, j;

	out_str(&c->cors, STR("Allow: "));
	for (i = 0; i < COUNT(methods); i++) {
		for (j = 0; j < s3_route_count; j++)
			if (s3_routes[j].level == level &&
			    !strcmp(s3_routes[j].method, methods[i]))
				break;
		if (j == s3_route_count)
			continue;
		out_str(&c->cors, first ? STR("") : STR(", "));
		out_text(&c->cors, methods[i]);
		first = false;
	}
	out_str(&c->cors, STR("\r\n"));
}

/* What is only told here, S3 lets be set. */
static bool names_setting(const struct s3_call *c)
{
	unsigned int s;

	for (s = 0; s < S3_SETTINGS; s++)
		if (asks_for(c, str_of(s3_setting_parameter(s))))
			return true;
	return false;
}

static int not_allowed(struct s3_call *c, enum s3_level level)
{
	if (level == LEVEL_BUCKET && names_setting(c))
		return s3_fail(&c->fault, S3_NOT_IMPLEMENTED,
			       "A parameter you provided implies functionality that is not implemented");
	s3_fail(&c->fault, S3_METHOD_NOT_ALLOWED, NULL);
	s3_detail(&c->fault, "Method", http_method(c->rq));
	list_methods(c, level);
	return S3_METHOD_NOT_ALLOWED;
}

int route_find(struct s3_call *c)
{
	enum s3_level level = c->target.key.at ? LEVEL_OBJECT :
			      c->target.bucket.at ? LEVEL_BUCKET : LEVEL_SERVICE;
	struct str method = http_method(c->rq);
	unsigned int i;
	bool preflight = str_is(method, "OPTIONS");
	int rc = preflight ? 0 : check_parameters(c, level);

	if (rc)
		return rc;
	for (i = 0; i < s3_route_count; i++) {
		const struct s3_route *r = &s3_routes[i];

		if (r->level != level || !str_is(method, r->method) ||
		    (r->parameter && !asks_for(c, str_of(r->parameter))) ||
		    (r->header && !field_of(c, str_of(r->header)).at) ||
		    (!preflight && names_another(c, r)))
			continue;
		c->route = r;
		return 0;
	}
	return not_allowed(c, level);
}
