// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/secret.h"
#include "edge_http_private.h"
#include "http/range.h"
#include "io/loop.h"

#define ERROR_MAX	8192u		/* bytes of the document of a refusal */
#define RESOURCE_MAX	512u		/* of the path in it, which six bytes may stand for each */
#define METRICS_MAX	32768u
#define REJECTED_LEN	96u

/* --- answers ---------------------------------------------------------------------------- */

static int make_durable(void *arg)
{
	struct edge_call *c = arg;

	c->settled = edge_spent_sync(c->edge->spent, c->ticket.issued, c->now);
	return 0;
}

int edge_settle(struct edge_call *c)
{
	if (c->spent && c->settled > 0) {
		io_shield();
		io_group_drain(&c->group, 0);
		io_unshield();
	}
	return c->settled;
}

struct out *edge_reply(struct edge_call *c, unsigned int status)
{
	struct out *o = http_reply(c->rq, status);

	http_write_field(o, STR("Server"), STR("Skyhold"));
	http_write_field(o, STR("x-amz-request-id"), (struct str){ c->id, EDGE_ID_LEN });
	return o;
}

/* What is written goes to @room, which has a kilobyte for each piece of a fault. */
static int send_fault(struct edge_call *c, unsigned int status, const struct s3_fault *f,
		      struct out *room)
{
	struct out *o = edge_reply(c, status);

	http_write_field(o, STR("Content-Type"), STR("application/xml"));
	if (status == 503)
		http_write_field(o, STR("Retry-After"), STR("1"));
	if (status == 416 && c->size) {
		out_str(o, STR("Content-Range: "));
		range_write_unsatisfied(o, *c->size);
		out_str(o, STR("\r\n"));
	}
	s3_error_xml(room, f, str_head(c->uri.path, RESOURCE_MAX),
		     (struct str){ c->id, EDGE_ID_LEN }, c->edge->host);
	return http_reply_whole(c->rq, room->at, room->err ? 0 : room->len);
}

int edge_refuse(struct edge_call *c, enum s3_code code)
{
	CLEANUP_FREE char *text = malloc(ERROR_MAX);
	struct out room = OUT(text, text ? ERROR_MAX : 0);
	int rc = edge_settle(c);

	if (rc)
		code = s3_fail(&c->fault, S3_SERVICE_UNAVAILABLE, NULL);
	return send_fault(c, s3_code_status(code), &c->fault, &room);
}

int edge_refuse_errno(struct edge_call *c, int error)
{
	static const struct {
		int error;
		enum s3_code code;
		const char *why;
	} codes[] = {
		{ -ENOENT, S3_NO_SUCH_KEY, NULL },
		{ -EEXIST, S3_PRECONDITION_FAILED, "The name has been written, with other data" },
		{ -EBUSY, S3_CONDITIONAL_REQUEST_CONFLICT,
		  "The name is being written or deleted" },
		{ -ENOSPC, S3_INSUFFICIENT_STORAGE, NULL },
		{ -EDQUOT, S3_INSUFFICIENT_STORAGE, NULL },
		{ -EROFS, S3_SERVICE_UNAVAILABLE, "The disk of this location has failed" },
		{ -ENOMEM, S3_SLOW_DOWN, NULL },
		{ -EILSEQ, S3_XAMZ_CONTENT_SHA256_MISMATCH, NULL },
		{ -ENODATA, S3_INCOMPLETE_BODY, NULL },
		{ -EFBIG, S3_ENTITY_TOO_LARGE, NULL },
		{ -EINVAL, S3_ENTITY_TOO_LARGE, NULL },
		{ -ETIMEDOUT, S3_REQUEST_TIMEOUT, NULL },
		/* As good as lost: who asked makes it anew, and puts it again. */
		{ -EBADMSG, S3_NO_SUCH_KEY, "The fragment is damaged" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].error == error)
			return edge_refuse(c, s3_fail(&c->fault, codes[i].code, "%s",
						      codes[i].why ? codes[i].why : ""));
	return edge_refuse(c, s3_fail(&c->fault, S3_INTERNAL_ERROR, NULL));
}

void edge_write_tag(struct out *o, const uint8_t sha256[SHA256_BYTES], bool checksum)
{
	out_str(o, STR("ETag: \""));
	out_hex(o, sha256, SHA256_BYTES);
	out_str(o, STR("\"\r\n"));
	if (!checksum)
		return;
	out_str(o, STR("x-amz-checksum-sha256: "));
	out_base64(o, sha256, SHA256_BYTES);
	out_str(o, STR("\r\n"));
}

/* --- what needs no signature -------------------------------------------------------------- */

static void usage_of(const struct edge_http *e, struct edge_usage *usage)
{
	edge_store_usage(e->store, usage);
	usage->failed |= edge_spent_failed(e->spent);
}

static int tell_metrics(struct edge_call *c, bool own)
{
	CLEANUP_FREE char *text = malloc(METRICS_MAX);
	struct edge_http *e = c->edge;
	struct out room = OUT(text, METRICS_MAX);
	struct edge_process process;
	struct edge_usage usage;

	if (!text)
		return edge_refuse_errno(c, -ENOMEM);
	edge_process_read(&process);
	usage_of(e, &usage);
	e->counters.nonces = edge_spent_count(e->spent);
	if (own)
		edge_metrics_own(&room, &e->counters, &usage, &process, io_now());
	else
		edge_metrics_minio(&room, &e->counters, &usage, &process, e->host, io_now());
	http_write_field(edge_reply(c, 200), STR("Content-Type"),
			 STR("text/plain; version=0.0.4; charset=utf-8"));
	c->sent = room.len;
	return room.err ? room.err : http_reply_whole(c->rq, room.at, room.len);
}

/* Healthy: it can store, and it knows for whom. */
static int tell_health(struct edge_call *c)
{
	struct edge_usage usage;
	const char *words = "ok\n";
	bool well;

	usage_of(c->edge, &usage);
	if (usage.failed)
		words = "the disk has failed\n";
	else if (!c->edge->auth)
		words = "the backend's public point is not known yet\n";
	well = !usage.failed && c->edge->auth;
	http_write_field(edge_reply(c, well ? 200 : 503), STR("Content-Type"), STR("text/plain"));
	return http_reply_whole(c->rq, words, strlen(words));
}

/* Fragments may have these names: what is signed is always a fragment. */
static bool is_open(const struct edge_call *c, int (**tell)(struct edge_call *c), bool *own)
{
	struct str method = http_method(c->rq);

	if (c->uri.query.at || (!str_is(method, "GET") && !str_is(method, "HEAD")))
		return false;
	*own = str_is(c->uri.path, "/metrics");
	*tell = str_is(c->uri.path, "/health") ? tell_health : NULL;
	return *tell || (c->edge->metrics &&
			 (*own || str_is(c->uri.path, "/minio/v2/metrics/cluster")));
}

/* --- what does ----------------------------------------------------------------------------- */

static enum edge_request kind_of(struct str method, struct str path)
{
	return str_is(method, "PUT") ? EDGE_PUT : str_is(method, "DELETE") ? EDGE_DELETE :
	       str_is(method, "HEAD") ? EDGE_HEAD : !str_is(method, "GET") ? EDGE_OTHER :
	       str_is(path, "/") ? EDGE_LIST : EDGE_GET;
}

static enum s3_code let_in(struct edge_call *c)
{
	struct sig_header table[HTTP_FIELDS_MAX];
	struct edge_http *e = c->edge;
	struct sig_message m;
	enum s3_code code;

	if (!e->auth)
		return s3_fail(&c->fault, S3_SERVICE_UNAVAILABLE,
			       "It is not known yet whose URLs are served");
	sig_message_from(&c->rq->head, &c->uri, table, &m);
	code = edge_auth_check(e->auth, &m, c->now, &c->ticket, &c->fault);
	code = code ? code : edge_auth_spend(e->spent, &c->ticket, c->now, &c->fault);
	e->counters.denied += !!code;
	return code;
}

static int serve(struct edge_call *c)
{
	static int (*const work[EDGE_REQUESTS])(struct edge_call *c) = {
		[EDGE_PUT] = edge_http_put, [EDGE_GET] = edge_http_get,
		[EDGE_HEAD] = edge_http_get, [EDGE_DELETE] = edge_http_delete,
		[EDGE_LIST] = edge_http_list,
	};
	int (*tell)(struct edge_call *c) = NULL;
	enum s3_code code;
	bool own;
	int rc;

	if (!uri_split(http_str(&c->rq->head, c->rq->head.target), &c->uri))
		return edge_refuse(c, s3_fail(&c->fault, S3_INVALID_URI, NULL));
	if (is_open(c, &tell, &own))
		return tell ? tell(c) : tell_metrics(c, own);
	c->kind = kind_of(http_method(c->rq), c->uri.path);
	code = let_in(c);
	if (code)
		return edge_refuse(c, code);
	c->settled = !edge_spent_leased(c->edge->spent, c->ticket.issued);
	c->spent = c->settled && !io_spawn(&c->group, make_durable, c, NULL);
	if (c->settled && !c->spent)
		make_durable(c);
	rc = work[c->kind](c);
	io_group_end(&c->group);
	return rc;
}

static void name_call(struct edge_call *c)
{
	struct out id = OUT(c->id, sizeof(c->id));
	uint64_t number = c->edge->salt + ++c->edge->number;

	out_hex(&id, &number, sizeof(number));
}

static int handle(struct http_request *rq, void *arg)
{
	struct edge_http *e = arg;
	struct edge_call c = {
		.edge = e, .rq = rq, .kind = EDGE_OTHER, .now = time(NULL),
	};
	int rc;

	io_group_init(&c.group);
	name_call(&c);
	e->counters.waiting++;
	rc = serve(&c);
	e->counters.waiting--;
	/* What could not be answered whole has failed. */
	edge_count(&e->counters, c.kind, rc || rq->state != HTTP_REPLY_DONE ? 500 : rq->status,
		   c.received, c.sent);
	return rc;
}

/* Requests that are none. */
static void refuse(struct http_request *rq, unsigned int status, const char *why, void *arg)
{
	struct edge_call c = { .edge = arg, .rq = rq };
	char text[REJECTED_LEN + 1024];
	struct out room = OUT(text, sizeof(text));

	name_call(&c);
	c.edge->counters.rejected++;
	s3_fail(&c.fault, status == 408 ? S3_REQUEST_TIMEOUT :
		status >= 500 ? S3_INTERNAL_ERROR : S3_BAD_REQUEST, "%.*s", (int)REJECTED_LEN, why);
	send_fault(&c, status, &c.fault, &room);
}

void edge_http_init(struct edge_http *e)
{
	e->server = (struct http_server){
		.limits = HTTP_LIMITS_USUAL, .handler = handle, .refuse = refuse, .arg = e,
	};
	e->counters = (struct edge_counters){ .started = io_now() };
	/* Ids are told apart over restarts; if not, nothing is lost by it. */
	if (random_bytes(&e->salt, sizeof(e->salt)))
		e->salt = io_now();
}
