// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hashes of bodies.  One MD5 cannot be made faster, those of several uploads can be computed
 * at once (crypto/lanes.h): what comes while a run is under way is the next run.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crc.h"
#include "data_path.h"

#define BATCH	LANES

/* On the stack of the fiber that waits. */
struct digest_job {
	struct digest_job *next;
	struct lanes_job job;
	struct io_event turn;		/* it is done, or its fiber is to lead the next run */
	bool done;
};

struct digest_queue {
	struct digest_job *first, **last;
	bool led;			/* some fiber sees to it */
};

struct digests {
	struct io_pool *pool;
	struct digest_queue queue[LANES_KINDS];
};

struct digest_batch {
	enum lanes_kind kind;
	struct lanes_job job[BATCH];
	struct digest_job *of[BATCH];
	unsigned int count;
};

int digests_open(struct digests **digests, struct io_pool *pool)
{
	struct digests *d = calloc(1, sizeof(*d));
	unsigned int i;

	*digests = d;
	if (!d)
		return -ENOMEM;
	d->pool = pool;
	for (i = 0; i < LANES_KINDS; i++)
		d->queue[i].last = &d->queue[i].first;
	return 0;
}

void digests_close(struct digests *d)
{
	free(d);
}

static int run_batch(void *arg)
{
	struct digest_batch *b = arg;

	lanes_update(b->kind, b->job, b->count);
	return 0;
}

/* One run of what is waiting, the leader's own job among it. */
static void lead(struct digests *d, enum lanes_kind kind)
{
	struct digest_queue *q = &d->queue[kind];
	struct digest_batch b = { .kind = kind };
	struct digest_job *j;
	unsigned int i;

	while ((j = q->first) && b.count < BATCH) {
		q->first = j->next;
		b.of[b.count] = j;
		b.job[b.count++] = j->job;
	}
	if (!q->first)
		q->last = &q->first;
	if (io_work(d->pool, run_batch, &b, 0))
		run_batch(&b);
	for (i = 0; i < b.count; i++) {
		b.of[i]->done = true;
		io_event_set(&b.of[i]->turn);
	}
}

int digests_update(struct digests *d, struct lanes_stream *s, const void *data, size_t len)
{
	struct digest_queue *q = &d->queue[s->kind];
	struct digest_job j = { .job = { s, data, len } };

	if (len <= DATA_INLINE) {
		lanes_update(s->kind, &j.job, 1);
		return 0;
	}
	io_event_init(&j.turn);
	*q->last = &j;
	q->last = &j.next;
	io_shield();
	if (q->led)
		io_event_wait(&j.turn, 0);
	if (!j.done) {
		q->led = true;
		lead(d, s->kind);
		if (q->first)
			io_event_set(&q->first->turn);
		else
			q->led = false;
	}
	io_unshield();
	return 0;
}

/* --- all sums of a body ------------------------------------------------------------ */

static enum crc_kind crc_of(enum s3_checksum kind)
{
	return kind == S3_CRC32 ? CRC_32 : kind == S3_CRC32C ? CRC_32C :
	       kind == S3_CRC64NVME ? CRC_64NVME : CRC_KINDS;
}

int body_sums_begin(struct body_sums *s, enum s3_checksum kind)
{
	memset(s, 0, sizeof(*s));
	s->kind = kind;
	lanes_begin(&s->md5, LANES_MD5);
	if (kind == S3_SHA256)
		lanes_begin(&s->sha256, LANES_SHA256);
	return kind == S3_SHA1 ? hash_begin(&s->sha1, HASH_SHA1) : 0;
}

struct other_sum {
	struct body_sums *sums;
	const void *data;
	size_t len;
};

static int other_update(void *arg)
{
	struct other_sum *o = arg;
	struct body_sums *s = o->sums;

	if (s->kind == S3_SHA1)
		return hash_update(&s->sha1, o->data, o->len);
	s->crc = crc_update(crc_of(s->kind), s->crc, o->data, o->len);
	return 0;
}

int body_sums_update(struct gateway *g, struct body_sums *s, const void *data, size_t len)
{
	struct other_sum other = { s, data, len };
	int rc = digests_update(g->digests, &s->md5, data, len);

	if (rc || s->kind == S3_NO_CHECKSUM)
		return rc;
	if (s->kind == S3_SHA256)
		return digests_update(g->digests, &s->sha256, data, len);
	return data_work(g, len <= DATA_INLINE, other_update, &other, 0);
}

int body_sums_end(struct body_sums *s, u8 md5[S3_MD5_BYTES], struct s3_checksum_value *value)
{
	struct lanes_stream *stream = &s->md5;
	u8 *digest = md5;
	size_t bytes, i;

	lanes_end(LANES_MD5, &stream, &digest, 1);
	memset(value, 0, sizeof(*value));
	value->kind = s->kind;
	if (s->kind == S3_NO_CHECKSUM)
		return 0;
	if (s->kind == S3_SHA1)
		return hash_end(&s->sha1, value->bytes);
	stream = &s->sha256;
	digest = value->bytes;
	if (s->kind == S3_SHA256) {
		lanes_end(LANES_SHA256, &stream, &digest, 1);
		return 0;
	}
	bytes = crc_bytes(crc_of(s->kind));
	for (i = 0; i < bytes; i++)
		value->bytes[i] = s->crc >> 8 * (bytes - 1 - i);
	return 0;
}

void body_sums_free(struct body_sums *s)
{
	hash_free(&s->sha1);
}
