// SPDX-License-Identifier: GPL-2.0-or-later
/* skybench s3-report: skyd beside Ceph's gateway, its targets, and what the machine allows. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/size.h"
#include "bench.h"
#include "s3_rows.h"

#define JUDGED	16u		/* requests at a time, of the rows that have targets */
#define NAME	96

/* Most CPU time of all roles for a request, in us. */
static const struct {
	bool get;
	uint64_t size;
	double us;
} targets[] = {
	{ false, 4 << 10, 150 }, { false, 1 << 20, 4000 }, { false, 16 << 20, 60000 },
	{ true, 4 << 10, 60 }, { true, 1 << 20, 1200 }, { true, 16 << 20, 16000 },
};

static const struct {
	const char *head, *name, *unit;
	int width, digits;
} columns[S3_METRICS] = {
	[S3_OPS] = { "ops/s", "operations", "1/s", 10, 1 },
	[S3_MB] = { "MB/s", "throughput", "MB/s", 10, 2 },
	[S3_CPU] = { "CPU us/op", "CPU of an operation", "us", 11, 1 },
	[S3_P50] = { "p50 ms", "p50", "ms", 10, 3 },
	[S3_P99] = { "p99 ms", "p99", "ms", 10, 3 },
	[S3_P99_9] = { "p99.9 ms", "p99.9", "ms", 10, 3 },
	[S3_PEAK] = { "peak MiB", "peak memory", "MiB", 10, 1 },
};

static const char *row_name(const struct s3_row *row, char name[NAME])
{
	char size[SIZE_TEXT_MAX];

	snprintf(name, NAME, "%s of %s, %u at a time", row->get ? "GET" : "PUT",
		 size_format(row->size, size), row->concurrency);
	return name;
}

static void print_head(void)
{
	unsigned int m;

	printf("%-12s", "");
	for (m = 0; m < S3_METRICS; m++)
		printf("%*s", columns[m].width, columns[m].head);
	printf("%8s\n", "errors");
}

static void print_cell(const struct s3_cell *c, const char *server)
{
	unsigned int m;

	printf("  %-10s", server);
	for (m = 0; m < S3_METRICS; m++)
		printf("%*.*f", columns[m].width, columns[m].digits, c->median[m]);
	printf("%8llu\n", (unsigned long long)c->failed);
}

/* What has failed may have been cheap. */
static bool comparable(const struct s3_row *row)
{
	const struct s3_cell *peer = &row->cell[S3_PEER], *ours = &row->cell[S3_OURS];

	return peer->rounds && ours->rounds && !peer->failed && !ours->failed;
}

/* A figure of one of them, beside the other's where there are both. */
static void keep_metric(struct bench_report *report, const struct s3_row *row, unsigned int metric)
{
	const struct s3_cell *peer = &row->cell[S3_PEER], *ours = &row->cell[S3_OURS];
	const bool both = comparable(row);
	char name[NAME], title[2 * NAME];

	snprintf(title, sizeof(title), "s3 %s %s: %s",
		 s3_servers[ours->rounds ? S3_OURS : S3_PEER], row_name(row, name),
		 columns[metric].name);
	bench_report_keep(report, &(struct bench_result){
		.name = title,
		.value = (ours->rounds ? ours : peer)->median[metric],
		.unit = columns[metric].unit,
		.peer = both ? s3_servers[S3_PEER] : NULL,
		.peer_value = peer->median[metric],
		.target = both && metric == S3_CPU && row->concurrency == JUDGED ? 1 : 0,
		.at_most = metric == S3_CPU,
	});
}

static void print_ratio(const char *what, const struct bench_result *r)
{
	printf("    CPU beside %s: %.2fx", what, bench_ratio(r));
	if (r->target > 0)
		printf("  <= %.0f %s", r->target, bench_met(r) ? "met" : "MISSED");
	putchar('\n');
}

static void beside_peer(const struct s3_row *row)
{
	print_ratio(s3_servers[S3_PEER], &(struct bench_result){
		.value = row->cell[S3_OURS].median[S3_CPU], .peer = s3_servers[S3_PEER],
		.peer_value = row->cell[S3_PEER].median[S3_CPU],
		.target = row->concurrency == JUDGED ? 1 : 0, .at_most = true,
	});
}

static void beside_target(struct bench_report *report, const struct s3_row *row, double us)
{
	char name[NAME], title[2 * NAME], what[64];
	struct bench_result r = {
		.name = title, .value = row->cell[S3_OURS].median[S3_CPU], .unit = "us",
		.peer = "what it may take", .peer_value = us, .target = 1, .at_most = true,
	};

	snprintf(title, sizeof(title), "s3 %s: CPU and what it may take", row_name(row, name));
	snprintf(what, sizeof(what), "the %.0f us that it may take", us);
	print_ratio(what, &r);
	bench_report_keep(report, &r);
}

static void beside_targets(struct bench_report *report, const struct s3_row *row)
{
	size_t i;

	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (targets[i].get == row->get && targets[i].size == row->size &&
		    row->concurrency == JUDGED)
			beside_target(report, row, targets[i].us);
}

static void report_row(struct bench_report *report, const struct s3_rows *rows,
		       const struct s3_row *row)
{
	const double limit = s3_limit_us(&rows->limit, row);
	const struct s3_cell *cell = row->cell;
	char name[NAME];
	unsigned int s, m;

	printf("%s\n", row_name(row, name));
	for (s = 0; s < S3_SERVERS; s++)
		if (cell[s].rounds)
			print_cell(&cell[s], s3_servers[s]);
	for (m = 0; m < S3_METRICS; m++)
		keep_metric(report, row, m);
	if (comparable(row))
		beside_peer(row);
	if (cell[S3_OURS].rounds && !cell[S3_OURS].failed)
		beside_targets(report, row);
	if (cell[S3_OURS].failed || cell[S3_PEER].failed)
		puts("    operations failed: nothing is compared");
	printf("    the machine's limit, %.1f us, is", limit);
	for (s = 0; s < S3_SERVERS; s++)
		if (cell[s].rounds && cell[s].median[S3_CPU] > 0)
			printf("%s %.3f of %s's CPU time", s && cell[0].rounds ? "," : "",
			       limit / cell[s].median[S3_CPU], s3_servers[s]);
	puts("\n");
}

static bool failures(const struct s3_rows *rows)
{
	unsigned int i, s;

	for (i = 0; i < rows->rows; i++)
		for (s = 0; s < S3_SERVERS; s++)
			if (rows->row[i].cell[s].failed)
				return true;
	return false;
}

int bench_s3_report(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", required_argument, NULL, 'j' },
		{ 0 },
	};
	struct s3_rows *rows CLEANUP_FREE = malloc(sizeof(*rows));
	struct bench_report *report;
	const char *json = NULL;
	unsigned int i;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'j') {
			optind = argc;
			break;
		}
		json = optarg;
	}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: skybench s3-report [--json FILE] FOLDER\n");
		return 2;
	}
	if (!rows || s3_rows_load(rows, argv[optind]))
		return 1;
	report = bench_report_open(json);
	if (!report)
		return 1;
	print_head();
	for (i = 0; i < rows->rows; i++)
		report_row(report, rows, &rows->row[i]);
	return bench_report_close(report) || failures(rows) ? 1 : 0;
}
