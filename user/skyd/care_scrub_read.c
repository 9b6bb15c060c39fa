// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragments that records name: those that a listing has not shown are asked for, and all of them
 * are read where that is wanted.  What is missing or wrong becomes a task of care_move.c's kind,
 * of which the fragment stays where it is: a gateway makes it anew, without a key.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "care.h"
#include "log.h"
#include "pipe/fragment.h"
#include "scrubs.h"

#define HOMES		64u
#define READ_MS		30000

enum finding { FINE, MISSING, WRONG };

/* Has it a good sum, and is it of this generation and row? */
static bool is_whole(const struct record *r, u8 row, const void *data, size_t len)
{
	struct fragment f;

	return !fragment_parse(&f, data, len) && f.row == row && f.k == r->k &&
	       f.mode == r->mode && f.flags == r->flags &&
	       !memcmp(f.generation, r->generation, sizeof(r->generation)) &&
	       fragment_symbol_ok(&f);
}

static size_t bytes_of(const struct record *r)
{
	return fragment_head_bytes(r->k, r->flags) + fragment_symbol_bytes(r->stored_bytes, r->k);
}

/* What is read counts as what is made anew does: so many bytes a second. */
static int breathe(struct scrub_step *s, size_t bytes)
{
	const u64 rate = s->b->config->repair_rate;

	s->counts.read += bytes;
	return rate ? io_sleep_until(io_now() + (int64_t)(bytes * 1e9 / rate)) : 0;
}

static int read_it(struct scrub_step *s, const struct record *r, u8 row, enum finding *found)
{
	const size_t bytes = bytes_of(r);
	CLEANUP_FREE void *data = malloc(bytes);
	const u16 location = s->job->row.location;
	char name[META_FRAGMENT_NAME_MAX];
	struct care_request ask = {
		.method = CARE_GET, .to = data, .max = bytes, .deadline = io_after_ms(READ_MS),
	};
	int rc;

	if (!data)
		return -ENOMEM;
	meta_fragment_name(r->generation, row, name);
	ask.name = str_of(name);
	rc = care_request(s->b, location, &ask);
	plan_note(s->b, location, rc);
	*found = rc == -ENOENT ? MISSING :
		 rc == -EMSGSIZE || (rc >= 0 && !is_whole(r, row, data, rc)) ? WRONG : FINE;
	if (rc < 0 && rc != -ENOENT && rc != -EMSGSIZE)
		return rc;
	return breathe(s, rc > 0 ? rc : 0);
}

/* The job that care_move.c gives its tasks out of. */
static struct move_job *repairs_of(struct scrub_step *s)
{
	struct scrub_job *job = s->job;
	struct moves *m = s->b->care->moves;

	if (!job->repairs) {
		job->repairs = calloc(1, sizeof(*job->repairs));
		if (!job->repairs)
			return NULL;
		job->repairs->row.location = job->row.location;
		job->repairs->stays = true;
		job->repairs->next = m->job;
		job->made = 0;
		m->job = job->repairs;
	}
	return job->repairs;
}

static int make_anew(struct scrub_step *s, const struct store_home *home, const struct record *r,
		     u8 row, enum finding found)
{
	struct move_job *repairs = repairs_of(s);

	if (!repairs)
		return -ENOMEM;
	s->counts.missing += found == MISSING;
	s->counts.wrong += found == WRONG;
	return move_task_add(s->b, repairs, home, r, row, found == WRONG);
}

static int look_at_row(struct scrub_step *s, const struct store_home *home, const struct record *r,
		       u8 row)
{
	const struct scrub_name *n = scrub_find_name(s, r->generation, row);
	enum finding found;
	int rc;

	if (n && n->len == bytes_of(r) && !s->job->row.reads)
		return 0;
	rc = read_it(s, r, row, &found);
	if (rc || found == FINE)
		return rc;
	return make_anew(s, home, r, row, found);
}

/* Is it among what this step is about? */
static bool is_between(const struct record *r, u8 row, const char *from, const char *to)
{
	char name[META_FRAGMENT_NAME_MAX];

	meta_fragment_name(r->generation, row, name);
	return strcmp(name, from) > 0 && (!to || strcmp(name, to) <= 0);
}

static int look_at(struct scrub_step *s, const struct store_home *home, const char *from,
		   const char *to)
{
	CLEANUP_FREE struct record *r = malloc(sizeof(*r));
	uint64_t number, offset;
	struct page page;
	unsigned int i;
	int rc = 0;

	if (!r)
		return -ENOMEM;
	if (home->again || page_parse(&page, home->records.data, home->records.len))
		return 0;
	while (!rc && page_next(&page, r, &number, &offset))
		for (i = 0; !rc && i < r->n && !s->job->gone; i++)
			if (r->location[i] == s->job->row.location && is_between(r, i, from, to))
				rc = look_at_row(s, home, r, i);
	return rc;
}

int scrub_look(struct scrub_step *s, const char *from, const char *to)
{
	struct store_walk walk = { 0 };
	int n, i, rc = 0;

	do {
		STORE_ARENA a = { 0 };
		struct store_home *homes;

		n = store_walk(s->b->store, &walk, HOMES, &a, &homes);
		for (i = 0; !rc && i < n && !s->job->gone; i++)
			rc = look_at(s, &homes[i], from, to);
	} while (!rc && n > 0 && !s->job->gone);
	return n < 0 ? n : rc;
}
