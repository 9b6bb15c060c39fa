// SPDX-License-Identifier: GPL-2.0-or-later
/* What every request of the gateway has: from its first byte to its line in the log. */
#include <errno.h>
#include <stdlib.h>

#include "front.h"
#include "log.h"

#define TEXT_ROOM	16384u

/* --- questions ----------------------------------------------------------------------- */

/* What may be asked twice, as it changes nothing. */
static bool only_reads(u16 operation)
{
	switch (operation) {
	case META_READ:
	case META_PAGE:
	case META_OPEN:
	case META_LIST:
	case META_UPLOAD_PARTS:
	case META_OBJECT_PARTS:
	case META_BUCKETS:
	case META_BUCKET:
	case META_BUCKET_DOCUMENT:
	case META_CORS:
	case META_REGION:
		return true;
	default:
		return false;
	}
}

int front_ask(struct s3_call *c, u16 operation, const struct rpc_schema *ask,
	      const void *question, const struct rpc_schema *give, void *reply, size_t room,
	      struct link_answer *answer)
{
	/* Each list begins at a multiple of 8. */
	const struct link_call call = {
		operation, ask, question, -1, give, reply, room ? room + 64 : 0,
	};
	int64_t deadline = io_after_ms(FRONT_CALL_MS);
	int rc;

	do {
		link_answer_free(answer);
		*answer = LINK_ANSWER_NONE;
		rc = link_do(c->g->backend, &call, answer, deadline);
	} while (rc == -ECONNRESET && only_reads(operation));
	return rc;
}

/* --- replies ------------------------------------------------------------------------- */

struct out *front_reply(struct s3_call *c, unsigned int status)
{
	struct out *o = http_reply(c->rq, status);

	http_write_field(o, STR("Server"), STR("skyd"));
	http_write_field(o, STR("x-amz-request-id"), (struct str){ c->id, FRONT_ID_LEN });
	http_write_field(o, STR("x-amz-id-2"), (struct str){ c->front->host_id, FRONT_ID_LEN });
	out_str(o, out_written(&c->cors));
	return o;
}

int front_empty(struct s3_call *c, unsigned int status)
{
	front_reply(c, status);
	return http_reply_whole(c->rq, NULL, 0);
}

int front_argument(struct s3_call *c, struct str name, struct str value, const char *why)
{
	char text[64];

	s3_fail(&c->fault, S3_INVALID_ARGUMENT, "%s", why);
	if (str_copy(name, text, sizeof(text)))
		s3_detail(&c->fault, "ArgumentName", str_of(text));
	s3_detail(&c->fault, "ArgumentValue", value.at ? value : STR(""));
	return S3_INVALID_ARGUMENT;
}

/* What a client is told of an error that is ours. */
enum s3_code front_code(int rc)
{
	switch (rc) {
	case -ENOSPC:
	case -EIO:
	case -ETIMEDOUT:
		return S3_SLOW_DOWN;
	case -ENOMEM:
	case -ECONNRESET:
	case -EAGAIN:
	case -EBUSY:
		return S3_SERVICE_UNAVAILABLE;
	default:
		return meta_code(rc) == S3_OK ? S3_INTERNAL_ERROR : meta_code(rc);
	}
}

/* What the backend has refused in one word, in all those that S3 has for it. */
static void fill_fault(struct s3_call *c, enum s3_code code)
{
	if (c->fault.code == code)
		return;
	s3_fail(&c->fault, code, NULL);
	switch (code) {
	case S3_NO_SUCH_BUCKET:
	case S3_BUCKET_ALREADY_EXISTS:
	case S3_BUCKET_ALREADY_OWNED_BY_YOU:
	case S3_BUCKET_NOT_EMPTY:
	case S3_NO_SUCH_BUCKET_POLICY:
	case S3_NO_SUCH_CORS:
	case S3_NO_SUCH_LIFECYCLE:
	case S3_NO_SUCH_OBJECT_LOCK:
	case S3_NO_SUCH_OWNERSHIP:
	case S3_NO_SUCH_PUBLIC_ACCESS:
	case S3_NO_SUCH_REPLICATION:
	case S3_NO_SUCH_TAG_SET:
	case S3_NO_SUCH_WEBSITE:
		s3_detail(&c->fault, "BucketName", c->target.bucket);
		break;
	case S3_NO_SUCH_KEY:
	case S3_NO_SUCH_VERSION:
		s3_detail(&c->fault, "Key", c->target.key);
		break;
	default:
		break;
	}
}

static int refuse(struct s3_call *c, enum s3_code code)
{
	char text[4096];
	struct out body = OUT(text, sizeof(text)), *o;

	fill_fault(c, code);
	s3_error_xml(&body, &c->fault, str_head(c->uri.path, 1024),
		     (struct str){ c->id, FRONT_ID_LEN },
		     (struct str){ c->front->host_id, FRONT_ID_LEN });
	o = front_reply(c, s3_code_status(code));
	http_write_field(o, STR("Content-Type"), STR("application/xml"));
	if (code == S3_SLOW_DOWN || code == S3_SERVICE_UNAVAILABLE)
		http_write_field(o, STR("Retry-After"), STR("1"));
	if (body.err)
		body.len = 0;
	return http_reply_whole(c->rq, text, body.len);
}

int front_answer(struct s3_call *c, int rc)
{
	enum s3_code code = rc > 0 ? (enum s3_code)rc : front_code(rc);

	/* A reply that has begun cannot be taken back: the connection ends. */
	if (!rc || rc == -ECANCELED || rc == -EPIPE || c->rq->sent || c->rq->error)
		return rc > 0 ? -EIO : rc;
	if (code == S3_INTERNAL_ERROR)
		log_line(LEVEL_ERROR, "request %s: %.*s %.*s: %s", c->id,
			 STR_ARG(http_method(c->rq)), STR_ARG(str_head(c->uri.path, 256)),
			 rc < 0 ? strerror(-rc) : c->fault.message);
	return refuse(c, code);
}

/* --- documents that go out ----------------------------------------------------------- */

static int text_room(struct out *o, size_t need)
{
	struct front_text *t = o->arg;
	int rc = 0;

	if (need > o->size)
		return -ENOSPC;
	if (!t->open)
		rc = http_reply_open(t->c->rq, HTTP_UNKNOWN);
	t->open = true;
	if (!rc)
		rc = http_reply_write(t->c->rq, o->at, o->len);
	t->c->sent += o->len;
	o->len = 0;
	return rc;
}

struct out *front_text_begin(struct front_text *t, struct s3_call *c, unsigned int status)
{
	struct out *o = front_reply(c, status);
	char *room = malloc(TEXT_ROOM);

	*t = (struct front_text){ .c = c, .o = OUT(room, room ? TEXT_ROOM : 0) };
	t->o.room = text_room;
	t->o.arg = t;
	if (!room)
		return NULL;
	http_write_field(o, STR("Content-Type"), STR("application/xml"));
	return o;
}

int front_text_end(struct front_text *t)
{
	struct http_request *rq = t->c->rq;
	int rc = t->o.err;

	if (rc)
		return rc;
	t->c->sent += t->o.len;
	if (!t->open)
		return http_reply_whole(rq, t->o.at, t->o.len);
	rc = http_reply_write(rq, t->o.at, t->o.len);
	return rc ? rc : http_reply_close(rq);
}

void front_text_free(struct front_text *t)
{
	free(t->o.at);
}

/* --- a request ----------------------------------------------------------------------- */

static void begin(struct s3_call *c, struct http_request *rq, struct front *front)
{
	struct out id = OUT(c->id, FRONT_ID_LEN);
	u64 number = ++front->request_id;
	u8 bytes[8];
	int i;

	/* All but its texts, which are written before they are read. */
	memset(c, 0, offsetof(struct s3_call, cors_room));
	c->front = front;
	c->g = &front->gateway;
	c->rq = rq;
	c->begun = io_now();
	c->cors = OUT(c->cors_room, sizeof(c->cors_room));
	c->id[FRONT_ID_LEN] = 0;
	c->address[0] = 0;
	for (i = 0; i < 8; i++)
		bytes[i] = number >> (56 - 8 * i);
	out_hex(&id, bytes, sizeof(bytes));
	front->counts.requests++;
	front->counts.now++;
}

static void end(struct s3_call *c)
{
	struct front_counts *counts = &c->front->counts;
	unsigned int status = c->rq->status;

	gateway_key_put(c->g, c->kept);
	counts->now--;
	counts->refused += status >= 400 && status < 500;
	counts->failed += status >= 500;
	counts->received += c->rq->wire.got;
	counts->sent += c->sent;
	traffic_count(c->front->traffic, c->payer, c->rq->wire.got, c->sent);
	log_line(LEVEL_INFO, "%s %s %.*s \"%.*s %.*s\" %s %u %llu %llu %lld us %s",
		 c->address[0] ? c->address : "-",
		 c->caller.secure ? "https" : "http",
		 STR_ARG(c->caller.access_key.len ? str_from(c->caller.access_key) : STR("-")),
		 STR_ARG(http_method(c->rq)), STR_ARG(str_head(c->uri.path, 512)),
		 c->route ? c->route->name : "-", status, (unsigned long long)c->rq->wire.got,
		 (unsigned long long)c->sent, (long long)(io_now() - c->begun) / 1000, c->id);
}

static int run(struct s3_call *c)
{
	int rc = route_target(c);

	if (!rc)
		rc = route_twice(c);
	if (!rc)
		rc = route_find(c);
	if (!rc && c->route->flags & ROUTE_PREFLIGHT)
		return c->route->handle(c);
	if (!rc && !(c->route->flags & ROUTE_UNSIGNED_FORM)) {
		rc = auth_request(c);
		rc = rc ? rc : auth_context(c, NULL);
		/* Nobody has signed that: policies judge what was signed. */
		if (!rc)
			auth_digest(c);
	}
	if (!rc)
		cors_request(c);
	if (!rc)
		rc = route_headers(c);
	return rc ? rc : c->route->handle(c);
}

/* A target of the absolute form must not name another host than is signed and routed by. */
static int check_host(struct s3_call *c)
{
	struct str host = http_str(&c->rq->head, c->rq->head.host);

	return !c->uri.host.at || str_equal_nocase(c->uri.host, host) ? 0 :
	       s3_fail(&c->fault, S3_INVALID_REQUEST, "The target names another host than Host");
}

int front_handle(struct http_request *rq, void *arg)
{
	struct s3_call c;
	int rc = 0;

	begin(&c, rq, arg);
	if (!uri_split(http_str(&rq->head, rq->head.target), &c.uri))
		rc = s3_fail(&c.fault, S3_INVALID_URI, NULL);
	if (!rc) {
		auth_peer(&c);
		rc = check_host(&c);
	}
	if (!rc)
		rc = api_is_ours(&c) ? api_handle(&c) : run(&c);
	rc = front_answer(&c, rc);
	end(&c);
	return rc;
}

void front_refuse(struct http_request *rq, unsigned int status, const char *why, void *arg)
{
	struct s3_call c;
	char text[1024];
	struct out body = OUT(text, sizeof(text));

	begin(&c, rq, arg);
	s3_fail(&c.fault, status == 408 ? S3_REQUEST_TIMEOUT : S3_BAD_REQUEST, "%s", why);
	s3_error_xml(&body, &c.fault, STR(""), (struct str){ c.id, FRONT_ID_LEN },
		     (struct str){ c.front->host_id, FRONT_ID_LEN });
	http_write_field(front_reply(&c, status), STR("Content-Type"), STR("application/xml"));
	http_reply_whole(rq, text, body.len);
	end(&c);
}
