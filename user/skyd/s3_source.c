// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bodies of requests: undone from aws-chunked, and held against what the head has said of
 * them.  All is known to be right when 0 has been read.
 */
#include <errno.h>
#include <stdlib.h>

#include "crypto/crc.h"
#include "digest.h"
#include "front.h"

#define WORK_BYTES	16384u		/* to undo so many is worth a worker thread */

/* --- reading ------------------------------------------------------------------------- */

/* What the client did wrong, or that it has gone. */
static ssize_t client_error(struct s3_call *c, ssize_t rc)
{
	if (rc == -ETIMEDOUT)
		return meta_status(s3_fail(&c->fault, S3_REQUEST_TIMEOUT, NULL));
	if (rc == -EBADMSG)
		return meta_status(s3_fail(&c->fault, S3_INCOMPLETE_BODY, NULL));
	return rc == -ECONNRESET ? -EPIPE : rc;
}

/* Bytes as they came, in place of which comes what they stand for. */
struct piece {
	struct body_source *b;
	char *at;
	size_t len;
	size_t given;
	enum stream_event event;
};

/* What is decoded is never longer than what it is decoded from. */
static int work_chunks(void *arg)
{
	struct piece *p = arg;
	struct str in = { p->at, p->len };

	for (;;) {
		p->event = s3_stream_next(&p->b->stream, &in);
		if (p->event != STREAM_DATA)
			return 0;
		memmove(p->at + p->given, p->b->stream.data.at, p->b->stream.data.len);
		p->given += p->b->stream.data.len;
	}
}

static int undo_chunks(struct body_source *b, struct piece *p)
{
	return p->len < WORK_BYTES ? work_chunks(p) : io_work(b->c->g->pool, work_chunks, p, 0);
}

static int end_hash(struct body_source *b)
{
	const struct str want = b->c->claim.content_sha256;
	struct lanes_stream *stream = &b->hash;
	u8 digest[SHA256_BYTES], *digests = digest;
	char hex[2 * SHA256_BYTES];
	struct out o = OUT(hex, sizeof(hex));

	if (!b->hashed)
		return 0;
	lanes_end(LANES_SHA256, &stream, &digests, 1);
	out_hex(&o, digest, sizeof(digest));
	if (str_equal_nocase(want, out_written(&o)))
		return 0;
	s3_fail(&b->c->fault, S3_XAMZ_CONTENT_SHA256_MISMATCH, NULL);
	s3_detail(&b->c->fault, "ClientComputedContentSHA256", want);
	s3_detail(&b->c->fault, "S3ComputedContentSHA256", out_written(&o));
	return meta_status(S3_XAMZ_CONTENT_SHA256_MISMATCH);
}

static int stream_error(struct body_source *b)
{
	b->c->fault = b->stream.fault;
	return meta_status(b->stream.fault.code);
}

static int at_end(struct body_source *b)
{
	b->ended = true;
	if (b->chunks_done || !b->chunked)
		return end_hash(b);
	return s3_stream_end(&b->stream) ? stream_error(b) : 0;
}

/* One piece more: bytes of the object, which may be none. */
static ssize_t take(struct body_source *b, char *to, size_t len)
{
	struct piece p = { .b = b, .at = to };
	ssize_t n = http_request_read(b->c->rq, to, len);
	int rc = 0;

	if (n < 0)
		return client_error(b->c, n);
	if (!n) {
		rc = at_end(b);
		return rc;
	}
	p.len = n;
	p.given = n;
	if (b->chunked) {
		p.given = 0;
		rc = b->chunks_done ? -EBADMSG : undo_chunks(b, &p);
		if (rc == -EBADMSG)
			return meta_status(s3_fail(&b->c->fault, S3_INCOMPLETE_BODY, NULL));
		if (!rc && p.event == STREAM_BAD)
			rc = stream_error(b);
		b->chunks_done = p.event == STREAM_DONE;
	} else if (b->hashed) {
		digests_update(b->c->g->digests, &b->hash, p.at, p.len);
	}
	if (rc)
		return rc;
	b->got += p.given;
	if (b->got > b->max)
		return meta_status(s3_fail(&b->c->fault, S3_ENTITY_TOO_LARGE, NULL));
	return p.given;
}

static ssize_t source_read(struct pipe_source *s, void *to, size_t len)
{
	struct body_source *b = (struct body_source *)s;
	size_t done = 0;
	ssize_t n;

	/* Near the end of the room, pieces would become ever smaller. */
	while (!b->ended && done <= len - len / 4 && done < len) {
		n = take(b, (char *)to + done, len - done);
		if (n < 0)
			return n;
		done += n;
	}
	return done;
}

/* --- the head ------------------------------------------------------------------------ */

static int open_chunks(struct body_source *b)
{
	struct s3_call *c = b->c;

	b->chunked = true;
	if (s3_stream_init(&b->stream, &c->claim, &c->key,
			   field_of(c, STR("x-amz-decoded-content-length")),
			   field_of(c, STR("x-amz-trailer")))) {
		c->fault = b->stream.fault;
		return c->fault.code;
	}
	b->size = b->stream.expected;
	return 0;
}

static int too_large(struct body_source *b)
{
	char text[24];
	struct out o = OUT(text, sizeof(text));

	s3_fail(&b->c->fault, S3_ENTITY_TOO_LARGE, NULL);
	out_number(&o, b->size);
	s3_detail(&b->c->fault, "ProposedSize", out_written(&o));
	o.len = 0;
	out_number(&o, b->max);
	s3_detail(&b->c->fault, "MaxSizeAllowed", out_written(&o));
	return S3_ENTITY_TOO_LARGE;
}

int body_open(struct body_source *b, struct s3_call *c, u64 max)
{
	const struct http_head *h = &c->rq->head;
	int rc;

	*b = (struct body_source){
		.base.read = source_read, .c = c, .max = max,
		.size = h->has_length ? h->content_length : UINT64_MAX,
	};
	rc = s3_checksum_from_head(h, &b->sums, c->object_sum, &c->fault);
	if (rc)
		return rc;
	if (!h->has_length && !h->chunked)
		return s3_fail(&c->fault, S3_MISSING_CONTENT_LENGTH, NULL);
	switch (c->claim.payload) {
	case SIG_PAYLOAD_CHUNKS:
	case SIG_PAYLOAD_CHUNKS_TRAILER:
	case SIG_PAYLOAD_UNSIGNED_TRAILER:
		rc = open_chunks(b);
		break;
	case SIG_PAYLOAD_HASH:
		b->hashed = true;
		lanes_begin(&b->hash, LANES_SHA256);
		break;
	case SIG_PAYLOAD_UNSIGNED:
		break;
	}
	if (!rc && b->size != UINT64_MAX && b->size > max)
		rc = too_large(b);
	return rc;
}

/* --- checks -------------------------------------------------------------------------- */

static int bad_digest(struct s3_call *c, const char *what)
{
	return s3_fail(&c->fault, S3_BAD_DIGEST,
		       "The %s you specified did not match the calculated checksum.", what);
}

int body_check(struct body_source *b, const u8 md5[S3_MD5_BYTES],
	       const struct s3_checksum_value *value)
{
	struct s3_checksum_value want = b->sums.value;

	if (b->sums.has_md5 && memcmp(md5, b->sums.md5, S3_MD5_BYTES))
		return s3_fail(&b->c->fault, S3_BAD_DIGEST,
			       "The Content-MD5 you specified did not match what we received.");
	if (b->sums.trailer != S3_NO_CHECKSUM) {
		if (!b->stream.trailer_seen)
			return s3_fail(&b->c->fault, S3_MALFORMED_TRAILER, NULL);
		if (!s3_checksum_parse(b->sums.trailer, str_of(b->stream.value), &want) ||
		    want.parts)
			return s3_fail(&b->c->fault, S3_INVALID_REQUEST,
				       "Value for x-amz-checksum-%s trailing header is invalid.",
				       s3_checksum_name(b->sums.trailer));
	}
	if (want.kind == S3_NO_CHECKSUM)
		return 0;
	if (want.kind != value->kind ||
	    memcmp(want.bytes, value->bytes, s3_checksum_bytes(want.kind)))
		return bad_digest(b->c, s3_checksum_name(want.kind));
	return 0;
}

void checksum_of(enum s3_checksum kind, const void *data, size_t len,
		 struct s3_checksum_value *value)
{
	static const enum crc_kind crcs[] = {
		[S3_CRC32] = CRC_32, [S3_CRC32C] = CRC_32C, [S3_CRC64NVME] = CRC_64NVME,
	};
	size_t i, n;
	u64 crc;

	*value = (struct s3_checksum_value){ .kind = kind };
	if (kind == S3_SHA1 || kind == S3_SHA256) {
		hash_once(kind == S3_SHA1 ? HASH_SHA1 : HASH_SHA256, data, len, value->bytes);
	} else if (kind != S3_NO_CHECKSUM) {
		crc = crc_update(crcs[kind], 0, data, len);
		n = s3_checksum_bytes(kind);
		for (i = 0; i < n; i++)
			value->bytes[i] = crc >> 8 * (n - 1 - i);
	}
}

/* --- whole bodies -------------------------------------------------------------------- */

void body_free(struct body_text_memory *m)
{
	free(m->at);
	if (m->units)
		io_release(m->budget, m->units);
	*m = (struct body_text_memory){ 0 };
}

/*
 * Twice the room, but not more than for @most bytes.  Who holds some and waits for more keeps
 * others waiting, so it does not wait: -EAGAIN.
 */
static int grow(struct body_text_memory *m, size_t most)
{
	size_t size = m->size ? 2 * m->size : FRONT_TEXT_UNIT;
	u64 units;
	char *at;

	if (size > most)
		size = most;
	units = (size + FRONT_TEXT_UNIT - 1) / FRONT_TEXT_UNIT - m->units;
	if (units && !io_try_acquire(m->budget, units))
		return -EAGAIN;
	m->units += units;
	at = realloc(m->at, size);
	if (!at)
		return -ENOMEM;
	m->at = at;
	m->size = size;
	return 0;
}

/* At most @size bytes; there is room for one more, to find out that it ends. */
static int read_all(struct body_source *b, struct body_text_memory *m, u64 size)
{
	ssize_t n = 0;
	int rc;

	while (n > 0 || !b->ended) {
		if (m->len == m->size) {
			rc = grow(m, size + 1);
			if (rc)
				return rc;
		}
		n = take(b, m->at + m->len, m->size - m->len);
		if (n < 0)
			return n;
		m->len += n;
		if (m->len > size)
			return s3_fail(&b->c->fault, S3_MAX_MESSAGE_LENGTH, NULL);
	}
	return 0;
}

int body_read(struct s3_call *c, u64 max, struct body_text_memory *m)
{
	struct s3_checksum_value value;
	struct body_source b;
	u8 md5[S3_MD5_BYTES];
	u64 size;
	int rc;

	m->budget = c->caller.access_key.len ? &c->g->documents : &c->g->strangers;
	if (!c->caller.access_key.len && max > FRONT_STRANGER_MAX)
		max = FRONT_STRANGER_MAX;
	/* A body that is not there needs no length. */
	if (!c->rq->head.has_length && !c->rq->head.chunked)
		c->rq->head.has_length = true;
	rc = body_open(&b, c, max);
	if (rc == S3_ENTITY_TOO_LARGE)
		return s3_fail(&c->fault, S3_MAX_MESSAGE_LENGTH, NULL);
	if (rc)
		return rc;
	/* As it came, in chunks, it is longer. */
	size = b.chunked ? max : b.size < max ? b.size : max;
	rc = read_all(&b, m, size);
	if (rc)
		return rc;
	hash_once(HASH_MD5, m->at, m->len, md5);
	checksum_of(b.sums.algorithm, m->at, m->len, &value);
	return body_check(&b, md5, &value);
}

int body_document(struct s3_call *c, u64 max, struct body_text_memory *m)
{
	int rc = body_read(c, max, m);

	return rc || m->len ? rc : s3_fail(&c->fault, S3_MISSING_REQUEST_BODY, NULL);
}
