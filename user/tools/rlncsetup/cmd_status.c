// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "base/size.h"
#include "dm/dm.h"
#include "open_volume.h"
#include "rlnc_dm.h"
#include "rlncsetup.h"

static unsigned int percent(u64 part, u64 whole)
{
	return whole ? (unsigned int)((double)part * 100 / whole) : 0;
}

static void print_members(const struct open_volume *v)
{
	unsigned int i;

	printf("  members\n");
	for (i = 0; i < v->status.n; i++) {
		const struct open_member *m = &v->member[i];
		bool alias = *m->name && strcmp(m->name, m->path);

		printf("    %3u  %c  %-8s %s%s%s%s", i, v->status.letters[i],
		       target_letter_word(v->status.letters[i]), *m->path ? m->path : "-",
		       alias ? " (" : "", alias ? m->name : "", alias ? ")" : "");
		if (m->deadline_ms != RLNC_DEADLINE_MS)
			printf(", has %u ms to answer", m->deadline_ms);
		putchar('\n');
	}
}

static void print_text(const struct open_volume *v)
{
	const struct target_status *s = &v->status;
	char size[SIZE_TEXT_MAX];

	printf("/dev/mapper/%s is %s: %s\n", v->name, s->health, target_health_words(s->health));
	printf("  volume         %s, %s%s%s\n", v->uuid,
	       size_format(v->sectors * 512, size), v->info.read_only ? ", read-only" : "",
	       v->info.suspended ? ", suspended" : "");
	printf("  code           any %u of %u members suffice, %s\n", s->k, s->n,
	       v->dense ? "dense" : "systematic");
	printf("  epoch          %" PRIu64 ", root %s\n", (uint64_t)s->epoch, s->root);
	printf("  slots          %" PRIu64 " of %" PRIu64 " in use (%u %%)\n", (uint64_t)s->used,
	       (uint64_t)s->total, percent(s->used, s->total));
	if (s->work_total)
		printf("  work           %s: %" PRIu64 " of %" PRIu64 " generations (%u %%)\n",
		       target_work_words(s->work), (uint64_t)s->work_done,
		       (uint64_t)s->work_total, percent(s->work_done, s->work_total));
	else
		printf("  work           %s\n", target_work_words(s->work));
	printf("  corrected      %" PRIu64 " fragments were wrong or missing and made good\n",
	       (uint64_t)s->corrected);
	printf("  unrecoverable  %" PRIu64 " sectors could not be returned\n",
	       (uint64_t)s->unrecoverable);
	if (s->lost)
		printf("  lost           %" PRIu64 " generations could not be read by the last rebuild\n",
		       (uint64_t)s->lost);
	printf("  authfail       %" PRIu64 " seals did not open\n", (uint64_t)s->authfail);
	printf("  stale          %" PRIu64 " fragments were old ones\n", (uint64_t)s->stale);
	printf("  hedged         %" PRIu64 " reads went to a spare member\n", (uint64_t)s->hedged);
	print_members(v);
}

static json_t *members_json(const struct open_volume *v)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < v->status.n; i++) {
		const struct open_member *m = &v->member[i];
		char letter[2] = { v->status.letters[i], 0 };

		json_array_append_new(list,
				      json_pack("{s:i,s:s,s:s,s:s,s:s,s:i}", "index", (int)i,
						"letter", letter, "state",
						target_letter_word(letter[0]),
						"device", m->path, "name", m->name,
						"deadline_ms", (int)m->deadline_ms));
	}
	return list;
}

static json_t *volume_json(const struct open_volume *v)
{
	const struct target_status *s = &v->status;

	return json_pack("{s:s,s:s,s:s,s:I,s:b,s:b,s:i,s:i,s:s,s:s,s:I,s:s,s:{s:I,s:I},s:{s:s,s:I,s:I,s:i},s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:o}",
			 "name", v->name, "uuid", v->uuid, "health", s->health,
			 "bytes", (json_int_t)(v->sectors * 512),
			 "read_only", v->info.read_only, "suspended", v->info.suspended,
			 "k", (int)s->k, "n", (int)s->n,
			 "mode", v->dense ? "dense" : "systematic", "letters", s->letters,
			 "epoch", (json_int_t)s->epoch, "root", s->root,
			 "slots", "used", (json_int_t)s->used, "total", (json_int_t)s->total,
			 "work", "name", s->work, "done", (json_int_t)s->work_done,
			 "total", (json_int_t)s->work_total,
			 "percent", (int)percent(s->work_done, s->work_total),
			 "scrubbed", s->scrubbed,
			 "corrected", (json_int_t)s->corrected,
			 "unrecoverable", (json_int_t)s->unrecoverable,
			 "lost", (json_int_t)s->lost, "authfail", (json_int_t)s->authfail,
			 "stale_fragments", (json_int_t)s->stale,
			 "hedged", (json_int_t)s->hedged,
			 "members", members_json(v));
}

static int print_json(json_t *root)
{
	if (!root)
		return fail(ENOMEM, "out of memory");
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
	return 0;
}

/* All volumes: a line each, or a list of what --json says of one. */
struct listing {
	json_t *list;		/* NULL: lines */
	unsigned int count;
};

static int list_one(const char *name, void *arg)
{
	CLEANUP_OPEN_VOLUME struct open_volume v = { 0 };
	struct listing *l = arg;
	char size[SIZE_TEXT_MAX];
	int rc = open_volume_get(name, &v);

	if (rc)
		return rc;
	l->count++;
	if (l->list)
		return json_array_append_new(l->list, volume_json(&v)) ?
		       fail(ENOMEM, "out of memory") : 0;
	printf("%-20s %-10s %s  any %u of %u  %s\n", name, v.status.health, v.status.letters,
	       v.status.k, v.status.n, size_format(v.sectors * 512, size));
	return 0;
}

static int list_all(bool json)
{
	struct listing l = { .list = json ? json_array() : NULL };
	int rc = dm_device_list(RLNC_TARGET_NAME, list_one, &l);

	if (rc) {
		json_decref(l.list);
		return rc;
	}
	if (json)
		return print_json(l.list);
	if (!l.count)
		printf("No volume is open.\n");
	return 0;
}

/**
 * cmd_status - rlncsetup status
 */
int cmd_status(const struct options *o, int argc, char **argv)
{
	CLEANUP_OPEN_VOLUME struct open_volume v = { 0 };
	int rc;

	if (!argc)
		return list_all(o->json);
	rc = open_volume_get(argv[0], &v);
	if (rc)
		return rc;
	if (o->json)
		return print_json(volume_json(&v));
	print_text(&v);
	return 0;
}
