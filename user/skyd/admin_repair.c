// SPDX-License-Identifier: GPL-2.0-or-later
/* Locations that are left: begun, watched, paused, called off. */
#include <errno.h>
#include <string.h>

#include "api.h"
#include "care.h"
#include "moves.h"

#define TARGETS_MAX	1024u

static const char *const names[] = {
	"name", "team", "to", "status", "pause", "resume", "cancel", NULL
};

/* --- how it goes -------------------- */

static const char *state_of(const struct move_job *job)
{
	if (job->row.state != STORE_REPAIR_RUNS)
		return job->row.state == STORE_REPAIR_DONE ? "done" : "paused";
	if (job->phase == MOVE_COUNTS)
		return "counting";
	if (job->phase == MOVE_WAITS)
		return "waiting";
	return !job->tasks && !job->found && job->before.generations ? "stuck" : "moving";
}

static json_t *whys_of(const struct move_job *job)
{
	const struct move_whys *w = job->why.generations > job->before.generations ?
				    &job->why : &job->before;
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < w->count; i++)
		json_array_append_new(list, json_pack("{s:I, s:s}", "generations",
						      (json_int_t)w->why[i].generations, "why",
						      w->why[i].text));
	return list;
}

/* A line for people, of which each number is a member as well. */
static json_t *line_of(const struct move_job *job, u64 left, double eta)
{
	const struct move_whys *w = job->why.generations > job->before.generations ?
				    &job->why : &job->before;
	char text[512];
	int len = snprintf(text, sizeof(text), "%llu of %llu fragments are elsewhere",
			   (unsigned long long)job->row.moved, (unsigned long long)job->row.total);

	if (eta > 0 && left)
		len += snprintf(text + len, sizeof(text) - len, ", %.0f s to go", eta);
	if (w->generations)
		snprintf(text + len, sizeof(text) - len, "; %llu generations cannot be moved: %s%s",
			 (unsigned long long)w->generations, w->why[0].text,
			 w->count > 1 ? ", and others" : "");
	return json_string(text);
}

json_t *admin_repair(struct api_ask *a, u16 location)
{
	const struct move_job *job = moves_find(a->b, location);
	u64 left, until;
	double eta;
	bool runs;

	if (!job)
		return NULL;
	left = job->row.total > job->row.moved ? job->row.total - job->row.moved : 0;
	runs = job->row.state == STORE_REPAIR_RUNS && left && job->rate > 0;
	eta = runs ? left / job->rate : 0;
	until = job->phase == MOVE_WAITS && job->row.state == STORE_REPAIR_RUNS ? job->until : 0;
	return json_pack("{s:s, s:o, s:I, s:I, s:I, s:f, s:o, s:o, s:o, s:o, s:o}",
			 "state", state_of(job), "says", line_of(job, left, eta),
			 "total", (json_int_t)job->row.total,
			 "moved", (json_int_t)job->row.moved,
			 "bytes", (json_int_t)job->row.bytes,
			 "rate", runs ? job->byte_rate : 0.0,
			 "eta", runs ? json_real(eta) : json_null(),
			 "cannot", whys_of(job),
			 "began", api_time(job->row.began),
			 "until", until ? api_time(until) : json_null(),
			 "ended", job->row.ended ? api_time(job->row.ended) : json_null());
}

/* --- what is to be done -------------------- */

static int find_target(struct api_ask *a, const char *name, u16 *id)
{
	struct catalogue *c = catalogue_get(a->b);
	const size_t len = strlen(name);
	unsigned int i;

	*id = 0;
	for (i = 0; i < c->count; i++)
		if (c->place[i].row.name.len == len &&
		    !memcmp(c->place[i].row.name.data, name, len))
			*id = c->place[i].row.id;
	catalogue_put(c);
	return *id ? 0 : api_refuse(a, 404, "there is no location %s", name);
}

/* "to": names of where they may go; none: anywhere. */
static int read_targets(struct api_ask *a, struct store_text *to)
{
	const json_t *list = json_object_get(a->in, "to");
	const char *name;
	size_t i, count = json_array_size(list);
	u8 *ids;
	u16 id;
	int rc;

	if (list && (!json_is_array(list) || !count || count > TARGETS_MAX))
		return api_refuse(a, 400, "to is not a list of names");
	ids = store_alloc(&a->arena, 2 * count + 1);
	if (!ids)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		name = json_string_value(json_array_get(list, i));
		if (!name)
			return api_refuse(a, 400, "to is not a list of names");
		rc = find_target(a, name, &id);
		if (rc)
			return rc;
		ids[2 * i] = id;
		ids[2 * i + 1] = id >> 8;
	}
	*to = (struct store_text){ ids, 2 * count };
	return 0;
}

/* Jobs are read by the fiber that does them; who asks next shall see this one. */
static int see(struct api_ask *a)
{
	moves_changed(a->b);
	return a->b->care && a->b->care->moves ? moves_load(a->b) : 0;
}

/* No more fragments go there from before the first one is looked for. */
int admin_repair_begin(struct api_ask *a, const struct store_location *row, bool reads)
{
	struct store_location l = *row;
	struct store_repair repair = { .location = row->id, .reads = reads };
	int rc = read_targets(a, &repair.targets);

	if (!rc && l.state == STORE_ACTIVE) {
		l.state = STORE_DRAINING;
		rc = store_location_update(a->b->store, l.team, &l);
	}
	if (!rc)
		rc = plan_reload(a->b);
	if (!rc)
		rc = store_repair_begin(a->b->store, &repair);
	return rc ? rc : see(a);
}

int admin_repair_end(struct api_ask *a, u16 location)
{
	int rc = store_repair_drop(a->b->store, location);

	return rc && rc != -STORE_NO_SUCH_LOCATION ? rc : see(a);
}

static int set_state(struct api_ask *a, u16 location, enum store_repair_state state)
{
	const struct move_job *job = moves_find(a->b, location);
	int rc;

	if (!job || job->row.state == STORE_REPAIR_DONE)
		return api_refuse(a, 404, "no fragments are being moved from there");
	rc = store_repair_set(a->b->store, location, state);
	return rc ? rc : see(a);
}

static int begin(struct api_ask *a, bool reads)
{
	struct store_location l;
	u64 team;
	int rc = admin_team(a, false, &team);

	if (!rc)
		rc = admin_find_location(a, team, &l);
	if (!rc)
		rc = admin_repair_begin(a, &l, reads);
	if (!rc)
		rc = admin_find_location(a, team, &l);
	if (rc)
		return rc;
	a->out = api_location(a, &l);
	if (a->out)
		json_object_set_new(a->out, "repair", admin_repair(a, l.id));
	return a->out ? 200 : -ENOMEM;
}

/* As below, and what it still has is read from it. */
int admin_location_drain(struct api_ask *a)
{
	return begin(a, true);
}

static int status(struct api_ask *a, u16 location)
{
	a->out = admin_repair(a, location);
	return a->out ? 200 : api_refuse(a, 404, "no fragments have been moved from there");
}

int admin_job_asked(struct api_ask *a, const char *const *members, struct admin_job *job)
{
	int rc = api_only(a, members);

	*job = (struct admin_job){ 0 };
	if (!rc)
		rc = api_bool(a, "status", &job->watch);
	if (!rc)
		rc = api_bool(a, "pause", &job->pause);
	if (!rc)
		rc = api_bool(a, "resume", &job->resume);
	if (!rc)
		rc = api_bool(a, "cancel", &job->cancel);
	if (!rc && job->watch + job->pause + job->resume + job->cancel > 1)
		rc = api_refuse(a, 400, "status, pause, resume and cancel exclude each other");
	return rc;
}

/* All fragments that it had are made anew elsewhere. */
int admin_location_repair(struct api_ask *a)
{
	struct store_location l;
	struct admin_job job;
	u64 team;
	int rc = admin_job_asked(a, names, &job);

	if (rc)
		return rc;
	a->asked = job.watch;
	if (!(job.watch || job.pause || job.resume || job.cancel))
		return begin(a, false);
	if (json_object_get(a->in, "to"))
		return api_refuse(a, 400, "to is for the beginning");
	rc = admin_team(a, false, &team);
	if (!rc)
		rc = admin_find_location(a, team, &l);
	if (!rc && (job.pause || job.resume))
		rc = set_state(a, l.id, job.pause ? STORE_REPAIR_PAUSED : STORE_REPAIR_RUNS);
	if (!rc && job.cancel) {
		rc = admin_repair_end(a, l.id);
		a->out = rc ? NULL : json_pack("{s:s}", "state", "cancelled");
		return rc ? rc : 200;
	}
	return rc ? rc : status(a, l.id);
}
