// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * io-bench: what user/lib/io costs, beside the same things written plainly.  Both sides run in
 * turns in the same minute; figures are medians.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io_bench.h"

void failed(const char *what)
{
	perror(what);
	exit(1);
}

int main(int argc, char **argv)
{
	struct bench_report *report;

	if (argc != 1 && (argc != 3 || strcmp(argv[1], "--json"))) {
		fprintf(stderr, "usage: io-bench [--json FILE]\n");
		return 2;
	}
	report = bench_report_open(argc == 3 ? argv[2] : NULL);
	if (!report)
		return 1;
	bench_costs(report);
	bench_echo(report);
	return bench_report_close(report) != 0;
}
