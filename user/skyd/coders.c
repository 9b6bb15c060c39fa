// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory of the data path, all of which is counted in gateway.memory: what is in use, and what
 * is kept for the next generation, since fresh pages cost more than coding does.  What is kept
 * makes way for who waits.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "crypto/kdf.h"
#include "data_path.h"

#define SHAPES_MAX	64u		/* coders that are kept */
#define COMPRESSORS_MAX	64u
#define KEPT_PART	4u		/* of all memory, one part in so many may lie idle */
#define WORK_LEAST	4096u
#define MAPPED_LEAST	(32 << 20)	/* bytes; the most that the C library takes */

struct coder_use {
	struct coder_use *next;
	struct coder *coder;
	unsigned int users;
	bool shared;			/* in the list */
};

struct gateway_coders {
	struct coder_use *shapes;
	unsigned int shape_count;
	u64 total;			/* units */
	u64 kept_units;
	struct work *kept;
	pthread_mutex_t lock;		/* protects the two below; none is taken under it */
	struct compressor *compressor[COMPRESSORS_MAX];
	unsigned int compressors;
};

int coders_open(struct gateway *g, u64 memory)
{
	struct gateway_coders *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	/*
	 * What is freed for one who waits is what he takes next: it goes back to the kernel, and
	 * comes again page by page, only where there is more of it than may lie idle.
	 */
	mallopt(M_MMAP_THRESHOLD, MAPPED_LEAST);
	mallopt(M_TRIM_THRESHOLD, min_t(u64, memory / KEPT_PART, INT_MAX));
	pthread_mutex_init(&c->lock, NULL);
	c->total = max_t(u64, memory / DATA_UNIT, 1);
	io_semaphore_init(&g->memory, c->total);
	g->coders = c;
	return 0;
}

/* --- coders ------------------------------------------------------------------------ */

static void coder_drop(struct coder_use *u)
{
	coder_free(u->coder);
	free(u);
}

/* Forget one that nobody uses. */
static void shapes_trim(struct gateway_coders *c)
{
	struct coder_use **at, *u;

	for (at = &c->shapes; (u = *at); at = &u->next) {
		if (u->users)
			continue;
		*at = u->next;
		c->shape_count--;
		coder_drop(u);
		return;
	}
}

static int coder_make(const struct shape *shape, const struct body_key *key,
		      struct coder_use **made)
{
	static const char info[] = "skyd coefficients 1";
	const bool dense = shape->mode == SKY_DENSE;
	struct coder_use *u = calloc(1, sizeof(*u));
	u8 seed[CODER_KEY_BYTES];
	int rc = u ? 0 : -ENOMEM;

	if (!rc && dense)
		rc = hkdf_sha256(key->key, sizeof(key->key), key->version, sizeof(key->version),
				 info, sizeof(info) - 1, seed, sizeof(seed));
	if (!rc)
		rc = coder_new(&u->coder, shape, dense ? seed : NULL);
	explicit_bzero(seed, sizeof(seed));
	if (rc) {
		free(u);
		return rc;
	}
	u->users = 1;
	*made = u;
	return 0;
}

int coder_take(struct gateway *g, const struct shape *shape, const struct body_key *key,
	       struct coder_use **coder)
{
	struct gateway_coders *c = g->coders;
	struct coder_use *u;
	int rc;

	for (u = c->shapes; u && shape->mode != SKY_DENSE; u = u->next) {
		if (memcmp(&u->coder->shape, shape, sizeof(*shape)))
			continue;
		u->users++;
		*coder = u;
		return 0;
	}
	rc = coder_make(shape, key, coder);
	if (rc || shape->mode == SKY_DENSE)
		return rc;
	if (c->shape_count >= SHAPES_MAX)
		shapes_trim(c);
	if (c->shape_count < SHAPES_MAX) {
		(*coder)->shared = true;
		(*coder)->next = c->shapes;
		c->shapes = *coder;
		c->shape_count++;
	}
	return 0;
}

void coder_give(struct coder_use *coder)
{
	if (coder && !--coder->users && !coder->shared)
		coder_drop(coder);
}

const struct coder *coder_of(const struct coder_use *coder)
{
	return coder->coder;
}

/* --- memory ------------------------------------------------------------------------ */

static void work_free(struct work *w)
{
	if (w->decodes)
		decoder_free(&w->decoder);
	else
		encoder_free(&w->encoder);
	free(w->plain);
	free(w->fragments);
	coder_give(w->coder);
	io_release(&w->g->memory, w->units);
	free(w);
}

static void kept_drop_all(struct gateway_coders *c)
{
	struct work *w;

	while ((w = c->kept)) {
		c->kept = w->next;
		work_free(w);
	}
	c->kept_units = 0;
}

/* Few sizes, so that what is kept fits the next. */
static size_t rounded(size_t bytes)
{
	size_t size = WORK_LEAST;

	if (bytes > 1u << 20)
		return min_t(size_t, (bytes + (1u << 20) - 1) >> 20 << 20, SKY_MAX_GENERATION);
	while (size < bytes)
		size *= 2;
	return size;
}

static u64 units_of(const struct work *w)
{
	const struct shape *s = &coder_of(w->coder)->shape;
	const u64 symbol = fragment_symbol_bytes(w->max_plain, s->k);
	u64 bytes = w->max_plain + s->n * w->stride;

	if (w->packed)
		bytes += w->max_plain;
	if (w->decodes || s->mode == SKY_DENSE)
		bytes += (s->k + 1u) * symbol;
	return min_t(u64, (bytes + DATA_UNIT - 1) / DATA_UNIT, w->g->coders->total);
}

static struct work *kept_find(struct gateway_coders *c, const struct work *like)
{
	struct work **at, *w;

	for (at = &c->kept; (w = *at); at = &w->next) {
		if (w->coder != like->coder || w->max_plain != like->max_plain ||
		    w->decodes != like->decodes || w->packed != like->packed)
			continue;
		*at = w->next;
		c->kept_units -= w->units;
		return w;
	}
	return NULL;
}

static int work_fill(struct work *w)
{
	const struct coder *coder = coder_of(w->coder);
	int rc;

	w->plain = malloc(w->max_plain);
	if (!w->plain)
		return -ENOMEM;
	if (!w->decodes)
		return encoder_init(&w->encoder, coder, NULL, w->max_plain);
	rc = decoder_init(&w->decoder, coder, NULL, w->max_plain);
	if (rc)
		return rc;
	w->fragments = malloc(coder->shape.n * w->stride);
	return w->fragments ? 0 : -ENOMEM;
}

int work_get(struct gateway *g, struct coder_use *coder, size_t max_plain, bool decodes,
	     bool packed, bool wait, int64_t deadline, struct work **work)
{
	const struct shape *s = &coder_of(coder)->shape;
	struct work like = {
		.g = g, .coder = coder, .max_plain = rounded(max_plain), .decodes = decodes,
		.packed = packed,
	};
	struct work *w = kept_find(g->coders, &like);
	int rc = 0;

	*work = w;
	if (w)
		return 0;
	like.stride = fragment_head_bytes(s->k, s->flags) +
		      fragment_symbol_bytes(like.max_plain, s->k);
	like.units = units_of(&like);
	if (!io_try_acquire(&g->memory, like.units)) {
		kept_drop_all(g->coders);
		rc = wait ? io_acquire(&g->memory, like.units, deadline) :
		     io_try_acquire(&g->memory, like.units) ? 0 : -EAGAIN;
	}
	if (rc)
		return rc;
	w = malloc(sizeof(*w));
	if (!w) {
		io_release(&g->memory, like.units);
		return -ENOMEM;
	}
	*w = like;
	coder->users++;
	rc = work_fill(w);
	if (rc)
		work_free(w);
	else
		*work = w;
	return rc;
}

/* Kept, unless somebody waits for memory, or it is for one body only. */
void work_put(struct work *w)
{
	struct gateway_coders *c = w->g->coders;
	const bool waited_for = w->g->memory.waiters.next != &w->g->memory.waiters;

	if (waited_for || !w->coder->shared || c->kept_units + w->units > c->total / KEPT_PART) {
		work_free(w);
		return;
	}
	w->next = c->kept;
	c->kept = w;
	c->kept_units += w->units;
}

void coders_close(struct gateway *g)
{
	struct gateway_coders *c = g->coders;
	struct coder_use *u;

	if (!c)
		return;
	kept_drop_all(c);
	while ((u = c->shapes)) {
		c->shapes = u->next;
		coder_drop(u);
	}
	while (c->compressors)
		compressor_free(c->compressor[--c->compressors]);
	pthread_mutex_destroy(&c->lock);
	free(c);
	g->coders = NULL;
}

/* --- compressors: as many as threads that compress at once ------------------------- */

struct compressor *compressor_take(struct gateway *g)
{
	struct gateway_coders *c = g->coders;
	struct compressor *found = NULL;

	pthread_mutex_lock(&c->lock);
	if (c->compressors)
		found = c->compressor[--c->compressors];
	pthread_mutex_unlock(&c->lock);
	return found ? found : compressor_new();
}

void compressor_give(struct gateway *g, struct compressor *compressor)
{
	struct gateway_coders *c = g->coders;

	pthread_mutex_lock(&c->lock);
	if (compressor && c->compressors < COMPRESSORS_MAX)
		c->compressor[c->compressors++] = TAKE_PTR(compressor);
	pthread_mutex_unlock(&c->lock);
	compressor_free(compressor);
}

int data_work(struct gateway *g, bool little, io_fn *fn, void *arg, int64_t deadline)
{
	return little ? fn(arg) : io_work(g->pool, fn, arg, deadline);
}
