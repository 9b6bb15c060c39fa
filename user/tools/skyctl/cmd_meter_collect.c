// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * skyctl meter collect: what teams have stored and asked for, as records that are signed and
 * chained.  skyd tells how much is stored now; between two answers it is taken to be their mean;
 * and it tells how many requests and bytes there have been ever.  Beside the records, in DIR/teams,
 * is what each team had and when, so that a stop loses nothing.
 *
 * That file is written before the records, and says which record is to come and what there was
 * before: whoever begins again sees by the chain whether it came.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "skyctl.h"

#define TEAMS_MAX	(16u << 20)	/* bytes of the file */
#define US_PER_HOUR	3600000000ull
#define PART_MAX	(1ull << 52)	/* that a record has room for */

/* Counters of a record; those after the first are totals of skyd's, by the same names. */
enum { STORAGE, TOTALS, COUNTERS = 4 };

static const char *const names[COUNTERS] = {
	"storage_byte_hours", "requests", "bytes_in", "bytes_out",
};

struct collecting {
	const struct options *o;
	struct meter_own own;
	json_t *teams;			/* name: { bytes, time, rest, id, totals, record, was } */
	bool first;			/* nothing was ever collected here */
	char *path;			/* of the file of these */
	uint64_t now;			/* microseconds since 1970 */
};

static uint64_t wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

/* Whose record did not come has what it had before. */
static void settle(struct collecting *c)
{
	uint64_t next = meter_keeper_next(c->own.keeper);
	json_t *team, *record, *was;
	const char *name;
	void *after;

	json_object_foreach_safe(c->teams, after, name, team) {
		record = json_object_get(team, "record");
		if (!record || json_integer_value(record) < (json_int_t)next)
			continue;
		was = json_object_get(team, "was");
		if (json_is_object(was))
			json_object_set(c->teams, name, was);
		else
			json_object_del(c->teams, name);
	}
}

static int load(struct collecting *c)
{
	CLEANUP_FREE char *text = NULL;
	size_t len;
	int rc;

	if (asprintf(&c->path, "%s/teams", c->o->meter.dir) < 0) {
		c->path = NULL;
		return fail(ENOMEM, "no memory");
	}
	rc = file_read(c->path, TEAMS_MAX, &text, &len);
	if (rc && rc != -ENOENT)
		return fail(-rc, "cannot read %s: %s", c->path, strerror(-rc));
	c->first = rc;
	c->teams = rc ? json_object() : json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(c->teams)) {
		settle(c);
		return 0;
	}
	return fail(EBADMSG, "%s is damaged: without it the time since then is not counted",
		    c->path);
}

static int save(const struct collecting *c)
{
	CLEANUP_FREE char *text = json_dumps(c->teams, JSON_COMPACT | JSON_SORT_KEYS);
	int rc = text ? file_write_atomic(c->path, text, strlen(text), 0600) : -ENOMEM;

	return rc ? fail(-rc, "cannot write %s: %s", c->path, strerror(-rc)) : 0;
}

/* Bytes times hours since the last answer; what is less than one is kept for the next. */
static uint64_t byte_hours(json_t *was, uint64_t bytes, uint64_t time, uint64_t now,
			   uint64_t *rest)
{
	uint64_t before = json_integer_value(json_object_get(was, "bytes"));
	unsigned __int128 sum = json_integer_value(json_object_get(was, "rest"));

	/* Twice, so that the mean has no half. */
	sum += ((unsigned __int128)before + bytes) * (now > time ? now - time : 0);
	*rest = sum % (2 * US_PER_HOUR);
	sum /= 2 * US_PER_HOUR;
	return sum > UINT64_MAX ? UINT64_MAX : sum;
}

static uint64_t number_of(const json_t *of, const char *name)
{
	return json_integer_value(json_object_get(of, name));
}

/*
 * What a total has risen by.  Of a team that was there before anything was collected, only what
 * comes from now on; of another one of its name, all.  One that is smaller is of a database that
 * was put back: nothing can be told of what was in between.
 */
static uint64_t risen(const struct collecting *c, const json_t *was, const json_t *now,
		      const char *name)
{
	uint64_t total = number_of(now, name), before;

	if (!was)
		return c->first ? 0 : total;
	if (!json_object_get(was, name))
		return 0;
	if (number_of(was, "id") != number_of(now, "id"))
		return total;
	before = number_of(was, name);
	return total > before ? total - before : 0;
}

/* As many records as are needed for that much. */
static int add_records(struct collecting *c, struct meter_sample *s, uint64_t left[COUNTERS])
{
	struct meter_counter counter[COUNTERS];
	unsigned int i;
	bool more;
	int rc;

	do {
		more = false;
		for (i = 0; i < COUNTERS; i++) {
			uint64_t part = left[i] < PART_MAX ? left[i] : PART_MAX;

			counter[i] = (struct meter_counter){ str_of(names[i]), part };
			left[i] -= part;
			more |= left[i] != 0;
		}
		s->counter = counter;
		s->counters = COUNTERS;
		rc = meter_keeper_add(c->own.keeper, s);
	} while (!rc && more);
	return rc;
}

/*
 * What is remembered of it; with what there was, until the record of @before on is there.  Of a
 * team that was there before anything was collected that is what there is now.
 */
static int remember(struct collecting *c, const char *name, json_t *was, const json_t *now,
		    uint64_t bytes, uint64_t rest, uint64_t before)
{
	uint64_t next = meter_keeper_next(c->own.keeper);
	json_t *team = json_pack("{s:I, s:I, s:I, s:I}", "bytes", (json_int_t)bytes, "time",
				 (json_int_t)c->now, "rest", (json_int_t)rest, "id",
				 (json_int_t)number_of(now, "id"));
	unsigned int i;
	int bad = !team;

	for (i = TOTALS; i < COUNTERS; i++)
		bad |= json_object_set_new(team, names[i], json_integer(number_of(now, names[i])));
	if (next > before) {
		json_t *then = was ? json_incref(was) : c->first ? json_copy(team) : json_null();

		json_object_del(was, "was");
		json_object_del(was, "record");
		bad |= json_object_set_new(team, "record", json_integer(next - 1));
		bad |= json_object_set_new(team, "was", then);
	}
	if (bad || json_object_set(c->teams, name, team))
		bad = fail(ENOMEM, "no memory");
	json_decref(team);
	return bad;
}

static int add_team(struct collecting *c, const char *name, const json_t *now)
{
	uint64_t bytes = number_of(now, "bytes") + number_of(now, "upload_bytes");
	uint64_t before = meter_keeper_next(c->own.keeper), left[COUNTERS] = { 0 }, rest = 0, told;
	json_t *was = json_object_get(c->teams, name);
	struct meter_sample s = {
		.source = STR("skyd"), .tenant = str_of(name), .unit = str_of(name),
		.since = c->now, .now = c->now, .added = true,
	};
	unsigned int i;
	int rc;

	for (i = TOTALS; i < COUNTERS; i++)
		left[i] = risen(c, was, now, names[i]);
	if (was) {
		s.since = number_of(was, "time");
		/* The chain is ahead of the file of teams: that one was put back. */
		if (meter_keeper_last(c->own.keeper, s.source, s.unit, &told) && told > s.since)
			s.since = told;
		left[STORAGE] = byte_hours(was, bytes, s.since, c->now, &rest);
	}
	rc = add_records(c, &s, left);
	return rc ? fail(-rc, "team %s cannot be metered", name) :
		    remember(c, name, was, now, bytes, rest, before);
}

static int ask_team(struct collecting *c, const char *name)
{
	json_t *in = json_pack("{s:s}", "name", name), *out = NULL;
	int rc = ask(c->o, "team usage", in, &out);

	if (!rc)
		rc = add_team(c, name, out);
	json_decref(in);
	json_decref(out);
	return rc;
}

static int round_of(struct collecting *c)
{
	json_t *in = json_object(), *out = NULL, *team;
	char why[METER_WHY];
	size_t i;
	int rc;

	c->now = wall_us();
	rc = ask(c->o, "team list", in, &out);
	json_array_foreach(out, i, team) {
		const char *name = json_string_value(json_object_get(team, "name"));

		if (!rc && name)
			rc = ask_team(c, name);
	}
	json_decref(in);
	json_decref(out);
	if (rc)
		return rc;
	rc = save(c);
	if (rc)
		return rc;
	rc = meter_keeper_commit(c->own.keeper, true, c->now, why);
	if (rc)
		return fail(-rc, "%s", why);
	c->first = false;
	return 0;
}

int cmd_meter_collect(const struct options *o, int argc, char **argv)
{
	struct timespec pause = { .tv_sec = o->meter_interval };
	struct collecting c = { .o = o };
	char why[METER_WHY] = "";
	bool goes_on = true;
	sigset_t stops;
	uint64_t n;
	int rc;

	(void)argc;
	(void)argv;
	/* What the TPM's library prints of its own accord says less than we do. */
	if (!report_verbose)
		setenv("TSS2_LOG", "all+NONE", 0);
	rc = meter_own_open(&c.own, &o->meter, why);
	if (rc == -ENODEV)
		return fail(ENODEV, "%s; --tcti names another, such as device:/dev/tpm0", why);
	if (rc)
		return fail(-rc, "%s", *why ? why : o->meter.dir);
	rc = load(&c);
	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	for (n = 0; !rc && goes_on && (!o->count || n < o->count); n++) {
		if (n)
			goes_on = sigtimedwait(&stops, NULL, &pause) < 0;
		rc = round_of(&c);
	}
	json_decref(c.teams);
	free(c.path);
	meter_own_close(&c.own);
	return rc;
}
