/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all benchmarks share: clocks, medians, and the report, which is a table
 * on standard output and a list in a JSON file.
 */
#ifndef SKYBENCH_BENCH_H
#define SKYBENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds on a wall clock, and of this thread's own CPU time. */
uint64_t bench_wall_ns(void);
uint64_t bench_cpu_ns(void);

/* Median of @n values, which are put in order; the lower one of two. */
double bench_median(double *values, size_t n);

/* One line of a report. */
struct bench_result {
	const char *name;
	double value;
	const char *unit;
	const char *peer;	/* what it is compared with, or NULL */
	double peer_value;	/* measured in the same run */
	double target;		/* least value / peer_value, or 0 for none */
	bool at_most;		/* target is the greatest value / peer_value instead */
};

static inline double bench_ratio(const struct bench_result *r)
{
	return r->peer ? r->value / r->peer_value : 0;
}

static inline bool bench_met(const struct bench_result *r)
{
	return r->at_most ? bench_ratio(r) <= r->target : bench_ratio(r) >= r->target;
}

struct bench_report;

/**
 * bench_report_open() - Start a report.
 * @path: JSON file to write, or NULL for none
 *
 * Return: the report, or NULL after a message.
 */
struct bench_report *bench_report_open(const char *path);

/* Print a line and keep it for the file. */
void bench_report_add(struct bench_report *report, const struct bench_result *r);

/* The same without the line, for a benchmark that prints its own table. */
void bench_report_keep(struct bench_report *report, const struct bench_result *r);

/**
 * bench_report_close() - Finish the table, write the file and free the report.
 * @report: the report
 *
 * The file appears whole or not at all.
 *
 * Return: 0, or -1 after a message.
 */
int bench_report_close(struct bench_report *report);

/* Benchmarks: each one file, listed in main.c. */
int bench_codec(int argc, char **argv);
int bench_core(int argc, char **argv);
int bench_dm(int argc, char **argv);
int bench_pipe(int argc, char **argv);
int bench_s3(int argc, char **argv);
int bench_s3_limit(int argc, char **argv);
int bench_s3_report(int argc, char **argv);

#endif
