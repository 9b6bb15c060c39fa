// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A body on its way in: pages of records, the generations that a range needs, in their order.
 *
 * Some are fetched ahead while one is being sent to the client: as many as there is memory for
 * at once, since who has one must not wait for another.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "data_path.h"

#define AHEAD		4u		/* generations under way at most */
#define ASKED_FOR	8u		/* whose URLs come with a page */
#define SPARE		2u
#define URL_LIFE_NS	40000000000ll	/* of a minute */

struct reader {
	struct gateway *g;
	const struct pipe_get *get;
	u64 at;				/* of the generation that is begun next */
	u64 sent;			/* bytes up to there are with the sink */
	u64 end;
	u64 expected;			/* number of the generation that comes next */
	bool begun;			/* @expected is known */
	bool cached;			/* the generation before is in the cache */
	struct fetch_page *page;
	struct fetch *fetch[AHEAD];	/* a ring */
	unsigned int first, count;
	struct io_group group;
};

/* --- pages ------------------------------------------------------------------------- */

void fetch_page_put(struct fetch_page *page)
{
	if (!page || --page->users)
		return;
	link_answer_free(&page->answer);
	free(page);
}

static struct fetch_page *page_new(void)
{
	struct fetch_page *page = calloc(1, sizeof(*page));

	if (page) {
		page->users = 1;
		page->answer = LINK_ANSWER_NONE;
		page->since = io_now();
	}
	return page;
}

int fetch_page_ask(struct gateway *g, const struct pipe_get *get, u64 offset,
		   unsigned int generations, unsigned int spare, struct fetch_page **page)
{
	const struct meta_page_ask question = {
		.data = get->object->data, .offset = offset, .generations = generations,
		.spare = spare,
	};
	struct fetch_page *p = page_new();
	const struct link_call call = {
		.operation = META_PAGE, .ask = &meta_page_ask_schema, .question = &question,
		.fd = -1, .give = &meta_page_schema, .reply = p ? &p->meta : NULL,
		.room = META_URLS_MAX * sizeof(struct meta_url),
	};
	int rc;

	if (!p)
		return -ENOMEM;
	rc = link_do(g->backend, &call, &p->answer, data_until(get->patience));
	if (rc)
		fetch_page_put(p);
	else
		*page = p;
	return rc;
}

int fetch_page_find(const struct meta_page *meta, u64 offset, struct record *r, u64 *number,
		    u64 *start)
{
	struct page page;
	uint64_t which, at, base;
	int rc = page_parse(&page, meta->records.data, meta->records.len);

	if (rc)
		return -EBADMSG;
	if (offset < meta->start || page.plain_bytes != meta->length)
		return offset < meta->start ? -ERANGE : -EBADMSG;
	base = page.offset;
	rc = page_seek(&page, base + (offset - meta->start));
	if (rc || !page_next(&page, r, &which, &at))
		return -ERANGE;
	*number = (u64)meta->part << 32 | which;
	*start = at - base + meta->start;
	return page.seen - 1;
}

/* META_READ's first page lies in the object. */
static int page_of_object(struct reader *r)
{
	r->page = page_new();
	if (!r->page)
		return -ENOMEM;
	r->page->meta = r->get->object->page;
	return 0;
}

static bool has_urls(const struct meta_page *page, unsigned int slot)
{
	u32 i;

	for (i = 0; i < page->urls; i++)
		if (page->url[i].slot == slot)
			return true;
	return false;
}

/* What is in the cache needs no URLs. */
static bool is_cached(const struct reader *r, const struct record *record)
{
	return r->get->cache.wanted && cache_has(r->g, record->generation);
}

static int ask_page(struct reader *r, unsigned int generations, struct record *record,
		    u64 *number, u64 *start)
{
	struct fetch_page *page;
	int slot, rc = fetch_page_ask(r->g, r->get, r->at, generations, SPARE, &page);

	if (rc)
		return rc;
	fetch_page_put(r->page);
	r->page = page;
	slot = fetch_page_find(&page->meta, r->at, record, number, start);
	return slot == -ERANGE ? -EBADMSG : slot;
}

/* Two thirds of the life of a page's URLs: they are to be good when they arrive. */
static int64_t freshness(const struct meta_page *page)
{
	return page->url_life ? page->url_life * 666666667ll : URL_LIFE_NS;
}

/* A page in which the generation of r->at has URLs that are fresh enough, if it needs some. */
static int find(struct reader *r, struct record *record, u64 *number, u64 *start)
{
	const unsigned int k = r->get->object->policy.k;
	unsigned int generations = min_t(unsigned int, ASKED_FOR, META_URLS_MAX / (k + SPARE));
	struct fetch_page *page = r->page;
	int slot = -ERANGE;

	if (page && page->meta.records.len && io_now() - page->since < freshness(&page->meta))
		slot = fetch_page_find(&page->meta, r->at, record, number, start);
	/* Who has read from the cache so far probably goes on so. */
	if (slot == -ERANGE && r->cached)
		slot = ask_page(r, 0, record, number, start);
	if (slot < 0 && slot != -ERANGE)
		return slot;
	r->cached = slot >= 0 && is_cached(r, record);
	if (r->cached || (slot >= 0 && has_urls(&r->page->meta, slot)))
		return slot;
	return ask_page(r, generations ? generations : 1, record, number, start);
}

/* --- generations ------------------------------------------------------------------- */

static int work_for(struct reader *r, struct fetch *f, bool wait)
{
	const struct record *record = &f->record;
	const struct shape shape = {
		.k = record->k, .n = record->n, .mode = record->mode, .flags = record->flags,
	};
	struct coder_use *coder;
	int rc = coder_take(r->g, &shape, r->get->key, &coder);

	if (rc)
		return rc;
	rc = work_get(r->g, coder, record->plain_bytes, true, record->compression != SKY_PLAIN,
		      wait, data_until(r->get->patience), &f->work);
	coder_give(coder);
	return rc;
}

static struct fetch *fetch_new(struct reader *r)
{
	struct fetch *f = malloc(sizeof(*f));

	if (!f)
		return NULL;
	memset(f, 0, offsetof(struct fetch, row));
	f->g = r->g;
	f->get = r->get;
	io_event_init(&f->changed);
	io_event_init(&f->ended);
	return f;
}

static void rows_of(struct fetch *f)
{
	unsigned int i;

	for (i = 0; i < f->record.n; i++)
		f->row[i] = (struct fetch_row){ .f = f, .row = i };
}

/*
 * Tags say which number a generation has: those of a part count from 0, and parts rise.  So no
 * row of the metadata that stands at the wrong place passes for what belongs there.
 */
static bool in_order(const struct reader *r, u64 number, u64 start)
{
	const u64 part = number >> 32;

	if (!start)
		return !(u32)number;
	return !r->begun || number == r->expected ||
	       (!(u32)number && part > r->expected >> 32);
}

/* Return: 0; -EAGAIN when there is no memory for it now. */
static int begin(struct reader *r)
{
	struct fetch *f = fetch_new(r);
	int slot, rc;

	if (!f)
		return -ENOMEM;
	slot = find(r, &f->record, &f->number, &f->offset);
	rc = slot < 0 ? slot : in_order(r, f->number, f->offset) ? 0 : -EBADMSG;
	if (!rc)
		rc = work_for(r, f, !r->count);
	if (!rc) {
		rows_of(f);
		f->expected = fragment_head_bytes(f->record.k, f->record.flags) +
			      fragment_symbol_bytes(f->record.stored_bytes, f->record.k);
		f->page = r->page;
		f->page->users++;
		fetch_urls(f, &f->page->meta, slot);
		rc = fetch_little(f) ? 0 : io_spawn(&r->group, fetch_run, f, NULL);
	}
	if (rc) {
		fetch_free(f);
		return rc;
	}
	r->fetch[(r->first + r->count++) % AHEAD] = f;
	r->at = f->offset + f->record.plain_bytes;
	r->expected = f->number + 1;
	r->begun = true;
	return 0;
}

/* The first one of the ring goes to the sink. */
static int give(struct reader *r)
{
	struct fetch *f = r->fetch[r->first];
	int rc = io_event_wait(&f->ended, 0) ?: f->result;
	u64 skip, len;

	if (rc)
		return rc;
	skip = r->sent - f->offset;
	len = min_t(u64, f->record.plain_bytes - skip, r->end - r->sent);
	r->first = (r->first + 1) % AHEAD;
	r->count--;
	rc = r->get->sink->write(r->get->sink, f->work->plain + skip, len);
	r->sent += len;
	fetch_free(f);
	return rc;
}

static int read_all(struct reader *r)
{
	int rc = page_of_object(r);

	while (!rc && r->sent < r->end) {
		while (!rc && r->count < AHEAD && r->at < r->end)
			rc = begin(r);
		if (rc == -EAGAIN && r->count)
			rc = 0;
		if (!rc)
			rc = give(r);
	}
	return rc;
}

int pipe_get(struct gateway *g, const struct pipe_get *get)
{
	const u64 size = get->object->size;
	struct reader r = {
		.g = g, .get = get, .at = get->offset, .sent = get->offset,
		.end = get->offset + get->length,
	};
	int rc;

	if (get->offset > size || get->length > size - get->offset)
		return -EINVAL;
	if (!get->length)
		return 0;
	io_group_init(&r.group);
	rc = read_all(&r);
	io_group_end(&r.group);
	while (r.count--) {
		fetch_free(r.fetch[r.first]);
		r.first = (r.first + 1) % AHEAD;
	}
	fetch_page_put(r.page);
	return rc;
}
