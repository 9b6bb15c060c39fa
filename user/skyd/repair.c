// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a location has lost, or has got wrong, is rebuilt from what has just been read, without a
 * key, and written again under its old name.  The backend deletes what is wrong before: a name is
 * written once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "data_path.h"
#include "log.h"

#define REPAIRS_MAX	4u		/* at once: they hold memory that requests want */

/* Rows of one generation that are to be written again. */
struct repair {
	struct gateway *g;
	struct work *work;		/* owned; has the fragments that are good */
	struct meta_data data;
	u64 offset;			/* of the generation in the object */
	u64 revision;			/* of the locations */
	struct record record;
	size_t bytes;			/* of each fragment */
	struct piece good[SKY_MAX_N];
	unsigned int goods;
	struct meta_fragment lost[SKY_MAX_N];
	unsigned int losts;
	u8 texts[];			/* what data.name and data.records point to */
};

static u8 *fragment_at(const struct repair *r, unsigned int row)
{
	return r->work->fragments + row * r->work->stride;
}

static int rebuild(void *arg)
{
	struct repair *r = arg;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < r->losts && rc >= 0; i++) {
		const unsigned int row = r->lost[i].row;

		rc = recode(coder_of(r->work->coder), r->record.generation, row, r->good, r->goods,
			    fragment_at(r, row));
		if (rc >= 0)
			rc = rc != r->bytes ? -EBADMSG :
			     hash_once(HASH_SHA256, fragment_at(r, row), r->bytes,
				       r->lost[i].sha256);
	}
	return rc < 0 ? rc : 0;
}

static int send_again(struct repair *r, const struct meta_fragment *lost,
		      const struct meta_url *url)
{
	const int64_t deadline = data_until(0);
	char name[META_FRAGMENT_NAME_MAX];
	struct place *place;
	int rc;

	if (url->row != lost->row || url->location != r->record.location[lost->row] ||
	    !url->query.len)
		return -EBADMSG;
	rc = place_get(r->g, url->location, r->revision, deadline, &place);
	if (rc)
		return rc;
	meta_fragment_name(r->record.generation, lost->row, name);
	rc = place_send(place, name, url->query, fragment_at(r, lost->row), r->bytes,
			lost->sha256, deadline);
	place_put(place);
	/* Somebody else was quicker. */
	return rc == -EEXIST ? 0 : rc;
}

static int repair_all(struct repair *r)
{
	const struct meta_repair question = {
		.data = r->data, .offset = r->offset, .fragment = r->lost, .count = r->losts,
	};
	struct meta_signed urls = { 0 };
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct link_call call = {
		.operation = META_REPAIR, .ask = &meta_repair_schema, .question = &question,
		.fd = -1, .give = &meta_signed_schema, .reply = &urls,
		.room = META_ROWS * sizeof(struct meta_url),
	};
	unsigned int i;
	int first = 0, rc;

	rc = data_work(r->g, r->bytes <= DATA_INLINE / 4, rebuild, r, 0);
	if (!rc)
		rc = link_do(r->g->backend, &call, &answer, data_until(0));
	if (!rc && urls.count != r->losts)
		rc = -EBADMSG;
	for (i = 0; !rc && i < r->losts; i++) {
		int one = send_again(r, &r->lost[i], &urls.url[i]);

		first = first ? first : one;
	}
	return rc ? rc : first;
}

static int repair_run(void *arg)
{
	struct repair *r = arg;
	struct gateway *g = r->g;
	char name[META_FRAGMENT_NAME_MAX];
	int rc = repair_all(r);

	meta_fragment_name(r->record.generation, r->lost[0].row, name);
	if (rc && rc != -ECANCELED)
		log_line(LEVEL_WARNING, "fragment %s and %u more could not be written again: %s",
			 name, r->losts - 1, rc > -META_REFUSED ? strerror(-rc) : "refused");
	else if (!rc)
		log_line(LEVEL_INFO, "fragment %s and %u more have been written again", name,
			 r->losts - 1);
	work_put(r->work);
	g->repairing--;
	free(r);
	return 0;
}

/* What is to be written again: what is not there, and what is not what was written. */
static bool is_bad(const struct fetch_row *row)
{
	return row->state == FETCH_LOST || row->state == FETCH_BAD;
}

static void note_rows(struct repair *r, const struct fetch *f)
{
	unsigned int i;

	for (i = 0; i < f->record.n; i++) {
		if (f->row[i].state == FETCH_GOOD)
			r->good[r->goods++] = (struct piece){
				.data = fragment_at(r, i), .len = f->expected, .row = i,
			};
		if (is_bad(&f->row[i]) && !place_down(f->g, f->record.location[i]))
			r->lost[r->losts++] = (struct meta_fragment){
				.row = i, .wrong = f->row[i].state == FETCH_BAD,
				.bytes = f->expected,
			};
	}
}

static bool has_bad(const struct fetch *f)
{
	unsigned int i;

	for (i = 0; i < f->record.n; i++)
		if (is_bad(&f->row[i]))
			return true;
	return false;
}

void repair_start(struct fetch *f)
{
	const struct meta_data *data = &f->get->object->data;
	struct repair *r;

	if (!has_bad(f) || f->g->repairing >= REPAIRS_MAX)
		return;
	r = malloc(sizeof(*r) + data->name.len + data->records.len);
	if (!r)
		return;
	*r = (struct repair){
		.g = f->g, .work = f->work, .data = *data, .offset = f->offset,
		.revision = f->revision, .record = f->record, .bytes = f->expected,
	};
	if (data->name.len)
		memcpy(r->texts, data->name.data, data->name.len);
	if (data->records.len)
		memcpy(r->texts + data->name.len, data->records.data, data->records.len);
	r->data.name.data = r->texts;
	r->data.records.data = r->texts + data->name.len;
	note_rows(r, f);
	if (!r->losts || io_spawn(f->g->repairs, repair_run, r, NULL)) {
		free(r);
		return;
	}
	f->g->repairing++;
	f->work = NULL;
}
