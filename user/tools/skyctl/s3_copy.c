// SPDX-License-Identifier: GPL-2.0-or-later
/* From bucket to bucket: the server copies, and nothing of it comes here. */
#include <errno.h>

#include "base/report.h"
#include "s3.h"

#define SOURCE_MAX	(3 * S3_KEY_MAX + S3_BUCKET_MAX + 3 * S3_UPLOAD_MAX + 16)

struct copying {
	struct s3_moving *m;
	struct s3_upload upload;
	struct s3_stat st;
	uint64_t part;
	char source[SOURCE_MAX];	/* x-amz-copy-source */
};

static int write_source(struct copying *c, const struct s3_name *from)
{
	struct out o = OUT(c->source, sizeof(c->source) - 1);

	out_char(&o, '/');
	out_str(&o, from->bucket);
	out_char(&o, '/');
	uri_encode(&o, from->key, URI_SLASH);
	if (from->version) {
		out_str(&o, STR("?versionId="));
		uri_encode(&o, str_of(from->version), 0);
	}
	c->source[o.len] = 0;
	return o.err;
}

static void name_source(struct web_ask *a, const struct copying *c)
{
	web_header(a, STR("x-amz-copy-source"), str_of(c->source));
	web_header(a, STR("x-amz-copy-source-if-match"), str_of(c->st.etag));
}

static int copy_part(void *arg, struct web *w, size_t i)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct copying *c = arg;
	struct s3_upload *u = &c->upload;
	uint64_t first = i * c->part, end = first + c->part;
	char query[3 * S3_UPLOAD_MAX + 64], range[64];
	struct out q = OUT(query, sizeof(query));
	struct web_ask a = { .method = "PUT", .bucket = u->to->bucket, .key = u->to->key,
			     .body = "" };
	int rc;

	if (end > c->st.size)
		end = c->st.size;
	upload_query(&q, u, i + 1);
	a.query = out_written(&q);
	name_source(&a, c);
	snprintf(range, sizeof(range), "bytes=%llu-%llu", (unsigned long long)first,
		 (unsigned long long)end - 1);
	web_header(&a, STR("x-amz-copy-source-range"), str_of(range));
	rc = web_must(w, &a, &r);
	if (!rc && !s3_read_value(web_text(&r), "CopyPartResult/ETag", u->part[i].etag,
				  sizeof(u->part[i].etag)))
		rc = fail(EBADMSG, "the server has copied part %zu and does not say its ETag",
			  i + 1);
	if (!rc)
		atomic_fetch_add(&c->m->crew.moved, end - first);
	return rc;
}

static int copy_parts(struct copying *c, struct web *w, const struct s3_name *to,
		      const struct web_reply *like)
{
	int rc = upload_begin(&c->upload, w, c->m, to, false, like);

	if (rc)
		return rc;
	c->part = s3_part_size(c->st.size, c->m->part);
	c->upload.size = c->st.size;
	c->upload.parts = (c->st.size + c->part - 1) / c->part;
	c->m->crew.total = c->m->crew.total ? c->m->crew.total : c->st.size;
	rc = crew_run(&c->m->crew, c->upload.parts, copy_part, c);
	if (!rc)
		rc = upload_end(&c->upload, w);
	if (rc)
		upload_abort(&c->upload, w);
	return rc;
}

static int copy_whole(struct copying *c, struct web *w, const struct s3_name *to)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct web_ask a = { .method = "PUT", .bucket = to->bucket, .key = to->key, .body = "" };
	char etag[S3_ETAG_TEXT], url[S3_SHOWN_MAX];
	int rc;

	name_source(&a, c);
	rc = web_must(w, &a, &r);
	if (rc)
		return rc;
	if (!s3_read_value(web_text(&r), "CopyObjectResult/ETag", etag, sizeof(etag)))
		return fail(EBADMSG, "%s: the server does not say that it has copied",
			    s3_shown_url(to->bucket, to->key, url));
	atomic_fetch_add(&c->m->crew.moved, c->st.size);
	return 0;
}

int s3_copy(struct s3_moving *m, struct web *w, const struct s3_name *from,
	    const struct s3_name *to)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct copying c = { .m = m };
	int rc = s3_stat(w, from, &c.st, &r);

	if (!rc && write_source(&c, from))
		rc = fail(ENAMETOOLONG, "the source's name is too long");
	if (rc)
		return rc;
	return c.st.size > m->threshold ? copy_parts(&c, w, to, &r) : copy_whole(&c, w, to);
}
