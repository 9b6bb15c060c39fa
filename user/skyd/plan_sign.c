// SPDX-License-Identifier: GPL-2.0-or-later
/* URLs for what gateways ask: to send what has been reserved, and to read what is recorded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "pipe/manifest.h"
#include "plan_private.h"

#define UNKNOWN_US	300000u		/* of a location that has not been measured */
#define DECODE_US	200u		/* what a row costs that has to be decoded */
#define DOWN_US		(1u << 30)	/* is asked when nobody else has it */

/* --- writing ----------------------------------------------------------------------------- */

static int put_job(struct backend *b, const struct meta_fragment *f, struct url_job *job)
{
	struct reserved r;
	int rc = reservation_find(b, f->reservation, f->slot, &r);

	if (rc)
		return rc;
	if (f->row >= r.n || !f->bytes)
		return -STORE_INVALID;
	/* Nor is anything begun that would have to be moved: others of it are as bad. */
	if (r.location[f->row] == SKY_NO_LOCATION || plan_is_draining(b, r.location[f->row]))
		return -STORE_EXPIRED;
	*job = (struct url_job){
		.method = STR("PUT"), .location = r.location[f->row], .len = f->bytes,
	};
	meta_fragment_name(r.generation, f->row, job->name);
	hex_encode(f->sha256, sizeof(f->sha256), job->sha256);
	return 0;
}

static struct meta_url url_of(const struct url_job *job, u8 slot, u8 row)
{
	return (struct meta_url){
		.slot = slot, .row = row, .location = job->location,
		.query = { job->query.at, job->query.len },
	};
}

int plan_sign(struct backend *b, const struct meta_sign *ask, unsigned int life,
	      struct store_arena *a, struct meta_signed *give)
{
	CLEANUP_FREE struct url_job *job = NULL;
	struct catalogue *c;
	struct meta_url *url;
	u32 i;
	int rc = 0;

	if (!ask->count || ask->count > META_URLS_MAX)
		return -STORE_INVALID;
	job = calloc(ask->count, sizeof(*job));
	url = store_alloc(a, ask->count * sizeof(*url));
	if (!job || !url)
		return -ENOMEM;
	for (i = 0; !rc && i < ask->count; i++)
		rc = put_job(b, &ask->fragment[i], &job[i]);
	if (rc)
		return rc;
	c = catalogue_get(b);
	rc = url_sign(b, c, job, ask->count, life, a);
	catalogue_put(c);
	for (i = 0; i < ask->count; i++)
		url[i] = url_of(&job[i], ask->fragment[i].slot, ask->fragment[i].row);
	*give = (struct meta_signed){ url, ask->count };
	return rc;
}

/* --- reading ------------------------------------------------------------------------------ */

struct row {
	u32 cost;
	u8 row;
};

static int by_cost(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->cost != y->cost)
		return x->cost < y->cost ? -1 : 1;
	return (int)x->row - y->row;
}

/* The rows that somebody has, the quickest first. */
static unsigned int order_rows(const struct catalogue *c, const struct record *r,
			       struct row rows[SKY_MAX_N])
{
	unsigned int i, count = 0;

	for (i = 0; i < r->n; i++) {
		const struct plan_place *p = catalogue_find(c, r->location[i]);

		if (!p || !p->host.len || p->row.state == STORE_DISABLED)
			continue;
		rows[count].row = i;
		rows[count].cost = p->latency_us ? p->latency_us : UNKNOWN_US;
		if (r->mode == SKY_SYSTEMATIC && i >= r->k)
			rows[count].cost += DECODE_US + rows[count].cost / 4;
		if (p->live->down)
			rows[count].cost += DOWN_US;
		count++;
	}
	qsort(rows, count, sizeof(*rows), by_cost);
	return count;
}

/* One that is to be read, with its place in the page. */
struct wanted {
	struct url_job *job;
	struct meta_url *url;
	unsigned int count, room;
};

static void get_jobs(const struct catalogue *c, const struct record *r, unsigned int slot,
		     unsigned int spare, struct wanted *w)
{
	struct row rows[SKY_MAX_N];
	unsigned int have = order_rows(c, r, rows), i;

	for (i = 0; i < have && i < r->k + spare && w->count < w->room; i++, w->count++) {
		struct url_job *job = &w->job[w->count];

		*job = (struct url_job){
			.method = STR("GET"), .location = r->location[rows[i].row],
		};
		meta_fragment_name(r->generation, rows[i].row, job->name);
		w->url[w->count] = (struct meta_url){ .slot = slot, .row = rows[i].row };
	}
}

/* Number of the generation that holds byte @offset, counted in the page. */
static int seek(struct page *page, const struct meta_page *give, u64 offset)
{
	int rc = page_parse(page, give->records.data, give->records.len);

	if (!rc)
		rc = page_seek(page, page->offset + offset);
	return rc;
}

/* Room for as many as there may be, by the first record. */
static int make_room(struct wanted *w, const struct record *r, unsigned int generations,
		     unsigned int spare, struct store_arena *a)
{
	w->room = generations * (r->k + spare);
	w->room = w->room < META_URLS_MAX ? w->room : META_URLS_MAX;
	w->job = calloc(w->room + 1, sizeof(*w->job));
	w->url = store_alloc(a, (w->room + 1) * sizeof(*w->url));
	return w->job && w->url ? 0 : -ENOMEM;
}

static int page_jobs(const struct catalogue *c, struct page *page, unsigned int generations,
		     unsigned int spare, struct store_arena *a, struct wanted *w)
{
	CLEANUP_FREE struct record *record = malloc(sizeof(*record));
	uint64_t number, start;
	int rc = record ? 0 : -ENOMEM;

	for (; !rc && generations && page_next(page, record, &number, &start); generations--) {
		if (!w->job)
			rc = make_room(w, record, generations, spare, a);
		/* The last one is there whole, or not at all. */
		if (rc || (w->count && w->count + record->k + spare > w->room))
			break;
		get_jobs(c, record, number - page->first, spare, w);
	}
	return rc;
}

int plan_page(struct backend *b, u64 offset, unsigned int generations, unsigned int spare,
	      unsigned int life, struct store_arena *a, struct meta_page *give)
{
	struct wanted w = { 0 };
	struct catalogue *c;
	struct page page;
	u32 i;
	int rc = seek(&page, give, offset);

	if (rc)
		return rc == -ERANGE ? -STORE_INVALID : -EUCLEAN;
	generations = generations < META_SLOTS_MAX ? generations : META_SLOTS_MAX;
	spare = spare < SKY_MAX_N ? spare : SKY_MAX_N;
	c = catalogue_get(b);
	rc = page_jobs(c, &page, generations, spare, a, &w);
	if (!rc)
		rc = url_sign(b, c, w.job, w.count, life, a);
	for (i = 0; !rc && i < w.count; i++)
		w.url[i] = url_of(&w.job[i], w.url[i].slot, w.url[i].row);
	catalogue_put(c);
	free(w.job);
	give->revision = b->plan->revision;
	give->url_life = life;
	give->url = w.url;
	give->urls = rc ? 0 : w.count;
	return rc;
}

/* Beyond k: for those that do not answer, and one to compare with. */
#define MOVE_SPARE	8u

int plan_rows(struct backend *b, const struct record *r, u8 without, bool reads,
	      unsigned int life, struct store_arena *a, struct meta_url **url, u32 *urls)
{
	const unsigned int most = r->k + MOVE_SPARE + reads;
	CLEANUP_FREE struct url_job *job = calloc(most, sizeof(*job));
	struct catalogue *c = catalogue_get(b);
	struct row rows[SKY_MAX_N];
	unsigned int have = order_rows(c, r, rows), i, pass, count = 0;
	int rc;

	*url = store_alloc(a, most * sizeof(**url));
	rc = job && *url ? 0 : -ENOMEM;
	for (pass = !reads; !rc && pass < 2; pass++)
		for (i = 0; i < have && count < most; i++) {
			const bool own = rows[i].row == without;

			if (own != !pass)
				continue;
			job[count] = (struct url_job){
				.method = STR("GET"), .location = r->location[rows[i].row],
			};
			meta_fragment_name(r->generation, rows[i].row, job[count].name);
			(*url)[count++].row = rows[i].row;
		}
	if (!rc)
		rc = url_sign(b, c, job, count, life, a);
	for (i = 0; !rc && i < count; i++)
		(*url)[i] = url_of(&job[i], 0, (*url)[i].row);
	catalogue_put(c);
	*urls = rc ? 0 : count;
	return rc;
}

/* --- of the backend's own -------------------- */

static char *whole(const struct plan_place *p, const struct url_job *job, struct store_arena *a)
{
	const struct str end = p->path.len ? p->path : p->host;
	const char *from = p->row.url.data;
	size_t head = end.at + end.len - from;
	size_t size = head + 1 + strlen(job->name) + 1 + job->query.len + 1;
	char *url = store_alloc(a, size);

	if (url)
		snprintf(url, size, "%.*s/%s?%.*s", (int)head, from, job->name,
			 STR_ARG(job->query));
	return url;
}

int plan_url(struct backend *b, const char *method, u16 location, struct str name,
	     u64 len, const u8 sha256[32], unsigned int life, struct store_arena *a,
	     struct plan_url *url)
{
	struct url_job job = { .method = str_of(method), .location = location, .len = len };
	struct catalogue *c = catalogue_get(b);
	const struct plan_place *p = catalogue_find(c, location);
	int rc = p ? 0 : -STORE_NO_SUCH_LOCATION;

	if (!rc && !str_copy(name, job.name, sizeof(job.name)))
		rc = -EINVAL;
	if (sha256)
		hex_encode(sha256, SHA256_BYTES, job.sha256);
	if (!rc)
		rc = url_sign(b, c, &job, 1, life, a);
	if (!rc && !job.query.len)
		rc = -EHOSTUNREACH;
	*url = (struct plan_url){ .location = location };
	if (!rc) {
		url->url = whole(p, &job, a);
		rc = url->url ? 0 : -ENOMEM;
	}
	catalogue_put(c);
	return rc;
}

static int list_text(struct str prefix, struct str after, struct store_arena *a, struct str *to)
{
	const size_t room = 64 + 3 * (2 * prefix.len + after.len);
	char *text = store_alloc(a, room);
	struct out o = OUT(text, text ? room : 0);

	out_text(&o, "list-type=2");
	if (prefix.len) {
		out_text(&o, "&prefix=");
		uri_encode(&o, prefix, 0);
	}
	if (after.len) {
		out_text(&o, "&start-after=");
		uri_encode(&o, prefix, 0);
		uri_encode(&o, after, 0);
	}
	*to = out_written(&o);
	return text ? o.err : -ENOMEM;
}

/* The prefix of the names below a path: with its slash. */
static int prefix_of(struct str path, struct store_arena *a, struct str *prefix)
{
	char *text;

	plan_bucket(path, prefix);
	if (!prefix->len)
		return 0;
	text = store_alloc(a, prefix->len + 1);
	if (!text)
		return -ENOMEM;
	memcpy(text, prefix->at, prefix->len);
	text[prefix->len] = '/';
	*prefix = (struct str){ text, prefix->len + 1 };
	return 0;
}

int plan_list_url(struct backend *b, u16 location, struct str after, struct store_arena *a,
		  struct plan_url *url, struct str *prefix)
{
	struct url_job job = { .method = STR("GET"), .location = location };
	struct catalogue *c = catalogue_get(b);
	const struct plan_place *p = catalogue_find(c, location);
	int rc = p ? 0 : -STORE_NO_SUCH_LOCATION;
	struct str end, ignored;
	size_t size;

	*url = (struct plan_url){ .location = location };
	if (!rc)
		rc = prefix_of(p->path, a, prefix);
	if (!rc)
		rc = list_text(*prefix, after, a, &job.list);
	if (!rc)
		rc = url_sign(b, c, &job, 1, 0, a);
	if (!rc && !job.query.len)
		rc = -EHOSTUNREACH;
	if (!rc) {
		end = p->path.len ? plan_bucket(p->path, &ignored) : p->host;
		size = end.at + end.len - (char *)p->row.url.data;
		url->url = store_alloc(a, size + job.query.len + 3);
		rc = url->url ? 0 : -ENOMEM;
	}
	if (!rc)
		sprintf(url->url, "%.*s%s?%.*s", (int)size, (char *)p->row.url.data,
			p->path.len ? "" : "/", STR_ARG(job.query));
	catalogue_put(c);
	return rc;
}
