// SPDX-License-Identifier: GPL-2.0-or-later
/* skybench: the benchmarks of the project, one verb each. */
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "bench.h"

static const struct {
	const char *verb;
	int (*run)(int argc, char **argv);
	const char *help;
} benchmarks[] = {
	{ "codec", bench_codec, "encode and decode, beside ISA-L" },
	{ "core", bench_core, "seal, encode and point, beside the sum of its parts" },
	{ "dm", bench_dm, "a report of what fio measured, beside other stacks" },
	{ "pipe", bench_pipe, "hashes, encryption, PUT and GET, beside the sum of their parts" },
	{ "s3", bench_s3, "a load on an S3 endpoint: rates, latencies, errors, processor time" },
	{ "s3-limit", bench_s3_limit, "what the machine takes for the work on a byte of it" },
	{ "s3-report", bench_s3_report, "a report of what skybench s3 measured, in rounds" },
};

#define COUNT (sizeof(benchmarks) / sizeof(benchmarks[0]))

int main(int argc, char **argv)
{
	size_t i;

	report_init(argv[0]);
	for (i = 0; argc > 1 && i < COUNT; i++)
		if (!strcmp(argv[1], benchmarks[i].verb))
			return benchmarks[i].run(argc - 1, argv + 1);

	fprintf(stderr, "usage: skybench BENCHMARK [OPTION...]\n");
	for (i = 0; i < COUNT; i++)
		fprintf(stderr, "  %-10s %s\n", benchmarks[i].verb, benchmarks[i].help);
	return 2;
}
