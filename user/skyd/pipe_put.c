// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A body on its way out: read, hashed, compressed, encrypted, coded, sent.
 *
 * Two generations at most: while one is sent the next is made.  For the second one memory is
 * taken only if it is there at once; else the first has to be done with before, so that
 * requests that have one each do not wait for each other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "data_path.h"
#include "log.h"

#define PAGE_GENERATIONS	64u	/* of a page, as store.h has it */
#define TRIES			3u	/* slots for one generation */
#define PAUSE_MS		50	/* before the second of them; twice that before the third */

struct upload {
	struct gateway *g;
	struct pipe_put *put;
	struct coder_use *coder;
	struct body_sums sums;
	struct compression how;
	struct sending *before;		/* is being sent */
	u64 number;			/* of the generation that comes next */
	bool ended;			/* the source */
	struct page_writer page;
	u64 page_start;
	bool in_pieces;
	unsigned int claim_room;
};

/* --- questions --------------------------------------------------------------------- */

static int piece_call(struct upload *u, u16 operation, const struct meta_piece *ask,
		      struct meta_piece *give)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct link_call call = {
		.operation = operation, .ask = &meta_piece_schema, .question = ask, .fd = -1,
		.give = give ? &meta_piece_schema : NULL, .reply = give,
		.room = sizeof(struct meta_claim),
	};

	return link_do(u->g->backend, &call, &answer, data_until(u->put->patience));
}

/* A page is full: it goes to the backend, and what it claims cannot expire any more. */
static int flush_page(struct upload *u)
{
	struct pipe_put *put = u->put;
	struct meta_piece piece = { .caller = *put->caller, .bucket = put->bucket }, opened;
	int rc = 0;

	if (!u->page.count)
		return 0;
	if (!u->in_pieces) {
		rc = piece_call(u, META_PIECE_OPEN, &piece, &opened);
		if (rc)
			return rc;
		put->piece = opened.piece;
		u->in_pieces = true;
	}
	piece.piece = put->piece;
	piece.start = u->page_start;
	piece.length = u->page.plain_bytes;
	piece.generations = u->page.count;
	piece.records = (struct rpc_bytes){ put->records, page_end(&u->page) };
	piece.claim = put->claim;
	piece.claims = put->claims;
	rc = piece_call(u, META_PIECE_ADD, &piece, NULL);
	put->claims = 0;
	u->page_start += u->page.plain_bytes;
	page_begin(&u->page, put->records, u->page.first + u->page.count, u->page_start);
	return rc;
}

static int add_claim(struct upload *u, const struct slot *slot)
{
	struct pipe_put *put = u->put;
	struct meta_claim *claim;
	unsigned int i;

	for (i = 0; i < put->claims && put->claim[i].reservation != slot->reservation; i++)
		;
	if (i == u->claim_room) {
		claim = realloc(put->claim, (i + 8) * sizeof(*claim));
		if (!claim)
			return -ENOMEM;
		put->claim = claim;
		u->claim_room = i + 8;
	}
	if (i == put->claims)
		put->claim[put->claims++] = (struct meta_claim){ slot->reservation, 0 };
	put->claim[i].mask |= 1ull << slot->number;
	return 0;
}

static int add_record(struct upload *u, const struct sending *s)
{
	int rc = 0;

	if (u->page.count == PAGE_GENERATIONS)
		rc = flush_page(u);
	if (!rc)
		rc = page_add(&u->page, &s->record);
	if (rc == -ENOSPC)
		rc = flush_page(u) ?: page_add(&u->page, &s->record);
	if (!rc)
		rc = add_claim(u, &s->slot);
	u->put->generations += !rc;
	return rc;
}

/* --- one generation ---------------------------------------------------------------- */

struct encode_job {
	struct upload *u;
	struct sending *s;
};

static int encode_run(void *arg)
{
	const struct encode_job *j = arg;
	const struct body_key *key = j->u->put->key;
	const bool packs = j->u->how.scheme != SKY_PLAIN;
	struct sending *s = j->s;
	struct encoder *e = &s->work->encoder;
	struct owner owner = {
		.aead = aead_new(key->key), .object = key->object, .version = key->version,
		.number = s->number,
	};
	int rc = -ENOMEM;

	e->compressor = packs ? compressor_take(j->u->g) : NULL;
	if (owner.aead && (e->compressor || !packs))
		rc = encode(e, &owner, &j->u->how, s->work->plain, s->len, &s->record);
	compressor_give(j->u->g, TAKE_PTR(e->compressor));
	aead_free(owner.aead);
	return rc;
}

static void hash_fragments(struct upload *u, struct sending *s)
{
	const struct encoder *e = &s->work->encoder;
	const void *data[SKY_MAX_N];
	size_t lens[SKY_MAX_N];
	u8 *digest[SKY_MAX_N];
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		data[i] = encode_fragment(e, i);
		lens[i] = e->fragment_bytes;
		digest[i] = s->row[i].sha256;
	}
	digests_of(u->g->digests, LANES_SHA256, data, lens, digest, s->n);
}

/* A fresh slot and a fresh IV: a record is encoded once. */
static int prepare(struct upload *u, struct sending *s)
{
	const struct pipe_put *put = u->put;
	struct encode_job job = { u, s };
	int rc = slots_take(u->g, put->caller, put->bucket, put->policy, &s->slot,
			    data_until(put->patience));

	if (!rc)
		rc = encode_begin(&s->record, coder_of(u->coder));
	if (rc)
		return rc;
	memcpy(s->record.generation, s->slot.generation, sizeof(s->record.generation));
	memcpy(s->record.location, s->slot.location, s->n * sizeof(s->slot.location[0]));
	rc = data_work(u->g, s->len <= (u->how.scheme ? DATA_INLINE / 4 : DATA_INLINE),
		       encode_run, &job, data_until(put->patience));
	if (!rc)
		hash_fragments(u, s);
	return rc;
}

/* The backend has lost the reservation, or never had it: others of it are as bad. */
static void start(struct upload *u, struct sending *s)
{
	s->started = sending_start(s);
	if (s->started && s->started != -ECANCELED && s->started != -ETIMEDOUT)
		slots_forget(u->g, s->slot.reservation);
}

struct keep_job {
	struct upload *u;
	const struct sending *s;
	struct ring_entry *e;
};

static int keep_run(void *arg)
{
	const struct keep_job *j = arg;
	const struct record *r = &j->s->record;
	const u8 *symbols[SKY_MAX_K];

	encode_symbols(&j->s->work->encoder, r, symbols);
	cache_fill(j->u->g, j->e, symbols, fragment_symbol_bytes(r->stored_bytes, r->k));
	return 0;
}

/* Who writes it probably reads it.  It is in the locations, and that is what counts. */
static int keep(struct upload *u, const struct sending *s)
{
	const struct pipe_put *put = u->put;
	struct keep_job j = { .u = u, .s = s };
	int rc;

	if (!put->cache.wanted)
		return 0;
	j.e = cache_begin(u->g, &put->cache, put->key, s->record.generation,
			  s->record.stored_bytes);
	if (!j.e)
		return 0;
	rc = data_work(u->g, s->record.stored_bytes <= DATA_INLINE, keep_run, &j,
		       data_until(put->patience));
	cache_end(u->g, j.e, !rc);
	return rc == -ECANCELED ? rc : 0;
}

/* Until a quorum has it, with other slots if need be; then it is in the page. */
static int finish(struct upload *u)
{
	struct sending *s = TAKE_PTR(u->before);
	unsigned int tries;
	int rc;

	if (!s)
		return 0;
	for (tries = 1;; tries++) {
		rc = s->started ? s->started : sending_wait(s);
		if (!rc || rc == -ECANCELED || tries == TRIES)
			break;
		sending_stop(s);
		rc = io_sleep_until(io_after_ms(PAUSE_MS << (tries - 1))) ?: prepare(u, s);
		if (rc)
			break;
		start(u, s);
	}
	if (!rc)
		rc = keep(u, s) ?: add_record(u, s);
	else if (rc == -EIO)
		log_line(LEVEL_WARNING, "%u of %u fragments could be written, %u have to be",
			 s->good, s->n, s->quorum);
	sending_end(s, !rc);
	return rc;
}

struct sums_job {
	struct upload *u;
	const struct sending *s;
};

static int sums_run(void *arg)
{
	const struct sums_job *j = arg;

	return body_sums_update(j->u->g, &j->u->sums, j->s->work->plain, j->s->len);
}

/* Hashed by one thread while another one encodes. */
static int make(struct upload *u, struct sending *s)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct sums_job sums = { u, s };
	int rc;

	if (s->len <= DATA_INLINE)
		return sums_run(&sums) ?: prepare(u, s);
	rc = io_spawn(&group, sums_run, &sums, NULL) ?: prepare(u, s);
	return rc ? rc : io_group_wait_all(&group, 0);
}

/* --- the body ---------------------------------------------------------------------- */

/* Bytes that the next generation has at most; 0: the body should be at its end. */
static size_t next_bytes(const struct upload *u)
{
	const struct pipe_put *put = u->put;
	const u64 left = put->size_hint - put->size;

	if (put->size_hint == UINT64_MAX)
		return put->policy->generation_bytes;
	return min_t(u64, left, put->policy->generation_bytes);
}

/* Signatures and sums are judged by the read that returns the end. */
static int read_end(struct upload *u)
{
	char more;
	ssize_t n = u->put->source->read(u->put->source, &more, 1);

	u->ended = true;
	return n > 0 ? -EMSGSIZE : n;
}

static ssize_t fill(struct upload *u, u8 *to, size_t most)
{
	struct pipe_source *source = u->put->source;
	size_t got = 0;
	ssize_t n = 1;

	while (got < most && (n = source->read(source, to + got, most - got)) > 0)
		got += n;
	if (n < 0)
		return n;
	u->ended = !n;
	u->put->size += got;
	return got;
}

static int next_work(struct upload *u, size_t most, struct work **work)
{
	const bool packs = u->how.scheme != SKY_PLAIN;
	int rc = work_get(u->g, u->coder, most, false, packs, !u->before,
			  u->before ? 0 : data_until(u->put->patience), work);

	if (rc != -EAGAIN)
		return rc;
	return finish(u) ?: work_get(u->g, u->coder, most, false, packs, true,
				     data_until(u->put->patience), work);
}

static int one_generation(struct upload *u)
{
	const size_t most = next_bytes(u);
	const struct pipe_put *put = u->put;
	struct sending *s;
	struct work *work;
	ssize_t got;
	int rc;

	if (!most)
		return read_end(u);
	rc = next_work(u, most, &work);
	if (rc)
		return rc;
	got = fill(u, work->plain, most);
	if (got <= 0) {
		work_put(work);
		return got;
	}
	s = sending_new(u->g, work, put->policy->n, put->policy->quorum, put->patience);
	if (!s)
		return -ENOMEM;
	s->len = got;
	s->number = u->number++;
	/* What is small is not sent before it is known to be good. */
	rc = make(u, s);
	if (!rc && !u->ended && !next_bytes(u))
		rc = read_end(u);
	if (!rc) {
		start(u, s);
		rc = finish(u);
	}
	if (rc)
		sending_end(s, false);
	else
		u->before = s;
	return rc;
}

static int put_valid(const struct pipe_put *put)
{
	const struct meta_policy *p = put->policy;

	return p->quorum >= p->k && p->quorum <= p->n && p->generation_bytes &&
	       p->generation_bytes <= SKY_MAX_GENERATION ? 0 : -EINVAL;
}

static int upload_begin(struct upload *u)
{
	struct pipe_put *put = u->put;
	const struct meta_policy *p = put->policy;
	const struct shape shape = { .k = p->k, .n = p->n, .mode = p->mode, .flags = p->flags };
	int rc;

	put->size = 0;
	put->generations = 0;
	put->piece = 0;
	put->records_len = 0;
	put->claim = NULL;
	put->claims = 0;
	put->records = malloc(SKY_PAGE_MAX_BYTES);
	if (!put->records)
		return -ENOMEM;
	u->how = (struct compression){ p->compression, p->level };
	u->number = (u64)put->part << 32;
	page_begin(&u->page, put->records, 0, 0);
	rc = put_valid(put) ?: body_sums_begin(&u->sums, put->checksum);
	return rc ? rc : coder_take(u->g, &shape, put->key, &u->coder);
}

int pipe_put(struct gateway *g, struct pipe_put *put)
{
	struct upload u = { .g = g, .put = put };
	int rc = upload_begin(&u);

	while (!rc && !u.ended)
		rc = one_generation(&u);
	if (!rc)
		rc = finish(&u);
	if (!rc && u.in_pieces)
		rc = flush_page(&u);
	if (!rc)
		rc = body_sums_end(&u.sums, put->md5, &put->value);
	if (!rc && !u.in_pieces)
		put->records_len = page_end(&u.page);
	sending_end(u.before, false);
	body_sums_free(&u.sums);
	coder_give(u.coder);
	return rc;
}

void pipe_put_drop(struct gateway *g, struct pipe_put *put)
{
	struct upload u = { .g = g, .put = put };
	const struct meta_piece piece = {
		.caller = *put->caller, .bucket = put->bucket, .piece = put->piece,
	};

	if (!put->piece)
		return;
	/* Also when the request has been cancelled; what is not dropped now expires. */
	io_shield();
	piece_call(&u, META_PIECE_DROP, &piece, NULL);
	io_unshield();
	put->piece = 0;
}

void pipe_put_free(struct pipe_put *put)
{
	free(put->records);
	free(put->claim);
	put->records = NULL;
	put->claim = NULL;
}
