// SPDX-License-Identifier: GPL-2.0-or-later
/* Fragments that are read, and their names. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "edge_http_private.h"
#include "http/range.h"
#include "s3/params.h"
#include "sky_edge.h"

#define PAGE_NAMES	32u
#define PAGE_TEXT	65536u		/* each name takes less than 2 KiB of it */

static bool tag_is(struct str value, const uint8_t sha256[SHA256_BYTES])
{
	char hex[EDGE_TAG_LEN];
	struct out o = OUT(hex, sizeof(hex));

	out_hex(&o, sha256, SHA256_BYTES);
	return if_range_holds(value, out_written(&o), 0);
}

static enum range_kind wanted(const struct edge_call *c, const struct edge_info *info,
			      struct range *r)
{
	struct str value, tag;

	*r = (struct range){ 0, info->len };
	if (!http_find(&c->rq->head, STR("range"), &value) || c->kind == EDGE_HEAD)
		return RANGE_WHOLE;
	if (http_find(&c->rq->head, STR("if-range"), &tag) && !tag_is(tag, info->sha256))
		return RANGE_WHOLE;
	return range_parse(value, info->len, r);
}

static void write_head(struct edge_call *c, const struct edge_info *info, const struct range *r,
		       bool part)
{
	struct out *o = edge_reply(c, part ? 206 : 200);

	http_write_field(o, STR("Content-Type"), STR("application/octet-stream"));
	http_write_field(o, STR("Accept-Ranges"), STR("bytes"));
	edge_write_tag(o, info->sha256, !part);
	if (!part)
		return;
	out_str(o, STR("Content-Range: "));
	range_write(o, r, info->len);
	out_str(o, STR("\r\n"));
}

/* Up to a bound of the blocks that have sums, so that none is read twice. */
static size_t step(const struct range *r, uint64_t done)
{
	uint64_t at = r->first + done;
	uint64_t most = EDGE_HTTP_BUFFER - at % SKY_EDGE_BLOCK;

	return most < r->len - done ? most : r->len - done;
}

/* What is damaged at the beginning can still be refused; later the connection is reset. */
static int send_large(struct edge_call *c, struct edge_get *get, const struct edge_info *info,
		      const struct range *r, bool part)
{
	CLEANUP_FREE char *buf = malloc(EDGE_HTTP_BUFFER);
	ssize_t n = buf ? 0 : -ENOMEM;
	uint64_t done = 0;
	int rc = 0;

	while (!rc && done < r->len) {
		size_t len = step(r, done);

		if (n >= 0)
			n = edge_get_read(get, buf, len, r->first + done, 0);
		if (n != len && !done)
			return edge_refuse_errno(c, n < 0 ? n : -EBADMSG);
		if (n != len)
			return -EBADMSG;
		if (!done) {
			write_head(c, info, r, part);
			rc = http_reply_open(c->rq, r->len);
		}
		rc = rc ? rc : http_reply_write(c->rq, buf, n);
		done += n;
		c->sent = done;
	}
	return rc ? rc : http_reply_close(c->rq);
}

static int answer_get(struct edge_call *c, struct edge_get *get, const struct edge_info *info)
{
	const char *data = edge_get_data(get);
	enum range_kind kind;
	struct range r;

	if (edge_settle(c))
		return edge_refuse(c, S3_SERVICE_UNAVAILABLE);
	kind = wanted(c, info, &r);
	if (kind == RANGE_UNSATISFIABLE) {
		c->size = &info->len;
		return edge_refuse(c, s3_fail(&c->fault, S3_INVALID_RANGE, NULL));
	}
	if (c->kind == EDGE_HEAD) {
		write_head(c, info, &r, false);
		return http_reply_open(c->rq, info->len) ?: http_reply_close(c->rq);
	}
	if (!data && r.len)
		return send_large(c, get, info, &r, kind == RANGE_PART);
	write_head(c, info, &r, kind == RANGE_PART);
	c->sent = r.len;
	return http_reply_whole(c->rq, data ? data + r.first : NULL, r.len);
}

int edge_http_get(struct edge_call *c)
{
	struct edge_info info;
	struct edge_get *get;
	int rc = edge_get_begin(c->edge->store, &get, c->ticket.name, &info, 0);

	if (rc)
		return edge_refuse_errno(c, rc);
	rc = answer_get(c, get, &info);
	edge_get_end(get);
	return rc;
}

/* --- names ------------------------------------------------------------------------------ */

/* What a list is made in. */
struct page {
	struct s3_params params;
	struct s3_list list;
	struct edge_name last;		/* that was told */
	struct edge_name names[PAGE_NAMES];
	uint32_t told;
	char text[PAGE_TEXT];
};

static struct str name_of(const struct edge_name *n)
{
	return (struct str){ n->name, n->name_len };
}

/* More names, as many as are wanted and fit.  Return: how many. */
static unsigned int write_names(struct edge_call *c, struct page *p, struct out *o)
{
	unsigned int i, n, want = p->list.max_keys - p->told;

	n = edge_store_list(c->edge->store, p->list.prefix, name_of(&p->last), p->names,
			    want < PAGE_NAMES ? want : PAGE_NAMES);
	for (i = 0; i < n; i++) {
		const struct s3_object_entry e = {
			.key = name_of(&p->names[i]), .etag = STR(""), .size = p->names[i].len,
		};

		s3_list_object(o, &p->list, &e);
	}
	if (n)
		p->last = p->names[n - 1];
	p->told += n;
	return n;
}

static bool is_more(struct edge_call *c, struct page *p)
{
	return p->list.max_keys &&
	       edge_store_list(c->edge->store, p->list.prefix, name_of(&p->last), p->names, 1);
}

static int flush(struct edge_call *c, struct out *o)
{
	int rc = o->err ? o->err : http_reply_write(c->rq, o->at, o->len);

	c->sent += o->len;
	o->len = 0;
	return rc;
}

static int send_list(struct edge_call *c, struct page *p)
{
	struct out o = OUT(p->text, sizeof(p->text));
	struct s3_list_tail tail = { 0 };
	int rc;

	http_write_field(edge_reply(c, 200), STR("Content-Type"), STR("application/xml"));
	rc = http_reply_open(c->rq, HTTP_UNKNOWN);
	s3_list_begin(&o, &p->list);
	while (!rc && write_names(c, p, &o))
		rc = flush(c, &o);
	if (rc)
		return rc;
	tail.truncated = is_more(c, p);
	tail.key_count = p->told;
	tail.next_marker = tail.truncated ? name_of(&p->last) : STR_NONE;
	s3_list_end(&o, &p->list, &tail);
	return flush(c, &o) ?: http_reply_close(c->rq);
}

/* A token is the last name before it.  S3 takes one before start-after. */
static enum s3_code begin_after(struct edge_call *c, struct page *p)
{
	struct str after = p->list.token.at ? p->list.token : p->list.marker;

	if (p->list.delimiter.at)
		return s3_fail(&c->fault, S3_NOT_IMPLEMENTED, "Lists have no delimiter here");
	if (p->list.prefix.len > SKY_EDGE_NAME_MAX || after.len > SKY_EDGE_NAME_MAX)
		return s3_fail(&c->fault, S3_INVALID_ARGUMENT, "No name is so long");
	p->last.name_len = after.len;
	if (after.len)
		memcpy(p->last.name, after.at, after.len);
	return S3_OK;
}

int edge_http_list(struct edge_call *c)
{
	CLEANUP_FREE struct page *p = calloc(1, sizeof(*p));
	enum s3_code code;

	if (!p)
		return edge_refuse_errno(c, -ENOMEM);
	code = s3_list_from_query(&p->params, c->uri.query, S3_LIST_V2, &p->list, &c->fault);
	code = code ? code : begin_after(c, p);
	if (code || edge_settle(c))
		return edge_refuse(c, code ? code : S3_SERVICE_UNAVAILABLE);
	return send_list(c, p);
}
