// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the writer of a chain remembers.  The file:
 *
 *	meter 1 NAME SIZE NEXT PREV INSTANCES
 *	live|ended RECORD		for each instance
 *	end
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "keeper_private.h"

#define STATE_MOST	(1u << 30)	/* bytes */

int keeper_room(struct out *o, size_t need)
{
	size_t size = o->size ? 2 * o->size : 4096;
	char *more;

	while (size < o->len + need)
		size *= 2;
	more = realloc(o->at, size);
	if (!more)
		return -ENOMEM;
	o->at = more;
	o->size = size;
	return 0;
}

char *keeper_path(const struct meter_keeper *k, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", k->config.dir, name) < 0 ? NULL : path;
}

/* Nobody else writes it: its size is known before. */
static int read_own(const char *path, char **data, size_t *len)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	return st.st_size > STATE_MOST ? -EFBIG : file_read(path, st.st_size, data, len);
}

/* --- instances and leaves ---------------------------------------------------------------- */

void keeper_forget(struct meter_keeper *k, unsigned int i)
{
	free(k->life[i].body);
	k->life[i] = k->life[--k->lives];
}

static struct keeper_life *life_of(struct meter_keeper *k, uint64_t instance)
{
	struct keeper_life *more;
	unsigned int i;

	for (i = 0; i < k->lives; i++)
		if (k->life[i].r.instance == instance)
			return &k->life[i];
	if (k->lives == k->lives_room) {
		k->lives_room = k->lives_room ? 2 * k->lives_room : 16;
		more = reallocarray(k->life, k->lives_room, sizeof(*more));
		if (!more) {
			k->lives_room = k->lives;
			return NULL;
		}
		k->life = more;
	}
	k->life[k->lives] = (struct keeper_life){ .body = NULL };
	return &k->life[k->lives++];
}

int keeper_remember(struct meter_keeper *k, struct str body, bool ended)
{
	char *copy = malloc(body.len + 1);
	struct meter_record r;
	struct keeper_life *life;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, body.at, body.len);
	copy[body.len] = 0;
	if (meter_record_parse((struct str){ copy, body.len }, &r)) {
		free(copy);
		return -EBADMSG;
	}
	life = life_of(k, r.instance);
	if (!life) {
		free(copy);
		return -ENOMEM;
	}
	free(life->body);
	*life = (struct keeper_life){ .body = copy, .r = r, .ended = ended, .seen = true };
	if (r.instance >= k->instances)
		k->instances = r.instance + 1;
	return 0;
}

int keeper_leaf_add(struct meter_keeper *k, const struct meter_record *r, struct str body)
{
	uint8_t digest[SHA256_BYTES];
	struct keeper_leaf *more;

	if (!k->config.ledger)
		return 0;
	if (k->leaves == k->leaves_room) {
		more = reallocarray(k->leaf, 2 * k->leaves_room + 64, sizeof(*more));
		if (!more)
			return -ENOMEM;
		k->leaf = more;
		k->leaves_room = 2 * k->leaves_room + 64;
	}
	meter_digest_of(body, digest);
	meter_leaf_object(r, k->leaf[k->leaves].object);
	meter_leaf_result(digest, k->leaf[k->leaves].result);
	k->leaf[k->leaves++].time = r->to;
	return 0;
}

/* --- the file ---------------------------------------------------------------------------- */

int keeper_save(struct meter_keeper *k)
{
	CLEANUP_FREE char *path = keeper_path(k, "state");
	struct out o = { .room = keeper_room };
	unsigned int i;
	int rc;

	if (!path)
		return -ENOMEM;
	out_text(&o, "meter 1 ");
	out_text(&o, *k->name ? k->name : "-");
	out_char(&o, ' ');
	out_number(&o, k->size);
	out_char(&o, ' ');
	out_number(&o, k->next);
	out_char(&o, ' ');
	out_hex(&o, k->prev, sizeof(k->prev));
	out_char(&o, ' ');
	out_number(&o, k->instances);
	out_char(&o, '\n');
	for (i = 0; i < k->lives; i++) {
		out_text(&o, k->life[i].ended ? "ended " : "live ");
		out_text(&o, k->life[i].body);
		out_char(&o, '\n');
	}
	out_text(&o, "end\n");
	rc = o.err ? o.err : file_write_atomic(path, o.at, o.len, 0600);
	free(o.at);
	return rc;
}

static bool word(struct str *line, struct str *to)
{
	return str_cut(line, ' ', to);
}

static bool parse_head(struct meter_keeper *k, struct str line)
{
	char digits[2 * SHA256_BYTES + 1];
	struct str w;

	if (!str_starts(line, STR("meter 1 ")))
		return false;
	line = str_skip(line, strlen("meter 1 "));
	if (!word(&line, &w) || !str_copy(w, k->name, sizeof(k->name)) || strchr(k->name, '/'))
		return false;
	if (!strcmp(k->name, "-"))
		*k->name = 0;
	return word(&line, &w) && str_number(w, METER_NUMBER_MAX, &k->size) && word(&line, &w) &&
	       str_number(w, METER_NUMBER_MAX, &k->next) && word(&line, &w) &&
	       str_copy(w, digits, sizeof(digits)) && w.len == sizeof(digits) - 1 &&
	       !hex_decode(digits, k->prev, sizeof(k->prev)) && word(&line, &w) &&
	       str_number(w, METER_NUMBER_MAX, &k->instances) && !line.at;
}

static int parse(struct meter_keeper *k, struct str text)
{
	struct str line;
	bool ended;
	int rc;

	if (!str_cut(&text, '\n', &line) || !parse_head(k, line))
		return -EBADMSG;
	while (str_cut(&text, '\n', &line) && !str_is(line, "end")) {
		ended = str_starts(line, STR("ended "));
		if (!ended && !str_starts(line, STR("live ")))
			return -EBADMSG;
		rc = keeper_remember(k, str_skip(line, ended ? 6 : 5), ended);
		if (rc)
			return rc;
		if (!k->lives)
			return -EBADMSG;
	}
	return str_is(line, "end") ? 0 : -EBADMSG;
}

/* --- files of records that it does not know ---------------------------------------------- */

static int take_line(struct meter_keeper *k, struct str text)
{
	struct meter_line l;
	int rc;

	if (meter_kind_of(text) == METER_CERTIFICATE)
		return 0;
	if (meter_line_parse(text, &l) || l.record.seq != k->next ||
	    memcmp(l.record.prev, k->prev, sizeof(k->prev)))
		return -EBADMSG;
	rc = keeper_remember(k, l.body, false);
	if (!rc)
		rc = keeper_leaf_add(k, &l.record, l.body);
	if (rc)
		return rc;
	meter_digest_of(l.body, k->prev);
	k->next++;
	return 0;
}

/*
 * From @from on, whatever its length: line by line.  A last line without its end was never
 * acknowledged.
 */
static int take_lines(struct meter_keeper *k, FILE *f, const char *name, uint64_t from,
		      char why[METER_WHY])
{
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int rc;

	k->size = from;
	while ((len = getline(&line, &room, f)) > 0 && line[len - 1] == '\n') {
		rc = take_line(k, (struct str){ line, len - 1 });
		if (rc) {
			snprintf(why, METER_WHY, "%s/%s: what follows byte %" PRIu64
				 " does not go on from record %" PRIu64, k->config.dir, name,
				 k->size, k->next);
			return rc;
		}
		k->size += len;
	}
	return ferror(f) ? -EIO : 0;
}

static int take_file(struct meter_keeper *k, const char *name, uint64_t from, char why[METER_WHY])
{
	CLEANUP_FREE char *path = keeper_path(k, name);
	CLEANUP_FCLOSE FILE *f = path ? fopen(path, "re") : NULL;
	struct stat st;
	int rc;

	snprintf(why, METER_WHY, "%s/%s cannot be read", k->config.dir, name);
	if (!path)
		return -ENOMEM;
	if (!f || fstat(fileno(f), &st) || fseeko(f, from, SEEK_SET))
		return -errno;
	if (from > (uint64_t)st.st_size) {
		snprintf(why, METER_WHY, "%s/%s is shorter than it was: an older state was put back",
			 k->config.dir, name);
		return -EBADMSG;
	}
	rc = take_lines(k, f, name, from, why);
	if (rc)
		return rc;
	str_copy(str_of(name), k->name, sizeof(k->name));
	return k->size < (uint64_t)st.st_size && truncate(path, k->size) ? -errno : 0;
}

static int is_records(const struct dirent *e)
{
	return keeper_is_segment(e->d_name);
}

/* Whatever the locale is. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int take_files(struct meter_keeper *k, char why[METER_WHY])
{
	struct dirent **list;
	int n = scandir(k->config.dir, &list, is_records, by_bytes), i, rc = 0;

	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		int order = strcmp(list[i]->d_name, k->name);

		if (!rc && order >= 0)
			rc = take_file(k, list[i]->d_name, order ? 0 : k->size, why);
		free(list[i]);
	}
	free(list);
	return rc;
}

int keeper_load(struct meter_keeper *k, char why[METER_WHY])
{
	CLEANUP_FREE char *path = keeper_path(k, "state");
	CLEANUP_FREE char *text = NULL;
	size_t len;
	int rc = path ? read_own(path, &text, &len) : -ENOMEM;

	if (!rc)
		rc = parse(k, (struct str){ text, len });
	if (rc && rc != -ENOENT) {
		snprintf(why, METER_WHY, "%s/state cannot be read: take it away, and it is made of the records",
			 k->config.dir);
		return rc;
	}
	return take_files(k, why);
}
