// SPDX-License-Identifier: GPL-2.0-or-later
/* Scrubs of locations: begun, watched, paused, called off. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "care.h"
#include "scrubs.h"

static const char *const names[] = {
	"name", "team", "read", "accept", "status", "pause", "resume", "cancel", NULL
};

static const char *const states[] = {
	[STORE_SCRUB_RUNS] = "looking", [STORE_SCRUB_PAUSED] = "paused",
	[STORE_SCRUB_DONE] = "done", [STORE_SCRUB_REFUSED] = "refused",
};

static const char *state_of(const struct scrub_job *job)
{
	return job->row.state == STORE_SCRUB_RUNS && job->row.pass == 2 ? "deleting" :
									  states[job->row.state];
}

/* How much of all names is behind it: they are random. */
static double part_of(const struct scrub_job *job)
{
	char digits[9] = "";
	double part = 0;

	if (job->row.state == STORE_SCRUB_DONE || job->row.state == STORE_SCRUB_REFUSED)
		return 1;
	if (job->row.after_len >= 8) {
		memcpy(digits, job->row.after, 8);
		part = strtoul(digits, NULL, 16) / 4294967296.0;
	}
	return job->ended ? 1 : part;
}

static const char *why_of(struct scrub_job *job)
{
	if (*job->why)
		return job->why;
	/* Of one that a backend before this one has judged. */
	return job->row.state == STORE_SCRUB_REFUSED ?
	       "what is named by nothing is too much, or too new for this store" : "";
}

static json_t *line_of(struct scrub_job *job)
{
	const struct store_scrub_counts *n = &job->row.counts;
	const char *why = why_of(job);
	char text[512];
	int len = snprintf(text, sizeof(text),
			   "%.0f %% seen: %llu fragments, %llu of them named by nothing (%llu deleted)",
			   100 * part_of(job), (unsigned long long)n->listed,
			   (unsigned long long)n->unnamed, (unsigned long long)n->deleted);

	if (n->missing + n->wrong)
		len += snprintf(text + len, sizeof(text) - len,
				"; %llu missing and %llu wrong, %llu of those made anew",
				(unsigned long long)n->missing, (unsigned long long)n->wrong,
				(unsigned long long)n->made);
	if (*why)
		snprintf(text + len, sizeof(text) - len, "; %s%s", why,
			 job->row.state == STORE_SCRUB_REFUSED ?
			 ": was the store restored from a copy? --accept has them deleted" : "");
	return json_string(text);
}

static json_t *scrub_json(struct scrub_job *job)
{
	const struct store_scrub_counts *n = &job->row.counts;
	json_t *out = json_pack("{s:s, s:o, s:f, s:b, s:o, s:o}", "state", state_of(job), "says",
				line_of(job), "seen", part_of(job), "reads", job->row.reads,
				"began", api_time(job->row.began), "ended",
				job->row.ended ? api_time(job->row.ended) : json_null());
	const struct {
		const char *name;
		u64 value;
	} counts[] = {
		{ "fragments", n->listed }, { "read", n->read }, { "unnamed", n->unnamed },
		{ "young", n->young }, { "foreign", n->foreign }, { "deleted", n->deleted },
		{ "missing", n->missing }, { "wrong", n->wrong }, { "made", n->made },
		{ "cannot", job->repairs ? job->repairs->why.generations : 0 },
	};
	size_t i;

	for (i = 0; out && i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(out, counts[i].name, json_integer(counts[i].value));
	return out;
}

static int see(struct api_ask *a)
{
	scrubs_changed(a->b);
	return a->b->care && a->b->care->scrubs ? scrubs_load(a->b) : 0;
}

static int status(struct api_ask *a, u16 location)
{
	struct scrub_job *job = scrubs_find(a->b, location);

	a->out = job ? scrub_json(job) : NULL;
	return a->out ? 200 : api_refuse(a, 404, "it has not been scrubbed");
}

static int begin(struct api_ask *a, u16 location)
{
	struct store_scrub scrub = { .location = location };
	int rc = api_bool(a, "read", &scrub.reads);

	if (!rc)
		rc = api_bool(a, "accept", &scrub.accept);
	if (!rc && plan_is_removed(a->b, location))
		rc = api_refuse(a, 409, "it has been removed: nothing is asked of it");
	if (!rc)
		rc = store_scrub_begin(a->b->store, &scrub);
	return rc ? rc : see(a);
}

static int set_state(struct api_ask *a, u16 location, enum store_scrub_state from,
		     enum store_scrub_state to)
{
	struct scrub_job *job = scrubs_find(a->b, location);
	struct store_scrub row;
	int rc;

	if (!job || job->row.state != from)
		return api_refuse(a, 404, "there is no scrub that is %s",
				  from == STORE_SCRUB_RUNS ? "running" : "paused");
	/* A step that is under way ends, and keeps that. */
	job->row.state = to;
	row = job->row;
	rc = store_scrub_save(a->b->store, &row);
	return rc ? rc : see(a);
}

static int cancel(struct api_ask *a, u16 location)
{
	int rc = store_scrub_drop(a->b->store, location);

	if (rc == -STORE_NO_SUCH_LOCATION)
		return api_refuse(a, 404, "it has not been scrubbed");
	if (!rc)
		rc = see(a);
	a->out = rc ? NULL : json_pack("{s:s}", "state", "cancelled");
	return rc ? rc : 200;
}

int admin_location_scrub(struct api_ask *a)
{
	struct store_location l;
	struct admin_job job;
	u64 team;
	int rc = admin_job_asked(a, names, &job);

	if (!rc)
		rc = admin_team(a, false, &team);
	if (!rc)
		rc = admin_find_location(a, team, &l);
	if (rc)
		return rc;
	a->asked = job.watch;
	if (job.cancel)
		return cancel(a, l.id);
	if (job.pause || job.resume)
		rc = set_state(a, l.id, job.pause ? STORE_SCRUB_RUNS : STORE_SCRUB_PAUSED,
			       job.pause ? STORE_SCRUB_PAUSED : STORE_SCRUB_RUNS);
	else if (!job.watch)
		rc = begin(a, l.id);
	return rc ? rc : status(a, l.id);
}
