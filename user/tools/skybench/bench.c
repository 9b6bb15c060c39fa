// SPDX-License-Identifier: GPL-2.0-or-later
/* Clocks, medians and reports for the benchmarks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "bench.h"

struct bench_report {
	char *path;
	FILE *json;
	char *text;
	size_t text_len;
	bool head;			/* of the table has been printed */
	unsigned int lines, targets, met;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

uint64_t bench_wall_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t bench_cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[(n - 1) / 2];
}

struct bench_report *bench_report_open(const char *path)
{
	struct bench_report *report = calloc(1, sizeof(*report));

	if (!report)
		goto fail;
	if (path) {
		report->path = strdup(path);
		report->json = open_memstream(&report->text, &report->text_len);
		if (!report->path || !report->json)
			goto fail;
		fputs("[", report->json);
	}
	return report;
fail:
	fprintf(stderr, "skybench: out of memory\n");
	if (report) {
		free(report->path);
		free(report);
	}
	return NULL;
}

/* Names and units are the program's own: no character in them needs escaping. */
static void json_add(struct bench_report *report, const struct bench_result *r)
{
	FILE *f = report->json;

	fprintf(f, "%s\n {\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\"",
		report->lines ? "," : "", r->name, r->value, r->unit);
	if (r->peer)
		fprintf(f, ", \"peer\": \"%s\", \"peer_value\": %.6g, \"ratio\": %.4g",
			r->peer, r->peer_value, bench_ratio(r));
	else
		fputs(", \"peer\": null, \"peer_value\": null, \"ratio\": null", f);
	if (r->peer && r->target > 0)
		fprintf(f, ", \"target\": %g, \"met\": %s}", r->target,
			bench_met(r) ? "true" : "false");
	else
		fputs(", \"target\": null, \"met\": null}", f);
}

void bench_report_keep(struct bench_report *report, const struct bench_result *r)
{
	if (r->peer && r->target > 0) {
		report->targets++;
		report->met += bench_met(r);
	}
	if (report->json)
		json_add(report, r);
	report->lines++;
}

void bench_report_add(struct bench_report *report, const struct bench_result *r)
{
	if (!report->head) {
		printf("%-40s %14s %-26s %7s  %s\n", "", "", "peer", "ratio", "target");
		report->head = true;
	}
	printf("%-40s %9.2f %-4s", r->name, r->value, r->unit);
	if (r->peer)
		printf(" %9.2f %-16s %6.2fx", r->peer_value, r->peer, bench_ratio(r));
	if (r->peer && r->target > 0)
		printf("  %s %.2f %s", r->at_most ? "<=" : ">=", r->target,
		       bench_met(r) ? "met" : "MISSED");
	putchar('\n');
	fflush(stdout);
	bench_report_keep(report, r);
}

int bench_report_close(struct bench_report *report)
{
	int err = 0;

	printf("%u figures, %u of %u targets met\n", report->lines, report->met,
	       report->targets);
	if (report->json) {
		fputs("\n]\n", report->json);
		err = fclose(report->json);
		if (!err)
			err = file_write_atomic(report->path, report->text, report->text_len,
						0644);
		if (err)
			fprintf(stderr, "skybench: cannot write %s: %s\n", report->path,
				strerror(errno));
	}
	free(report->text);
	free(report->path);
	free(report);
	return err ? -1 : 0;
}
