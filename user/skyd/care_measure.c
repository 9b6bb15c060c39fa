// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which locations answer, and in what time.  A probe is a read of what is never there, with a
 * URL like any other: name, clock, keys and disk have all to be well for it to be refused rightly.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/secret.h"
#include "care.h"
#include "log.h"
#include "pipe/manifest.h"
#include "plan_private.h"

#define PROBE_MS	2000		/* between probes, and for one of them */
#define FAR_EVERY	8u		/* of them, one to locations of others */
#define FIRST_MS	5000		/* until the first round of samples */
#define ROUND_MS	3600000
#define SAMPLE_MS	60000		/* for one of them */
#define TRIAL_US	(3600ull * 1000000)	/* until what nobody has deleted is looked for */
#define MEGABYTE	1000000u
#define NOWHERE		"00000000000000000000000000000000/0"

/* --- trials -------------------- */

/* Names of what is written to a location for a moment. */
struct trial {
	u8 generation[2][META_GENERATION_BYTES];
	u64 reservation;
	bool gone[2];
};

/* As with every fragment: if nobody lives to delete it, it is found when this expires. */
static int trial_reserve(struct backend *b, u16 id, struct trial *t)
{
	CLEANUP_FREE void *page = malloc(SKY_PAGE_MAX_BYTES);
	struct store_text records = { .data = page };
	struct page_writer w;
	unsigned int i;
	int rc = page ? 0 : -ENOMEM;

	if (!rc && plan_draw(t->generation, 2))
		rc = -EIO;
	if (!rc)
		page_begin(&w, page, 0, 0);
	for (i = 0; !rc && i < 2; i++) {
		struct record record = {
			.plain_bytes = 1, .stored_bytes = 1, .mode = SKY_SYSTEMATIC,
			.k = 1, .n = 1, .location = { id },
		};

		memcpy(record.generation, t->generation[i], sizeof(record.generation));
		rc = page_add(&w, &record);
	}
	if (rc)
		return rc;
	records.len = page_end(&w);
	return store_reserve(b->store, 0, 2, records, b->care->now() + TRIAL_US,
			     &t->reservation);
}

/* --- probes -------------------- */

struct probe {
	struct backend *b;
	u16 id;
	bool cloud;
};

/*
 * Somebody else's S3 is asked to write a byte, once: what it does not know of that is left out of
 * URLs from then on (care_request()).
 */
static void judge(struct backend *b, u16 id)
{
	struct plan_live *live = b->plan->live[id];
	char name[META_FRAGMENT_NAME_MAX];
	struct care_request put = { .method = CARE_PUT, .body = "", .len = 1 };
	struct trial trial = { .gone = { false } };
	int rc = trial_reserve(b, id, &trial);

	if (rc)
		return;
	live->judged = true;
	meta_fragment_name(trial.generation[0], 0, name);
	put.name = str_of(name);
	put.deadline = io_after_ms(PROBE_MS);
	rc = care_request(b, id, &put);
	if (!rc && !care_remove(b, id, put.name))
		store_release(b->store, trial.reservation);
}

static int probe(void *arg)
{
	struct probe *p = arg;
	u8 nothing[16];
	struct care_request r = {
		.method = CARE_GET, .name = STR(NOWHERE), .to = nothing, .max = sizeof(nothing),
	};
	unsigned int i;
	int rc = -EAGAIN;

	/* One that fails is asked again at once: what is found then counts. */
	for (i = 0; i < 2 && rc < 0 && rc != -ENOENT && rc != -ECANCELED; i++) {
		r.deadline = io_after_ms(PROBE_MS);
		rc = care_request(p->b, p->id, &r);
		plan_note(p->b, p->id, rc);
	}
	if (p->cloud && !p->b->plan->live[p->id]->judged && (rc >= 0 || rc == -ENOENT))
		judge(p->b, p->id);
	return 0;
}

/* Those that are used, as numbers: the catalogue may change meanwhile. */
static unsigned int list_places(struct backend *b, bool far, u16 *id, unsigned int most)
{
	const struct catalogue *c = b->plan->catalogue;
	unsigned int i, count = 0;

	for (i = 0; i < c->count && count < most; i++) {
		const struct plan_place *p = &c->place[i];

		if (p->host.len && p->row.state != STORE_DISABLED &&
		    (far || p->row.kind == STORE_EDGE))
			id[count++] = p->row.id;
	}
	return count;
}

int care_probe(struct backend *b, bool far)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	unsigned int most = b->plan->catalogue->count, count, i;
	CLEANUP_FREE u16 *id = calloc(most + 1, sizeof(*id));
	CLEANUP_FREE struct probe *probes = calloc(most + 1, sizeof(*probes));
	int rc = id && probes ? 0 : -ENOMEM;

	count = rc ? 0 : list_places(b, far, id, most);
	for (i = 0; !rc && i < count; i++) {
		const struct plan_place *row = catalogue_find(b->plan->catalogue, id[i]);

		probes[i] = (struct probe){ b, id[i], row && row->row.kind == STORE_CLOUD };
		rc = io_spawn(&group, probe, &probes[i], NULL);
	}
	if (!rc)
		rc = io_group_drain(&group, 0);
	io_group_end(&group);
	return rc;
}

int care_probe_fiber(void *arg)
{
	struct backend *b = arg;
	unsigned int round;
	int rc;

	for (round = 0, rc = 0; !rc; round++) {
		rc = care_probe(b, round % FAR_EVERY == 0);
		rc = rc == -ECANCELED ? rc : io_sleep_until(io_after_ms(PROBE_MS));
	}
	return rc;
}

/* --- samples -------------------- */

/* One request, timed.  Return: 0 or its error. */
static int timed(struct backend *b, u16 id, struct care_request *r, enum store_sample_kind kind,
		 struct store_sample *sample)
{
	int64_t begin = io_now(), us;
	int rc;

	r->deadline = io_after_ms(SAMPLE_MS);
	rc = care_request(b, id, r);
	us = (io_now() - begin) / 1000;
	*sample = (struct store_sample){ b->care->now(), kind, us < UINT32_MAX ? us : UINT32_MAX };
	return rc < 0 ? rc : 0;
}

/* There and back again, and away. */
static int sample_size(struct backend *b, u16 id, u8 *body, unsigned int len, bool large,
		       struct trial *t, struct store_sample sample[2])
{
	char name[META_FRAGMENT_NAME_MAX];
	struct care_request put = {
		.method = CARE_PUT, .name = { name, 0 }, .body = body, .len = len,
	};
	struct care_request get = {
		.method = CARE_GET, .name = { name, 0 }, .to = body, .max = len,
	};
	int rc, removed;

	meta_fragment_name(t->generation[large], 0, name);
	put.name = str_of(name);
	get.name = put.name;
	rc = timed(b, id, &put, large ? STORE_UP_1MB : STORE_UP_1B, &sample[0]);
	if (!rc)
		rc = timed(b, id, &get, large ? STORE_DOWN_1MB : STORE_DOWN_1B, &sample[1]);
	removed = care_remove(b, id, put.name);
	/* What was written without an answer may arrive still. */
	t->gone[large] = !rc && (!removed || removed == -ENOENT);
	return rc;
}

/* Of a location that fails there is no sample: that is an outage. */
static int sample_place(struct backend *b, u16 id, u8 *body)
{
	struct store_sample sample[4];
	struct trial trial = { .gone = { false } };
	int rc = trial_reserve(b, id, &trial);

	if (rc)
		return rc;
	rc = sample_size(b, id, body, 1, false, &trial, sample);
	if (!rc)
		rc = sample_size(b, id, body, MEGABYTE, true, &trial, sample + 2);
	plan_note(b, id, rc);
	if (rc)
		return rc;
	if (trial.gone[0] && trial.gone[1])
		store_release(b->store, trial.reservation);
	b->care->counts.samples += 4;
	return store_location_sample(b->store, id, sample, 4);
}

int care_measure(struct backend *b)
{
	unsigned int most = b->plan->catalogue->count, count, i;
	CLEANUP_FREE u16 *id = calloc(most + 1, sizeof(*id));
	CLEANUP_FREE u8 *body = malloc(MEGABYTE);
	int rc = id && body ? random_bytes(body, MEGABYTE) : -ENOMEM;

	count = rc ? 0 : list_places(b, true, id, most);
	for (i = 0; rc != -ECANCELED && i < count; i++) {
		if (plan_is_down(b, id[i]))
			continue;
		rc = sample_place(b, id[i], body);
		if (rc && rc != -ECANCELED)
			log_line(LEVEL_WARNING, "location %u cannot be measured: %s", id[i],
				 rc <= -STORE_ERROR_FIRST ? store_s3_error(rc)->code :
							    strerror(-rc));
	}
	return rc == -ECANCELED ? rc : plan_reload(b);
}

int care_measure_fiber(void *arg)
{
	struct backend *b = arg;
	int rc = io_sleep_until(io_after_ms(FIRST_MS));

	while (!rc) {
		rc = care_measure(b);
		rc = rc == -ECANCELED ? rc : io_sleep_until(io_after_ms(ROUND_MS));
	}
	return rc;
}
