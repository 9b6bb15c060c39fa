// SPDX-License-Identifier: GPL-2.0-or-later
/* Which stream is in which lane, and the choice of a back end. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <asm/byteorder.h>
#include <linux/kernel.h>

#include "lanes_backend.h"

/* Blocks that one or two streams go on alone before it is seen whether others have come. */
#define ALONE		256

/* Streams that lanes_digest() has under way. */
#define BATCH		(4 * LANES)

#define MAX_PADDING	(LANES_BLOCK + 8)

/* Not a number of lanes in use: OpenSSL does it all. */
static const struct lanes_backend scalar = { .name = "scalar" };

static const struct lanes_backend *const backends[] = { &lanes_avx512, &lanes_avx2, &scalar };

static const struct lanes_backend *chosen;
static bool has_sha;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* What one lane does: blocks of its stream's own, then the caller's. */
struct lane {
	struct lanes_stream *stream;	/* NULL: free */
	const uint8_t *data;
	size_t blocks;
	const uint8_t *next_data;
	size_t next_blocks;
	size_t tail;			/* bytes behind next_data's blocks */
};

struct run {
	enum lanes_kind kind;
	lanes_next_fn *next;
	void *arg;
	unsigned int used;		/* lanes */
	unsigned int enough;
	bool pairs;			/* two go on together, where there are not enough */
	struct lane lane[LANES];
	uint32_t state[8][LANES] __attribute__((__aligned__(64)));
};

static bool valid(const struct lanes_backend *b)
{
	return !b->valid || b->valid();
}

static void choose(void)
{
	unsigned int i;

	has_sha = lanes_sha_ni_valid();
	for (i = 0; !chosen; i++)
		if (valid(backends[i]))
			chosen = backends[i];
}

int lanes_init(const char *name)
{
	unsigned int i;

	pthread_once(&once, choose);
	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		if (name && strcmp(name, backends[i]->name))
			continue;
		if (valid(backends[i])) {
			chosen = backends[i];
			return 0;
		}
		if (name)
			return -ENODEV;
	}
	return -ENOENT;
}

const char *lanes_backend_name(void)
{
	pthread_once(&once, choose);
	return chosen->name;
}

const char *lanes_backend_at(unsigned int i)
{
	return i < ARRAY_SIZE(backends) ? backends[i]->name : NULL;
}

void lanes_begin(struct lanes_stream *s, enum lanes_kind kind)
{
	static const uint32_t initial[LANES_KINDS][8] = {
		[LANES_MD5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 },
		[LANES_SHA256] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
				   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 },
	};

	memcpy(s->state, initial[kind], sizeof(s->state));
	s->bytes = 0;
	s->kind = kind;
}

/* Put a job into a lane; false when it was not even a block. */
static bool lane_take(struct run *run, unsigned int at, struct lanes_job *job)
{
	struct lane *lane = &run->lane[at];
	struct lanes_stream *s = job->stream;
	const size_t partial = s->bytes % LANES_BLOCK;
	const uint8_t *data = job->data;
	size_t len = job->len, take = 0;
	unsigned int i;

	s->bytes += len;
	if (partial) {
		take = min_t(size_t, LANES_BLOCK - partial, len);
		memcpy(s->partial + partial, data, take);
		if (partial + take < LANES_BLOCK)
			return false;
		len -= take;
	}
	*lane = (struct lane){
		.stream = s,
		.data = s->partial,
		.blocks = take ? 1 : 0,
		.next_data = len ? data + take : NULL,
		.next_blocks = len / LANES_BLOCK,
		.tail = len % LANES_BLOCK,
	};
	if (!take && !lane->next_blocks) {
		if (len)
			memcpy(s->partial, data, len);
		lane->stream = NULL;
		return false;
	}
	if (!take) {
		lane->data = lane->next_data;
		lane->blocks = lane->next_blocks;
		lane->next_data += lane->blocks * LANES_BLOCK;
		lane->next_blocks = 0;
	}
	for (i = 0; i < 8; i++)
		run->state[i][at] = s->state[i];
	run->used++;
	return true;
}

/* Fill the free lanes, as far as there are jobs. */
static void run_fill(struct run *run)
{
	struct lanes_job *job;
	unsigned int i;

	for (i = 0; i < LANES; i++) {
		if (run->lane[i].stream)
			continue;
		do {
			job = run->next(run->arg);
			if (!job)
				return;
		} while (!lane_take(run, i, job));
	}
}

/* @blocks of a lane are done; true when it is free now. */
static bool lane_advance(struct run *run, unsigned int at, size_t blocks)
{
	struct lane *lane = &run->lane[at];
	unsigned int i;

	lane->data += blocks * LANES_BLOCK;
	lane->blocks -= blocks;
	if (lane->blocks)
		return false;
	if (lane->next_blocks) {
		lane->data = lane->next_data;
		lane->blocks = lane->next_blocks;
		lane->next_data += lane->blocks * LANES_BLOCK;
		lane->next_blocks = 0;
		return false;
	}
	for (i = 0; i < 8; i++)
		lane->stream->state[i] = run->state[i][at];
	if (lane->tail)
		memcpy(lane->stream->partial, lane->next_data, lane->tail);
	lane->stream = NULL;
	run->used--;
	return true;
}

/* As many blocks as all lanes in use have; free ones look at another's data. */
static bool run_together(struct run *run)
{
	const uint8_t *data[LANES], *any = NULL;
	size_t blocks = SIZE_MAX;
	bool freed = false;
	unsigned int i;

	for (i = 0; i < LANES; i++) {
		if (!run->lane[i].stream)
			continue;
		any = run->lane[i].data;
		blocks = min(blocks, run->lane[i].blocks);
	}
	for (i = 0; i < LANES; i++)
		data[i] = run->lane[i].stream ? run->lane[i].data : any;
	chosen->blocks[run->kind](run->state, data, blocks);
	for (i = 0; i < LANES; i++)
		if (run->lane[i].stream)
			freed |= lane_advance(run, i, blocks);
	return freed;
}

/* Too few: the first of them, or two where that is as quick, go on by themselves. */
static void run_few(struct run *run)
{
	const bool pair = run->pairs && run->used > 1;
	uint32_t words[2][8], *const state[2] = { words[0], words[1] };
	unsigned int i, j, lane[2], at = 0;
	const uint8_t *data[2];
	size_t blocks = ALONE;

	for (j = 0; j <= pair; j++) {
		while (!run->lane[at].stream)
			at++;
		data[j] = run->lane[at].data;
		blocks = min(blocks, run->lane[at].blocks);
		for (i = 0; i < 8; i++)
			words[j][i] = run->state[i][at];
		lane[j] = at++;
	}
	if (pair)
		lanes_sha_ni_pair(state, data, blocks);
	else
		lanes_scalar(run->kind, words[0], data[0], blocks);
	for (j = 0; j <= pair; j++) {
		for (i = 0; i < 8; i++)
			run->state[i][lane[j]] = words[j][i];
		lane_advance(run, lane[j], blocks);
	}
}

void lanes_run(enum lanes_kind kind, lanes_next_fn *next, void *arg)
{
	struct run run = { .kind = kind, .next = next, .arg = arg };
	bool freed = true;

	pthread_once(&once, choose);
	run.enough = !chosen->blocks[kind] ? LANES + 1 :
		     has_sha ? chosen->enough_ni[kind] : chosen->enough[kind];
	run.pairs = has_sha && kind == LANES_SHA256 && chosen != &scalar;
	for (;;) {
		if (freed)
			run_fill(&run);
		if (!run.used)
			return;
		freed = true;
		if (run.used < run.enough)
			run_few(&run);
		else
			freed = run_together(&run);
	}
}

struct job_list {
	struct lanes_job *jobs;
	size_t count;
};

static struct lanes_job *next_of_list(void *arg)
{
	struct job_list *list = arg;

	if (!list->count)
		return NULL;
	list->count--;
	return list->jobs++;
}

void lanes_update(enum lanes_kind kind, struct lanes_job *jobs, size_t count)
{
	struct job_list list = { jobs, count };

	lanes_run(kind, next_of_list, &list);
}

/* A one, zeros up to eight bytes before the end of a block, the length in bits. */
static size_t padding(const struct lanes_stream *s, uint8_t pad[MAX_PADDING])
{
	const size_t used = s->bytes % LANES_BLOCK;
	const size_t zeros = (used < 56 ? 56 : 120) - used;
	const uint64_t bits = s->bytes * 8;
	const __le64 le = cpu_to_le64(bits);
	const __be64 be = cpu_to_be64(bits);

	memset(pad, 0, zeros);
	pad[0] = 0x80;
	memcpy(pad + zeros, s->kind == LANES_MD5 ? (const void *)&le : &be, sizeof(le));
	return zeros + sizeof(le);
}

static void put_digest(const struct lanes_stream *s, uint8_t *digest)
{
	unsigned int i;

	for (i = 0; i < (s->kind == LANES_MD5 ? 4 : 8); i++) {
		const __le32 le = cpu_to_le32(s->state[i]);
		const __be32 be = cpu_to_be32(s->state[i]);

		memcpy(digest + 4 * i, s->kind == LANES_MD5 ? (const void *)&le : &be, 4);
	}
}

void lanes_end(enum lanes_kind kind, struct lanes_stream *const streams[],
	       uint8_t *const digests[], size_t count)
{
	uint8_t pad[BATCH][MAX_PADDING];
	struct lanes_job jobs[BATCH];
	size_t i, n;

	for (; count; count -= n, streams += n, digests += n) {
		n = min_t(size_t, count, BATCH);
		for (i = 0; i < n; i++)
			jobs[i] = (struct lanes_job){ streams[i], pad[i],
						      padding(streams[i], pad[i]) };
		lanes_update(kind, jobs, n);
		for (i = 0; i < n; i++)
			put_digest(streams[i], digests[i]);
	}
}

void lanes_digest(enum lanes_kind kind, const void *const data[], const size_t lens[],
		  uint8_t *const digests[], size_t count)
{
	struct lanes_stream stream[BATCH], *streams[BATCH];
	struct lanes_job jobs[BATCH];
	size_t i, n;

	for (; count; count -= n, data += n, lens += n, digests += n) {
		n = min_t(size_t, count, BATCH);
		for (i = 0; i < n; i++) {
			streams[i] = &stream[i];
			lanes_begin(&stream[i], kind);
			jobs[i] = (struct lanes_job){ &stream[i], data[i], lens[i] };
		}
		lanes_update(kind, jobs, n);
		lanes_end(kind, streams, digests, n);
	}
}
