// SPDX-License-Identifier: GPL-2.0-or-later
/* hedgectl stop, pause, resume, dump, snapshot, pool, drain, undrain. */
#include <stdio.h>

#include "hedgectl.h"

/* One command for each name; all are tried, the first failure is the result. */
static int each_name(const char *verb, const struct options *o, int argc, char **argv)
{
	struct line l;
	int i, rc, first = 0;

	for (i = 0; i < argc; i++) {
		line_start(&l, verb);
		line_field(&l, "NAME", argv[i]);
		rc = line_send(&l, o);
		if (rc && !first)
			first = rc;
	}
	return first;
}

static int to_file(const char *verb, const struct options *o, char **argv)
{
	struct line l;

	line_start(&l, verb);
	line_field(&l, "NAME", argv[0]);
	line_path(&l, o, "PATH", argv[1]);
	return line_send(&l, o);
}

static int alone(const char *verb, const struct options *o)
{
	struct line l;

	line_start(&l, verb);
	return line_send(&l, o);
}

/**
 * cmd_stop - hedgectl stop
 */
int cmd_stop(const struct options *o, int argc, char **argv)
{
	return each_name("stop", o, argc, argv);
}

/**
 * cmd_pause - hedgectl pause
 */
int cmd_pause(const struct options *o, int argc, char **argv)
{
	return each_name("pause", o, argc, argv);
}

/**
 * cmd_resume - hedgectl resume
 */
int cmd_resume(const struct options *o, int argc, char **argv)
{
	return each_name("resume", o, argc, argv);
}

/**
 * cmd_dump - hedgectl dump
 */
int cmd_dump(const struct options *o, int argc, char **argv)
{
	(void)argc;
	return to_file("dump", o, argv);
}

/**
 * cmd_snapshot - hedgectl snapshot
 */
int cmd_snapshot(const struct options *o, int argc, char **argv)
{
	(void)argc;
	return to_file("snapshot", o, argv);
}

/**
 * cmd_pool - hedgectl pool
 */
int cmd_pool(const struct options *o, int argc, char **argv)
{
	struct line l;

	(void)argc;
	line_start(&l, "pool");
	line_field(&l, "N", argv[0]);
	return line_send(&l, o);
}

/**
 * cmd_drain - hedgectl drain
 */
int cmd_drain(const struct options *o, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return alone("drain", o);
}

/**
 * cmd_undrain - hedgectl undrain
 */
int cmd_undrain(const struct options *o, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return alone("undrain", o);
}
