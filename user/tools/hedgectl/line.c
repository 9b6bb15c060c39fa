// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "hedgectl.h"

static void append(struct line *l, const char *text)
{
	size_t len = strlen(text);

	if (l->error)
		return;
	if (len > HEDGE_COMMAND_MAX - l->len) {
		l->error = fail(EINVAL, "the command is too long; at most %d bytes",
				HEDGE_COMMAND_MAX);
		return;
	}
	memcpy(l->text + l->len, text, len + 1);
	l->len += len;
}

/**
 * line_start - begin a command
 * @verb:	of include/uapi/hedge_proc.h
 */
void line_start(struct line *l, const char *verb)
{
	l->len = 0;
	l->error = 0;
	append(l, verb);
}

/**
 * line_field - add a field
 * @name:	for messages, as in include/uapi/hedge_proc.h
 * @text:	without a bar, which would end it
 */
void line_field(struct line *l, const char *name, const char *text)
{
	if (!l->error && strchr(text, '|'))
		l->error = fail(EINVAL, "%s: has a bar in it, which the monitor does not take", name);
	append(l, "|");
	append(l, text);
}

/**
 * line_path - add a path, from the root
 * @name:	for messages
 * @path:	of this machine as seen from here; of another one it must be absolute; or an
 *		image that was put there, staged:NAME
 */
void line_path(struct line *l, const struct options *o, const char *name, const char *path)
{
	char full[2 * PATH_MAX];

	if (*path == '/' || !*path || !strncmp(path, HEDGE_STAGED, strlen(HEDGE_STAGED))) {
		line_field(l, name, path);
		return;
	}
	if (l->error)
		return;
	if (o->far) {
		l->error = fail(EINVAL, "%s: %s: a path on the other machine begins with /", name,
				path);
		return;
	}
	if (!getcwd(full, PATH_MAX)) {
		l->error = fail_errno("the working directory");
		return;
	}
	snprintf(full + strlen(full), PATH_MAX, "%s%s", strcmp(full, "/") ? "/" : "", path);
	line_field(l, name, full);
}

/* Add what options have collected. */
void line_words(struct line *l, const struct options *o)
{
	unsigned int i;

	for (i = 0; i < o->words; i++)
		line_field(l, "KEY=VALUE", o->word[i]);
}

/**
 * line_check - is it a command at all?
 *
 * Return: 0 or -errno, reported.
 */
int line_check(const struct line *l)
{
	char copy[HEDGE_COMMAND_MAX + 1];
	struct hedge_command cmd;
	struct hedge_command_error error;

	if (l->error)
		return l->error;
	memcpy(copy, l->text, l->len);
	if (hedge_command_parse(copy, l->len, &cmd, &error))
		return fail(EINVAL, "%s: %s", error.field, error.why);
	return 0;
}

/**
 * line_send - have it carried out, if it is a command at all
 *
 * Return: 0 or -errno, reported.
 */
int line_send(struct line *l, const struct options *o)
{
	int rc = line_check(l);

	if (rc)
		return rc;
	note("%s", l->text);
	return place_command(o, l->text);
}
