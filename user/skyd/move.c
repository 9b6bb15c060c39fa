// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragments that leave a location: the backend says which, and from what each is made; it is
 * made here, without a key, and sent to where the backend says then.
 *
 * The location itself, if it can still be read, gives what it has.  Otherwise k other rows are
 * read, and one more to compare with: without a key nothing else tells a fragment with a good
 * sum from what was written.  When they differ, more are read, until leaving one of them out
 * makes the others agree.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "data_path.h"
#include "log.h"

#define ASK_MS		10000
#define AGAIN_MS	2000		/* the backend is not there */
#define TARGETS		4u		/* that are tried */
#define MOVES		4u		/* at once: they wait for each other's locations */
#define COMPARE_MS	2000		/* for one more than is needed */

/* One that is on its way. */
struct moving {
	struct gateway *g;
	struct io_semaphore *slots;	/* of those that may be on their way */
	struct meta_move task;
	struct link_answer answer;	/* has the task's texts */
	struct record record;
	struct coder_use *coder;
	struct work *work;
	size_t bytes;			/* of each fragment */
	struct piece piece[SKY_MAX_N];	/* that have come */
	unsigned int pieces;
	u16 from[SKY_MAX_N];		/* the locations of those */
	bool used[META_ROWS];		/* URLs of the task */
	unsigned int running;
	struct io_event changed;
	u8 sha256[32];
	u16 sent;			/* where to, last */
	bool late;			/* and it may still arrive there */
};

static u8 *fragment_at(const struct moving *m, unsigned int row)
{
	return m->work->fragments + row * m->work->stride;
}

/* --- reading ------------------------------------------------------------------ */

struct reading {
	struct moving *m;
	const struct meta_url *url;
};

static void blame(struct moving *m, struct place *place, unsigned int row, const char *what)
{
	char name[META_FRAGMENT_NAME_MAX];

	meta_fragment_name(m->record.generation, row, name);
	place_blame(place, name, what);
}

/* Has it a good sum, and is it of this generation and row? */
static bool is_whole(const struct moving *m, unsigned int row)
{
	const u8 *data = fragment_at(m, row);
	struct fragment f;

	return !fragment_parse(&f, data, m->bytes) && f.row == row && f.k == m->record.k &&
	       f.mode == m->record.mode && f.flags == m->record.flags &&
	       !memcmp(f.generation, m->record.generation, sizeof(m->record.generation)) &&
	       fragment_symbol_ok(&f);
}

static int read_row(void *arg)
{
	const struct reading *r = arg;
	const struct meta_url *url = r->url;
	struct moving *m = r->m;
	const int64_t deadline = data_until(0);
	char name[META_FRAGMENT_NAME_MAX];
	struct place *place;
	ssize_t got;

	meta_fragment_name(m->record.generation, url->row, name);
	got = place_get(m->g, url->location, m->task.revision, deadline, &place);
	if (!got) {
		got = place_fetch(place, name, url->query, fragment_at(m, url->row), m->bytes,
				  deadline);
		if (got == -ENOENT)
			blame(m, place, url->row, "is not there");
		if (got == (ssize_t)m->bytes && is_whole(m, url->row)) {
			m->from[m->pieces] = url->location;
			m->piece[m->pieces++] = (struct piece){
				.data = fragment_at(m, url->row), .len = m->bytes,
				.row = url->row,
			};
		} else if (got >= 0 || got == -EMSGSIZE) {
			blame(m, place, url->row, "is not what was written");
		}
		place_put(place);
	}
	m->running--;
	io_event_set(&m->changed);
	return 0;
}

static bool is_good(const struct moving *m, const struct meta_url *url)
{
	return url->row < m->record.n && url->query.len && url->row != m->task.row &&
	       url->location == m->record.location[url->row];
}

/* The next by the backend's order.  Those that are down only if there are too few others. */
static const struct meta_url *next_url(struct moving *m)
{
	const bool any = m->pieces + m->running < m->record.k;
	u32 i, pass;

	for (pass = 0; pass <= any; pass++)
		for (i = 0; i < m->task.urls; i++) {
			const struct meta_url *url = &m->task.url[i];

			if (m->used[i] || !is_good(m, url) ||
			    (!pass && place_down(m->g, url->location)))
				continue;
			m->used[i] = true;
			return url;
		}
	return NULL;
}

/*
 * Until @want have come, or there are no more; not for long, when there are enough to make it
 * from.  Return: 0 or -ECANCELED, -ENOMEM.
 */
static int gather(struct moving *m, unsigned int want)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	CLEANUP_FREE struct reading *r = calloc(m->task.urls + 1, sizeof(*r));
	const struct meta_url *url;
	unsigned int count = 0;
	int rc = r ? 0 : -ENOMEM;

	while (!rc && m->pieces < want) {
		io_event_clear(&m->changed);
		while (!rc && m->pieces + m->running < want && (url = next_url(m))) {
			r[count] = (struct reading){ m, url };
			rc = io_spawn(&group, read_row, &r[count++], NULL);
			m->running += !rc;
		}
		if (!m->running)
			break;
		if (!rc)
			rc = io_event_wait(&m->changed, m->pieces < m->record.k ? 0 :
							io_after_ms(COMPARE_MS));
	}
	rc = rc == -ETIMEDOUT ? 0 : rc;
	/* Before @r goes. */
	io_group_end(&group);
	return rc;
}

/* --- making ------------------------------------------------------------------- */

static int make_without(struct moving *m, unsigned int left_out)
{
	struct piece piece[SKY_MAX_N];
	unsigned int i, count = 0;
	int rc;

	for (i = 0; i < m->pieces; i++)
		if (i != left_out)
			piece[count++] = m->piece[i];
	rc = recode(coder_of(m->coder), m->record.generation, m->task.row, piece, count,
		    fragment_at(m, m->task.row));
	return rc == (int)m->bytes ? 0 : rc < 0 ? rc : -EBADMSG;
}

/* Leaving out one says something only as long as one remains to compare with. */
static int make(void *arg)
{
	struct moving *m = arg;
	unsigned int i, bad = m->pieces;
	int rc = make_without(m, bad);

	for (i = 0; rc == -EBADMSG && m->pieces > m->record.k + 1u && i < m->pieces; i++) {
		rc = make_without(m, i);
		bad = rc ? bad : i;
	}
	if (!rc && bad < m->pieces)
		m->piece[bad].bad = true;
	return rc ? rc : hash_once(HASH_SHA256, fragment_at(m, m->task.row), m->bytes, m->sha256);
}

static int make_it(struct moving *m)
{
	int rc = data_work(m->g, m->bytes <= DATA_INLINE / 4, make, m, data_until(0));
	struct place *place;
	unsigned int i;

	for (i = 0; !rc && i < m->pieces; i++)
		if (m->piece[i].bad && !place_get(m->g, m->from[i], m->task.revision, io_now() + 1,
						  &place)) {
			blame(m, place, m->piece[i].row, "does not fit to the others");
			place_put(place);
		}
	return rc;
}

static int hash_it(void *arg)
{
	struct moving *m = arg;

	return hash_once(HASH_SHA256, fragment_at(m, m->task.row), m->bytes, m->sha256);
}

/* The fragment itself, of the location that is left.  Return: 0; -ENODATA: it does not come. */
static int take(struct moving *m)
{
	struct reading r = { .m = m, .url = m->task.url };

	if (!m->task.urls || r.url->row != m->task.row || !r.url->query.len)
		return -ENODATA;
	m->running = 1;
	read_row(&r);
	if (io_cancelled())
		return -ECANCELED;
	if (!m->pieces)
		return -ENODATA;
	m->pieces = 0;
	return data_work(m->g, m->bytes <= DATA_INLINE, hash_it, m, data_until(0));
}

/* Return: 0; -ENODATA with too few; -EBADMSG: they differ. */
static int obtain(struct moving *m)
{
	int rc = take(m);

	if (rc != -ENODATA)
		return rc;
	rc = gather(m, m->record.k + 1u);
	if (!rc)
		rc = m->pieces < m->record.k ? -ENODATA : make_it(m);
	if (rc != -EBADMSG)
		return rc;
	rc = gather(m, SKY_MAX_N);
	return rc ? rc : make_it(m);
}

/* --- sending ------------------------------------------------------------------- */

static int send_to(struct moving *m, const struct meta_url *url)
{
	const int64_t deadline = data_until(0);
	char name[META_FRAGMENT_NAME_MAX];
	struct place *place;
	int rc;

	if (url->row != m->task.row || !url->query.len)
		return -EHOSTUNREACH;
	rc = place_get(m->g, url->location, m->task.revision, deadline, &place);
	if (rc)
		return rc;
	meta_fragment_name(m->record.generation, m->task.row, name);
	rc = place_send(place, name, url->query, fragment_at(m, m->task.row), m->bytes, m->sha256,
			deadline);
	place_put(place);
	/* Sent before, by somebody who could not say so any more. */
	return rc == -EEXIST ? 0 : rc;
}

/* Where to: the backend has written it down before this returns. */
static int sign(struct moving *m, bool again, struct meta_signed *urls, struct link_answer *answer)
{
	struct meta_move_sign question = {
		.id = m->task.id, .bytes = m->bytes, .again = again, .late = m->late,
	};
	const struct link_call call = {
		.operation = META_MOVE_SIGN, .ask = &meta_move_sign_schema, .question = &question,
		.fd = -1, .give = &meta_signed_schema, .reply = urls,
		.room = sizeof(struct meta_url),
	};
	int rc;

	memcpy(question.sha256, m->sha256, sizeof(question.sha256));
	rc = link_do(m->g->backend, &call, answer, io_after_ms(ASK_MS));
	return !rc && urls->count != 1 ? -EBADMSG : rc;
}

/* Without an answer it may be on its way still. */
static bool may_arrive(int rc)
{
	switch (rc) {
	case -EBUSY:
	case -EDQUOT:
	case -EACCES:
	case -EFBIG:
	case -EOPNOTSUPP:
	case -ECONNREFUSED:
	case -EHOSTUNREACH:
	case -ENXIO:
		return false;
	}
	return true;
}

/* Return: 0; -EIO: nobody takes it; what the backend said. */
static int send_it(struct moving *m)
{
	unsigned int tries;
	int rc = -EIO;

	for (tries = 0; rc && tries < TARGETS; tries++) {
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
		struct meta_signed urls;

		rc = sign(m, tries, &urls, &answer);
		if (rc)
			return rc;
		m->sent = urls.url[0].location;
		rc = send_to(m, urls.url);
		m->late = may_arrive(rc);
		if (rc == -ECANCELED)
			return rc;
	}
	return rc ? -EIO : 0;
}

/* --- one of them ---------------------------------------------------------------- */

static int prepare(struct moving *m)
{
	/* Coefficients are not needed: a row is a combination of others, dense or not. */
	static const struct body_key no_key;
	struct record *r = &m->record;
	struct page page;
	uint64_t number, offset;
	struct shape shape;
	int rc;

	if (page_parse(&page, m->task.records.data, m->task.records.len) ||
	    !page_next(&page, r, &number, &offset) || m->task.row >= r->n)
		return -EBADMSG;
	shape = (struct shape){ .k = r->k, .n = r->n, .mode = r->mode, .flags = r->flags };
	m->bytes = fragment_head_bytes(r->k, r->flags) +
		   fragment_symbol_bytes(r->stored_bytes, r->k);
	rc = coder_take(m->g, &shape, &no_key, &m->coder);
	if (!rc)
		rc = work_get(m->g, m->coder, r->plain_bytes, true, r->compression != SKY_PLAIN,
			      true, data_until(0), &m->work);
	return rc;
}

static int tell_end(struct moving *m, enum meta_move_result result)
{
	const struct meta_move_end question = {
		.id = m->task.id, .result = result, .location = m->sent, .bytes = m->bytes,
		.late = m->late,
	};
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct link_call call = {
		.operation = META_MOVE_END, .ask = &meta_move_end_schema, .question = &question,
		.fd = -1,
	};

	return link_do(m->g->backend, &call, &answer, io_after_ms(ASK_MS));
}

static void moving_free(struct moving *m)
{
	if (m->work)
		work_put(m->work);
	coder_give(m->coder);
	link_answer_free(&m->answer);
	free(m);
}

/* A fiber. */
static int move_one(void *arg)
{
	struct moving *m = arg;
	struct gateway_moves *counts = &m->g->moves;
	int rc = prepare(m);

	if (!rc)
		rc = obtain(m);
	if (!rc) {
		rc = send_it(m);
		if (!rc)
			rc = tell_end(m, META_MOVED);
		else if (rc != -ENOENT && rc != -ENOSPC && rc != -ECANCELED)
			tell_end(m, META_MOVE_UNSENT);
	} else if (rc == -ENODATA || rc == -EBADMSG) {
		tell_end(m, rc == -ENODATA ? META_MOVE_UNREADABLE : META_MOVE_UNLIKE);
	}
	counts->moved += !rc;
	counts->bytes += rc ? 0 : m->bytes;
	/* Its object has gone meanwhile: that is no failure. */
	counts->failed += rc && rc != -ENOENT && rc != -ECANCELED;
	io_release(m->slots, 1);
	moving_free(m);
	return 0;
}

static int ask(struct moving *m)
{
	const struct meta_key_ask question = { 0 };
	const struct link_call call = {
		.operation = META_MOVE, .ask = &meta_key_ask_schema, .question = &question,
		.fd = -1, .give = &meta_move_schema, .reply = &m->task,
		.room = META_ROWS * sizeof(struct meta_url),
	};
	struct gateway_moves *counts = &m->g->moves;
	int rc = link_do(m->g->backend, &call, &m->answer, io_after_ms(ASK_MS));

	if (rc)
		return rc;
	counts->total = m->task.total;
	counts->left = m->task.total - min(m->task.total, m->task.moved);
	counts->stuck = m->task.stuck;
	counts->unnamed = m->task.unnamed;
	counts->deleted = m->task.deleted;
	counts->lost = m->task.lost;
	counts->made = m->task.made;
	return 0;
}

/* Return: the ms until there may be one, 0: it is on its way; or an error. */
static int begin_one(struct gateway *g, struct io_semaphore *slots, struct io_group *group)
{
	struct moving *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return -ENOMEM;
	m->g = g;
	m->slots = slots;
	m->answer = LINK_ANSWER_NONE;
	io_event_init(&m->changed);
	rc = ask(m);
	if (!rc && !m->task.id)
		rc = m->task.wait_ms ? (int)min(m->task.wait_ms, 60000u) : AGAIN_MS;
	else if (!rc)
		rc = io_spawn(group, move_one, m, NULL);
	else if (rc != -ECANCELED)
		rc = -EAGAIN;
	if (!rc)
		return 0;
	moving_free(m);
	return rc;
}

int moves_run(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct io_semaphore slots;
	int rc = 0, ms;

	io_semaphore_init(&slots, MOVES);
	while (!rc) {
		rc = io_acquire(&slots, 1, 0);
		if (rc)
			break;
		ms = begin_one(arg, &slots, &group);
		if (!ms)
			continue;
		io_release(&slots, 1);
		rc = ms == -ECANCELED ? ms : io_sleep_until(io_after_ms(ms < 0 ? AGAIN_MS : ms));
	}
	return rc;
}
