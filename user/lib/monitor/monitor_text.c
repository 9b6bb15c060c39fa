// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "monitor.h"

#define LINE_MAX_BYTES	8192

/* The next line of @*text, cut to @size, made safe; false: there is none. */
static bool next_line(const char **text, char *line, size_t size)
{
	const char *end = strchrnul(*text, '\n');
	char raw[LINE_MAX_BYTES];
	size_t len = end - *text;

	if (!**text)
		return false;
	if (len >= sizeof(raw))
		len = sizeof(raw) - 1;
	memcpy(raw, *text, len);
	raw[len] = 0;
	text_printable(raw, line, size);
	*text = *end ? end + 1 : end;
	return true;
}

static_assert(HEDGE_NAME_MAX == 127, "as the conversion of a name has it");

static bool read_vm(const char *line, struct monitor_vm *vm)
{
	const char *rest;
	int used = 0;

	if (sscanf(line, "%" SCNu32 " %127[^ ]%n", &vm->id, vm->name, &used) < 2)
		return false;
	rest = line + used;
	used = 0;
	/* A name that goes on is too long; the path is last, and may have spaces. */
	if (*rest != ' ' || sscanf(rest, " %" SCNu32 " %n", &vm->image_id, &used) < 1 || !used)
		return false;
	snprintf(vm->image, sizeof(vm->image), "%.*s", HEDGE_PATH_MAX, rest + used);
	return true;
}

/**
 * monitor_list_walk - every VM of a list
 * @text:	what /proc/monitor says
 * @fn:		called for each, with @arg
 *
 * Return: 0, what @fn returned, or -EBADMSG for a line that is none of a list.
 */
int monitor_list_walk(const char *text, monitor_vm_fn *fn, void *arg)
{
	char line[LINE_MAX_BYTES];
	struct monitor_vm vm;
	bool head = true;
	int rc;

	while (next_line(&text, line, sizeof(line))) {
		if (head) {
			head = false;
			continue;
		}
		if (!read_vm(line, &vm))
			return -EBADMSG;
		rc = fn(&vm, arg);
		if (rc)
			return rc;
	}
	return head ? -EBADMSG : 0;
}

/**
 * monitor_stats_walk - every "key value" line
 * @text:	what a file of /proc/vmstats says
 * @fn:		called for each, with @arg
 *
 * Return: 0, or what @fn returned.
 */
int monitor_stats_walk(const char *text, monitor_stat_fn *fn, void *arg)
{
	char line[LINE_MAX_BYTES];
	int rc = 0;

	while (!rc && next_line(&text, line, sizeof(line))) {
		char *space = strchr(line, ' ');

		if (space)
			*space = 0;
		if (*line)
			rc = fn(line, space ? space + 1 : "", arg);
	}
	return rc;
}

struct wanted {
	const char *key;
	char *value;
	size_t size;
};

static int is_wanted(const char *key, const char *value, void *arg)
{
	struct wanted *w = arg;

	if (strcmp(key, w->key))
		return 0;
	snprintf(w->value, w->size, "%s", value);
	return 1;
}

/**
 * monitor_stat - the value of one key
 * @text:	what a file of /proc/vmstats says
 * @key:	which
 * @value:	receives it, cut to @size; "" if it is not there
 *
 * Return: whether it is there.
 */
bool monitor_stat(const char *text, const char *key, char *value, size_t size)
{
	struct wanted w = { key, value, size };

	*value = 0;
	return monitor_stats_walk(text, is_wanted, &w);
}

/**
 * monitor_last_error - why somebody's last command was refused
 * @text:	what /proc/vmstats/errors says: lines of "SEQ UID FIELD: why"
 * @uid:	whose command
 * @after:	only refusals later than this one; 0: any
 * @seq:	receives the number of the last line, of anybody's; 0 if there is none
 * @why:	receives "FIELD: why"
 * @size:	of @why
 *
 * Return: whether there was one.
 */
bool monitor_last_error(const char *text, uint32_t uid, uint64_t after, uint64_t *seq,
			char *why, size_t size)
{
	char line[LINE_MAX_BYTES];
	bool found = false;

	*seq = 0;
	while (next_line(&text, line, sizeof(line))) {
		uint64_t number;
		uint32_t whose;
		int used = 0;

		if (sscanf(line, "%" SCNu64 " %" SCNu32 " %n", &number, &whose, &used) < 2 || !used)
			continue;
		/* They are in order; what is not is no line of ours. */
		if (number <= *seq)
			continue;
		*seq = number;
		if (whose != uid || number <= after)
			continue;
		snprintf(why, size, "%s", line + used);
		found = true;
	}
	return found;
}
