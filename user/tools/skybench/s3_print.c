// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "base/size.h"
#include "s3_print.h"

static const char *const kinds[S3_KINDS] = { [S3_PUT] = "put", [S3_GET] = "get" };
static const char *const mixes[] = { "put", "get", "mix" };

static const struct {
	const char *name;
	double share;
} quantiles[] = { { "p50", 0.5 }, { "p99", 0.99 }, { "p99_9", 0.999 }, { "max", 1 } };

#define QUANTILES	(sizeof(quantiles) / sizeof(quantiles[0]))

/* What follows from the figures. */
struct sums {
	double seconds, operations, bytes;
	double cpu, client_cpu, data;	/* us of an operation */
	double busy;			/* share of one processor that the client had */
	bool watched;
};

static void add_up(const struct s3_about *a, struct sums *s)
{
	const struct s3_result *r = a->result;
	unsigned int kind;
	double each;

	memset(s, 0, sizeof(*s));
	s->seconds = r->wall / 1e9;
	for (kind = 0; kind < S3_KINDS; kind++) {
		s->operations += r->latency[kind].total;
		s->bytes += r->bytes[kind];
	}
	/* What has failed has cost something, too. */
	each = s->operations + r->errors.total;
	s->watched = a->plan->watched.pids || a->plan->watched.cgroup;
	s->cpu = each ? r->used.cpu_us / each : 0;
	s->client_cpu = each ? r->client_cpu / 1e3 / each : 0;
	s->data = each ? r->noise / 1e3 / each : 0;
	s->busy = r->wall ? (double)r->client_cpu / r->wall : 0;
}

/* --- words ------------------------------------------------------------------------------------ */

static void print_errors(const char *what, const struct s3_errors *e)
{
	unsigned int i;

	if (!e->total)
		return;
	printf("  %s: %llu", what, (unsigned long long)e->total);
	for (i = 0; i < e->rows; i++)
		printf("%s %s %llu", i ? "," : ":", e->row[i].code,
		       (unsigned long long)e->row[i].count);
	putchar('\n');
}

static void print_kind(const struct s3_result *r, unsigned int kind, const struct sums *s)
{
	const struct latency *l = &r->latency[kind];
	unsigned int i;

	printf("  %s %10.1f/s %9.2f MB/s  ms:", kinds[kind], l->total / s->seconds,
	       r->bytes[kind] / 1e6 / s->seconds);
	for (i = 0; i < QUANTILES; i++)
		printf(" %s %.3f", i == 2 ? "p99.9" : quantiles[i].name,
		       latency_quantile(l, quantiles[i].share) / 1e6);
	putchar('\n');
}

void s3_print(const struct s3_about *a)
{
	const struct s3_result *r = a->result;
	char size[SIZE_TEXT_MAX];
	unsigned int kind;
	struct sums s;

	add_up(a, &s);
	printf("%s: %s of %s, %u at a time, %.2f s, %llu objects, payload %s%s\n", a->label,
	       mixes[a->plan->mix], size_format(a->plan->size, size), a->plan->concurrency,
	       s.seconds, (unsigned long long)r->objects, a->plan->sign_payload ? "signed" : "unsigned",
	       a->plan->verify ? ", verified" : "");
	for (kind = 0; kind < S3_KINDS; kind++)
		if (r->latency[kind].total)
			print_kind(r, kind, &s);
	if (s.watched)
		printf("  server: CPU %.1f us an operation, peak %s\n", s.cpu,
		       size_format(r->used.peak_kib << 10, size));
	printf("  client: CPU %.1f us an operation, data %.1f of it; %.0f %% of a processor\n",
	       s.client_cpu, s.data, 100 * s.busy);
	if (r->repeated)
		printf("  requests sent twice: %llu\n", (unsigned long long)r->repeated);
	print_errors("errors", &r->errors);
	print_errors("not cleaned up", &r->leftover);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static json_t *latency_json(const struct latency *l)
{
	json_t *o = json_object();
	unsigned int i;

	if (!l->total) {
		json_decref(o);
		return json_null();
	}
	for (i = 0; i < QUANTILES; i++)
		json_object_set_new(o, quantiles[i].name,
				    json_real(latency_quantile(l, quantiles[i].share) / 1e3));
	json_object_set_new(o, "mean", json_real(latency_mean(l) / 1e3));
	return o;
}

static json_t *errors_json(const struct s3_errors *e)
{
	json_t *o = json_object();
	unsigned int i;

	for (i = 0; i < e->rows; i++)
		json_object_set_new(o, e->row[i].code, json_integer(e->row[i].count));
	return o;
}

static void set_numbers(json_t *o, const struct sums *s)
{
	const struct {
		const char *name;
		double value;
	} rows[] = {
		{ "seconds", s->seconds }, { "operations", s->operations }, { "bytes", s->bytes },
		{ "ops_s", s->operations / s->seconds }, { "mb_s", s->bytes / 1e6 / s->seconds },
		{ "client_cpu_us_op", s->client_cpu }, { "data_us_op", s->data },
		{ "client_busy", s->busy },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_object_set_new(o, rows[i].name, json_real(rows[i].value));
}

static json_t *all_json(const struct s3_about *a)
{
	const struct s3_result *r = a->result;
	json_t *o = json_object();
	struct sums s;

	add_up(a, &s);
	json_object_set_new(o, "server", json_string(a->label));
	json_object_set_new(o, "op", json_string(mixes[a->plan->mix]));
	json_object_set_new(o, "size", json_integer(a->plan->size));
	json_object_set_new(o, "concurrency", json_integer(a->plan->concurrency));
	json_object_set_new(o, "objects", json_integer(r->objects));
	set_numbers(o, &s);
	json_object_set_new(o, "put_us", latency_json(&r->latency[S3_PUT]));
	json_object_set_new(o, "get_us", latency_json(&r->latency[S3_GET]));
	json_object_set_new(o, "cpu_us_op", s.watched ? json_real(s.cpu) : json_null());
	json_object_set_new(o, "peak_kib",
			    s.watched ? json_integer(r->used.peak_kib) : json_null());
	json_object_set_new(o, "repeated", json_integer(r->repeated));
	json_object_set_new(o, "errors", errors_json(&r->errors));
	json_object_set_new(o, "failed", json_integer(r->errors.total));
	json_object_set_new(o, "leftover", json_integer(r->leftover.total));
	return o;
}

int s3_write(const struct s3_about *a, const char *path)
{
	json_t *o = all_json(a);
	CLEANUP_FREE char *text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	int rc = text ? file_write_atomic(path, text, strlen(text), 0644) : -ENOMEM;

	json_decref(o);
	return rc ? fail(-rc, "%s: %s", path, strerror(-rc)) : 0;
}
