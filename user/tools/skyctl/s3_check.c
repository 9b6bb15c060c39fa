// SPDX-License-Identifier: GPL-2.0-or-later
/* What a server says of an object, and whether its bytes are that. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "http/date.h"
#include "s3.h"

static bool number_field(const struct web_reply *r, struct str name, uint64_t *to)
{
	struct str text;

	return web_field(r, name, &text) && str_number(text, INT64_MAX, to);
}

/* Sums over sums of parts say nothing where the parts' ends are not known. */
static void find_sum(const struct web_reply *r, struct s3_checksum_value *sum)
{
	static const enum s3_checksum order[] = {
		S3_CRC64NVME, S3_CRC32C, S3_CRC32, S3_SHA256, S3_SHA1,
	};
	struct str text;
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (web_field(r, s3_checksum_header(order[i]), &text) &&
		    s3_checksum_parse(order[i], text, sum) && !sum->parts)
			return;
	*sum = (struct s3_checksum_value){ .kind = S3_NO_CHECKSUM };
}

static bool is_sealed(const struct web_reply *r)
{
	struct str text;

	return (web_field(r, STR("x-amz-server-side-encryption"), &text) &&
		!str_is(text, "AES256")) ||
	       web_field(r, STR("x-amz-server-side-encryption-customer-algorithm"), &text);
}

int s3_stat_read(const struct web_reply *r, struct s3_stat *st)
{
	struct str text;

	*st = (struct s3_stat){ .modified = -1 };
	if (!number_field(r, STR("Content-Length"), &st->size) ||
	    !web_field(r, STR("ETag"), &text) || !str_copy(text, st->etag, sizeof(st->etag)))
		return -EBADMSG;
	if (web_field(r, STR("Last-Modified"), &text) && !http_date_parse(text, &st->modified))
		st->modified = -1;
	find_sum(r, &st->sum);
	st->sealed = is_sealed(r);
	return 0;
}

int s3_stat(struct web *w, const struct s3_name *of, struct s3_stat *st, struct web_reply *r)
{
	char query[3 * S3_UPLOAD_MAX + 16];
	struct out q = OUT(query, sizeof(query));
	struct web_ask a = { .method = "HEAD", .bucket = of->bucket, .key = of->key };
	char url[S3_SHOWN_MAX];
	int rc;

	if (of->version) {
		out_str(&q, STR("versionId="));
		uri_encode(&q, str_of(of->version), 0);
	}
	a.query = out_written(&q);
	web_header(&a, STR("x-amz-checksum-mode"), STR("ENABLED"));
	rc = q.err ? fail(EINVAL, "no version is called so") : web_must(w, &a, r);
	if (!rc && s3_stat_read(r, st))
		rc = fail(EBADMSG, "%s: the server does not say its length and ETag",
			  s3_shown_url(of->bucket, of->key, url));
	return rc;
}

/* --- checking ------------------------------------------------------------------------ */

static bool crc_of(enum s3_checksum kind, enum crc_kind *to)
{
	switch (kind) {
	case S3_CRC32:
		*to = CRC_32;
		return true;
	case S3_CRC32C:
		*to = CRC_32C;
		return true;
	case S3_CRC64NVME:
		*to = CRC_64NVME;
		return true;
	default:
		return false;
	}
}

int checker_begin(struct s3_checker *c, const struct s3_stat *st)
{
	struct str etag = str_of(st->etag);
	uint32_t parts;

	hash_free(&c->hash);
	*c = (struct s3_checker){ .way = CHECK_NOTHING };
	if (st->sum.kind != S3_NO_CHECKSUM) {
		c->len = s3_checksum_bytes(st->sum.kind);
		memcpy(c->expected, st->sum.bytes, c->len);
		c->way = crc_of(st->sum.kind, &c->kind) ? CHECK_CRC : CHECK_HASH;
		if (c->way == CHECK_CRC)
			return 0;
		return hash_begin(&c->hash, st->sum.kind == S3_SHA1 ? HASH_SHA1 : HASH_SHA256);
	}
	if (etag.len > 2 && *etag.at == '"')
		etag = (struct str){ etag.at + 1, etag.len - 2 };
	if (st->sealed || !s3_etag_parse(etag, c->expected, &parts) || parts)
		return 0;
	c->way = CHECK_HASH;
	c->len = HASH_MD5_BYTES;
	return hash_begin(&c->hash, HASH_MD5);
}

int checker_add(struct s3_checker *c, const void *data, size_t len)
{
	if (c->way == CHECK_CRC)
		c->crc = crc_update(c->kind, c->crc, data, len);
	return c->way == CHECK_HASH ? hash_update(&c->hash, data, len) : 0;
}

int checker_end(struct s3_checker *c, const struct s3_name *of)
{
	uint8_t is[HASH_MAX_BYTES] = { 0 };
	char url[S3_SHOWN_MAX];
	size_t i;
	int rc = 0;

	if (c->way == CHECK_CRC)
		for (i = 0; i < c->len; i++)
			is[i] = c->crc >> (8 * (c->len - 1 - i));
	else if (c->way == CHECK_HASH)
		rc = hash_end(&c->hash, is);
	hash_free(&c->hash);
	if (rc)
		return fail(-rc, "no digest can be made: %s", strerror(-rc));
	if (c->way == CHECK_NOTHING || !memcmp(is, c->expected, c->len))
		return 0;
	fail(0, "%s: what came has another checksum than the object",
	     s3_shown_url(of->bucket, of->key, url));
	hint("run the command again; if it stays, the object is damaged where it lies");
	return -EBADMSG;
}
