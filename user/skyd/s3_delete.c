// SPDX-License-Identifier: GPL-2.0-or-later
/* DeleteObject and DeleteObjects. */
#include <errno.h>
#include <stdlib.h>

#include "cache.h"
#include "front.h"

#define BATCH_BYTES	(512u << 10)	/* of names in one question */

static int ask_delete(struct s3_call *c, const struct meta_delete_item *items, u32 count,
		      struct meta_deleted *deleted, struct link_answer *answer)
{
	const struct meta_delete ask = {
		.caller = c->caller, .bucket = bytes_of(c->target.bucket), .item = items,
		.count = count,
	};
	int rc = front_ask(c, META_DELETE, &meta_delete_schema, &ask, &meta_deleted_schema,
			   deleted, count * sizeof(struct meta_deleted_item), answer);
	u32 i;

	for (i = 0; c->g->cache && i < count; i++)
		cache_forget(c->g, cache_place(c->g, c->target.bucket, str_from(items[i].name)),
			     0);
	return rc ? rc : deleted->count == count ? 0 : -EBADMSG;
}

int s3_delete_object(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_delete_item item = { .name = bytes_of(c->target.key) };
	const struct meta_deleted_item *d;
	struct meta_deleted deleted;
	struct out *o;
	int rc = version_asked(c, &item.version_kind, item.version);

	if (rc)
		return rc;
	item.if_match = condition_value(field_of(c, STR("if-match")));
	rc = ask_delete(c, &item, 1, &deleted, &answer);
	if (rc)
		return rc;
	d = &deleted.item[0];
	/* What is not there is gone, too. */
	if (d->code && d->code != S3_NO_SUCH_KEY && d->code != S3_NO_SUCH_VERSION)
		return d->code < S3_CODES ? meta_status(d->code) : -EBADMSG;
	o = front_reply(c, 204);
	if (!d->code) {
		version_field(o, d->version_kind, d->version);
		if (d->marker)
			http_write_field(o, STR("x-amz-delete-marker"), STR("true"));
	}
	return http_reply_whole(c->rq, NULL, 0);
}

/* --- many ---------------------------------------------------------------------------- */

/* Items, and their texts behind each other. */
struct many {
	struct s3_call *c;
	struct meta_delete_item item[META_DELETE_MAX];
	bool bad_version[META_DELETE_MAX];
	struct str version[META_DELETE_MAX];	/* as it was written */
	u32 count;
	bool quiet;
	size_t used, size;
	char *text;
};

static struct str keep(struct many *m, struct str s)
{
	struct str kept = { m->text + m->used, s.len };

	if (!s.at)
		return STR_NONE;
	if (s.len > m->size - m->used)
		return STR_NONE;
	if (s.len)
		memcpy(m->text + m->used, s.at, s.len);
	m->used += s.len;
	return kept;
}

static enum s3_code add(void *arg, const struct s3_delete_item *from)
{
	struct many *m = arg;
	struct meta_delete_item *item = &m->item[m->count];
	enum s3_code code = s3_key_check(from->key, &m->c->fault);

	if (code)
		return code;
	item->name = bytes_of(keep(m, from->key));
	item->if_match = condition_value(keep(m, from->etag));
	m->version[m->count] = keep(m, from->version);
	item->version_kind = META_LATEST;
	if (from->version.at)
		m->bad_version[m->count] = !version_parse(from->version, &item->version_kind,
							  item->version);
	m->count++;
	return S3_OK;
}

static void write_one(struct many *m, struct out *o, u32 i, const struct meta_deleted_item *d)
{
	struct str key = str_from(m->item[i].name), version = m->version[i];
	char text[FRONT_VERSION_LEN + 1];
	bool gone = !d->code || d->code == S3_NO_SUCH_KEY ||
		    (d->code == S3_NO_SUCH_VERSION && version.at);

	if (!gone)
		s3_deleted_error(o, key, version, d->code < S3_CODES ? d->code : S3_INTERNAL_ERROR,
				 STR_NONE);
	else if (!m->quiet)
		s3_deleted_item(o, key, version, !d->code && d->marker,
				version_text(d->version_kind, d->version, text));
}

/* As many as fit into a question, from @from on; what is no version is not asked for. */
static u32 batch(const struct many *m, u32 from)
{
	size_t bytes = 0;
	u32 n = 0;

	while (from + n < m->count && !m->bad_version[from + n] && bytes < BATCH_BYTES) {
		bytes += m->item[from + n].name.len + m->item[from + n].if_match.len + 64;
		n++;
	}
	return n;
}

/*
 * What has been deleted stays so when a later question fails; then each that was not answered
 * is told as failed.
 */
static void delete_batches(struct many *m, struct out *o)
{
	static const struct meta_deleted_item unknown = { .code = S3_NO_SUCH_VERSION };
	u32 i = 0, j, n;

	while (i < m->count) {
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
		struct meta_deleted_item failed = { .code = S3_INTERNAL_ERROR };
		struct meta_deleted deleted;
		int rc;

		if (m->bad_version[i]) {
			write_one(m, o, i++, &unknown);
			continue;
		}
		n = batch(m, i);
		rc = ask_delete(m->c, &m->item[i], n, &deleted, &answer);
		if (meta_code(rc) != S3_OK)
			failed.code = meta_code(rc);
		for (j = 0; j < n; j++)
			write_one(m, o, i + j, rc ? &failed : &deleted.item[j]);
		i += n;
	}
}

/* Is there such a bucket?  With the first question, before the reply begins. */
static int check_bucket(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_deleted deleted;

	return ask_delete(c, NULL, 0, &deleted, &answer);
}

static int delete_all(struct many *m)
{
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	int rc = check_bucket(m->c);

	if (rc)
		return rc;
	if (!front_text_begin(&t, m->c, 200))
		return -ENOMEM;
	s3_deleted_begin(&t.o);
	delete_batches(m, &t.o);
	s3_deleted_end(&t.o);
	return front_text_end(&t);
}

int s3_delete_objects(struct s3_call *c)
{
	CLEANUP_BODY struct body_text_memory body = { 0 };
	CLEANUP_FREE struct many *m = NULL;
	int rc = body_document(c, FRONT_DOCUMENT_MAX, &body);

	if (rc)
		return rc;
	/* Texts of a document are never longer than it. */
	m = calloc(1, sizeof(*m) + body.len);
	if (!m)
		return -ENOMEM;
	m->c = c;
	m->text = (char *)(m + 1);
	m->size = body.len;
	rc = s3_read_delete((struct str){ body.at, body.len }, add, m, &m->quiet, &c->fault);
	return rc ? rc : delete_all(m);
}
