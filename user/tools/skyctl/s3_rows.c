// SPDX-License-Identifier: GPL-2.0-or-later
/* What was done or found: a line for people, or an item of a JSON array. */
#include <pthread.h>
#include <stdio.h>

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

void rows_did(struct rows *r, const char *verb, const char *from, const char *to, uint64_t size,
	      bool only_said)
{
	json_t *row;

	if (!r->json) {
		pthread_mutex_lock(&lock);
		printf("%s%s %s%s%s\n", only_said ? "would " : "", verb, from, to ? " to " : "",
		       to ? to : "");
		pthread_mutex_unlock(&lock);
		return;
	}
	row = json_pack("{s:s, s:s, s:b}", "action", verb, "from", from, "dry_run", only_said);
	if (to)
		json_object_set_new(row, "to", json_string(to));
	if (to)
		json_object_set_new(row, "size", json_integer(size));
	rows_json(r, row);
}

void rows_key(json_t *row, const char *name, struct str key)
{
	char text[3 * S3_KEY_MAX];
	struct out o = OUT(text, sizeof(text));

	if (str_is_utf8(key)) {
		json_object_set_new(row, name, json_stringn(key.at, key.len));
		return;
	}
	uri_encode(&o, key, URI_SLASH);
	json_object_set_new(row, name, json_stringn(text, o.len));
	json_object_set_new(row, "encoded", json_true());
}

void rows_date(json_t *row, const char *name, int64_t milliseconds)
{
	char text[ISO_DATE_LEN];
	struct out o = OUT(text, sizeof(text));

	iso_date_write(&o, milliseconds);
	json_object_set_new(row, name, json_stringn(text, o.len));
}
