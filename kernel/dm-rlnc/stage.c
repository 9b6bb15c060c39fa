// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stages: a generation that is written piece by piece, from its first sector on, is
 * gathered in memory until it is whole.
 *
 * It would go into packs otherwise, and be read, verified, sealed and written once more
 * when they are merged.  Whole, it is sealed and written once.  What a stage has is
 * part of the same write-back cache as what packs have in memory: a flush has it
 * written, into packs when it is part of a generation, and so does whoever else writes
 * to that generation.  Only a stream is worth it, that is, writes that each began where
 * the last one ended, for as long as a generation, with no flush among them.
 *
 * A stage is filled by who leads its generation's lane.  Who does not lead it may
 * settle a stage, too: whoever leads looks for a stage before anything else, and
 * while there is one the map is changed under its mutex only.
 */
#include <linux/slab.h>
#include "dm-rlnc.h"
#include "trace.h"

#define NO_GEN	(~0ull)
#define NO_RUN	(~0u)		/* instead of a first sector */
#define IDLE	64		/* writes elsewhere, after which a stream counts as ended */

struct rlnc_stage {
	struct mutex mutex;		/* protects all of it */
	u64 gen;			/* or NO_GEN; changed under rlnc_stages.lock, too */
	u32 filled;			/* sectors, from the first on */
	u32 used;			/* rlnc_stages.clock when it was last filled */
	struct rlnc_node *leaf;		/* pinned, so that the map can be changed */
	struct page **page;		/* for each sector, or NULL before its first use */
	struct bio_vec *vec;		/* for the bio */
	struct bio bio;			/* what was gathered, as one write */
	struct rlnc_io io;
};

/* --- streams ----------------------------------------------------------------------- */

/* Is the batch one run of sectors, from the first to the last? */
static bool is_run(const struct rlnc_io *leader, u32 *first, u32 *end)
{
	const struct rlnc_io *io;

	*first = *end = leader->first;
	list_for_each_entry(io, &leader->batch, link) {
		if (!io->bio || bio_op(io->bio) != REQ_OP_WRITE || io->first != *end)
			return false;
		*end += io->count;
	}
	return true;
}

/* Remember a run.  Return: how many sectors came just before it, one after the other. */
static u32 follow(struct rlnc_stages *st, u64 sector, u32 count)
{
	struct rlnc_stream *s, *oldest = &st->stream[0];
	u32 run = 0;

	spin_lock(&st->lock);
	st->clock++;
	for (s = st->stream; s < st->stream + RLNC_STREAMS; s++) {
		if (s->run && s->next == sector) {
			run = s->run;
			oldest = s;
			break;
		}
		if (st->clock - s->used > st->clock - oldest->used)
			oldest = s;
	}
	oldest->next = sector + count;
	oldest->run = min(run, U32_MAX - count) + count;
	oldest->used = st->clock;
	spin_unlock(&st->lock);
	return run;
}

/* What follows a flush is not known to be a stream. */
static void forget_streams(struct rlnc_stages *st)
{
	u32 i;

	spin_lock(&st->lock);
	for (i = 0; i < RLNC_STREAMS; i++)
		st->stream[i].run = 0;
	spin_unlock(&st->lock);
}

/* --- one stage --------------------------------------------------------------------- */

static struct rlnc_stage *find(struct rlnc_volume *v, u64 gen)
{
	struct rlnc_stages *st = &v->stages;
	struct rlnc_stage *s = NULL;
	u32 i;

	if (!READ_ONCE(st->count))
		return NULL;
	spin_lock(&st->lock);
	for (i = 0; i < RLNC_STAGES && !s; i++)
		if (st->stage[i].gen == gen)
			s = &st->stage[i];
	spin_unlock(&st->lock);
	return s;
}

static void set_gen(struct rlnc_volume *v, struct rlnc_stage *s, u64 gen)
{
	struct rlnc_stages *st = &v->stages;

	lockdep_assert_held(&s->mutex);
	spin_lock(&st->lock);
	WRITE_ONCE(st->count, st->count + (gen != NO_GEN) - (s->gen != NO_GEN));
	s->gen = gen;
	spin_unlock(&st->lock);
}

static void empty(struct rlnc_volume *v, struct rlnc_stage *s)
{
	rlnc_node_put(v, s->leaf);
	s->leaf = NULL;
	s->filled = 0;
	set_gen(v, s, NO_GEN);
}

static void free_pages_of(struct rlnc_volume *v, struct rlnc_stage *s)
{
	u32 i;

	for (i = 0; s->page && i < v->geo.seals; i++)
		if (s->page[i]) {
			__free_page(s->page[i]);
			atomic64_dec(&v->gbuf_pages);
		}
	kfree(s->page);
	kfree(s->vec);
	s->page = NULL;
	s->vec = NULL;
}

/* Memory for a generation, without waiting for it. */
static bool has_pages(struct rlnc_volume *v, struct rlnc_stage *s)
{
	const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	u32 i;

	if (s->page)
		return true;
	s->page = kcalloc(v->geo.seals, sizeof(*s->page), gfp);
	s->vec = kcalloc(v->geo.seals, sizeof(*s->vec), gfp);
	if (!s->page || !s->vec)
		goto err;
	for (i = 0; i < v->geo.seals; i++) {
		s->page[i] = alloc_page(gfp);
		if (!s->page[i])
			goto err;
		atomic64_inc(&v->gbuf_pages);
	}
	return true;

err:
	free_pages_of(v, s);
	return false;
}

/*
 * Have what was gathered in the map, and the stage empty.  After an error it has still
 * got it, for another time: members may come back.
 */
static int settle(struct rlnc_volume *v, struct rlnc_writer *w, struct rlnc_stage *s)
{
	u32 i;
	int ret;

	bio_init(&s->bio, NULL, s->vec, v->geo.seals, REQ_OP_WRITE);
	for (i = 0; i < s->filled; i++)
		__bio_add_page(&s->bio, s->page[i], RLNC_SECTOR_BYTES, 0);
	memset(&s->io, 0, sizeof(s->io));
	s->io.v = v;
	s->io.bio = &s->bio;
	s->io.gen = s->gen;
	s->io.count = s->filled;
	INIT_LIST_HEAD(&s->io.batch);
	list_add(&s->io.link, &s->io.batch);
	ret = rlnc_write_batch(w, &s->io);
	trace_rlnc_stage_end(v, s->gen, s->filled, ret);
	bio_uninit(&s->bio);
	if (!ret)
		empty(v, s);
	else if (!READ_ONCE(v->stopped))
		DMWARN_LIMIT("%s: generation %llu was written to, which cannot be put on the members now (%d)",
			     rlnc_name(v), s->gen, ret);
	return ret;
}

/* Between a bio, which begins with sector @at, and the pages before sector @end. */
static void copy(struct rlnc_stage *s, struct bio *bio, u32 at, u32 end, bool in)
{
	u32 byte = at * RLNC_SECTOR_BYTES, done, len, off;
	struct bvec_iter iter;
	struct bio_vec vec;
	struct page *page;

	bio_for_each_segment(vec, bio, iter) {
		for (done = 0; done < vec.bv_len; done += len, byte += len) {
			if (byte >= end * RLNC_SECTOR_BYTES)
				break;
			page = s->page[byte / RLNC_SECTOR_BYTES];
			off = byte % RLNC_SECTOR_BYTES;
			len = min_t(u32, vec.bv_len - done, RLNC_SECTOR_BYTES - off);
			if (in)
				memcpy_page(page, off, vec.bv_page, vec.bv_offset + done, len);
			else
				memcpy_page(vec.bv_page, vec.bv_offset + done, page, off, len);
		}
		if (!in)
			flush_dcache_page(vec.bv_page);
	}
}

/* Could what is gathered now be written, as far as is known? */
static bool writable(struct rlnc_volume *v)
{
	return !READ_ONCE(v->stopped) && rlnc_members_writable(v) >= v->writes_min;
}

/* Gather a batch that goes on where the stage ends.  What fails is not part of it. */
static int fill(struct rlnc_volume *v, struct rlnc_writer *w, struct rlnc_stage *s,
		struct rlnc_io *leader)
{
	u32 before = s->filled;
	struct rlnc_io *io;
	int ret;

	s->used = READ_ONCE(v->stages.clock);
	list_for_each_entry(io, &leader->batch, link) {
		copy(s, io->bio, s->filled, s->filled + io->count, true);
		s->filled += io->count;
	}
	if (s->filled < v->geo.seals)
		return 0;
	ret = settle(v, w, s);
	if (ret)
		s->filled = before;
	return ret;
}

/*
 * A stage that is not in use, locked; NULL when there is none.  One whose stream has
 * ended, or went on elsewhere, is settled for it: not one of many streams that take turns,
 * which would cost all of them what a stage saves.
 */
static struct rlnc_stage *unused(struct rlnc_volume *v, struct rlnc_writer *w)
{
	u32 now = READ_ONCE(v->stages.clock), i;
	struct rlnc_stage *s, *idle = NULL;

	for (i = 0; i < RLNC_STAGES; i++) {
		s = &v->stages.stage[i];
		if (!mutex_trylock(&s->mutex))
			continue;
		if (s->gen == NO_GEN) {
			if (idle)
				mutex_unlock(&idle->mutex);
			return s;
		}
		if (!idle && (s32)(now - s->used) > IDLE)
			idle = s;
		else
			mutex_unlock(&s->mutex);
	}
	if (!idle || !settle(v, w, idle))
		return idle;
	mutex_unlock(&idle->mutex);
	return NULL;
}

/* A stage for a generation, locked, with nothing in it; NULL when there is none to be had. */
static struct rlnc_stage *begin(struct rlnc_volume *v, struct rlnc_writer *w, u64 gen)
{
	struct rlnc_stage *s = unused(v, w);
	struct rlnc_node *leaf;

	if (!s)
		return NULL;
	if (!has_pages(v, s))
		goto err;
	leaf = rlnc_node_get(v, RLNC_TREE_MAP, 1, div_u64(gen, v->geo.fanout));
	if (IS_ERR(leaf))
		goto err;
	s->leaf = leaf;
	set_gen(v, s, gen);
	return s;

err:
	mutex_unlock(&s->mutex);
	return NULL;
}

/* --- who comes to a generation ------------------------------------------------------ */

/* A batch comes to a generation that is being gathered: a run of sectors, or not. */
static int go_on(struct rlnc_volume *v, struct rlnc_writer *w, struct rlnc_stage *s,
		 struct rlnc_io *leader, u32 first, u32 end, bool *taken)
{
	int ret;

	*taken = true;
	if (first == s->filled && writable(v))
		return fill(v, w, s, leader);
	if (!first && end >= s->filled) {
		/* It takes the place of all that was gathered. */
		ret = rlnc_write_batch(w, leader);
		if (!ret)
			empty(v, s);
		return ret;
	}
	*taken = false;
	return settle(v, w, s);
}

/**
 * rlnc_stage_write - gather a batch of writes, if it is part of a stream
 * @v:		volume
 * @w:		a writer, not in use
 * @leader:	leader of a lane, with its batch
 * @taken:	set when nothing remains to be done
 *
 * If something does, the map has all that a stage had of that generation.
 *
 * Return: 0, or the error of writing what was gathered; the batch has failed then.
 */
int rlnc_stage_write(struct rlnc_volume *v, struct rlnc_writer *w, struct rlnc_io *leader,
		     bool *taken)
{
	struct rlnc_stage *s = find(v, leader->gen);
	u32 first, end, run = 0;
	bool is;
	int ret;

	*taken = false;
	is = is_run(leader, &first, &end);
	if (is)
		run = follow(&v->stages, leader->gen * v->geo.seals + first, end - first);
	if (s) {
		mutex_lock(&s->mutex);
		if (s->gen == leader->gen) {
			ret = go_on(v, w, s, leader, is ? first : NO_RUN, end, taken);
			mutex_unlock(&s->mutex);
			return ret;
		}
		mutex_unlock(&s->mutex);
	}
	if (first || run < v->geo.seals || end == v->geo.seals || !writable(v))
		return 0;
	s = begin(v, w, leader->gen);
	if (!s)
		return 0;
	*taken = true;
	ret = fill(v, w, s, leader);
	mutex_unlock(&s->mutex);
	return ret;
}

/* Is this generation being gathered, so that a reader has to ask?  Does not sleep. */
bool rlnc_stage_has(struct rlnc_volume *v, u64 gen)
{
	return find(v, gen);
}

static int settle_if(struct rlnc_volume *v, struct rlnc_stage *s, u64 gen)
{
	struct rlnc_writer *w = rlnc_writer_get(v);
	int ret = 0;

	mutex_lock(&s->mutex);
	if (s->gen != NO_GEN && (gen == NO_GEN || s->gen == gen))
		ret = settle(v, w, s);
	mutex_unlock(&s->mutex);
	rlnc_writer_put(v, w);
	return ret;
}

/**
 * rlnc_stage_read - serve a read from what was gathered
 * @io:		located; may sleep
 * @held:	set when the map can have the rest of what it asks for only, since what was
 *		gathered cannot be written: a stage for rlnc_stage_overlay(), which nobody
 *		changes before that
 *
 * Return: true when the bio has its data; false when the map is to be asked.
 */
bool rlnc_stage_read(struct rlnc_io *io, struct rlnc_stage **held)
{
	struct rlnc_volume *v = io->v;
	struct rlnc_stage *s = find(v, io->gen);
	u32 end = io->first + io->count, filled;

	if (!s)
		return false;
	mutex_lock(&s->mutex);
	filled = s->gen == io->gen ? s->filled : 0;
	if (end <= filled)
		copy(s, io->bio, io->first, end, false);
	mutex_unlock(&s->mutex);
	if (end <= filled || io->first >= filled)
		return end <= filled;
	if (!settle_if(v, s, io->gen))
		return false;
	mutex_lock(&s->mutex);
	if (s->gen == io->gen)
		*held = s;
	else
		mutex_unlock(&s->mutex);
	return false;
}

/**
 * rlnc_stage_overlay - put what was gathered over what the map had
 * @s:		from rlnc_stage_read(); let go
 * @io:		whose bio has the rest
 */
void rlnc_stage_overlay(struct rlnc_stage *s, struct rlnc_io *io)
{
	copy(s, io->bio, io->first, s->filled, false);
	mutex_unlock(&s->mutex);
}

/**
 * rlnc_stages_settle - have the map know of all that was written
 * @v:	volume; checkpoint_mutex is not held
 *
 * Return: 0, or an error of writing what was gathered.
 */
int rlnc_stages_settle(struct rlnc_volume *v)
{
	int ret = 0, one;
	u32 i;

	for (i = 0; i < RLNC_STAGES && READ_ONCE(v->stages.count); i++) {
		one = settle_if(v, &v->stages.stage[i], NO_GEN);
		ret = ret ?: one;
	}
	return ret;
}

/* As rlnc_stages_settle(), for somebody who flushes, and may do so often. */
int rlnc_stages_flush(struct rlnc_volume *v)
{
	forget_streams(&v->stages);
	return rlnc_stages_settle(v);
}

/**
 * rlnc_stages_suspend - gather nothing, until the volume is resumed
 * @v:	volume that serves no I/O, after its last checkpoint
 *
 * What could not be settled before that will not be durable, and the volume stops, so that
 * whoever asks for durability hears of it.  It can be read until the volume is closed.
 */
void rlnc_stages_suspend(struct rlnc_volume *v)
{
	struct rlnc_stage *s;

	forget_streams(&v->stages);
	for (s = v->stages.stage; s < v->stages.stage + RLNC_STAGES; s++) {
		mutex_lock(&s->mutex);
		if (s->gen == NO_GEN)
			free_pages_of(v, s);
		else
			rlnc_volume_stop(v, "a write that was complete cannot be put on the members");
		mutex_unlock(&s->mutex);
	}
}

/* --- life --------------------------------------------------------------------------- */

int rlnc_stages_init(struct rlnc_volume *v)
{
	u32 i;

	spin_lock_init(&v->stages.lock);
	v->stages.stage = kcalloc(RLNC_STAGES, sizeof(*v->stages.stage), GFP_KERNEL);
	if (!v->stages.stage)
		return -ENOMEM;
	for (i = 0; i < RLNC_STAGES; i++) {
		mutex_init(&v->stages.stage[i].mutex);
		v->stages.stage[i].gen = NO_GEN;
	}
	return 0;
}

void rlnc_stages_exit(struct rlnc_volume *v)
{
	struct rlnc_stage *s;

	if (!v->stages.stage)
		return;
	for (s = v->stages.stage; s < v->stages.stage + RLNC_STAGES; s++) {
		rlnc_node_put(v, s->leaf);
		free_pages_of(v, s);
	}
	kfree(v->stages.stage);
	v->stages.stage = NULL;
}
