// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One generation from its locations: k of them are asked, another one when one fails, or has
 * not answered within the time in which it nearly always does.  Whose answer is too late is
 * cancelled.  Only the tag says what is true: what does not decode has more fetched.
 *
 * Each attempt has a URL of its own, since they can be used once.  When there is none left, or
 * they have expired, the backend is asked again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "data_path.h"
#include "log.h"

#define TRIES	2u	/* of one row */

/* --- rows -------------------------------------------------------------------------- */

static unsigned int count(const struct fetch *f, enum fetch_state state)
{
	unsigned int i, n = 0;

	for (i = 0; i < f->record.n; i++)
		n += f->row[i].state == state;
	return n;
}

static void row_is(struct fetch_row *row, enum fetch_state state)
{
	struct fetch *f = row->f;
	char name[META_FRAGMENT_NAME_MAX];

	row->state = state;
	if (state != FETCH_LOST && state != FETCH_BAD)
		return;
	meta_fragment_name(f->record.generation, row->row, name);
	if (row->place)
		place_blame(row->place, name, state == FETCH_LOST ? "is not there" :
			    "is not what was written");
}

static enum fetch_state state_of(ssize_t got, size_t expected)
{
	if (got == -ENOENT)
		return FETCH_LOST;
	if (got == -EMSGSIZE || (got >= 0 && got != expected))
		return FETCH_BAD;
	return got < 0 ? FETCH_FAILED : FETCH_GOOD;
}

static int fetch_row(void *arg)
{
	struct fetch_row *row = arg;
	struct fetch *f = row->f;
	const int64_t deadline = data_until(f->get->patience);
	const struct rpc_bytes query = row->url->query;
	char name[META_FRAGMENT_NAME_MAX];
	ssize_t got;

	meta_fragment_name(f->record.generation, row->row, name);
	got = place_get(f->g, row->url->location, f->revision, deadline, &row->place);
	row->url = NULL;
	if (!got) {
		row->since = io_now();
		got = place_fetch(row->place, name, query,
				  f->work->fragments + row->row * f->work->stride, f->expected,
				  deadline);
	}
	row_is(row, state_of(got, f->expected));
	if (row->place)
		place_put(TAKE_PTR(row->place));
	f->running--;
	io_event_set(&f->changed);
	return 0;
}

static bool may_ask(const struct fetch_row *row)
{
	return row->url && row->url->query.len && row->tries < TRIES &&
	       (row->state == FETCH_IDLE || row->state == FETCH_FAILED);
}

/* The next one by the backend's order; those that are down come last. */
static struct fetch_row *candidate(struct fetch *f, const struct meta_page *page)
{
	struct fetch_row *last = NULL;
	u32 i;

	for (i = 0; i < page->urls; i++) {
		const struct meta_url *url = &page->url[i];
		struct fetch_row *row = url->row < f->record.n ? &f->row[url->row] : NULL;

		if (!row || row->url != url || !may_ask(row))
			continue;
		if (!place_down(f->g, url->location))
			return row;
		last = last ? last : row;
	}
	return last;
}

static bool ask_next(struct fetch *f, struct io_group *group)
{
	const struct meta_page *page = f->renewals ? &f->renewed[f->renewals - 1]->meta :
				       f->page ? &f->page->meta : NULL;
	struct fetch_row *row = page ? candidate(f, page) : NULL;

	if (!row)
		return false;
	row->tries++;
	if (io_spawn(group, fetch_row, row, NULL)) {
		row->state = FETCH_FAILED;
		return true;
	}
	row->state = FETCH_ASKED;
	row->since = io_now();
	f->running++;
	return true;
}

void fetch_urls(struct fetch *f, const struct meta_page *page, unsigned int slot)
{
	u32 i;

	f->revision = page->revision;
	for (i = 0; i < f->record.n; i++)
		if (f->row[i].state != FETCH_ASKED)
			f->row[i].url = NULL;
	for (i = 0; i < page->urls; i++) {
		const struct meta_url *url = &page->url[i];

		if (url->slot == slot && url->row < f->record.n &&
		    f->row[url->row].state != FETCH_ASKED &&
		    url->location == f->record.location[url->row])
			f->row[url->row].url = url;
	}
}

/* Other URLs, for all rows. */
static bool renew(struct fetch *f)
{
	struct fetch_page *page;
	struct record r;
	u64 number, start;
	int slot;

	if (f->renewals == FETCH_RENEWALS ||
	    fetch_page_ask(f->g, f->get, f->offset, 1, f->record.n - f->record.k, &page))
		return false;
	f->renewed[f->renewals++] = page;
	slot = fetch_page_find(&page->meta, f->offset, &r, &number, &start);
	if (slot < 0 || start != f->offset || number != f->number ||
	    memcmp(r.generation, f->record.generation, sizeof(r.generation)))
		return false;
	fetch_urls(f, &page->meta, slot);
	return true;
}

/* How long until a spare one is asked: the most patient that any of them deserves. */
static int64_t patience(const struct fetch *f)
{
	int64_t most = 0;
	unsigned int i;

	for (i = 0; i < f->record.n; i++)
		if (f->row[i].state == FETCH_ASKED && f->row[i].place)
			most = max_t(int64_t, most, place_patience(f->row[i].place, f->expected));
	return most ? most : 100000000;
}

/* Until @want rows have come.  Return: 0, -ENODATA, -ECANCELED. */
static int gather(struct fetch *f, struct io_group *group, unsigned int want)
{
	unsigned int spare = 0, good;
	int64_t until = 0;
	int rc;

	for (;;) {
		/* What ends from here on is not missed. */
		io_event_clear(&f->changed);
		good = count(f, FETCH_GOOD);
		if (good >= want)
			return 0;
		while (good + f->running < want + spare && ask_next(f, group))
			;
		if (good + f->running < want && renew(f))
			continue;
		if (!f->running)
			return io_cancelled() ? -ECANCELED : -ENODATA;
		/* A fiber that was spawned just now has to begin before its place is known. */
		if (!until)
			io_yield();
		until = until ? until : io_now() + patience(f);
		rc = io_event_wait(&f->changed, spare < f->record.n ? until : 0);
		if (rc == -ECANCELED)
			return rc;
		if (rc == -ETIMEDOUT) {
			spare++;
			until = io_now() + patience(f);
		}
	}
}

/* --- decoding ---------------------------------------------------------------------- */

struct decode_job {
	struct fetch *f;
	struct piece piece[SKY_MAX_N];
	unsigned int count;
};

static int decode_run(void *arg)
{
	struct decode_job *j = arg;
	struct fetch *f = j->f;
	struct decoder *d = &f->work->decoder;
	const struct body_key *key = f->get->key;
	const bool packed = f->record.compression != SKY_PLAIN;
	struct owner owner = {
		.aead = aead_new(key->key), .object = key->object, .version = key->version,
		.number = f->number,
	};
	int rc = -ENOMEM;

	d->compressor = packed ? compressor_take(f->g) : NULL;
	if (owner.aead && (d->compressor || !packed))
		rc = decode(d, &owner, &f->record, j->piece, j->count, f->work->plain);
	compressor_give(f->g, TAKE_PTR(d->compressor));
	aead_free(owner.aead);
	if (!rc && f->filling)
		cache_fill(f->g, f->filling, d->symbol,
			   fragment_symbol_bytes(f->record.stored_bytes, f->record.k));
	return rc;
}

static int decode_all(struct fetch *f)
{
	struct decode_job j = { .f = f };
	unsigned int i;
	int rc;

	for (i = 0; i < f->record.n; i++)
		if (f->row[i].state == FETCH_GOOD)
			j.piece[j.count++] = (struct piece){
				.data = f->work->fragments + i * f->work->stride,
				.len = f->expected, .row = i,
			};
	f->filling = f->get->cache.wanted ?
		     cache_begin(f->g, &f->get->cache, f->get->key, f->record.generation,
				 f->record.stored_bytes) : NULL;
	rc = data_work(f->g, f->record.plain_bytes <= DATA_INLINE, decode_run, &j,
		       data_until(f->get->patience));
	cache_end(f->g, TAKE_PTR(f->filling), !rc);
	for (i = 0; i < j.count; i++) {
		struct fetch_row *row = &f->row[j.piece[i].row];

		if (!j.piece[i].bad)
			continue;
		if (place_get(f->g, f->record.location[row->row], f->revision,
			      io_now() + 1, &row->place))
			row->place = NULL;
		row_is(row, FETCH_BAD);
		if (row->place)
			place_put(TAKE_PTR(row->place));
	}
	return rc;
}

static void tell_failure(const struct fetch *f, int rc)
{
	char name[META_FRAGMENT_NAME_MAX];

	meta_fragment_name(f->record.generation, 0, name);
	log_line(LEVEL_ERROR,
		 "generation %.32s cannot be read: %s; %u of %u came, %u are lost, %u wrong; %u needed",
		 name, rc == -EBADMSG ? "its fragments do not fit together" : "too few fragments",
		 count(f, FETCH_GOOD), f->record.n, count(f, FETCH_LOST), count(f, FETCH_BAD),
		 f->record.k);
}

/* Who has been waited for in vain. */
static void mark_late(struct fetch *f)
{
	const int64_t now = io_now();
	unsigned int i;

	for (i = 0; i < f->record.n; i++) {
		const struct fetch_row *row = &f->row[i];

		if (row->state == FETCH_ASKED && row->place &&
		    now - row->since > place_patience(row->place, f->expected))
			place_late(row->place, now - row->since);
	}
}

static int fetch_one(struct fetch *f)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	unsigned int want = f->record.k, good;
	int rc;

	for (;;) {
		rc = gather(f, &group, want);
		if (rc)
			break;
		rc = decode_all(f);
		if (rc != -EBADMSG && rc != -ENODATA)
			break;
		/* What is wrong is not known unless some were found to be: one more tells. */
		good = count(f, FETCH_GOOD);
		want = max_t(unsigned int, f->record.k, rc == -EBADMSG ? good + 1 : good);
	}
	if (rc == -ENODATA && (count(f, FETCH_BAD) || count(f, FETCH_GOOD) >= f->record.k))
		rc = -EBADMSG;
	if (rc == -EBADMSG || rc == -ENODATA)
		tell_failure(f, rc);
	mark_late(f);
	return rc;
}

/* --- from the cache, if there is one ----------------------------------------------- */

static int fetch_leading(struct fetch *f)
{
	int rc = cache_bring(f);

	if (!rc)
		rc = cache_fetch(f);
	return rc == -ENOENT ? fetch_one(f) : rc;
}

/* Whoever wants the same one meanwhile waits for it, and finds it in the cache. */
static int fetch_shared(struct fetch *f)
{
	struct cache_flight *flight;
	int rc;

	for (;;) {
		rc = cache_fetch(f);
		if (rc != -ENOENT)
			return rc;
		rc = cache_lead(f, &flight);
		if (!rc)
			break;
		if (rc != -EAGAIN)
			return rc == -ECANCELED ? rc : fetch_one(f);
	}
	rc = fetch_leading(f);
	cache_led(f->g, flight, rc);
	return rc;
}

static void end(struct fetch *f, int rc)
{
	f->result = rc;
	f->over = true;
	io_event_set(&f->ended);
}

int fetch_run(void *arg)
{
	struct fetch *f = arg;

	end(f, f->get->cache.wanted ? fetch_shared(f) : fetch_one(f));
	return f->result;
}

bool fetch_little(struct fetch *f)
{
	int rc;

	if (!f->get->cache.wanted || f->record.plain_bytes > DATA_INLINE)
		return false;
	rc = cache_fetch(f);
	if (rc == -ENOENT)
		return false;
	end(f, rc);
	return true;
}

void fetch_free(struct fetch *f)
{
	unsigned int i;

	if (!f->result && f->over)
		repair_start(f);
	if (f->work)
		work_put(f->work);
	for (i = 0; i < f->renewals; i++)
		fetch_page_put(f->renewed[i]);
	fetch_page_put(f->page);
	free(f);
}
