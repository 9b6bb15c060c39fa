// SPDX-License-Identifier: GPL-2.0-or-later
/* What a request claims: who signed it, when, and what.  No secret is needed here. */
#include "http/date.h"
#include "sig.h"

static const struct {
	enum sig_algorithm algorithm;
	const char *name;
} algorithms[] = {
	{ SIG_HMAC, "AWS4-HMAC-SHA256" },
	{ SIG_ECDSA, "AWS4-ECDSA-P256-SHA256" },
};

static const struct {
	struct str text;
	enum sig_algorithm algorithm;
	enum sig_payload payload;
} streams[] = {
	{ { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", 34 }, SIG_HMAC, SIG_PAYLOAD_CHUNKS },
	{ { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", 42 }, SIG_HMAC,
	  SIG_PAYLOAD_CHUNKS_TRAILER },
	{ { "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", 40 }, SIG_ECDSA, SIG_PAYLOAD_CHUNKS },
	{ { "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", 48 }, SIG_ECDSA,
	  SIG_PAYLOAD_CHUNKS_TRAILER },
};

const char *sig_algorithm_name(enum sig_algorithm algorithm)
{
	return algorithms[algorithm].name;
}

static bool find_algorithm(struct str name, enum sig_algorithm *algorithm)
{
	size_t i;

	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (str_is(name, algorithms[i].name)) {
			*algorithm = algorithms[i].algorithm;
			return true;
		}
	}
	return false;
}

static bool eight_digits(struct str s)
{
	uint64_t value;

	return s.len == 8 && str_number(s, 99999999, &value);
}

/**
 * sig_scope_parse - take a credential apart
 * @credential:	ACCESS-KEY/YYYYMMDD/REGION/SERVICE/aws4_request; without REGION for
 *		SIG_ECDSA.  An access key may have slashes in it
 * @algorithm:	which of both
 * @s:		filled in; lies in @credential
 *
 * Return: false when it has too few parts, or the date is none, or the end is not
 * "aws4_request".
 */
bool sig_scope_parse(struct str credential, enum sig_algorithm algorithm, struct sig_scope *s)
{
	unsigned int want = algorithm == SIG_HMAC ? 4 : 3, found = 0;
	struct str rest, part[4];
	size_t i = credential.len;

	/* From the end, for the sake of the access key. */
	while (i && found < want)
		if (credential.at[--i] == '/')
			found++;
	if (found < want || !i)
		return false;
	s->access_key = str_head(credential, i);
	s->whole = str_skip(credential, i + 1);
	rest = s->whole;
	for (i = 0; i < want; i++)
		if (!str_cut(&rest, '/', &part[i]) || !part[i].len)
			return false;
	s->date = part[0];
	s->region = want == 4 ? part[1] : STR_NONE;
	s->service = part[want - 2];
	return s->whole.len < SIG_SCOPE_MAX && eight_digits(s->date) &&
	       str_equal(part[want - 1], STR("aws4_request"));
}

#define MALFORMED	"The authorization header is malformed; "
#define BAD_PARAMETER	"Error parsing the X-Amz-Credential parameter; "

/* How the places call the same mistake. */
static enum s3_code wrong(struct s3_fault *f, enum sig_place place, const char *what,
			  struct str have, const char *between, struct str want,
			  const char *after)
{
	static const struct {
		enum s3_code code;
		const char *first;
	} places[] = {
		[SIG_HEADER] = { S3_AUTHORIZATION_HEADER_MALFORMED, MALFORMED },
		[SIG_QUERY] = { S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR, BAD_PARAMETER },
		[SIG_FORM] = { S3_INVALID_ARGUMENT, BAD_PARAMETER },
	};

	have = str_head(have, 64);
	want = str_head(want, 64);
	return s3_fail(f, places[place].code, "%s%s%.*s%s%.*s%s", places[place].first, what,
		       STR_ARG(have), between, STR_ARG(want), after);
}

/**
 * sig_wrong_region - refuse a signature for another region
 * @c:		as sig_parse() has filled it in
 * @want:	the region that it should be for
 * @f:		says so
 */
enum s3_code sig_wrong_region(const struct sig_claim *c, struct str want, struct s3_fault *f)
{
	bool set = c->algorithm == SIG_ECDSA;
	enum s3_code code = wrong(f, c->place, set ? "the region set '" : "the region '",
				  set ? c->region_set : c->scope.region,
				  "' is wrong; expecting '", want, "'");

	s3_detail(f, "Region", want);
	return code;
}

/**
 * sig_scope_check - is a credential one for this server?
 * @c:		its place and algorithm are set; its scope is filled in
 * @credential:	decoded
 * @rules:	of this server
 * @f:		says why when it is not
 */
enum s3_code sig_scope_check(struct sig_claim *c, struct str credential,
			     const struct sig_rules *rules, struct s3_fault *f)
{
	if (!sig_scope_parse(credential, c->algorithm, &c->scope))
		return wrong(f, c->place, "the Credential is mal-formed; expecting \"",
			     STR("<YOUR-AKID>/YYYYMMDD/"), "",
			     c->algorithm == SIG_HMAC ? STR("REGION/SERVICE/aws4_request") :
							STR("SERVICE/aws4_request"), "\".");
	if (c->algorithm == SIG_HMAC && rules->region.len &&
	    !str_equal(c->scope.region, rules->region))
		return sig_wrong_region(c, rules->region, f);
	if (!str_equal(c->scope.service, rules->service))
		return wrong(f, c->place, "incorrect service \"", c->scope.service,
			     "\". This endpoint belongs to \"", rules->service, "\".");
	return S3_OK;
}

/* Is one of "us-east-1,eu-*" the region? */
bool sig_region_in_set(struct str set, struct str region)
{
	struct str item;

	while (str_cut(&set, ',', &item))
		if (str_match(str_trim(item), region))
			return true;
	return false;
}

static enum s3_code check_region_set(const struct sig_claim *c, const struct sig_rules *rules,
				     struct s3_fault *f)
{
	if (c->algorithm != SIG_ECDSA || !rules->region.len ||
	    sig_region_in_set(c->region_set, rules->region))
		return S3_OK;
	return sig_wrong_region(c, rules->region, f);
}

/* Is a name in "a;b;c"? */
static bool is_signed(struct str list, struct str name)
{
	struct str item;

	while (str_cut(&list, ';', &item))
		if (str_equal_nocase(item, name))
			return true;
	return false;
}

/* Host, and whatever S3 would act upon, must be under the signature. */
static enum s3_code check_signed(const struct sig_message *m, const struct sig_claim *c,
				 struct s3_fault *f)
{
	struct str list = c->signed_headers, name, value;
	unsigned int i;

	while (str_cut(&list, ';', &name))
		if (!http_is_token(name))
			return s3_fail(f, S3_SIGNATURE_DOES_NOT_MATCH, NULL);
	for (i = 0; i < m->count; i++) {
		name = m->headers[i].name;
		if (!str_equal_nocase(str_head(name, 6), STR("x-amz-")) &&
		    !str_equal_nocase(name, STR("host")))
			continue;
		if (is_signed(c->signed_headers, name))
			continue;
		/* A pre-signed URL's payload hash may come beside it; another framing not. */
		value = m->headers[i].value;
		if (c->place == SIG_QUERY &&
		    str_equal_nocase(name, STR("x-amz-content-sha256")) &&
		    !str_starts(value, STR("STREAMING-")))
			continue;
		s3_fail(f, S3_ACCESS_DENIED,
			"There were headers present in the request which were not signed");
		s3_detail(f, "HeadersNotSigned", name);
		return S3_ACCESS_DENIED;
	}
	return S3_OK;
}

static bool is_sha256(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (hex_value(s.at[i]) < 0)
			return false;
	return s.len == 2 * SHA256_BYTES;
}

static enum s3_code take_payload(struct sig_claim *c, struct str value, struct s3_fault *f)
{
	size_t i;

	c->content_sha256 = value;
	if (str_equal(value, STR("UNSIGNED-PAYLOAD"))) {
		c->payload = SIG_PAYLOAD_UNSIGNED;
		return S3_OK;
	}
	if (is_sha256(value)) {
		c->payload = SIG_PAYLOAD_HASH;
		return S3_OK;
	}
	if (str_equal(value, STR("STREAMING-UNSIGNED-PAYLOAD-TRAILER"))) {
		c->payload = SIG_PAYLOAD_UNSIGNED_TRAILER;
		return S3_OK;
	}
	for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		if (str_equal(value, streams[i].text) && c->algorithm == streams[i].algorithm) {
			c->payload = streams[i].payload;
			return S3_OK;
		}
	}
	s3_fail(f, S3_INVALID_ARGUMENT,
		"x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.");
	s3_detail(f, "ArgumentName", STR("x-amz-content-sha256"));
	s3_detail(f, "ArgumentValue", value);
	return S3_INVALID_ARGUMENT;
}

/* --- Authorization -------------------------------------------------------- */

/* "Credential=..., SignedHeaders=..., Signature=...", in any order. */
static enum s3_code split_header(struct str rest, struct sig_claim *c, struct str *credential,
				 struct s3_fault *f)
{
	struct str item, name;

	*credential = STR_NONE;
	c->signed_headers = STR_NONE;
	c->signature = STR_NONE;
	while (str_cut(&rest, ',', &item)) {
		item = str_trim(item);
		if (!str_cut(&item, '=', &name) || !item.at)
			return s3_fail(f, S3_AUTHORIZATION_HEADER_MALFORMED, MALFORMED
				       "the authorization component \"%.*s\" is malformed.",
				       STR_ARG(str_head(name, 64)));
		if (str_equal(name, STR("Credential")))
			*credential = item;
		else if (str_equal(name, STR("SignedHeaders")))
			c->signed_headers = item;
		else if (str_equal(name, STR("Signature")))
			c->signature = item;
	}
	if (!credential->at || !c->signed_headers.at || !c->signature.at)
		return s3_fail(f, S3_AUTHORIZATION_HEADER_MALFORMED, MALFORMED
			       "the authorization header requires three components: Credential, SignedHeaders, and Signature.");
	return S3_OK;
}

/* x-amz-date, or else Date. */
static enum s3_code header_date(const struct sig_message *m, struct sig_claim *c,
				struct s3_fault *f)
{
	struct out o = OUT(c->text, sizeof(c->text));
	struct str value;

	if (sig_find(m, STR("x-amz-date"), &value) && amz_date_parse(value, &c->time)) {
		c->date = value;
		return S3_OK;
	}
	if (sig_find(m, STR("date"), &value) &&
	    (amz_date_parse(value, &c->time) || http_date_parse(value, &c->time))) {
		amz_date_write(&o, c->time);
		c->date = out_written(&o);
		return S3_OK;
	}
	return s3_fail(f, S3_ACCESS_DENIED,
		       "AWS authentication requires a valid Date or x-amz-date header");
}

static enum s3_code check_skew(const struct sig_claim *c, const struct sig_rules *rules,
			       struct s3_fault *f)
{
	char text[ISO_DATE_LEN];
	struct out o = OUT(text, sizeof(text));

	if (c->time >= rules->now - rules->skew && c->time <= rules->now + rules->skew)
		return S3_OK;
	s3_fail(f, S3_REQUEST_TIME_TOO_SKEWED, NULL);
	s3_detail(f, "RequestTime", c->date);
	iso_date_write(&o, rules->now * 1000);
	s3_detail(f, "ServerTime", out_written(&o));
	o = OUT(text, sizeof(text));
	out_number(&o, rules->skew * 1000);
	s3_detail(f, "MaxAllowedSkewMilliseconds", out_written(&o));
	return S3_REQUEST_TIME_TOO_SKEWED;
}

/* Version 2 signs with HMAC-SHA1, and no more of a request than its method, date and path. */
enum s3_code sig_version_2(struct s3_fault *f)
{
	return s3_fail(f, S3_INVALID_REQUEST,
		       "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.");
}

static enum s3_code parse_header(const struct sig_message *m, struct str value,
				 const struct sig_rules *rules, struct sig_claim *c,
				 struct s3_fault *f)
{
	struct str algorithm, credential, payload;
	enum s3_code code;

	value = str_trim(value);
	str_cut(&value, ' ', &algorithm);
	if (str_equal(algorithm, STR("AWS")))
		return sig_version_2(f);
	if (!find_algorithm(algorithm, &c->algorithm))
		return s3_fail(f, S3_INVALID_ARGUMENT, "Unsupported Authorization Type");
	code = split_header(value, c, &credential, f);
	code = code ? code : sig_scope_check(c, credential, rules, f);
	code = code ? code : header_date(m, c, f);
	if (code)
		return code;
	if (!str_equal(str_head(c->date, 8), c->scope.date))
		return s3_fail(f, S3_SIGNATURE_DOES_NOT_MATCH,
			       "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP");
	if (c->algorithm == SIG_ECDSA)
		sig_find(m, STR("x-amz-region-set"), &c->region_set);
	sig_find(m, STR("x-amz-security-token"), &c->token);
	code = check_skew(c, rules, f);
	code = code ? code : check_region_set(c, rules, f);
	if (code)
		return code;
	if (!sig_find(m, STR("x-amz-content-sha256"), &payload))
		return s3_fail(f, S3_INVALID_REQUEST,
			       "Missing required header for this request: x-amz-content-sha256");
	return take_payload(c, payload, f);
}

/* --- query ---------------------------------------------------------------- */

/* The parameters that mean something here. */
enum {
	ALGORITHM, CONTENT_SHA256, CREDENTIAL, DATE, EXPIRES, REGION_SET, TOKEN, SIGNATURE,
	SIGNED_HEADERS, PARAMETERS,
};

static const struct str parameter_names[PARAMETERS] = {
	[ALGORITHM] = { "X-Amz-Algorithm", 15 },
	[CONTENT_SHA256] = { "X-Amz-Content-Sha256", 20 },
	[CREDENTIAL] = { "X-Amz-Credential", 16 },
	[DATE] = { "X-Amz-Date", 10 },
	[EXPIRES] = { "X-Amz-Expires", 13 },
	[REGION_SET] = { "X-Amz-Region-Set", 16 },
	[TOKEN] = { "X-Amz-Security-Token", 20 },
	[SIGNATURE] = { "X-Amz-Signature", 15 },
	[SIGNED_HEADERS] = { "X-Amz-SignedHeaders", 19 },
};

/* The first of each name, as it was sent. */
struct parameters {
	struct str raw[PARAMETERS];
	bool has[PARAMETERS];
	size_t used;			/* bytes of the claim's text */
};

static void find_parameters(struct str query, struct parameters *p)
{
	struct str name, value;
	unsigned int i;

	memset(p, 0, sizeof(*p));
	while (query_next(&query, &name, &value)) {
		for (i = 0; i < PARAMETERS && !query_is(name, parameter_names[i]); i++)
			;
		if (i == PARAMETERS || p->has[i])
			continue;
		p->raw[i] = value;
		p->has[i] = true;
	}
}

/* One of them, decoded into the claim's text. */
static bool parameter(struct parameters *p, unsigned int which, struct sig_claim *c,
		      struct str *value)
{
	char *to = c->text + p->used;
	int len;

	*value = STR_NONE;
	if (!p->has[which])
		return false;
	len = uri_decode(p->raw[which], to, sizeof(c->text) - p->used, URI_QUERY);
	if (len < 0)
		return false;
	*value = (struct str){ to, len };
	p->used += len;
	return true;
}

static enum s3_code query_error(struct s3_fault *f, const char *message)
{
	return s3_fail(f, S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR, "%s", message);
}

static enum s3_code query_expires(struct sig_claim *c, struct str value, struct s3_fault *f)
{
	if (value.len && *value.at == '-' && str_number(str_skip(value, 1), UINT64_MAX,
							&c->expires))
		return query_error(f, "X-Amz-Expires must be non-negative");
	if (!str_number(value, UINT64_MAX, &c->expires))
		return query_error(f, "X-Amz-Expires should be a number");
	if (!c->expires)
		return query_error(f, "X-Amz-Expires must be greater than zero");
	if (c->expires > SIG_EXPIRES_MAX)
		return query_error(f, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds");
	return S3_OK;
}

/* A pre-signed URL is good from its date, give or take the skew, until it expires. */
static enum s3_code check_life(const struct sig_claim *c, const struct sig_rules *rules,
			       struct s3_fault *f)
{
	char text[ISO_DATE_LEN];
	struct out o = OUT(text, sizeof(text));
	int64_t end = c->time + (int64_t)c->expires;

	if (c->time > rules->now + rules->skew)
		return s3_fail(f, S3_ACCESS_DENIED, "Request is not valid yet");
	if (rules->now <= end)
		return S3_OK;
	s3_fail(f, S3_ACCESS_DENIED, "Request has expired");
	iso_date_write(&o, end * 1000);
	s3_detail(f, "Expires", out_written(&o));
	o = OUT(text, sizeof(text));
	iso_date_write(&o, rules->now * 1000);
	s3_detail(f, "ServerTime", out_written(&o));
	return S3_ACCESS_DENIED;
}

static enum s3_code query_scope(struct sig_claim *c, struct str credential,
				const struct sig_rules *rules, struct s3_fault *f)
{
	enum s3_code code = sig_scope_check(c, credential, rules, f);

	if (code || str_equal(str_head(c->date, 8), c->scope.date))
		return code;
	return s3_fail(f, S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR,
		       "Invalid credential date \"%.*s\". This date is not the same as X-Amz-Date: \"%.*s\".",
		       STR_ARG(c->scope.date), STR_ARG(str_head(c->date, 8)));
}

static enum s3_code parse_query(const struct sig_message *m, struct parameters *p,
				struct str algorithm, const struct sig_rules *rules,
				struct sig_claim *c, struct s3_fault *f)
{
	struct str credential, expires, payload = STR("UNSIGNED-PAYLOAD");
	enum s3_code code;

	if (!parameter(p, CREDENTIAL, c, &credential) || !parameter(p, DATE, c, &c->date) ||
	    !parameter(p, SIGNED_HEADERS, c, &c->signed_headers) ||
	    !parameter(p, SIGNATURE, c, &c->signature) || !parameter(p, EXPIRES, c, &expires))
		return query_error(f, "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
	if (!find_algorithm(algorithm, &c->algorithm))
		return query_error(f, "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"");
	if (!amz_date_parse(c->date, &c->time))
		return query_error(f, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
	code = query_expires(c, expires, f);
	code = code ? code : query_scope(c, credential, rules, f);
	if (code)
		return code;
	if (c->algorithm == SIG_ECDSA)
		parameter(p, REGION_SET, c, &c->region_set);
	c->token = p->raw[TOKEN];
	code = check_region_set(c, rules, f);
	code = code ? code : check_life(c, rules, f);
	if (code)
		return code;
	/* In the query it is signed with the rest; a header may be, or may not. */
	if (!parameter(p, CONTENT_SHA256, c, &payload) &&
	    !(is_signed(c->signed_headers, STR("x-amz-content-sha256")) &&
	      sig_find(m, STR("x-amz-content-sha256"), &payload)))
		payload = STR("UNSIGNED-PAYLOAD");
	return take_payload(c, payload, f);
}

/**
 * sig_parse - read what a request claims
 * @m:		the request
 * @rules:	of this server, now
 * @claim:	filled in; @m's texts must last as long
 * @f:		says why when it is refused
 *
 * Return: S3_OK, also for a request that claims nothing (SIG_ANONYMOUS), or the
 * code to refuse it with.  That the signature is right is not known yet.
 */
enum s3_code sig_parse(const struct sig_message *m, const struct sig_rules *rules,
		       struct sig_claim *claim, struct s3_fault *f)
{
	struct str header, algorithm;
	struct parameters p;
	enum s3_code code;
	bool in_query;

	memset(claim, 0, offsetof(struct sig_claim, text));
	find_parameters(m->query, &p);
	in_query = parameter(&p, ALGORITHM, claim, &algorithm) || p.has[SIGNATURE];
	if (sig_find(m, STR("authorization"), &header)) {
		if (in_query)
			return s3_fail(f, S3_INVALID_ARGUMENT,
				       "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified");
		claim->place = SIG_HEADER;
		code = parse_header(m, header, rules, claim, f);
	} else if (in_query) {
		claim->place = SIG_QUERY;
		code = parse_query(m, &p, algorithm, rules, claim, f);
	} else if (query_find(m->query, STR("AWSAccessKeyId"), &header) &&
		   query_find(m->query, STR("Signature"), &header)) {
		code = sig_version_2(f);
	} else {
		claim->place = SIG_ANONYMOUS;
		return S3_OK;
	}
	return code ? code : check_signed(m, claim, f);
}
