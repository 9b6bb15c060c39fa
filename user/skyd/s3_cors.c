// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests of scripts in browsers from other origins (S3 User Guide, "How does Amazon S3
 * evaluate the CORS configuration on a bucket?").
 */
#include <errno.h>

#include "front.h"

#define VARY	"Origin, Access-Control-Request-Headers, Access-Control-Request-Method"

struct match {
	struct str origin, method, headers;
	struct out *o;
	bool preflight, found;
};

static void list(struct out *o, struct str name, const struct str *items, unsigned int count)
{
	unsigned int i;

	if (!count)
		return;
	out_str(o, name);
	out_str(o, STR(": "));
	for (i = 0; i < count; i++) {
		out_str(o, i ? STR(", ") : STR(""));
		out_str(o, items[i]);
	}
	out_str(o, STR("\r\n"));
}

/* A star alone lets everybody in, and so says; it is no name for credentials then. */
static bool lets_all(const struct s3_cors_rule *rule)
{
	unsigned int i;

	for (i = 0; i < rule->origins; i++)
		if (str_is(rule->origin[i], "*"))
			return true;
	return false;
}

static enum s3_code try_rule(void *arg, const struct s3_cors_rule *rule)
{
	struct match *m = arg;
	bool all = lets_all(rule);

	if (m->found || !s3_cors_matches(rule, m->origin, m->method, m->headers))
		return S3_OK;
	m->found = true;
	http_write_field(m->o, STR("Access-Control-Allow-Origin"), all ? STR("*") : m->origin);
	if (!all)
		http_write_field(m->o, STR("Access-Control-Allow-Credentials"), STR("true"));
	list(m->o, STR("Access-Control-Allow-Methods"), rule->method, rule->methods);
	list(m->o, STR("Access-Control-Expose-Headers"), rule->expose, rule->exposes);
	if (m->preflight && m->headers.len)
		http_write_field(m->o, STR("Access-Control-Allow-Headers"), m->headers);
	if (m->preflight && rule->has_max_age) {
		out_str(m->o, STR("Access-Control-Max-Age: "));
		out_number(m->o, rule->max_age);
		out_str(m->o, STR("\r\n"));
	}
	http_write_field(m->o, STR("Vary"), STR(VARY));
	return S3_OK;
}

/* Fields of the first rule that matches; @m->found says whether one does. */
static int match(struct s3_call *c, struct match *m)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct meta_bucket_ask ask = {
		.caller = c->caller, .name = bytes_of(c->target.bucket),
	};
	struct meta_document found;
	struct s3_fault fault;
	int rc = front_ask(c, META_CORS, &meta_bucket_ask_schema, &ask, &meta_document_schema,
			   &found, META_GRANTS_MAX * sizeof(struct meta_grant), &answer);

	if (rc)
		return rc;
	m->o = &c->cors;
	rc = s3_read_cors(str_from(found.body), try_rule, m, &fault);
	/* A rule too long for the reply's head allows nothing. */
	if (rc || c->cors.err) {
		m->found = false;
		c->cors = OUT(c->cors_room, sizeof(c->cors_room));
	}
	return 0;
}

/* No browser names a method beside its own; who does so all the same asks about that one. */
void cors_request(struct s3_call *c)
{
	struct str named = field_of(c, STR("access-control-request-method"));
	struct match m = {
		.origin = field_of(c, STR("origin")),
		.method = named.len ? named : http_method(c->rq),
	};

	if (m.origin.len && c->target.bucket.len && !str_is(m.method, "OPTIONS"))
		match(c, &m);
}

static int forbid(struct s3_call *c, const char *why)
{
	s3_fail(&c->fault, S3_ACCESS_FORBIDDEN, "CORSResponse: %s", why);
	s3_detail(&c->fault, "Method", field_of(c, STR("access-control-request-method")));
	s3_detail(&c->fault, "ResourceType", c->target.key.at ? STR("OBJECT") : STR("BUCKET"));
	return S3_ACCESS_FORBIDDEN;
}

int s3_options(struct s3_call *c)
{
	struct match m = {
		.origin = field_of(c, STR("origin")),
		.method = field_of(c, STR("access-control-request-method")),
		.headers = field_of(c, STR("access-control-request-headers")),
		.preflight = true,
	};
	int rc;

	if (!m.origin.len)
		return s3_fail(&c->fault, S3_BAD_REQUEST,
			       "Insufficient information. Origin request header needed.");
	if (!m.method.len)
		return s3_fail(&c->fault, S3_BAD_REQUEST,
			       "Invalid Access-Control-Request-Method: null");
	rc = match(c, &m);
	if (meta_code(rc) == S3_NO_SUCH_CORS)
		return forbid(c, "CORS is not enabled for this bucket.");
	if (rc)
		return rc;
	return m.found ? front_empty(c, 200) :
			 forbid(c, "This CORS request is not allowed. This is usually because the evaluation of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.");
}
