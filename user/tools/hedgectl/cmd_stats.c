// SPDX-License-Identifier: GPL-2.0-or-later
/* hedgectl stats. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/size.h"
#include "hedgectl.h"

static int print_row(const char *key, const char *value, void *arg)
{
	(void)arg;
	printf("%-24s %s\n", key, value);
	return 0;
}

/* Counters are numbers, and everything else is text; so is a name of digits only. */
static int add_row(const char *key, const char *value, void *arg)
{
	bool text = !strcmp(key, "name") || !strcmp(key, "image") || !strcmp(key, "digest");
	uint64_t number;
	json_t *v;

	if (!text && !number_parse(value, 0, INT64_MAX, &number))
		v = json_integer(number);
	else
		v = json_string(value);
	return json_object_set_new(arg, key, v) ? -ENOMEM : 0;
}

static int print_json(const char *text, bool watch)
{
	json_t *object = json_object();
	int rc = object ? monitor_stats_walk(text, add_row, object) : -ENOMEM;

	if (!rc) {
		/* One line for each, where there are many. */
		json_dumpf(object, stdout, watch ? JSON_COMPACT : JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(object);
	return rc ? fail(-rc, "out of memory") : 0;
}

static int print_once(const struct options *o, const char *name)
{
	CLEANUP_FREE char *text = NULL;
	int rc = place_stats(o, name, &text);

	if (rc)
		return rc;
	if (o->json)
		return print_json(text, o->watch);
	return monitor_stats_walk(text, print_row, NULL);
}

/**
 * cmd_stats - hedgectl stats
 */
int cmd_stats(const struct options *o, int argc, char **argv)
{
	const char *name = argc ? argv[0] : "hedge";
	const bool clear = isatty(STDOUT_FILENO) && !o->json;
	struct timespec pause = { .tv_sec = o->interval };
	uint64_t n;
	int rc;

	if (!o->watch)
		return print_once(o, name);
	for (n = 0; !o->count || n < o->count; n++) {
		if (n)
			nanosleep(&pause, NULL);
		if (clear)
			fputs("\033[H\033[2J", stdout);
		rc = print_once(o, name);
		if (rc)
			return rc;
		if (!clear && !o->json)
			putchar('\n');
		if (fflush(stdout))
			return fail(EIO, "standard output cannot be written");
	}
	return 0;
}
