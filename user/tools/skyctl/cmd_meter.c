// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl meter: records of use, as somebody sees them who has the files, and perhaps a ledger. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "base/report.h"
#include "meter/chain.h"
#include "s3.h"

/* Beside those of program.h: something was found. */
#define EXIT_FOUND	10

/* Sums of one tenant in one period. */
struct sums {
	struct sums *next;
	char *tenant, *source, period[32];
	uint64_t records;
	unsigned int counters;
	char *name[METER_COUNTERS];
	uint64_t value[METER_COUNTERS];
};

struct metered {
	const struct options *o;
	json_t *findings;		/* or NULL: they are printed */
	struct sums *sums;
	uint64_t since, until;		/* microseconds */
	bool lost;			/* no memory */
};

/* --- what is found ------------------------------------------------------------------------- */

static void on_found(void *ctx, enum meter_finding f, const char *file, unsigned int line,
		     const char *why)
{
	struct metered *m = ctx;

	if (m->findings)
		json_array_append_new(m->findings,
				      json_pack("{s:s, s:s?, s:i, s:s}", "finding",
						meter_finding_name(f), "file", file, "line",
						(int)line, "why", why));
	else if (file)
		printf("%s:%u: %s: %s\n", file, line, meter_finding_name(f), why);
	else
		printf("%s: %s\n", meter_finding_name(f), why);
}

/* --- files --------------------------------------------------------------------------------- */

static int read_file(struct meter_chain *c, const char *path)
{
	CLEANUP_FCLOSE FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	CLEANUP_FREE char *line = NULL;
	unsigned int number = 0;
	size_t room = 0;
	ssize_t len;
	int rc = 0;

	if (!f)
		return fail_errno("cannot read %s", path);
	while (!rc && (len = getline(&line, &room, f)) >= 0) {
		/* What is cut off is no line. */
		if (len && line[len - 1] == '\n')
			len--;
		rc = meter_chain_line(c, (struct str){ line, len }, path, ++number);
	}
	if (!rc && ferror(f))
		return fail(EIO, "cannot read %s", path);
	if (f == stdin)
		f = NULL;
	return rc ? fail(-rc, "%s: %s", path, strerror(-rc)) : 0;
}

static int read_ak(const char *text, struct meter_chain_config *config)
{
	if (!text)
		return 0;
	config->known = strlen(text) == 2 * METER_AK_BYTES &&
			!hex_decode(text, config->ak, METER_AK_BYTES);
	return config->known ? 0 : fail(EINVAL, "--ak %s: is no Name, %u digits", text,
					2 * METER_AK_BYTES);
}

static int on_leaf(void *ctx, uint64_t index, struct str bytes)
{
	struct ledger_entry e;

	(void)index;
	if (entry_parse(bytes, &e))
		return -EBADMSG;
	return str_is(e.event.action, METER_LEAF_ACTION) ?
	       meter_chain_leaf(ctx, e.event.object, e.event.result) : 0;
}

static int read_all(struct metered *m, const struct meter_listener *listener, int argc, char **argv,
		    struct meter_chain **to)
{
	struct meter_chain_config config = { .partial = m->o->partial, .listener = *listener };
	int rc = read_ak(m->o->ak, &config), i;

	if (rc)
		return rc;
	*to = meter_chain_new(&config);
	if (!*to)
		return fail(ENOMEM, "no memory");
	for (i = 0; !rc && i < argc; i++)
		rc = read_file(*to, argv[i]);
	if (!rc)
		rc = meter_chain_end(*to);
	if (!rc && m->lost)
		rc = fail(ENOMEM, "no memory");
	return rc;
}

/* --- verify -------------------------------------------------------------------------------- */

static void print_verdict(const struct metered *m, const struct meter_chain *c)
{
	uint8_t ak[METER_AK_BYTES];
	char name[2 * METER_AK_BYTES + 1] = "";
	json_t *out;

	if (meter_chain_ak(c, ak))
		hex_encode(ak, sizeof(ak), name);
	if (!m->findings) {
		if (meter_chain_sound(c))
			printf("%s: %" PRIu64 " records, sound%s\n", name, meter_chain_count(c),
			       m->o->ledger ? ", and all in the ledger" : "");
		return;
	}
	out = json_pack("{s:s, s:I, s:b, s:O}", "ak", name, "records",
			(json_int_t)meter_chain_count(c), "sound", meter_chain_sound(c),
			"findings", m->findings);
	print_answer(m->o, out, NULL);
	json_decref(out);
}

int cmd_meter_verify(const struct options *o, int argc, char **argv)
{
	struct metered m = { .o = o, .findings = o->json ? json_array() : NULL };
	const struct meter_listener listener = { .found = on_found, .ctx = &m };
	struct meter_chain *c = NULL;
	int rc = read_all(&m, &listener, argc, argv, &c);

	if (!rc && o->ledger) {
		rc = audit_entries(o, o->ledger, on_leaf, c);
		if (!rc)
			rc = meter_chain_leaves_end(c);
	}
	if (!rc) {
		print_verdict(&m, c);
		rc = meter_chain_sound(c) ? 0 : EXIT_FOUND;
	}
	if (!rc && !meter_chain_count(c))
		rc = fail(ENODATA, "there are no records");
	meter_chain_free(c);
	json_decref(m.findings);
	return rc;
}

/* --- show ---------------------------------------------------------------------------------- */

static void period_of(const char *by, uint64_t us, char to[32])
{
	const char *picture = !strcmp(by, "hour") ? "%Y-%m-%dT%HZ" :
			      !strcmp(by, "day") ? "%Y-%m-%d" :
			      !strcmp(by, "month") ? "%Y-%m" : "all";
	time_t seconds = us / 1000000;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	if (!strftime(to, 32, picture, &tm))
		strcpy(to, "?");
}

/* Return: it, or NULL: no memory. */
static struct sums *sums_of(struct metered *m, const struct meter_record *r)
{
	char period[32];
	struct sums **at, *s;

	period_of(m->o->by, r->to, period);
	for (at = &m->sums; *at; at = &(*at)->next)
		if (str_is(r->tenant, (*at)->tenant) && str_is(r->source, (*at)->source) &&
		    !strcmp(period, (*at)->period))
			return *at;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	strcpy(s->period, period);
	s->tenant = strndup(r->tenant.at, r->tenant.len);
	s->source = strndup(r->source.at, r->source.len);
	*at = s;
	return s->tenant && s->source ? s : NULL;
}

static bool add(struct sums *s, struct str name, uint64_t value)
{
	unsigned int i;

	for (i = 0; i < s->counters; i++)
		if (str_is(name, s->name[i]))
			break;
	if (i == s->counters) {
		if (i == METER_COUNTERS)
			return false;
		s->name[i] = strndup(name.at, name.len);
		if (!s->name[i])
			return false;
		s->counters++;
	}
	/* A sum that cannot be told is not told small. */
	if (__builtin_add_overflow(s->value[i], value, &s->value[i]))
		s->value[i] = UINT64_MAX;
	return true;
}

static void on_record(void *ctx, const struct meter_record *r, const uint64_t *used)
{
	struct metered *m = ctx;
	struct sums *s;
	unsigned int i;

	if (r->to < m->since || r->to >= m->until ||
	    (m->o->tenant && !str_is(r->tenant, m->o->tenant)))
		return;
	s = sums_of(m, r);
	if (!s) {
		m->lost = true;
		return;
	}
	s->records++;
	for (i = 0; i < r->counters; i++)
		m->lost |= !add(s, r->counter[i].name, used[i]);
}

static void print_text(const struct sums *s)
{
	char shown[2][S3_SHOWN_MAX];
	unsigned int i;

	for (; s; s = s->next) {
		printf("%s %s %s: %" PRIu64 " records\n", s3_shown(str_of(s->tenant), shown[0]),
		       s3_shown(str_of(s->source), shown[1]), s->period, s->records);
		for (i = 0; i < s->counters; i++)
			printf("  %-32s %" PRIu64 "\n", s->name[i], s->value[i]);
	}
}

static json_t *sums_json(const struct sums *s)
{
	json_t *all = json_array(), *of;
	unsigned int i;

	for (; s; s = s->next) {
		of = json_object();
		for (i = 0; i < s->counters; i++)
			json_object_set_new(of, s->name[i],
					    json_integer(s->value[i] > INT64_MAX ? INT64_MAX :
							 s->value[i]));
		json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:I, s:o}", "tenant",
						     s->tenant, "source", s->source, "period",
						     s->period, "records", (json_int_t)s->records,
						     "used", of));
	}
	return all;
}

static void free_sums(struct sums *s)
{
	struct sums *next;
	unsigned int i;

	for (; s; s = next) {
		next = s->next;
		for (i = 0; i < s->counters; i++)
			free(s->name[i]);
		free(s->tenant);
		free(s->source);
		free(s);
	}
}

/* "2026-11-22" or "2026-11-22T10:00:00Z" */
static int read_time(const char *option, const char *text, uint64_t *us)
{
	struct tm tm = { .tm_isdst = 0 };
	const char *end;

	if (!text)
		return 0;
	end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!end || *end) {
		tm = (struct tm){ .tm_isdst = 0 };
		end = strptime(text, "%Y-%m-%d", &tm);
	}
	if (!end || *end || timegm(&tm) < 0)
		return fail(EINVAL, "--%s %s: it is a day, 2026-11-22, or 2026-11-22T10:00:00Z",
			    option, text);
	*us = timegm(&tm) * 1000000ull;
	return 0;
}

int cmd_meter_show(const struct options *o, int argc, char **argv)
{
	struct metered m = { .o = o, .until = UINT64_MAX };
	const struct meter_listener listener = { .record = on_record, .ctx = &m };
	struct meter_chain *c = NULL;
	json_t *out;
	int rc = 0;

	if (strcmp(o->by, "hour") && strcmp(o->by, "day") && strcmp(o->by, "month") &&
	    strcmp(o->by, "all"))
		rc = fail(EINVAL, "--by %s: it is hour, day, month or all", o->by);
	if (!rc)
		rc = read_time("since", o->since, &m.since);
	if (!rc)
		rc = read_time("until", o->until, &m.until);
	if (!rc)
		rc = read_all(&m, &listener, argc, argv, &c);
	if (!rc && o->json) {
		out = json_pack("{s:b, s:o}", "sound", meter_chain_sound(c), "sums",
				sums_json(m.sums));
		print_answer(o, out, NULL);
		json_decref(out);
	} else if (!rc) {
		print_text(m.sums);
	}
	if (!rc && !meter_chain_sound(c)) {
		warn("something is wrong with these records");
		hint("`skyctl meter verify` says what; records that are not good are not counted");
		rc = EXIT_FOUND;
	}
	meter_chain_free(c);
	free_sums(m.sums);
	return rc;
}
