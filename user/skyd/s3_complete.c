// SPDX-License-Identifier: GPL-2.0-or-later
/* CompleteMultipartUpload: which parts make the object, and what its ETag and checksum are. */
#include <errno.h>
#include <stdlib.h>

#include "crypto/crc.h"
#include "cache.h"
#include "front.h"
#include "store.h"

/* A part as the client names it, and as it is. */
struct wanted {
	u32 number;
	u8 md5[S3_MD5_BYTES];
	bool bad_etag;
	struct s3_checksum_value checksum;
	u64 size;
	struct s3_checksum_value found;
	char etag[S3_ETAG_MAX];
	u8 etag_len;
};

struct completion {
	struct s3_call *c;
	struct meta_upload ask;
	struct object_sums sums;		/* of the upload; then of the object */
	u32 count, room;
	struct wanted *part;
	struct meta_part *listed;
	char etag[S3_ETAG_MAX];
	u8 blob[SUMS_MAX];
};

static void completion_free(struct completion **cp)
{
	if (*cp) {
		free((*cp)->part);
		free((*cp)->listed);
		free(*cp);
	}
}

#define CLEANUP_COMPLETION	CLEANUP(completion_free)

/* --- what is asked for --------------------------------------------------------------- */

static enum s3_code add(void *arg, const struct s3_complete_part *from)
{
	struct completion *m = arg;
	struct wanted *w, *more;
	u32 parts, room;

	if (m->count == m->room) {
		room = m->room ? 2 * m->room : 64;
		more = realloc(m->part, room * sizeof(*more));
		if (!more)
			return S3_SERVICE_UNAVAILABLE;
		m->part = more;
		m->room = room;
	}
	w = &m->part[m->count++];
	*w = (struct wanted){ .number = from->number, .checksum = from->checksum };
	w->bad_etag = !s3_etag_parse(from->etag, w->md5, &parts) || parts;
	return S3_OK;
}

/* --- what is there ------------------------------------------------------------------- */

static int invalid_part(struct completion *m, const struct wanted *w)
{
	char text[FRONT_VERSION_LEN + 1], number[12];
	struct out o = OUT(number, sizeof(number));

	s3_fail(&m->c->fault, S3_INVALID_PART, NULL);
	out_number(&o, w->number);
	s3_detail(&m->c->fault, "UploadId", version_text(META_BY_ID, m->ask.upload, text));
	s3_detail(&m->c->fault, "PartNumber", out_written(&o));
	return S3_INVALID_PART;
}

static int compare(struct completion *m, struct wanted *w, const struct meta_part *p)
{
	u8 md5[S3_MD5_BYTES];
	struct object_sums sums;
	u32 parts;

	if (w->bad_etag || p->etag.len > sizeof(w->etag) ||
	    !s3_etag_parse(str_from(p->etag), md5, &parts) || memcmp(md5, w->md5, sizeof(md5)))
		return invalid_part(m, w);
	sums_read(p->checksums, &sums);
	w->found = sums.value;
	if (sums.empty)
		w->found.kind = S3_NO_CHECKSUM;
	if (w->checksum.kind != S3_NO_CHECKSUM &&
	    (w->checksum.kind != w->found.kind ||
	     memcmp(w->checksum.bytes, w->found.bytes, s3_checksum_bytes(w->found.kind))))
		return invalid_part(m, w);
	memcpy(w->etag, p->etag.data, p->etag.len);
	w->etag_len = p->etag.len;
	w->size = p->size;
	return 0;
}

/* One page of parts; both lists rise.  Return: 1 when there are more. */
static int match_page(struct completion *m, u32 *next)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_parts found = { 0 };
	u32 i = 0;
	int rc = front_ask(m->c, META_UPLOAD_PARTS, &meta_upload_schema, &m->ask,
			   &meta_parts_schema, &found, META_LIST_MAX * sizeof(struct meta_part),
			   &answer);

	if (rc)
		return rc;
	sums_read(found.checksums, &m->sums);
	while (*next < m->count) {
		struct wanted *w = &m->part[*next];

		while (i < found.count && found.part[i].number < w->number)
			i++;
		if (i == found.count)
			break;
		if (found.part[i].number != w->number)
			return invalid_part(m, w);
		rc = compare(m, w, &found.part[i]);
		if (rc)
			return rc;
		++*next;
	}
	if (found.count)
		m->ask.after = found.part[found.count - 1].number;
	return found.truncated && found.count;
}

static int match_all(struct completion *m)
{
	u32 next = 0;
	int rc;

	m->ask.max = META_LIST_MAX;
	do {
		rc = match_page(m, &next);
	} while (rc == 1 && next < m->count);
	if (rc > 1 || rc < 0)
		return rc;
	return next < m->count ? invalid_part(m, &m->part[next]) : 0;
}

/* --- what it becomes ----------------------------------------------------------------- */

static int too_small(struct completion *m, const struct wanted *w)
{
	char text[24];
	struct out o = OUT(text, sizeof(text));

	s3_fail(&m->c->fault, S3_ENTITY_TOO_SMALL, NULL);
	out_number(&o, w->size);
	s3_detail(&m->c->fault, "ProposedSize", out_written(&o));
	o.len = 0;
	out_number(&o, STORE_PART_MIN);
	s3_detail(&m->c->fault, "MinSizeAllowed", out_written(&o));
	o.len = 0;
	out_number(&o, w->number);
	s3_detail(&m->c->fault, "PartNumber", out_written(&o));
	return S3_ENTITY_TOO_SMALL;
}

static u64 number_of(const struct s3_checksum_value *v)
{
	u64 crc = 0;
	size_t i;

	for (i = 0; i < s3_checksum_bytes(v->kind); i++)
		crc = crc << 8 | v->bytes[i];
	return crc;
}

static void combine(struct completion *m)
{
	static const enum crc_kind crcs[] = {
		[S3_CRC32] = CRC_32, [S3_CRC32C] = CRC_32C, [S3_CRC64NVME] = CRC_64NVME,
	};
	enum s3_checksum kind = m->sums.value.kind;
	size_t n = s3_checksum_bytes(kind), k;
	u64 crc = 0;
	u32 i;

	for (i = 0; i < m->count; i++)
		crc = crc_combine(crcs[kind], crc, number_of(&m->part[i].found), m->part[i].size);
	for (k = 0; k < n; k++)
		m->sums.value.bytes[k] = crc >> 8 * (n - 1 - k);
}

/* The checksum of the parts' checksums. */
static int composite(struct completion *m)
{
	size_t n = s3_checksum_bytes(m->sums.value.kind);
	CLEANUP_FREE u8 *all = malloc(n * m->count);
	u32 i;

	if (!all)
		return -ENOMEM;
	for (i = 0; i < m->count; i++)
		memcpy(all + i * n, m->part[i].found.bytes, n);
	checksum_of(m->sums.value.kind, all, n * m->count, &m->sums.value);
	m->sums.value.parts = m->count;
	return 0;
}

/* An upload that asked for none has CRC-64/NVME, if all of its parts have. */
static void choose_sums(struct completion *m)
{
	u32 i;

	if (m->sums.value.kind != S3_NO_CHECKSUM)
		return;
	m->sums = (struct object_sums){ .value.kind = S3_CRC64NVME, .type = S3_FULL_OBJECT };
	for (i = 0; i < m->count; i++)
		if (m->part[i].found.kind != S3_CRC64NVME)
			m->sums.value.kind = S3_NO_CHECKSUM;
}

static int make_sums(struct completion *m)
{
	bool named = m->sums.value.kind != S3_NO_CHECKSUM;
	u32 i;

	choose_sums(m);
	m->sums.empty = m->sums.value.kind == S3_NO_CHECKSUM;
	for (i = 0; named && i < m->count; i++) {
		const struct wanted *w = &m->part[i];

		if (w->found.kind != m->sums.value.kind)
			return invalid_part(m, w);
		if (m->sums.type == S3_COMPOSITE && w->checksum.kind == S3_NO_CHECKSUM)
			return s3_fail(&m->c->fault, S3_INVALID_REQUEST,
				       "The upload was created using a %s checksum. The complete request must include the checksum for each part. It was missing for part %u in the request.",
				       s3_checksum_name(m->sums.value.kind), w->number);
	}
	if (m->sums.empty)
		return 0;
	if (m->sums.type == S3_COMPOSITE)
		return composite(m);
	combine(m);
	return 0;
}

/* What the head says that the object is. */
static int check_head(struct completion *m, u64 size)
{
	struct str given = field_of(m->c, STR("x-amz-mp-object-size"));
	struct s3_checksum_value want;
	enum s3_checksum kind = m->sums.value.kind;
	uint64_t expected;

	if (given.at && (!str_number(given, INT64_MAX, &expected) || expected != size))
		return s3_fail(&m->c->fault, S3_INVALID_REQUEST,
			       "The provided 'x-amz-mp-object-size' header value %.*s does not match what was computed: %llu",
			       STR_ARG(str_head(given, 24)), (unsigned long long)size);
	if (m->sums.empty)
		return 0;
	given = field_of(m->c, s3_checksum_header(kind));
	if (!given.at)
		return 0;
	if (!s3_checksum_parse(kind, given, &want) ||
	    (want.parts && want.parts != m->sums.value.parts) ||
	    memcmp(want.bytes, m->sums.value.bytes, s3_checksum_bytes(kind)))
		return s3_fail(&m->c->fault, S3_BAD_DIGEST,
			       "The %s you specified did not match the calculated checksum.",
			       s3_checksum_name(kind));
	return 0;
}

static int make_etag(struct completion *m, struct out *etag)
{
	struct hash md5 = HASH_NONE;
	u8 digest[HASH_MAX_BYTES];
	u32 i;
	int rc = hash_begin(&md5, HASH_MD5);

	for (i = 0; !rc && i < m->count; i++)
		rc = hash_update(&md5, m->part[i].md5, S3_MD5_BYTES);
	if (!rc)
		rc = hash_end(&md5, digest);
	hash_free(&md5);
	s3_etag_write(etag, digest, m->count);
	return rc;
}

static int check_sizes(struct completion *m, u64 *size)
{
	u32 i;

	*size = 0;
	for (i = 0; i < m->count; i++) {
		if (i + 1 < m->count && m->part[i].size < STORE_PART_MIN)
			return too_small(m, &m->part[i]);
		*size += m->part[i].size;
	}
	return *size <= STORE_OBJECT_MAX ? 0 : s3_fail(&m->c->fault, S3_ENTITY_TOO_LARGE, NULL);
}

/* --- the operation ------------------------------------------------------------------- */

static int reply(struct completion *m, const struct meta_result *made, struct str etag)
{
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	struct s3_call *c = m->c;
	char where[4 * S3_KEY_MAX];
	struct out location = OUT(where, sizeof(where));
	struct out *o = front_text_begin(&t, c, 200);

	if (!o)
		return -ENOMEM;
	version_field(o, made->version_kind, made->version);
	http_write_field(o, STR("x-amz-server-side-encryption"), STR("AES256"));
	if (made->expiration.len)
		http_write_field(o, STR("x-amz-expiration"), str_from(made->expiration));
	out_str(&location, c->caller.secure ? STR("https://") : STR("http://"));
	out_str(&location, http_str(&c->rq->head, c->rq->head.host));
	out_str(&location, c->uri.path);
	s3_answer_complete(&t.o, &(struct s3_completed){
		.location = out_written(&location), .bucket = c->target.bucket,
		.key = c->target.key, .etag = etag, .checksum = m->sums.value,
		.type = m->sums.type,
	});
	return front_text_end(&t);
}

static int commit(struct completion *m)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct out etag = OUT(m->etag, sizeof(m->etag));
	struct meta_complete ask = {
		.caller = m->c->caller, .bucket = m->ask.bucket, .name = m->ask.name,
		.parts = m->count,
	};
	struct meta_result made;
	u32 i;
	int rc = make_etag(m, &etag);

	if (!rc)
		rc = write_conditions(m->c, &ask.if_match, &ask.if_none_match);
	m->listed = calloc(m->count, sizeof(*m->listed));
	if (!rc && !m->listed)
		rc = -ENOMEM;
	if (rc)
		return rc;
	for (i = 0; i < m->count; i++) {
		m->listed[i].number = m->part[i].number;
		m->listed[i].etag = (struct rpc_bytes){ m->part[i].etag, m->part[i].etag_len };
	}
	memcpy(ask.upload, m->ask.upload, sizeof(ask.upload));
	ask.part = m->listed;
	ask.etag = bytes_of(out_written(&etag));
	ask.checksums = (struct rpc_bytes){ m->blob, sums_write(&m->sums, m->blob) };
	rc = front_ask(m->c, META_UPLOAD_COMPLETE, &meta_complete_schema, &ask,
		       &meta_result_schema, &made, 0, &answer);
	if (!rc)
		cache_forget(m->c->g, cache_place(m->c->g, m->c->target.bucket, m->c->target.key),
			     0);
	return rc ? rc : reply(m, &made, out_written(&etag));
}

/* The upload is gone: the backend knows whether it is because this has been done already. */
static int commit_again(struct completion *m)
{
	u32 i;

	for (i = 0; i < m->count; i++)
		if (m->part[i].bad_etag)
			return s3_fail(&m->c->fault, S3_NO_SUCH_UPLOAD, NULL);
	m->sums = (struct object_sums){ .value.kind = S3_NO_CHECKSUM, .empty = true };
	return commit(m);
}

int s3_complete_upload(struct s3_call *c)
{
	CLEANUP_COMPLETION struct completion *m = calloc(1, sizeof(*m));
	CLEANUP_BODY struct body_text_memory body = { 0 };
	u64 size;
	int rc;

	if (!m)
		return -ENOMEM;
	m->c = c;
	m->ask = (struct meta_upload){
		.caller = c->caller, .bucket = bytes_of(c->target.bucket),
		.name = bytes_of(c->target.key),
	};
	rc = upload_asked(c, m->ask.upload);
	/* A checksum in the head is the object's. */
	c->sums_of_object = true;
	if (!rc)
		rc = body_read(c, FRONT_DOCUMENT_MAX, &body);
	if (!rc && !body.len)
		rc = s3_fail(&c->fault, S3_MALFORMED_XML, NULL);
	if (!rc)
		rc = s3_read_complete((struct str){ body.at, body.len }, add, m, &c->fault);
	body_free(&body);
	if (!rc)
		rc = match_all(m);
	if (meta_code(rc) == S3_NO_SUCH_UPLOAD)
		return commit_again(m);
	if (!rc)
		rc = check_sizes(m, &size);
	if (!rc)
		rc = make_sums(m);
	if (!rc)
		rc = check_head(m, size);
	return rc ? rc : commit(m);
}
