// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report on dm-rlnc 4+2 and the stacks that people use instead, all over
 * the same six ram disks.  tests/bench/dm/measure.sh has measured; this adds up,
 * compares with what is to be reached, and prints.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "bench.h"
#include "dm_raw.h"

#define K		4
#define N		6
#define LOST		"lost-"

enum stack { RLNC, DIRECT, JOURNAL, RAID6, XTS };

static const struct {
	const char *name, *what;
} stacks[DM_STACKS] = {
	[RLNC]    = { "dm-rlnc", "dm-rlnc" },
	[DIRECT]  = { "a gcm+integrity/raid6",
		      "dm-crypt aes-gcm over dm-integrity (direct) over md-raid6" },
	[JOURNAL] = { "b raid6/gcm+integrity",
		      "md-raid6 over six of dm-crypt aes-gcm over dm-integrity (journal)" },
	[RAID6]   = { "c raid6", "md-raid6 alone" },
	[XTS]     = { "d xts/raid6", "dm-crypt aes-xts over md-raid6" },
};

/* The columns: their names in the file and how they are printed. */
static const struct {
	const char *name, *unit, *format, *head[2];
} metrics[DM_METRICS] = {
	[DM_RATE]         = { "throughput", "MB/s", " %9.2f", { "MB/s", "" } },
	[DM_IOPS]         = { "operations", "1/s", " %9.0f", { "IOPS", "" } },
	[DM_CPU]          = { "processor time", "ns/B", " %9.1f", { "CPU", "ns/B" } },
	[DM_MEMBER_BYTES] = { "member bytes", "B/B", " %9.3f", { "member", "B/B" } },
	[DM_MEMBER_OPS]   = { "member operations", "op/op", " %9.2f", { "member", "op/op" } },
};

static bool is_lost(const struct dm_row *row)
{
	return !strncmp(row->name, LOST, strlen(LOST));
}

/* The row's name as it is without losses. */
static const char *whole_name(const struct dm_row *row)
{
	return row->name + (is_lost(row) ? strlen(LOST) : 0);
}

static bool is_kind(const struct dm_row *row, const char *kind)
{
	return !strncmp(whole_name(row), kind, strlen(kind));
}

static bool is_read(const struct dm_row *row)
{
	return is_kind(row, "seqread") || is_kind(row, "randread");
}

/* How many times the peer's throughput is to be reached; 0: not said. */
static double rate_target(const struct dm_row *row, enum stack peer)
{
	if (peer == DIRECT)
		return 1;
	if (peer != JOURNAL)
		return 0;
	if (is_read(row) || is_kind(row, "fsync"))
		return 2;
	return is_kind(row, "randwrite") ? 5 : 3;
}

static void keep_metric(struct bench_report *report, const struct dm_row *row, enum stack peer,
			enum dm_metric metric)
{
	char name[96];

	if (row->cell[peer].median[metric] <= 0)
		return;
	snprintf(name, sizeof(name), "dm %s %s", row->name, metrics[metric].name);
	bench_report_keep(report, &(struct bench_result){
		.name = name,
		.value = row->cell[RLNC].median[metric],
		.unit = metrics[metric].unit,
		.peer = stacks[peer].what,
		.peer_value = row->cell[peer].median[metric],
		.target = metric == DM_RATE ? rate_target(row, peer) : 0,
	});
}

static void print_line(const struct dm_row *row, enum stack stack)
{
	const double *median = row->cell[stack].median;
	const double target = rate_target(row, stack);
	const double ratio = row->cell[RLNC].median[DM_RATE] / median[DM_RATE];
	int m;

	printf("  %-22s", stacks[stack].name);
	for (m = 0; m < DM_METRICS; m++)
		printf(metrics[m].format, median[m]);
	if (stack != RLNC)
		printf(" %6.2fx", ratio);
	if (target > 0)
		printf("  >= %g %s", target, ratio >= target ? "met" : "MISSED");
	putchar('\n');
}

/* A target of dm-rlnc's own. */
static void own_target(struct bench_report *report, const struct bench_result *r)
{
	bench_report_keep(report, r);
	printf("  %s %.3f, %s %.3f: %.2fx  %s %g %s\n", strchr(r->name, ':') + 2, r->value,
	       r->peer, r->peer_value, bench_ratio(r), r->at_most ? "<=" : ">=", r->target,
	       bench_met(r) ? "met" : "MISSED");
}

/* Sequential writing puts little more than n/k on the members. */
static void check_amplification(struct bench_report *report, const struct dm_row *row)
{
	char name[96];

	snprintf(name, sizeof(name), "dm %s: member bytes for a byte", row->name);
	own_target(report, &(struct bench_result){
		.name = name,
		.value = row->cell[RLNC].median[DM_MEMBER_BYTES],
		.unit = "B/B",
		.peer = "n/k",
		.peer_value = (double)N / K,
		.target = 1.05,
		.at_most = true,
	});
}

/* Reading with two members lost is half as fast as with all, or faster. */
static void check_degraded(struct bench_report *report, const struct dm_row *row,
			   const struct dm_row *whole)
{
	char name[96];

	snprintf(name, sizeof(name), "dm %s: MB/s without two members", row->name);
	own_target(report, &(struct bench_result){
		.name = name,
		.value = row->cell[RLNC].median[DM_RATE],
		.unit = "MB/s",
		.peer = "with all of them",
		.peer_value = whole->cell[RLNC].median[DM_RATE],
		.target = 0.5,
	});
}

/*
 * The limit of a row: the time that md-raid6 alone takes for a byte, with all that is
 * below and above it, and that of AES-GCM, once.  There is none for small writes,
 * for which md-raid6 reads and writes what dm-rlnc need not.
 */
static double limit_rate(const struct dm_raw *raw, const struct dm_row *row)
{
	const double alone = 1e3 / row->cell[RAID6].median[DM_RATE];

	if (is_read(row))
		return 1e3 / (alone + raw->decrypt.median);
	if (is_kind(row, "seqwrite-1m") && !is_lost(row))
		return 1e3 / (alone + raw->encrypt.median);
	return 0;
}

static void report_limit(struct bench_report *report, const struct dm_raw *raw,
			 const struct dm_row *row)
{
	const double limit = limit_rate(raw, row);
	char name[96];

	if (limit <= 0)
		return;
	snprintf(name, sizeof(name), "dm %s: share of the limit", row->name);
	bench_report_keep(report, &(struct bench_result){
		.name = name,
		.value = row->cell[RLNC].median[DM_RATE],
		.unit = "MB/s",
		.peer = "md-raid6 alone and one AES-GCM",
		.peer_value = limit,
	});
	printf("  limit (c and one AES-GCM) %.2f MB/s: dm-rlnc reaches %.2f of it; it is %.2fx a, %.2fx b\n",
	       limit, row->cell[RLNC].median[DM_RATE] / limit,
	       limit / row->cell[DIRECT].median[DM_RATE],
	       limit / row->cell[JOURNAL].median[DM_RATE]);
}

static void report_row(struct bench_report *report, const struct dm_raw *raw,
		       const struct dm_row *row)
{
	const struct dm_row *whole = dm_raw_row(raw, whole_name(row));
	enum stack stack;
	int m;

	printf("%s\n", row->name);
	for (stack = RLNC; stack < DM_STACKS; stack++)
		print_line(row, stack);
	for (stack = DIRECT; stack < DM_STACKS; stack++)
		for (m = 0; m < DM_METRICS; m++)
			keep_metric(report, row, stack, m);
	report_limit(report, raw, row);
	if (is_kind(row, "seqwrite") && !is_lost(row))
		check_amplification(report, row);
	if (is_lost(row) && is_read(row) && whole)
		check_degraded(report, row, whole);
	putchar('\n');
}

static void print_head(const struct dm_raw *raw)
{
	enum stack stack;
	int m, line;

	printf("dm-rlnc 4+2 and peers over the same six ram disks, medians of %u rounds.\n"
	       "Writes end with a flush; fsync: one after each 4 KiB; lost: two members are gone.\n",
	       raw->rounds);
	for (stack = DIRECT; stack < DM_STACKS; stack++)
		printf("  %c  %s\n", *stacks[stack].name, stacks[stack].what);
	for (line = 0; line < 2; line++) {
		printf("\n%-24s", "");
		for (m = 0; m < DM_METRICS; m++)
			printf(" %9s", metrics[m].head[line]);
		if (line == 0)
			printf(" %7s  target", "ratio");
	}
	putchar('\n');
}

int bench_dm(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", required_argument, NULL, 'j' },
		{ 0 },
	};
	struct dm_raw *raw CLEANUP_FREE = malloc(sizeof(*raw));
	struct bench_report *report;
	const char *json = NULL;
	size_t i;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'j') {
			optind = argc;
			break;
		}
		json = optarg;
	}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: skybench dm [--json FILE] FOLDER\n");
		return 2;
	}
	if (!raw || dm_raw_load(raw, argv[optind]))
		return 1;
	report = bench_report_open(json);
	if (!report)
		return 1;
	print_head(raw);
	printf("AES-256-GCM alone, 4 KiB at a time: %.1f ns/B to encrypt, %.1f ns/B to decrypt\n\n",
	       raw->encrypt.median, raw->decrypt.median);
	for (i = 0; i < raw->rows; i++)
		report_row(report, raw, &raw->row[i]);
	return bench_report_close(report) ? 1 : 0;
}
