// SPDX-License-Identifier: GPL-2.0-or-later
/* An event in words, for people, the journal, programs and hooks. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/hex.h"
#include "base/text.h"
#include "journal/journal.h"
#include "monitor.h"
#include "rlnc_disk.h"

static const struct {
	const char *name;
	int priority;
	const char *text;	/* what comes after the volume, or the member */
} events[__RLNC_EVENT_MAX] = {
	[RLNC_EVENT_UNSPEC]		= { "found", LOG_INFO, "is open" },
	[RLNC_EVENT_MEMBER_FAILED]	= { "member_failed", LOG_ERR, "failed" },
	[RLNC_EVENT_MEMBER_STALE]	= { "member_stale", LOG_WARNING, "is stale" },
	[RLNC_EVENT_MEMBER_RETURNED]	= { "member_returned", LOG_NOTICE, "has returned" },
	[RLNC_EVENT_MEMBER_REPLACED]	= { "member_replaced", LOG_NOTICE, "was replaced" },
	[RLNC_EVENT_MEMBER_REBUILT]	= { "member_rebuilt", LOG_NOTICE, "is in sync" },
	[RLNC_EVENT_WORK_STARTED]	= { "work_started", LOG_INFO, "started" },
	[RLNC_EVENT_WORK_PROGRESS]	= { "work_progress", LOG_DEBUG, "is under way" },
	[RLNC_EVENT_WORK_FINISHED]	= { "work_finished", LOG_INFO, "finished" },
	[RLNC_EVENT_WORK_STOPPED]	= { "work_stopped", LOG_INFO, "stopped" },
	[RLNC_EVENT_CHECKPOINT]		= { "checkpoint", LOG_DEBUG, "checkpoint" },
	[RLNC_EVENT_DATA_LOST]		= { "data_lost", LOG_CRIT, "data lost" },
	[RLNC_EVENT_AUTH_FAILED]	= { "auth_failed", LOG_WARNING, "wrong fragments found" },
	[RLNC_EVENT_CORRECTED]		= { "corrected", LOG_WARNING, "fragments corrected" },
	[RLNC_EVENT_ACTIVATED]		= { "activated", LOG_INFO, "activated" },
	[RLNC_EVENT_RESUMED]		= { "resumed", LOG_INFO, "resumed" },
	[RLNC_EVENT_SUSPENDED]		= { "suspended", LOG_INFO, "suspended" },
	[RLNC_EVENT_CLOSED]		= { "closed", LOG_INFO, "closed" },
	[RLNC_EVENT_STOPPED]		= { "stopped", LOG_CRIT, "takes no more writes" },
	[RLNC_EVENT_KEY_SET]		= { "key_set", LOG_NOTICE, "key set" },
	[RLNC_EVENT_KEY_WIPED]		= { "key_wiped", LOG_NOTICE, "key wiped" },
};

#define TEXT_MAX	512	/* bytes of a name or a reason */

enum form { NUMBER, TEXT, LETTER, WORK };

static const struct {
	enum rlnc_genl_attribute attribute;
	enum form form;
	const char *key;
} fields[] = {
	{ RLNC_ATTR_NAME, TEXT, "volume" },
	{ RLNC_ATTR_SEQ, NUMBER, "seq" },
	{ RLNC_ATTR_TIME, NUMBER, "time" },
	{ RLNC_ATTR_LOST, NUMBER, "lost" },
	{ RLNC_ATTR_LETTERS, TEXT, "letters" },
	{ RLNC_ATTR_EPOCH, NUMBER, "epoch" },
	{ RLNC_ATTR_K, NUMBER, "k" },
	{ RLNC_ATTR_N, NUMBER, "n" },
	{ RLNC_ATTR_MEMBER, NUMBER, "member" },
	{ RLNC_ATTR_LETTER, LETTER, "letter" },
	{ RLNC_ATTR_DEVICE, TEXT, "member_device" },
	{ RLNC_ATTR_VALID_THROUGH, NUMBER, "valid_through" },
	{ RLNC_ATTR_REASON, TEXT, "reason" },
	{ RLNC_ATTR_WORK, WORK, "work" },
	{ RLNC_ATTR_DONE, NUMBER, "done" },
	{ RLNC_ATTR_TOTAL, NUMBER, "total" },
	{ RLNC_ATTR_MENDED, NUMBER, "mended" },
	{ RLNC_ATTR_ERRORS, NUMBER, "errors" },
	{ RLNC_ATTR_COUNT, NUMBER, "count" },
	{ RLNC_ATTR_TREE, NUMBER, "tree" },
	{ RLNC_ATTR_LEVEL, NUMBER, "level" },
	{ RLNC_ATTR_GENERATION, NUMBER, "generation" },
	{ RLNC_ATTR_SECTOR, NUMBER, "sector" },
	{ RLNC_ATTR_MEMBERS, TEXT, "members" },
	{ RLNC_ATTR_STALE, NUMBER, "stale" },
};

static const char *const works[] = {
	[RLNC_WORK_NONE] = "idle", [RLNC_WORK_REBUILD] = "rebuild", [RLNC_WORK_SCRUB] = "scrub",
};

/* The number of the event, 0 when a state is spoken of, or one we do not know. */
static uint32_t kind_of(const struct rlnc_notice *n)
{
	return n->number[RLNC_ATTR_EVENT] < __RLNC_EVENT_MAX ?
	       (uint32_t)n->number[RLNC_ATTR_EVENT] : RLNC_EVENT_UNSPEC;
}

static const char *work_of(const struct rlnc_notice *n)
{
	uint64_t work = n->number[RLNC_ATTR_WORK];

	return work < sizeof(works) / sizeof(works[0]) ? works[work] : "work";
}

/* === lines and JSON === */

static int add_line(struct words *w, const char *key, const char *value)
{
	char *at;

	if (w->lines == WORDS_MAX || asprintf(&at, "RLNC_%s=%s", key, value) < 0)
		return -ENOMEM;
	w->line[w->lines++] = at;
	for (at += strlen("RLNC_"); *at != '='; at++)
		*at = (char)toupper(*at);
	return 0;
}

static int add_text(struct words *w, json_t *json, const char *key, const char *value)
{
	if (json_object_set_new(json, key, json_string(value)))
		return -ENOMEM;
	return add_line(w, key, value);
}

static int add_number(struct words *w, json_t *json, const char *key, uint64_t value)
{
	char text[24];

	/* All ones stands for no limit, and is no number in JSON. */
	if (value > INT64_MAX)
		return 0;
	snprintf(text, sizeof(text), "%" PRIu64, value);
	if (json_object_set_new(json, key, json_integer((json_int_t)value)))
		return -ENOMEM;
	return add_line(w, key, text);
}

static int add_field(struct words *w, json_t *json, const struct rlnc_notice *n, unsigned int i)
{
	enum rlnc_genl_attribute a = fields[i].attribute;
	char letter[2] = { (char)n->number[a] }, text[TEXT_MAX];

	switch (fields[i].form) {
	case NUMBER:
		return add_number(w, json, fields[i].key, n->number[a]);
	case TEXT:
		return add_text(w, json, fields[i].key,
				text_printable(n->text[a], text, sizeof(text)));
	case LETTER:
		return add_text(w, json, fields[i].key, text_printable(letter, text, sizeof(text)));
	default:
		return add_text(w, json, fields[i].key, work_of(n));
	}
}

static int add_fields(struct words *w, json_t *json, const struct rlnc_notice *n)
{
	char device[24], uuid[UUID_TEXT_MAX], root[2 * sizeof(n->root) + 1];
	unsigned int i;
	int rc;

	snprintf(device, sizeof(device), "%" PRIu64 ":%" PRIu64, n->number[RLNC_ATTR_MAJOR],
		 n->number[RLNC_ATTR_MINOR]);
	rc = add_text(w, json, "event", w->event);
	if (!rc)
		rc = add_text(w, json, "device", device);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]) && !rc; i++)
		if (rlnc_notice_has(n, fields[i].attribute))
			rc = add_field(w, json, n, i);
	if (!rc && rlnc_notice_has(n, RLNC_ATTR_VOLUME_ID))
		rc = add_text(w, json, "uuid", uuid_format(n->volume_id, uuid));
	if (rc || !rlnc_notice_has(n, RLNC_ATTR_ROOT))
		return rc;
	hex_encode(n->root, sizeof(n->root), root);
	return add_text(w, json, "root", root);
}

/* === sentences === */

static void say(FILE *f, const struct rlnc_notice *n, const char *text)
{
	const char *device = n->text[RLNC_ATTR_DEVICE], *reason = n->text[RLNC_ATTR_REASON];

	fprintf(f, "%s: ", n->text[RLNC_ATTR_NAME] ? n->text[RLNC_ATTR_NAME] : "?");
	if (rlnc_notice_has(n, RLNC_ATTR_MEMBER))
		fprintf(f, "member %" PRIu64 " (%s) ", n->number[RLNC_ATTR_MEMBER],
			device ? device : "absent");
	if (rlnc_notice_has(n, RLNC_ATTR_WORK) && n->number[RLNC_ATTR_WORK] != RLNC_WORK_NONE)
		fprintf(f, "%s ", work_of(n));
	fputs(text, f);
	if (rlnc_notice_has(n, RLNC_ATTR_DONE))
		fprintf(f, ", %" PRIu64 " of %" PRIu64 " generations", n->number[RLNC_ATTR_DONE],
			n->number[RLNC_ATTR_TOTAL]);
	if (n->number[RLNC_ATTR_ERRORS])
		fprintf(f, ", %" PRIu64 " could not be mended", n->number[RLNC_ATTR_ERRORS]);
	if (rlnc_notice_has(n, RLNC_ATTR_SECTOR))
		fprintf(f, ": sector %" PRIu64, n->number[RLNC_ATTR_SECTOR]);
	if (rlnc_notice_has(n, RLNC_ATTR_MEMBERS))
		fprintf(f, ": %" PRIu64 ", of members %s", n->number[RLNC_ATTR_COUNT],
			n->text[RLNC_ATTR_MEMBERS]);
	if (n->number[RLNC_ATTR_STALE])
		fprintf(f, ", %" PRIu64 " of them old ones", n->number[RLNC_ATTR_STALE]);
	if (reason)
		fprintf(f, ": %s", reason);
	if (rlnc_notice_has(n, RLNC_ATTR_LETTERS))
		fprintf(f, " [%s, epoch %" PRIu64 "]", n->text[RLNC_ATTR_LETTERS],
			n->number[RLNC_ATTR_EPOCH]);
	if (n->number[RLNC_ATTR_LOST])
		fprintf(f, " (%" PRIu64 " events lost before)", n->number[RLNC_ATTR_LOST]);
}

/* One line: a volume may have any name, and a terminal would act on some. */
static char *sentence(const struct rlnc_notice *n, const char *text)
{
	CLEANUP_FREE char *raw = NULL;
	size_t len;
	FILE *f = open_memstream(&raw, &len);
	char *line;

	if (!f)
		return NULL;
	say(f, n, text);
	if (fclose(f))
		return NULL;
	line = malloc(len + 1);
	if (line)
		text_printable(raw, line, len + 1);
	return line;
}

/**
 * words_make - say a notice in words
 * @n:	an event, or the state of a volume
 * @w:	filled in; words_free() it whatever is returned
 *
 * Return: 0 or -ENOMEM, not reported.
 */
int words_make(const struct rlnc_notice *n, struct words *w)
{
	uint32_t kind = kind_of(n);
	json_t *json = json_object();
	int rc = -ENOMEM;

	*w = (struct words){ .event = events[kind].name, .priority = events[kind].priority };
	if (json)
		rc = add_fields(w, json, n);
	if (!rc) {
		w->json = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);
		w->text = sentence(n, events[kind].text);
		if (!w->json || !w->text)
			rc = -ENOMEM;
	}
	json_decref(json);
	return rc;
}

/**
 * words_free - release what words_make() made
 */
void words_free(struct words *w)
{
	while (w->lines)
		free(w->line[--w->lines]);
	free(w->text);
	free(w->json);
	w->text = NULL;
	w->json = NULL;
}

/**
 * say_to_journal - an entry with all fields
 */
void say_to_journal(const struct words *w)
{
	const char *line[WORDS_MAX + 2];
	char priority[16];
	CLEANUP_FREE char *message = NULL;
	unsigned int i;

	if (asprintf(&message, "MESSAGE=%s", w->text) < 0) {
		message = NULL;
		return;
	}
	snprintf(priority, sizeof(priority), "PRIORITY=%d", w->priority);
	line[0] = message;
	line[1] = priority;
	for (i = 0; i < w->lines; i++)
		line[2 + i] = w->line[i];
	journal_send(line, 2 + w->lines);
}
