// SPDX-License-Identifier: GPL-2.0-or-later
/* Uploads in parts: their beginning, and their two ends. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "crypto/crc.h"
#include "s3.h"
#include "s3/xml.h"

void s3_sum_write(uint64_t crc, char to[S3_SUM_TEXT])
{
	struct s3_checksum_value v = { .kind = S3_SUM_KIND };
	struct out o = OUT(to, S3_SUM_TEXT - 1);
	unsigned int i;

	for (i = 0; i < 8; i++)
		v.bytes[i] = crc >> (56 - 8 * i);
	s3_checksum_write(&o, &v);
	to[o.len] = 0;
}

void upload_query(struct out *o, const struct s3_upload *u, unsigned int number)
{
	if (number) {
		out_str(o, STR("partNumber="));
		out_number(o, number);
		out_char(o, '&');
	}
	out_str(o, STR("uploadId="));
	uri_encode(o, str_of(u->id), 0);
}

/* What describes an object beside its bytes. */
static bool describes(struct str name)
{
	static const char *const names[] = {
		"content-type", "content-encoding", "content-disposition", "content-language",
		"cache-control", "expires", "x-amz-website-redirect-location",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_equal_nocase(name, str_of(names[i])))
			return true;
	return name.len > 11 && str_equal_nocase(str_head(name, 11), STR("x-amz-meta-"));
}

static void describe_like(struct web_ask *a, const struct web_reply *like)
{
	struct str rest = out_written(&like->head), line, name;

	while (str_cut(&rest, '\n', &line)) {
		if (!str_cut(&line, ':', &name) || !line.at || !describes(name))
			continue;
		if (line.len && line.at[line.len - 1] == '\r')
			line.len--;
		web_header(a, name, str_trim(line));
	}
}

int upload_begin(struct s3_upload *u, struct web *w, const struct s3_moving *m,
		 const struct s3_name *to, bool summed, const struct web_reply *like)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct web_ask a = {
		.method = "POST", .bucket = to->bucket, .key = to->key,
		.query = STR("uploads="), .body = "", .once = true,
	};
	int rc;

	*u = (struct s3_upload){ .to = to, .summed = summed };
	u->part = calloc(S3_PARTS_OF_OBJECT, sizeof(*u->part));
	if (!u->part)
		return fail(ENOMEM, "no memory");
	if (like)
		describe_like(&a, like);
	else if (m->content_type)
		web_header(&a, STR("Content-Type"), str_of(m->content_type));
	if (summed) {
		web_header(&a, STR("x-amz-checksum-algorithm"),
			   str_of(s3_checksum_name(S3_SUM_KIND)));
		web_header(&a, STR("x-amz-checksum-type"), STR("FULL_OBJECT"));
	}
	rc = web_must(w, &a, &r);
	if (!rc && (!s3_read_value(web_text(&r), "InitiateMultipartUploadResult/UploadId", u->id,
				   sizeof(u->id)) || !*u->id))
		rc = fail(EBADMSG, "the server begins an upload without naming it");
	if (rc)
		free(TAKE_PTR(u->part));
	return rc;
}

static void put_part(struct out *o, const struct s3_upload *u, unsigned int i)
{
	char sum[S3_SUM_TEXT];

	xml_open(o, "Part");
	xml_number(o, "PartNumber", i + 1);
	xml_text(o, "ETag", str_of(u->part[i].etag));
	if (u->summed) {
		s3_sum_write(u->part[i].crc, sum);
		xml_text(o, s3_checksum_element(S3_SUM_KIND), str_of(sum));
	}
	xml_close(o, "Part");
}

static uint64_t whole_sum(const struct s3_upload *u)
{
	uint64_t crc = 0;
	unsigned int i;

	for (i = 0; i < u->parts; i++)
		crc = crc_combine(CRC_64NVME, crc, u->part[i].crc, u->part[i].len);
	return crc;
}

/*
 * An answer may have been lost, and the second request finds no upload any more.  An object
 * with the same sum is what was meant.
 */
static bool is_there(const struct s3_upload *u, struct web *w, const char *sum)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	char found[S3_SUM_TEXT];
	struct out o = OUT(found, sizeof(found));
	struct s3_stat st;

	if (!u->summed || s3_stat(w, u->to, &st, &r) || st.size != u->size ||
	    st.sum.kind != S3_SUM_KIND || st.sum.parts)
		return false;
	s3_checksum_write(&o, &st.sum);
	return str_is(out_written(&o), sum);
}

int upload_end(struct s3_upload *u, struct web *w)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	char query[3 * S3_UPLOAD_MAX + 32], sum[S3_SUM_TEXT], size[24];
	struct out q = OUT(query, sizeof(query)), doc = OUT_GROWING;
	struct web_ask a = { .method = "POST", .bucket = u->to->bucket, .key = u->to->key };
	unsigned int i;
	int rc;

	xml_open_root(&doc, "CompleteMultipartUpload");
	for (i = 0; i < u->parts; i++)
		put_part(&doc, u, i);
	xml_close(&doc, "CompleteMultipartUpload");
	upload_query(&q, u, 0);
	s3_sum_write(u->summed ? whole_sum(u) : 0, sum);
	snprintf(size, sizeof(size), "%llu", (unsigned long long)u->size);
	a.query = out_written(&q);
	a.body = doc.at;
	a.body_len = doc.len;
	web_header(&a, STR("Content-Type"), STR("application/xml"));
	if (u->summed) {
		web_header(&a, s3_checksum_header(S3_SUM_KIND), str_of(sum));
		web_header(&a, STR("x-amz-checksum-type"), STR("FULL_OBJECT"));
		web_header(&a, STR("x-amz-mp-object-size"), str_of(size));
	}
	rc = doc.err ? fail(-doc.err, "no memory") : web_do(w, &a, &r);
	if (rc && r.repeated && !strcmp(r.code, "NoSuchUpload") && is_there(u, w, sum))
		rc = 0;
	else if (rc && !doc.err)
		web_fail(w, &a, &r, rc);
	free(doc.at);
	if (!rc)
		free(TAKE_PTR(u->part));
	return rc;
}

void upload_abort(struct s3_upload *u, struct web *w)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	char query[3 * S3_UPLOAD_MAX + 32], url[S3_SHOWN_MAX];
	struct out q = OUT(query, sizeof(query));
	struct web_ask a = {
		.method = "DELETE", .bucket = u->to->bucket, .key = u->to->key, .last = true,
	};
	int rc;

	free(TAKE_PTR(u->part));
	upload_query(&q, u, 0);
	a.query = out_written(&q);
	rc = web_do(w, &a, &r);
	if (!rc || rc == -ENOENT)
		return;
	warn("%s: what was sent of it could not be taken back",
	     s3_shown_url(u->to->bucket, u->to->key, url));
	hint("`skyctl object rm --uploads %s` does that later", url);
}
