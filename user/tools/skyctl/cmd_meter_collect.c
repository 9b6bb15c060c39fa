// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * skyctl meter collect: what teams have stored, as records that are signed and chained.  skyd
 * tells how much it is now; between two answers it is taken to be their mean.  Beside the
 * records, in DIR/teams, is what each team had and when, so that a stop loses no time.
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

struct collecting {
	const struct options *o;
	struct meter_own own;
	json_t *teams;			/* name: { bytes, time, rest } */
	char *path;			/* of the file of these */
	uint64_t now;			/* microseconds since 1970 */
};

static uint64_t wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
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
		return fail(-rc, "cannot read %s", c->path);
	c->teams = rc ? json_object() : json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(c->teams))
		return 0;
	return fail(EBADMSG, "%s is damaged: without it the time since then is not counted",
		    c->path);
}

static int save(const struct collecting *c)
{
	CLEANUP_FREE char *text = json_dumps(c->teams, JSON_COMPACT | JSON_SORT_KEYS);
	int rc = text ? file_write_atomic(c->path, text, strlen(text), 0600) : -ENOMEM;

	return rc ? fail(-rc, "cannot write %s", c->path) : 0;
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

static int add_team(struct collecting *c, const char *name, uint64_t bytes)
{
	json_t *was = json_object_get(c->teams, name);
	struct meter_counter counter = { STR("storage_byte_hours"), 0 };
	struct meter_sample s = {
		.source = STR("skyd"), .tenant = str_of(name), .unit = str_of(name),
		.since = c->now, .now = c->now, .added = true, .counters = 1, .counter = &counter,
	};
	uint64_t rest = 0, left = 0, told;
	int rc;

	if (was) {
		s.since = json_integer_value(json_object_get(was, "time"));
		/* Killed after the record and before the file of teams: not once more. */
		if (meter_keeper_last(c->own.keeper, s.source, s.unit, &told) && told > s.since)
			s.since = told;
		left = byte_hours(was, bytes, s.since, c->now, &rest);
	}
	do {
		counter.value = left < PART_MAX ? left : PART_MAX;
		left -= counter.value;
		rc = meter_keeper_add(c->own.keeper, &s);
	} while (!rc && left);
	if (rc)
		return fail(-rc, "team %s cannot be metered", name);
	if (json_object_set_new(c->teams, name,
				json_pack("{s:I, s:I, s:I}", "bytes", (json_int_t)bytes, "time",
					  (json_int_t)c->now, "rest", (json_int_t)rest)))
		return fail(ENOMEM, "no memory");
	return 0;
}

static int ask_team(struct collecting *c, const char *name)
{
	json_t *in = json_pack("{s:s}", "name", name), *out = NULL;
	int rc = ask(c->o, "team usage", in, &out);

	if (!rc)
		rc = add_team(c, name, json_integer_value(json_object_get(out, "bytes")) +
				       json_integer_value(json_object_get(out, "upload_bytes")));
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
	rc = meter_keeper_commit(c->own.keeper, true, c->now, why);
	return rc ? fail(-rc, "%s", why) : save(c);
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
	rc = meter_own_open(&c.own, &o->meter, why);
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
