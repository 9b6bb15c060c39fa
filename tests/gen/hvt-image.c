// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes images of guests: good ones, and one for each way to be damaged.
 *
 * usage: hvt-image --list	names of the damaged ones, each with the rule it breaks
 *	  hvt-image --good	names of those that are good
 *	  hvt-image NAME	that image, to standard output
 */
#include <stdio.h>
#include <string.h>

#include "hvt_image.h"

static int list(int good)
{
	unsigned int i;

	for (i = 0; i < gen_kinds_count; i++) {
		if (good && !gen_kinds[i].why)
			puts(gen_kinds[i].name);
		else if (!good && gen_kinds[i].why)
			printf("%s\t%s\n", gen_kinds[i].name, gen_kinds[i].why);
	}
	return fflush(stdout) ? 1 : 0;
}

static int write_image(const char *name)
{
	static struct gen g;
	unsigned int i;

	for (i = 0; i < gen_kinds_count && strcmp(gen_kinds[i].name, name); i++)
		;
	if (i == gen_kinds_count) {
		fprintf(stderr, "hvt-image: no image is called %s: see --list and --good\n", name);
		return 2;
	}
	gen_make(&g, &gen_kinds[i]);
	if (fwrite(g.bytes, 1, g.size, stdout) != g.size || fflush(stdout)) {
		perror("hvt-image: standard output");
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: hvt-image --list | --good | NAME >IMAGE\n");
		return 2;
	}
	if (!strcmp(argv[1], "--list"))
		return list(0);
	if (!strcmp(argv[1], "--good"))
		return list(1);
	return write_image(argv[1]);
}
