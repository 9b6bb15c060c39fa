// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "digest.h"
#include "io/sync.h"

#define BATCH	(2 * LANES)	/* so that a lane that is done with a short job has another */
#define INLINE	(16u << 10)	/* bytes of each job that are worth no thread of their own */

/* On the stack of the fiber that waits for them. */
struct digest_wait {
	struct io_event turn;		/* all are done, or somebody has to lead */
	unsigned int left;
};

struct digest_job {
	struct digest_job *next;
	struct digest_wait *wait;
	struct lanes_job job;
};

struct digest_queue {
	struct digest_job *first, **last;
	unsigned int count;
	unsigned int leaders;		/* fibers that see to it */
};

struct digests {
	struct io_pool *pool;
	struct digest_queue queue[LANES_KINDS];
};

struct digest_batch {
	enum lanes_kind kind;
	struct lanes_job job[BATCH];
	struct digest_wait *wait[BATCH];
	unsigned int count;
	size_t longest, bytes;
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

/* Some tens of microseconds.  A SHA-256 takes a third of the time of an MD5. */
static bool is_little(const struct digest_batch *b)
{
	return b->longest <= INLINE || (b->kind == LANES_SHA256 && b->bytes <= 4 * INLINE);
}

static void take_batch(struct digest_queue *q, struct digest_batch *b)
{
	struct digest_job *j;

	while ((j = q->first) && b->count < BATCH) {
		q->first = j->next;
		b->wait[b->count] = j->wait;
		b->job[b->count++] = j->job;
		b->bytes += j->job.len;
		b->longest = b->longest > j->job.len ? b->longest : j->job.len;
	}
	q->count -= b->count;
	if (!q->first)
		q->last = &q->first;
}

/*
 * Let others bring theirs: those that are ready, and if the first is long, those as well that the
 * kernel has something for by now.
 */
static void gather(const struct digest_queue *q)
{
	unsigned int count;

	io_yield();
	if (!q->first || q->first->job.len <= INLINE)
		return;
	do {
		count = q->count;
		io_sleep_until(0);
	} while (q->count > count && q->count < LANES);
}

static void lead(struct digests *d, enum lanes_kind kind)
{
	struct digest_queue *q = &d->queue[kind];
	struct digest_batch b = { .kind = kind };
	unsigned int i;

	q->leaders++;
	gather(q);
	take_batch(q, &b);
	if (!d->pool || is_little(&b) || io_work(d->pool, run_batch, &b, 0))
		run_batch(&b);
	q->leaders--;
	for (i = 0; i < b.count; i++)
		if (!--b.wait[i]->left)
			io_event_set(&b.wait[i]->turn);
	if (q->first && !q->leaders)
		io_event_set(&q->first->wait->turn);
}

static void enqueue(struct digest_queue *q, struct digest_job *j, struct digest_wait *w)
{
	j->next = NULL;
	j->wait = w;
	*q->last = j;
	q->last = &j->next;
	q->count++;
	w->left++;
}

/* Where a worker is at a batch, and there are enough for another one, it is begun, too. */
static void wait_for(struct digests *d, enum lanes_kind kind, struct digest_wait *w)
{
	const struct digest_queue *q = &d->queue[kind];

	io_shield();
	while (w->left) {
		if (q->first && (!q->leaders || (d->pool && q->count >= LANES))) {
			lead(d, kind);
			continue;
		}
		io_event_wait(&w->turn, 0);
		io_event_clear(&w->turn);
	}
	io_unshield();
}

static void wait_init(struct digest_wait *w)
{
	io_event_init(&w->turn);
	w->left = 0;
}

void digests_update(struct digests *d, struct lanes_stream *s, const void *data, size_t len)
{
	struct digest_job j = { .job = { s, data, len } };
	struct digest_wait w;

	wait_init(&w);
	enqueue(&d->queue[s->kind], &j, &w);
	wait_for(d, s->kind, &w);
}

/* As many as one batch has. */
static void some_of(struct digests *d, enum lanes_kind kind, const void *const data[],
		    const size_t lens[], uint8_t *const digest[], size_t count)
{
	struct lanes_stream stream[LANES], *streams[LANES];
	struct digest_job job[LANES];
	struct digest_wait w;
	size_t i;

	wait_init(&w);
	for (i = 0; i < count; i++) {
		streams[i] = &stream[i];
		lanes_begin(&stream[i], kind);
		job[i].job = (struct lanes_job){ &stream[i], data[i], lens[i] };
		enqueue(&d->queue[kind], &job[i], &w);
	}
	wait_for(d, kind, &w);
	lanes_end(kind, streams, digest, count);
}

void digests_of(struct digests *d, enum lanes_kind kind, const void *const data[],
		const size_t lens[], uint8_t *const digest[], size_t count)
{
	size_t n;

	for (; count; count -= n, data += n, lens += n, digest += n) {
		n = count < LANES ? count : LANES;
		some_of(d, kind, data, lens, digest, n);
	}
}
