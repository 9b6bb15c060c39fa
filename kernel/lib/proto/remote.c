// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "remote.h"
#include "words.h"

static const char *set_name(struct hedge_remote_request *rq, const struct hedge_word *w)
{
	rq->name = w->text;
	return hedge_word_name_wrong(w);
}

static const char *set_size(struct hedge_remote_request *rq, const struct hedge_word *w)
{
	if (!hedge_word_digits(w, HEDGE_REMOTE_IMAGE_MAX, &rq->size) || !rq->size)
		return "not a number of bytes from 1 to 1073741824";
	return NULL;
}

static const char *set_offset(struct hedge_remote_request *rq, const struct hedge_word *w)
{
	if (!hedge_word_digits(w, HEDGE_REMOTE_IMAGE_MAX, &rq->offset))
		return "not a number of bytes from 0 to 1073741824";
	return NULL;
}

static const char *set_digest(struct hedge_remote_request *rq, const struct hedge_word *w)
{
	return hedge_word_digest_wrong(w, rq->digest);
}

struct field {
	const char *name;
	const char *(*set)(struct hedge_remote_request *rq, const struct hedge_word *w);
};

#define NAME	{ "NAME", set_name }
#define OFFSET	{ "OFFSET", set_offset }

static const struct verb {
	const char *name;
	enum hedge_remote_verb verb;
	struct field field[4];		/* ends with one without a name */
	const char *missing;
	const char *extra;
} verbs[] = {
	{ "put", HEDGE_REMOTE_PUT, { NAME, { "SIZE", set_size }, { "DIGEST", set_digest } },
	  "missing; the form is put|NAME|SIZE|DIGEST",
	  "one bar too many; the form is put|NAME|SIZE|DIGEST" },
	{ "list", HEDGE_REMOTE_LIST, { OFFSET },
	  "missing; the form is list|OFFSET", "one bar too many; the form is list|OFFSET" },
	{ "stats", HEDGE_REMOTE_STATS, { NAME, OFFSET },
	  "missing; the form is stats|NAME|OFFSET",
	  "one bar too many; the form is stats|NAME|OFFSET" },
};

static int bad(struct hedge_command_error *error, const char *field, const char *why)
{
	error->field = field;
	error->why = why;
	return -EINVAL;
}

static int parse_fields(const struct verb *v, struct hedge_word *rest,
			struct hedge_remote_request *rq, struct hedge_command_error *error)
{
	const struct field *field;
	struct hedge_word w;

	for (field = v->field; field->name; field++) {
		const char *why = v->missing;

		if (hedge_word_next(rest, &w))
			why = field->set(rq, &w);
		if (why)
			return bad(error, field->name, why);
	}
	return rest->text ? bad(error, v->name, v->extra) : 0;
}

/**
 * hedge_remote_parse - take a request apart that only comes from other machines
 * @line:	@len bytes of anything, and room for one more; cut into words
 * @len:	bytes
 * @rq:		receives it; strings are in @line
 * @error:	receives why it is none
 *
 * Return: 0; -EINVAL; or -ENOENT, with the line as it was: none of these verbs, so
 * hedge_command_parse() shall have it.
 */
int hedge_remote_parse(char *line, size_t len, struct hedge_remote_request *rq,
		       struct hedge_command_error *error)
{
	const char *bar = len ? memchr(line, '|', len) : NULL;
	struct hedge_word rest = { line, len }, w = { line, bar ? bar - line : len };
	unsigned int i;

	memset(rq, 0, sizeof(*rq));
	memset(error, 0, sizeof(*error));
	if (!bar && len && line[len - 1] == '\n')
		w.len--;
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (hedge_word_is(&w, verbs[i].name))
			break;
	if (i == ARRAY_SIZE(verbs))
		return -ENOENT;
	if (line[len - 1] == '\n')
		rest.len--;
	hedge_word_next(&rest, &w);
	rq->verb = verbs[i].verb;
	return parse_fields(&verbs[i], &rest, rq, error);
}
