// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A location is listed, some thousand names at a time, and each part is compared with all names of
 * one moment after that: what is there by then and named by nothing will never be named, since a
 * name is in the store (reserved) before anything is sent.  So a part needs memory for itself
 * alone, and a backend that is started again goes on with the part it was at.
 *
 * The first pass counts, and has made anew what is missing or wrong.  The second one deletes what
 * nothing names.  Between them is the judgement: the names say when they were drawn, and where
 * some are of a time of which this store knows nothing, it is the store that is wrong.  It has
 * been restored from a copy that is older than they are, or made anew; whoever deletes then
 * deletes what another copy names.  That has to be the administrator's word.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "audit.h"
#include "base/hex.h"
#include "care.h"
#include "log.h"
#include "plan_private.h"
#include "scrubs.h"

#define NAMES		65536u		/* of one step */
#define PAGE_NAMES	1000u
#define PAGE_BYTES	(4u << 20)	/* a page of a listing */
#define LIST_MS		60000
#define ALIVE_MS	60000
#define AHEAD_US	(86400ull * 1000000)	/* a clock may be wrong by that */
#define WAIT_MS		5000
#define BUSY_MS		200
#define FEW		100u		/* so many that are not named say nothing */

/* --- life -------------------------------------------------------------------- */

int scrubs_open(struct backend *b)
{
	struct scrubs *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	io_event_init(&s->wake);
	s->stale = true;
	b->care->scrubs = s;
	return 0;
}

/* What is being made anew for it is forgotten: care_move.c frees that. */
static void job_free(struct scrub_job *job)
{
	if (job->repairs)
		job->repairs->gone = true;
	free(job);
}

void scrubs_close(struct backend *b)
{
	struct scrubs *s = b->care->scrubs;
	struct scrub_job *job;

	while (s && (job = s->job)) {
		s->job = job->next;
		job_free(job);
	}
	free(s);
	b->care->scrubs = NULL;
}

struct scrub_job *scrubs_find(struct backend *b, u16 location)
{
	struct scrub_job *job = b->care && b->care->scrubs ? b->care->scrubs->job : NULL;

	while (job && (job->gone || job->row.location != location))
		job = job->next;
	return job;
}

void scrubs_changed(struct backend *b)
{
	if (!b->care || !b->care->scrubs)
		return;
	b->care->scrubs->stale = true;
	io_event_set(&b->care->scrubs->wake);
}

static int take_row(struct scrubs *s, const struct store_scrub *row)
{
	struct scrub_job *job;

	for (job = s->job; job; job = job->next)
		if (!job->gone && job->row.location == row->location)
			break;
	if (job && job->row.began != row->began)
		job->gone = true;
	if (job && !job->gone) {
		/* What has ended is in the store in a moment. */
		if (job->row.state < STORE_SCRUB_DONE)
			job->row.state = row->state;
		job->rest = 0;
		return 0;
	}
	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	job->row = *row;
	job->last_len = row->after_len;
	memcpy(job->last, row->after, row->after_len);
	job->next = s->job;
	s->job = job;
	return 0;
}

int scrubs_load(struct backend *b)
{
	STORE_ARENA a = { 0 };
	struct scrubs *s = b->care->scrubs;
	struct store_scrub *rows;
	struct scrub_job *job;
	int n, i, rc = 0;
	u64 loads;

	s->stale = false;
	/* Another one may have taken over a newer list meanwhile. */
	do {
		loads = s->loads;
		n = store_scrub_list(b->store, &a, &rows);
	} while (n >= 0 && loads != s->loads);
	s->loads += n >= 0;
	for (job = s->job; n >= 0 && job; job = job->next) {
		for (i = 0; i < n && rows[i].location != job->row.location; i++)
			;
		job->gone |= i == n;
	}
	for (i = 0; !rc && i < n; i++)
		rc = take_row(s, &rows[i]);
	if (n < 0 || rc)
		s->stale = true;
	/* The fiber may have looked while the store was asked. */
	io_event_set(&s->wake);
	return n < 0 ? n : rc;
}

static void free_gone(struct scrubs *s)
{
	struct scrub_job **at = &s->job, *job;

	while ((job = *at)) {
		if (!job->gone) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		job_free(job);
	}
}

/* --- listing ----------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct scrub_name *x = a, *y = b;
	int way = memcmp(x->generation, y->generation, sizeof(x->generation));

	return way ? way : (int)x->row - y->row;
}

struct scrub_name *scrub_find_name(struct scrub_step *s,
				   const u8 generation[STORE_GENERATION_BYTES], u8 row)
{
	struct scrub_name key = { .row = row };

	memcpy(key.generation, generation, sizeof(key.generation));
	return s->count ? bsearch(&key, s->name, s->count, sizeof(key), by_name) : NULL;
}

/* Nothing but what meta_fragment_name() writes is one of ours. */
static bool is_fragment(struct str name, struct scrub_name *to)
{
	const size_t digits = 2 * STORE_GENERATION_BYTES;
	char again[META_FRAGMENT_NAME_MAX], text[2 * STORE_GENERATION_BYTES + 1];
	uint64_t row;

	if (name.len < digits + 2 || name.at[digits] != '/' ||
	    !str_copy(str_head(name, digits), text, sizeof(text)) ||
	    hex_decode(text, to->generation, sizeof(to->generation)) ||
	    !str_number(str_skip(name, digits + 1), UINT8_MAX, &row))
		return false;
	to->row = row;
	meta_fragment_name(to->generation, to->row, again);
	return str_is(name, again);
}

/* What stands between <TAG> and </TAG> next; what is read goes on behind it. */
static bool next_text(struct str *rest, const char *tag, struct str *text)
{
	char open[32], close[32];
	const char *from, *to;

	snprintf(open, sizeof(open), "<%s>", tag);
	snprintf(close, sizeof(close), "</%s>", tag);
	from = rest->len ? memmem(rest->at, rest->len, open, strlen(open)) : NULL;
	if (!from)
		return false;
	from += strlen(open);
	to = memmem(from, rest->at + rest->len - from, close, strlen(close));
	if (!to)
		return false;
	*text = (struct str){ from, to - from };
	*rest = str_skip(*rest, to + strlen(close) - rest->at);
	return true;
}

/* Return: how many names there were, of fragments or not; -EBADMSG. */
static int take_page(struct scrub_step *s, struct str page, struct str prefix)
{
	struct scrub_job *job = s->job;
	struct str rest = page, entry, key, size, truncated;
	unsigned int n = 0;
	uint64_t len;

	while (next_text(&rest, "Contents", &entry)) {
		struct scrub_name *to = &s->name[s->count];

		if (!next_text(&(struct str){ entry.at, entry.len }, "Key", &key) ||
		    !next_text(&(struct str){ entry.at, entry.len }, "Size", &size) ||
		    !str_number(size, UINT64_MAX, &len) || !str_starts(key, prefix) ||
		    ++n > PAGE_NAMES)
			return -EBADMSG;
		key = str_skip(key, prefix.len);
		if (!key.len || key.len > sizeof(job->last) ||
		    str_compare(key, (struct str){ job->last, job->last_len }) <= 0)
			return -EBADMSG;
		memcpy(job->last, key.at, key.len);
		job->last_len = key.len;
		*to = (struct scrub_name){ .len = len };
		s->count += is_fragment(key, to);
	}
	rest = page;
	if (!next_text(&rest, "IsTruncated", &truncated))
		return -EBADMSG;
	job->ended = !str_is(truncated, "true");
	return n || job->ended ? (int)n : -EBADMSG;
}

static int list_page(struct scrub_step *s, char *to)
{
	STORE_ARENA a = { 0 };
	struct scrub_job *job = s->job;
	struct care_request r = {
		.method = CARE_LIST, .name = { job->last, job->last_len }, .to = to,
		.max = PAGE_BYTES, .arena = &a, .deadline = io_after_ms(LIST_MS),
	};
	int rc = care_request(s->b, job->row.location, &r);

	if (rc >= 0)
		rc = take_page(s, (struct str){ to, rc }, r.prefix);
	return rc < 0 ? rc : 0;
}

static int list(struct scrub_step *s)
{
	CLEANUP_FREE char *page = malloc(PAGE_BYTES);
	struct scrub_job *job = s->job;
	int rc = page ? 0 : -ENOMEM;

	job->ended = false;
	while (!rc && !job->ended && !job->gone && s->count + PAGE_NAMES <= NAMES)
		rc = list_page(s, page);
	qsort(s->name, s->count, sizeof(*s->name), by_name);
	s->counts.listed = s->count;
	return rc;
}

/* --- comparing --------------------------------------------------------------- */

static void name_one(void *arg, const u8 generation[STORE_GENERATION_BYTES], u8 row, u16 location)
{
	struct scrub_step *s = arg;
	struct scrub_name *n = s->here[location] ? scrub_find_name(s, generation, row) : NULL;

	if (n)
		n->named = true;
}

/* What cannot be read may name anything: nothing is deleted then. */
static void name_records(void *arg, struct store_text records, u64 mask)
{
	struct scrub_step *s = arg;
	uint64_t number, offset;
	struct record r;
	struct page page;
	unsigned int i, n = 0;

	if (page_parse(&page, records.data, records.len)) {
		for (i = 0; i < s->count; i++)
			s->name[i].named = true;
		return;
	}
	for (; page_next(&page, &r, &number, &offset); n++)
		for (i = 0; (n > 63 || mask >> n & 1) && i < r.n; i++)
			name_one(s, r.generation, i, r.location[i]);
}

/* Without a port that a scheme has by itself, and a dot at the end. */
static struct str bare_host(struct str host)
{
	host.len -= str_ends(host, STR(":443")) ? 4 : str_ends(host, STR(":80")) ? 3 : 0;
	host.len -= str_ends(host, STR("."));
	return host;
}

static bool same_text(struct store_text a, struct store_text b)
{
	return str_equal((struct str){ a.data, a.len }, (struct str){ b.data, b.len });
}

bool scrub_same_place(const struct plan_place *a, const struct plan_place *b)
{
	return same_text(a->row.url, b->row.url) ||
	       (a->row.public_point.len && same_text(a->row.public_point, b->row.public_point)) ||
	       (a->host.len && str_equal(a->path, b->path) &&
		str_equal_nocase(bare_host(a->host), bare_host(b->host)));
}

/* Rows that stand for the same place: it may have been taken away and added again. */
static int find_here(struct scrub_step *s)
{
	struct catalogue *c = catalogue_get(s->b);
	const struct plan_place *p = catalogue_find(c, s->job->row.location);
	unsigned int i;

	s->here = calloc(1u << 16, sizeof(*s->here));
	for (i = 0; s->here && p && i < c->count; i++)
		if (scrub_same_place(p, &c->place[i]))
			s->here[c->place[i].row.id] = true;
	if (s->here)
		s->here[s->job->row.location] = true;
	catalogue_put(c);
	return s->here ? 0 : -ENOMEM;
}

static bool is_foreign(const struct store_gap *gap, int gaps, u64 drawn, u64 now)
{
	int i;

	if (drawn > now + AHEAD_US)
		return true;
	/* Seconds are all that names say: it was somewhen in this one. */
	for (i = 0; i < gaps; i++)
		if (drawn > gap[i].since && drawn + 1000000 <= gap[i].until)
			return true;
	return false;
}

static int delete_one(struct scrub_step *s, const struct scrub_name *n)
{
	const u16 location = s->job->row.location;
	char name[META_FRAGMENT_NAME_MAX];
	int rc;

	meta_fragment_name(n->generation, n->row, name);
	rc = s->b->care->remove(s->b, location, str_of(name));
	plan_note(s->b, location, rc);
	s->counts.deleted += !rc;
	return rc == -ENOENT ? 0 : rc;
}

static int judge_names(struct scrub_step *s)
{
	STORE_ARENA a = { 0 };
	const u64 now = s->b->care->now(), age = s->b->config->scrub_age_ms * 1000;
	const struct store_namer namer = { name_records, name_one, s };
	struct store_gap *gap;
	int gaps = store_gaps(s->b->store, &a, &gap);
	int rc = gaps < 0 ? gaps : find_here(s);
	unsigned int i;

	/* What is to be named from now on sees that: META_MOVE_SIGN. */
	s->job->step = !rc && s->job->row.pass == 2 ? s : NULL;
	if (!rc && s->count)
		rc = store_names(s->b->store, &namer);
	for (i = 0; !rc && i < s->count; i++) {
		const struct scrub_name *n = &s->name[i];
		const u64 drawn = plan_drawn(n->generation);
		const bool foreign = is_foreign(gap, gaps, drawn, now);

		if (n->named)
			continue;
		s->counts.unnamed++;
		s->counts.foreign += foreign;
		s->counts.young += !foreign && drawn + age > now;
		/* What is foreign to this pass alone nobody has judged. */
		if (s->job->row.pass == 2 && !s->job->gone &&
		    (foreign ? s->job->row.accept : drawn + age <= now))
			rc = delete_one(s, n);
	}
	s->job->step = NULL;
	return rc;
}

bool scrub_dooms(struct backend *b, u16 location, const u8 generation[STORE_GENERATION_BYTES],
		 u8 row)
{
	const struct scrub_job *job = b->care && b->care->scrubs ? b->care->scrubs->job : NULL;

	for (; job; job = job->next)
		if (job->step && job->step->here[location] &&
		    scrub_find_name(job->step, generation, row))
			return true;
	return false;
}

/* --- passes ------------------------------------------------------------------ */

static void add_counts(struct scrub_job *job, const struct store_scrub_counts *more)
{
	u64 *to = (u64 *)&job->row.counts;
	const u64 *from = (const u64 *)more;
	unsigned int i;

	for (i = 0; i < STORE_SCRUB_COUNTS; i++)
		to[i] += from[i];
}

static void count_made(struct scrub_job *job)
{
	if (!job->repairs)
		return;
	job->row.counts.made += job->repairs->row.moved - job->made;
	job->made = job->repairs->row.moved;
}

static int save(struct backend *b, struct scrub_job *job)
{
	/* A thread of the store reads it, and the administrator may have it paused meanwhile. */
	const struct store_scrub row = job->row;
	int rc = store_scrub_save(b->store, &row);

	job->gone |= rc == -STORE_NO_SUCH_LOCATION;
	return job->gone ? 0 : rc;
}

static void tell(struct backend *b, const struct scrub_job *job, const char *result)
{
	const struct store_scrub_counts *n = &job->row.counts;
	char object[AUDIT_OBJECT], text[160];

	snprintf(text, sizeof(text), "%s: %llu deleted, %llu of %llu made anew", result,
		 (unsigned long long)n->deleted, (unsigned long long)n->made,
		 (unsigned long long)(n->missing + n->wrong));
	log_line(LEVEL_INFO, "scrub of location %u %s", job->row.location, text);
	audit_event(b, &(struct ledger_event){
		.actor = AUDIT_BACKEND, .action = STR("location.scrubbed"),
		.object = audit_number(object, "location", job->row.location),
		.result = str_of(text),
	});
}

static void finish(struct backend *b, struct scrub_job *job, enum store_scrub_state state)
{
	job->row.state = state;
	job->row.ended = b->care->now();
	tell(b, job, state == STORE_SCRUB_DONE ? "done" : "refused to delete");
}

/* Something is to be deleted: may it be? */
static bool is_strange(struct scrub_job *job)
{
	const struct store_scrub_counts *n = &job->row.counts;

	if (job->row.accept)
		return false;
	if (n->foreign)
		snprintf(job->why, sizeof(job->why),
			 "%llu fragments are of a time of which this store knows nothing",
			 (unsigned long long)n->foreign);
	else if (n->unnamed > FEW && n->unnamed > n->listed / 2)
		snprintf(job->why, sizeof(job->why), "%llu of %llu fragments are named by nothing",
			 (unsigned long long)n->unnamed, (unsigned long long)n->listed);
	else
		return false;
	return true;
}

static int end_pass(struct backend *b, struct scrub_job *job)
{
	const struct store_scrub_counts *n = &job->row.counts;
	const u64 old = n->unnamed - n->young;

	if (job->row.pass == 2 || !old) {
		finish(b, job, STORE_SCRUB_DONE);
	} else if (is_strange(job)) {
		finish(b, job, STORE_SCRUB_REFUSED);
	} else {
		job->row.pass = 2;
		job->row.after_len = 0;
		job->last_len = 0;
		job->ended = false;
	}
	if (job->row.state != STORE_SCRUB_RUNS && job->repairs) {
		job->repairs->gone = true;
		job->repairs = NULL;
	}
	return save(b, job);
}

static int run_step(struct scrub_step *s)
{
	struct scrub_job *job = s->job;
	char from[SCRUB_NAME_MAX + 1], to[SCRUB_NAME_MAX + 1];
	int rc;

	snprintf(from, sizeof(from), "%.*s", (int)job->last_len, job->last);
	rc = list(s);
	snprintf(to, sizeof(to), "%.*s", (int)job->last_len, job->last);
	if (!rc)
		rc = judge_names(s);
	if (!rc && job->row.pass == 1)
		rc = scrub_look(s, from, job->ended ? NULL : to);
	return rc;
}

/* What has been counted again by the second pass was counted. */
static void settle(struct scrub_step *s)
{
	struct scrub_job *job = s->job;

	if (job->row.pass == 2)
		s->counts = (struct store_scrub_counts){ .deleted = s->counts.deleted };
	add_counts(job, &s->counts);
	job->seen = true;
	if (job->last_len <= sizeof(job->row.after)) {
		job->row.after_len = job->last_len;
		memcpy(job->row.after, job->last, job->last_len);
	}
}

static int step(struct backend *b, struct scrub_job *job)
{
	CLEANUP_FREE struct scrub_name *name = malloc((NAMES + 1) * sizeof(*name));
	struct scrub_step s = { .b = b, .job = job, .name = name };
	const size_t before = job->last_len;
	char last[SCRUB_NAME_MAX];
	int rc = name ? 0 : -ENOMEM;

	memcpy(last, job->last, before);
	if (!rc)
		rc = run_step(&s);
	free(s.here);
	if (!rc) {
		settle(&s);
		return 0;
	}
	/* Once more, from where it began. */
	memcpy(job->last, last, before);
	job->last_len = before;
	job->ended = false;
	add_counts(job, &(struct store_scrub_counts){ .deleted = s.counts.deleted });
	return rc;
}

/* Return: 1 when there is more to do at once. */
static int job_step(struct backend *b, struct scrub_job *job)
{
	int rc;

	if (job->row.state != STORE_SCRUB_RUNS || job->rest > io_now())
		return 0;
	/* What has been seen is kept when it is well: a backend after this one looks again. */
	if (job->repairs && job->repairs->tasks) {
		job->rest = io_after_ms(BUSY_MS);
		return 0;
	}
	if (job->seen) {
		count_made(job);
		rc = save(b, job);
		job->seen = rc;
		return rc ? rc : 1;
	}
	if (job->ended) {
		rc = end_pass(b, job);
		return rc ? rc : 1;
	}
	if (plan_is_down(b, job->row.location) || plan_is_removed(b, job->row.location)) {
		snprintf(job->why, sizeof(job->why), "the location is not there");
		job->rest = io_after_ms(WAIT_MS);
		return 0;
	}
	rc = step(b, job);
	if (rc && rc != -ECANCELED) {
		snprintf(job->why, sizeof(job->why), "%s",
			 rc <= -STORE_ERROR_FIRST ? store_s3_error(rc)->code : strerror(-rc));
		job->rest = io_after_ms(WAIT_MS);
		return 0;
	}
	if (!rc)
		job->why[0] = 0;
	return rc ? rc : 1;
}

int64_t scrubs_step(struct backend *b)
{
	struct scrubs *s = b->care->scrubs;
	struct scrub_job *job;
	bool busy = false, runs = false;
	int rc = s->stale ? scrubs_load(b) : 0;

	if (rc)
		return rc;
	free_gone(s);
	if (s->alive <= io_now()) {
		rc = store_alive(b->store, false);
		if (rc < 0)
			return rc;
		s->alive = io_after_ms(ALIVE_MS);
	}
	for (job = s->job; job; job = job->next) {
		rc = job->gone ? 0 : job_step(b, job);
		if (rc < 0)
			return rc;
		busy |= rc > 0;
		runs |= job->row.state == STORE_SCRUB_RUNS;
	}
	return busy ? 0 : runs ? BUSY_MS : ALIVE_MS;
}

int care_scrub_fiber(void *arg)
{
	struct backend *b = arg;
	struct scrubs *s = b->care->scrubs;
	int64_t ms;
	int rc = 0;

	do {
		ms = scrubs_step(b);
		if (ms == -ECANCELED)
			return ms;
		if (ms < 0)
			log_line(LEVEL_WARNING, "scrubs of locations wait: %s",
				 ms <= -STORE_ERROR_FIRST ? store_s3_error(ms)->code :
				 strerror(-ms));
		if (ms) {
			rc = io_event_wait(&s->wake, io_after_ms(ms < 0 ? WAIT_MS : ms));
			io_event_clear(&s->wake);
		} else {
			io_yield();
		}
	} while (rc != -ECANCELED);
	return rc;
}
