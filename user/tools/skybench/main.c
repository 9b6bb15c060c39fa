// SPDX-License-Identifier: GPL-2.0-or-later
/* skybench: the benchmarks of the project, one verb each. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

static const struct {
	const char *verb;
	int (*run)(int argc, char **argv);
	const char *help;
} benchmarks[] = {
	{ "codec", bench_codec, "encode and decode, beside ISA-L" },
	{ "core", bench_core, "seal, encode and point, beside the sum of its parts" },
	{ "dm", bench_dm, "a report of what fio measured, beside other stacks" },
};

#define COUNT (sizeof(benchmarks) / sizeof(benchmarks[0]))

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 1 && i < COUNT; i++)
		if (!strcmp(argv[1], benchmarks[i].verb))
			return benchmarks[i].run(argc - 1, argv + 1);

	fprintf(stderr, "usage: skybench BENCHMARK [OPTION...]\n");
	for (i = 0; i < COUNT; i++)
		fprintf(stderr, "  %-10s %s\n", benchmarks[i].verb, benchmarks[i].help);
	return 2;
}
