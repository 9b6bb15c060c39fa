// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/str.h"
#include "bench.h"
#include "s3_rows.h"

#define LIMIT	"limit.json"
#define MANY	16u		/* requests at a time fill the lanes of hashes */

const char *const s3_servers[S3_SERVERS] = { [S3_PEER] = "radosgw", [S3_OURS] = "skyd" };

/* --- one file --------------------------------------------------------------------------------- */

static double number(const json_t *o, const char *name)
{
	return json_number_value(json_object_get(o, name));
}

static struct s3_row *find_row(struct s3_rows *rows, const struct s3_row *like)
{
	struct s3_row *row;

	for (row = rows->row; row < rows->row + rows->rows; row++)
		if (row->get == like->get && row->size == like->size &&
		    row->concurrency == like->concurrency)
			return row;
	if (rows->rows == S3_ROWS)
		return NULL;
	*row = *like;
	rows->rows++;
	return row;
}

static void take(struct s3_cell *c, const json_t *o, const json_t *latency)
{
	const double sample[S3_METRICS] = {
		[S3_OPS] = number(o, "ops_s"), [S3_MB] = number(o, "mb_s"),
		[S3_CPU] = number(o, "cpu_us_op"), [S3_P50] = number(latency, "p50") / 1e3,
		[S3_P99] = number(latency, "p99") / 1e3,
		[S3_P99_9] = number(latency, "p99_9") / 1e3,
		[S3_PEAK] = number(o, "peak_kib") / 1024,
	};
	unsigned int m;

	for (m = 0; m < S3_METRICS; m++)
		c->sample[m][c->rounds] = sample[m];
	c->rounds++;
	c->failed += number(o, "failed");
}

/* Return: 0 or -EBADMSG. */
static int add_run(struct s3_rows *rows, const json_t *o)
{
	const char *server = json_string_value(json_object_get(o, "server"));
	const char *op = json_string_value(json_object_get(o, "op"));
	struct s3_row like = { 0 }, *row;
	unsigned int s = 0;

	if (!server || !op || (strcmp(op, "put") && strcmp(op, "get")))
		return -EBADMSG;
	while (s < S3_SERVERS && strcmp(server, s3_servers[s]))
		s++;
	like.get = !strcmp(op, "get");
	like.size = number(o, "size");
	like.concurrency = number(o, "concurrency");
	row = s < S3_SERVERS && like.concurrency ? find_row(rows, &like) : NULL;
	if (!row || row->cell[s].rounds == S3_ROUNDS)
		return -EBADMSG;
	take(&row->cell[s], o, json_object_get(o, like.get ? "get_us" : "put_us"));
	return 0;
}

static int add_limit(struct s3_limit *l, const json_t *o)
{
	const struct { const char *name; double *to; } parts[] = {
		{ "sha256", &l->sha256 }, { "sha256_many", &l->sha256_many }, { "md5", &l->md5 },
		{ "md5_many", &l->md5_many }, { "gcm", &l->gcm }, { "coding", &l->coding },
		{ "send", &l->send }, { "receive", &l->receive },
	};
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		*parts[i].to = number(o, parts[i].name);
		if (*parts[i].to <= 0)
			return -EBADMSG;
	}
	return 0;
}

static int add_file(struct s3_rows *rows, const char *folder, const char *name)
{
	CLEANUP_FREE char *path = NULL;
	json_error_t error;
	json_t *o;
	int rc;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	o = json_load_file(path, 0, &error);
	if (!o)
		return fail(EBADMSG, "%s:%d: %s", path, error.line, error.text);
	rc = strcmp(name, LIMIT) ? add_run(rows, o) : add_limit(&rows->limit, o);
	json_decref(o);
	return rc ? fail(-rc, "%s: not what skybench writes, or too many of them", path) : 0;
}

/* --- a folder --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct s3_row *x = a, *y = b;

	if (x->get != y->get)
		return x->get - y->get;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return (int)x->concurrency - (int)y->concurrency;
}

static void find_medians(struct s3_rows *rows)
{
	struct s3_cell *c;
	unsigned int i, s, m;

	for (i = 0; i < rows->rows; i++)
		for (s = 0; s < S3_SERVERS; s++) {
			c = &rows->row[i].cell[s];
			for (m = 0; c->rounds && m < S3_METRICS; m++)
				c->median[m] = bench_median(c->sample[m], c->rounds);
		}
}

int s3_rows_load(struct s3_rows *rows, const char *folder)
{
	struct dirent *entry;
	DIR *dir = opendir(folder);
	int rc = 0;

	if (!dir)
		return fail_errno("%s", folder);
	memset(rows, 0, sizeof(*rows));
	while (!rc && (entry = readdir(dir)))
		if (str_ends(str_of(entry->d_name), STR(".json")))
			rc = add_file(rows, folder, entry->d_name);
	closedir(dir);
	if (rc)
		return rc;
	if (!rows->rows || rows->limit.send <= 0)
		return fail(ENODATA, "%s: no measurements, or no %s", folder, LIMIT);
	qsort(rows->row, rows->rows, sizeof(rows->row[0]), compare);
	find_medians(rows);
	return 0;
}

double s3_limit_us(const struct s3_limit *l, const struct s3_row *row)
{
	const bool many = row->concurrency >= MANY;
	double ns = l->gcm + (row->get ? l->send : l->receive + l->coding);

	if (!row->get)
		ns += many ? l->sha256_many + l->md5_many : l->sha256 + l->md5;
	return ns * row->size / 1e3;
}
