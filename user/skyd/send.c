// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fragments of one generation, each to its own location.
 *
 * A slot says where each row goes.  When a location fails, the others go on: a quorum is enough,
 * and the row that is missing is written again when somebody reads (repair.c).  When there is no
 * quorum, the whole generation is encoded anew for another slot; that is pipe_put.c's.
 *
 * Rows may outlive the request that began them.  So they belong to a fiber of gateway.repairs,
 * the keeper, which has one share of struct sending, while the request has the other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "data_path.h"

#define LATE_LEAST_NS	200000000ll	/* that a row has after the quorum */
#define LATE_MOST_NS	5000000000ll

struct sending *sending_new(struct gateway *g, struct work *work, unsigned int n,
			    unsigned int quorum, int64_t patience)
{
	struct sending *s = malloc(sizeof(*s) + n * sizeof(s->row[0]));

	if (!s) {
		work_put(work);
		return NULL;
	}
	memset(s, 0, sizeof(*s));
	memset(s->row, 0, n * sizeof(s->row[0]));
	s->g = g;
	s->work = work;
	s->n = n;
	s->quorum = quorum;
	s->patience = patience;
	s->users = 1;
	s->answer = LINK_ANSWER_NONE;
	io_event_init(&s->changed);
	io_event_init(&s->told);
	return s;
}

static void let_go(struct sending *s)
{
	if (--s->users)
		return;
	work_put(s->work);
	link_answer_free(&s->answer);
	free(s);
}

/* --- rows -------------------------------------------------------------------------- */

static int send_row(void *arg)
{
	struct send_row *row = arg;
	struct sending *s = row->s;
	const struct encoder *e = &s->work->encoder;
	const int64_t deadline = data_until(s->patience);
	char name[META_FRAGMENT_NAME_MAX];
	int rc;

	meta_fragment_name(s->slot.generation, row->row, name);
	rc = place_get(s->g, row->location, s->slot.revision, deadline, &row->place);
	if (!rc) {
		row->since = io_now();
		rc = place_send(row->place, name, row->query, encode_fragment(e, row->row),
				e->fragment_bytes, row->sha256, deadline);
		place_put(row->place);
		row->place = NULL;
	}
	/*
	 * A connection that broke has the client ask again: the name is there, and none but us
	 * could have written it.
	 */
	row->good = !rc || rc == -EEXIST;
	row->over = true;
	s->good += row->good;
	s->running--;
	io_event_set(&s->changed);
	io_event_set(&s->told);
	return rc;
}

static void begin_row(struct send_row *row)
{
	struct sending *s = row->s;

	row->skipped = false;
	s->skipped--;
	if (io_spawn(s->rows, send_row, row, NULL))
		return;
	row->over = false;
	s->running++;
}

/* First those whose locations are well; the others only if there is no quorum without them. */
static void begin_rows(struct sending *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		if (s->row[i].skipped && !place_down(s->g, s->row[i].location))
			begin_row(&s->row[i]);
	for (i = 0; i < s->n && s->good + s->running < s->quorum; i++)
		if (s->row[i].skipped)
			begin_row(&s->row[i]);
}

/* Who has not even been waited for. */
static void mark_late(struct sending *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		if (!s->row[i].over && s->row[i].place)
			place_late(s->row[i].place, io_now() - s->row[i].since);
}

static int keep(void *arg)
{
	struct sending *s = arg;
	struct io_group rows = IO_GROUP(rows);
	int rc = 0;

	s->rows = &rows;
	begin_rows(s);
	while (!rc && !s->stop) {
		io_event_clear(&s->told);
		if (s->good + s->running < s->quorum && s->skipped)
			begin_rows(s);
		if (!s->running)
			break;
		rc = io_event_wait(&s->told, s->late);
	}
	if (rc == -ETIMEDOUT)
		mark_late(s);
	io_group_end(&rows);
	s->rows = NULL;
	s->kept = false;
	io_event_set(&s->changed);
	let_go(s);
	return 0;
}

/* --- URLs -------------------------------------------------------------------------- */

static int sign(struct sending *s)
{
	struct meta_fragment fragment[SKY_MAX_N];
	const struct meta_sign question = { fragment, s->n };
	const struct link_call call = {
		.operation = META_SIGN, .ask = &meta_sign_schema, .question = &question, .fd = -1,
		.give = &meta_signed_schema, .reply = &s->urls,
		.room = s->n * sizeof(struct meta_url),
	};
	unsigned int i;
	int rc;

	for (i = 0; i < s->n; i++) {
		fragment[i] = (struct meta_fragment){
			.reservation = s->slot.reservation, .slot = s->slot.number, .row = i,
			.bytes = s->work->encoder.fragment_bytes,
		};
		memcpy(fragment[i].sha256, s->row[i].sha256, sizeof(fragment[i].sha256));
	}
	link_answer_free(&s->answer);
	s->answer = LINK_ANSWER_NONE;
	rc = link_do(s->g->backend, &call, &s->answer, data_until(s->patience));
	if (!rc && s->urls.count != s->n)
		rc = -EBADMSG;
	for (i = 0; !rc && i < s->n; i++)
		if (s->urls.url[i].row != i || s->urls.url[i].location != s->slot.location[i])
			rc = -EBADMSG;
	return rc;
}

int sending_start(struct sending *s)
{
	unsigned int i;
	int rc = sign(s);

	if (rc)
		return rc;
	s->good = 0;
	s->skipped = 0;
	s->stop = false;
	s->late = 0;
	for (i = 0; i < s->n; i++) {
		struct send_row *row = &s->row[i];

		row->s = s;
		row->row = i;
		row->over = true;
		row->good = false;
		row->location = s->slot.location[i];
		row->query = s->urls.url[i].query;
		row->skipped = row->query.len;
		s->skipped += row->skipped;
	}
	rc = io_spawn(s->g->repairs, keep, s, NULL);
	if (rc)
		return rc;
	s->kept = true;
	s->users++;
	return 0;
}

int sending_wait(struct sending *s)
{
	int rc;

	while (s->good < s->quorum) {
		if (!s->kept || s->good + s->running + s->skipped < s->quorum)
			return -EIO;
		io_event_clear(&s->changed);
		rc = io_event_wait(&s->changed, 0);
		if (rc)
			return rc;
	}
	return 0;
}

void sending_stop(struct sending *s)
{
	io_shield();
	s->stop = true;
	io_event_set(&s->told);
	while (s->kept) {
		io_event_clear(&s->changed);
		io_event_wait(&s->changed, 0);
	}
	io_unshield();
}

/* As long as their locations have usually needed, some times over. */
static int64_t late_patience(const struct sending *s)
{
	const size_t bytes = s->work->encoder.fragment_bytes;
	int64_t most = LATE_LEAST_NS;
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		const struct place *p = s->row[i].over ? NULL : s->row[i].place;

		if (p)
			most = max_t(int64_t, most, 4 * place_patience(p, bytes));
	}
	return min_t(int64_t, most, LATE_MOST_NS);
}

void sending_end(struct sending *s, bool late)
{
	if (!s)
		return;
	s->stop = !late;
	if (late && s->running)
		s->late = io_now() + late_patience(s);
	io_event_set(&s->told);
	let_go(s);
}
