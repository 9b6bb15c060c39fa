// SPDX-License-Identifier: GPL-2.0-or-later
/* What was done or found: a line for people, or an item of a JSON array. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/date.h"
#include "s3.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void rows_begin(struct rows *r, const struct options *o)
{
	*r = (struct rows){ .json = o->json };
	if (r->json)
		fputs("[", stdout);
}

void rows_end(struct rows *r)
{
	if (r->json)
		fputs(r->count ? "\n]\n" : "]\n", stdout);
}

void rows_json(struct rows *r, json_t *row)
{
	pthread_mutex_lock(&lock);
	fputs(r->count++ ? ",\n  " : "\n  ", stdout);
	json_dumpf(row, stdout, JSON_COMPACT);
	pthread_mutex_unlock(&lock);
	json_decref(row);
}

/* The name that s3_show() has made readable; each byte takes no more room than it did there. */
static struct str unshown(char *text)
{
	char *from = text, *to = text;

	while (*from) {
		if (*from == '\\' && from[1] == 'x' && sscanf(from + 2, "%2hhx", to) == 1) {
			from += 4;
		} else {
			from += *from == '\\';
			*to = *from++;
		}
		to++;
	}
	return (struct str){ text, to - text };
}

static void row_key(json_t *row, const char *name, struct str key, bool coded)
{
	char text[3 * S3_SHOWN_MAX];
	struct out o = OUT(text, sizeof(text));

	if (!coded) {
		json_object_set_new(row, name, json_stringn(key.at, key.len));
		return;
	}
	uri_encode(&o, key, URI_SLASH);
	json_object_set_new(row, name, json_stringn(text, o.len));
	json_object_set_new(row, "encoded", json_true());
}

void rows_key(json_t *row, const char *name, struct str key)
{
	row_key(row, name, key, !str_is_utf8(key));
}

/* For a program names are what they are; if one has to be coded, all of the row are. */
static void row_names(json_t *row, const char *const name[], const char *const shown[],
		      size_t count)
{
	char *text[3] = { NULL };
	struct str key[3];
	bool coded = false;
	size_t i;

	for (i = 0; i < count; i++) {
		text[i] = shown[i] ? strdup(shown[i]) : NULL;
		key[i] = text[i] ? unshown(text[i]) : STR_NONE;
		coded |= text[i] && !str_is_utf8(key[i]);
	}
	for (i = 0; i < count; i++)
		if (text[i])
			row_key(row, name[i], key[i], coded);
	for (i = 0; i < count; i++)
		free(text[i]);
}

void rows_did(struct rows *r, const char *verb, const char *from, const char *version,
	      const char *to, uint64_t size, bool only_said)
{
	static const char *const names[] = { "from", "version", "to" };
	const char *const shown[] = { from, version, to };
	json_t *row;

	if (!r->json) {
		pthread_mutex_lock(&lock);
		printf("%s%s %s%s%s%s%s\n", only_said ? "would " : "", verb, from,
		       version ? " version " : "", version ? version : "", to ? " to " : "",
		       to ? to : "");
		pthread_mutex_unlock(&lock);
		return;
	}
	row = json_pack("{s:s}", "action", verb);
	row_names(row, names, shown, sizeof(names) / sizeof(names[0]));
	json_object_set_new(row, "dry_run", json_boolean(only_said));
	if (to)
		json_object_set_new(row, "size", json_integer(size));
	rows_json(r, row);
}

void rows_date(json_t *row, const char *name, int64_t milliseconds)
{
	char text[ISO_DATE_LEN];
	struct out o = OUT(text, sizeof(text));

	iso_date_write(&o, milliseconds);
	json_object_set_new(row, name, json_stringn(text, o.len));
}
