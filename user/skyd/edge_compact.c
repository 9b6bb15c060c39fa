// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Giving space back: what is left of a segment is written again, as it is, and the segment
 * is removed.  A record keeps its sequence number, so that at any moment it does not matter
 * which of the two copies a start finds, or whether it finds both.
 *
 * A deletion goes with the segment of what it deletes, not before: the removal of that
 * segment is durable before anybody sees it gone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "edge_private.h"
#include "io/file.h"

#define MOVE_RECORDS	64u
#define MOVE_BYTES	(EDGE_SMALL_MAX + 65536u)

/* Records that are moved with one fdatasync. */
struct move {
	struct edge_append append[MOVE_RECORDS];
	struct {
		char name[SKY_EDGE_NAME_MAX + 1];
		uint8_t sha256[32];
	} text[MOVE_RECORDS];
	unsigned int count;
	size_t used;
	uint8_t data[MOVE_BYTES];
};

static uint64_t dead_bytes(const struct edge_store *s, const struct edge_segment *segment)
{
	uint64_t alive = segment->live;

	if (segment->tombs && edge_tombs_needed(s, segment))
		alive += segment->tombs;
	return segment->size - alive;
}

static struct edge_segment *choose(const struct edge_store *s)
{
	struct edge_segment *segment, *best = NULL;
	uint64_t most = 0, dead;

	for (segment = s->first; segment; segment = segment->next) {
		if (!segment->sealed || segment->damaged)
			continue;
		dead = dead_bytes(s, segment);
		if (dead > segment->size / 2 && dead > most) {
			most = dead;
			best = segment;
		}
	}
	return best;
}

static void fragment_moved(struct edge_store *s, struct edge_append *a)
{
	struct edge_entry *e = a->entry;

	e->moving = false;
	if (!a->result) {
		e->segment->live -= edge_entry_bytes(e);
		e->segment = a->segment;
		e->offset = a->record.offset;
		e->segment->live += edge_entry_bytes(e);
	}
	edge_changed(s);
}

static void delete_moved(struct edge_store *s, struct edge_append *a)
{
	(void)s;
	if (!a->result)
		edge_tomb_add(a->segment, edge_record_bytes(&a->record), a->record.file);
}

static int flush(struct edge_store *s, struct move *m)
{
	unsigned int i;
	int rc, first = 0;

	for (i = 0; i < m->count; i++)
		edge_append_queue(s, &m->append[i]);
	for (i = 0; i < m->count; i++) {
		rc = edge_append_wait(s, &m->append[i]);
		first = first ? first : rc;
	}
	m->count = 0;
	m->used = 0;
	return first;
}

static void add(struct move *m, const struct edge_record *r, const uint8_t *data,
		struct edge_entry *e)
{
	struct edge_append *a = &m->append[m->count];
	char *name = m->text[m->count].name;
	uint8_t *sha256 = m->text[m->count++].sha256;

	memcpy(name, r->name.at, r->name.len);
	memcpy(sha256, r->sha256, 32);
	*a = (struct edge_append){
		.record = *r, .entry = e, .data = m->data + m->used,
		.finish = e ? fragment_moved : delete_moved,
	};
	a->record.name.at = name;
	a->record.sha256 = sha256;
	if (data) {
		memcpy(m->data + m->used, data, r->len);
		m->used += r->len;
	}
	if (e)
		e->moving = true;
}

static bool segment_exists(const struct edge_store *s, uint64_t number)
{
	const struct edge_segment *segment;

	for (segment = s->first; segment; segment = segment->next)
		if (segment->number == number)
			return true;
	return false;
}

/* The entry that points to a record, at rest; NULL: none does.  Suspends only after a flush. */
static int find_live(struct edge_store *s, struct move *m, const struct edge_segment *segment,
		     const struct edge_record *r, struct edge_entry **e)
{
	int rc = 0;

	while (!rc) {
		*e = edge_index_find(&s->index, r->name);
		if (!*e || (*e)->segment != segment || (*e)->offset != r->offset) {
			*e = NULL;
			return 0;
		}
		if ((*e)->state == EDGE_LIVE)
			return 0;
		rc = flush(s, m);
		rc = rc ? rc : edge_wait_change(s);
	}
	return rc;
}

/*
 * Reading may suspend, and a fragment be deleted meanwhile: who is alive is asked after it,
 * and again when that has suspended.
 */
static int move_one(struct edge_store *s, struct edge_walk *w, struct edge_record *r,
		    struct move *m)
{
	struct edge_entry *e = NULL;
	const uint8_t *data = NULL;
	int rc = 0;

	if (r->kind == SKY_EDGE_SEAL)
		return 0;
	if (r->kind == SKY_EDGE_DELETE) {
		if (r->file != w->segment->number && segment_exists(s, r->file))
			add(m, r, NULL, NULL);
		return 0;
	}
	if (r->kind == SKY_EDGE_SMALL)
		rc = edge_walk_data(w, r, &data);
	/* What is rotten stays so, and is told when it is read. */
	if (rc && rc != -EBADMSG)
		return rc;
	rc = find_live(s, m, w->segment, r, &e);
	if (!rc && e)
		add(m, r, data, e);
	return rc;
}

static int move_all(struct edge_store *s, struct edge_segment *segment, struct move *m)
{
	struct edge_record r;
	struct edge_walk w;
	int rc = edge_walk_begin(&w, s, segment, segment->size), end;

	while (!rc && (rc = edge_walk_next(&w, &r)) > 0) {
		rc = 0;
		if (m->count == MOVE_RECORDS || m->used + EDGE_SMALL_MAX > MOVE_BYTES)
			rc = flush(s, m);
		rc = rc ? rc : move_one(s, &w, &r, m);
	}
	/* Also after an error: what has been marked as moving must not stay so. */
	end = flush(s, m);
	edge_walk_end(&w);
	return rc ? rc : end;
}

static int remove_segment(struct edge_store *s, struct edge_segment *segment)
{
	struct edge_segment **link = &s->first, *last = NULL;
	char path[EDGE_PATH_MAX];
	int rc;

	edge_log_path(segment->number, path);
	rc = io_unlinkat(s->log_dir, path, 0, 0);
	rc = rc && rc != -ENOENT ? rc : io_fsync(s->log_dir, 0);
	if (rc)
		return rc;
	while (*link != segment) {
		last = *link;
		link = &(*link)->next;
	}
	*link = segment->next;
	if (s->last == segment)
		s->last = last;
	segment->removed = true;
	segment->readers++;
	edge_segment_put(segment);
	return 0;
}

int edge_store_compact(struct edge_store *store)
{
	struct edge_segment *segment = choose(store);
	CLEANUP_FREE struct move *m = NULL;
	int rc;

	if (store->failed)
		return -EROFS;
	if (store->compacting)
		return -EBUSY;
	if (!segment)
		return 0;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	store->compacting = true;
	rc = move_all(store, segment, m);
	if (!rc && segment->live) {
		segment->damaged = true;
		edge_damage(store, "records of log/%016" PRIx64 " cannot be read, it stays",
			    segment->number);
		rc = -EBADMSG;
	}
	rc = rc ? rc : remove_segment(store, segment);
	store->compacting = false;
	return rc ? rc : 1;
}
