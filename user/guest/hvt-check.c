// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Would these images be accepted?  Says for each which rule it breaks.
 *
 * usage: hvt-check IMAGE...
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "elf/hvt_image.h"

#define IMAGE_MAX	(256u << 20)

static int check(const char *path)
{
	CLEANUP_FREE char *data = NULL;
	struct hvt_image image;
	const char *why;
	size_t size;
	int err;

	err = file_read(path, IMAGE_MAX, &data, &size);
	if (err)
		return fail(err, "%s: cannot be read: %s", path, strerror(-err));
	err = hvt_image_parse(data, size, &image, &why);
	if (err)
		return fail(err, "%s: %s", path, why);
	return 0;
}

int main(int argc, char **argv)
{
	int i, bad = 0;

	report_init(argv[0]);
	if (argc < 2)
		die(2, "usage: hvt-check IMAGE...");
	for (i = 1; i < argc; i++)
		bad |= !!check(argv[i]);
	return bad;
}
