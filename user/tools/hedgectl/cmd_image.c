// SPDX-License-Identifier: GPL-2.0-or-later
/* hedgectl load, unload, allow, disallow. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/report.h"
#include "hedgectl.h"

#define DIGEST_BYTES	32

static int with_path(const char *verb, const struct options *o, const char *path)
{
	struct line l;

	line_start(&l, verb);
	line_path(&l, o, "PATH", path);
	return line_send(&l, o);
}

/**
 * cmd_load - hedgectl load
 */
int cmd_load(const struct options *o, int argc, char **argv)
{
	(void)argc;
	return with_path("load", o, argv[0]);
}

/**
 * cmd_unload - hedgectl unload
 */
int cmd_unload(const struct options *o, int argc, char **argv)
{
	(void)argc;
	return with_path("unload", o, argv[0]);
}

/* A digest as it is, or that of a file; the file goes first where there is one. */
static int digest_text(const char *arg, char text[2 * DIGEST_BYTES + 1])
{
	uint8_t digest[DIGEST_BYTES];
	uint64_t size;
	int rc;

	if (!hex_decode(arg, digest, sizeof(digest)) && access(arg, F_OK)) {
		hex_encode(digest, sizeof(digest), text);
		return 0;
	}
	rc = digest_file(arg, digest, &size);
	if (rc)
		return rc;
	hex_encode(digest, sizeof(digest), text);
	printf("%s  %s\n", text, arg);
	return 0;
}

static int each_digest(const char *verb, const struct options *o, int argc, char **argv)
{
	char text[2 * DIGEST_BYTES + 1];
	struct line l;
	int i, rc;

	for (i = 0; i < argc; i++) {
		rc = digest_text(argv[i], text);
		if (rc)
			return rc;
		line_start(&l, verb);
		line_field(&l, "DIGEST", text);
		rc = line_send(&l, o);
		if (rc)
			return rc;
	}
	return 0;
}

/**
 * cmd_allow - hedgectl allow
 */
int cmd_allow(const struct options *o, int argc, char **argv)
{
	return each_digest("allow", o, argc, argv);
}

/**
 * cmd_disallow - hedgectl disallow
 */
int cmd_disallow(const struct options *o, int argc, char **argv)
{
	return each_digest("disallow", o, argc, argv);
}
