// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "base/size.h"
#include "rlnc_dm.h"
#include "target.h"

PRINTF(4, 5)
static int append(char *text, size_t size, size_t *at, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text + *at, size - *at, fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= size - *at)
		return -ENOSPC;
	*at += len;
	return 0;
}

/**
 * target_table_format - K N KEY #OPTS [OPT...] DEV_0 ... DEV_N-1
 * @table:	what it says
 * @text:	receives the line; it holds the key
 * @size:	of @text
 *
 * Return: 0 or -ENOSPC.
 */
int target_table_format(const struct target_table *table, char *text, size_t size)
{
	size_t at = 0;
	int rc;
	u32 i;

	rc = append(text, size, &at, "%u %u %s %u", table->k, table->n, table->key,
		    table->options);
	for (i = 0; i < table->options && !rc; i++)
		rc = append(text, size, &at, " %s", table->option[i]);
	for (i = 0; i < table->n && !rc; i++)
		rc = append(text, size, &at, " %s", table->device[i] ? table->device[i] : "-");
	return rc;
}

/* Copy the next word of *@line: its length, or -EINVAL for none or too long. */
static int take_word(const char **line, char *word, size_t size)
{
	size_t len;

	*line += strspn(*line, " ");
	len = strcspn(*line, " ");
	if (!len || len >= size)
		return -EINVAL;
	memcpy(word, *line, len);
	word[len] = 0;
	*line += len;
	return (int)len;
}

static int take_number(const char **line, u64 max, u64 *value)
{
	char word[24];
	uint64_t v;

	if (take_word(line, word, sizeof(word)) < 0 || number_parse(word, 0, max, &v))
		return -EINVAL;
	*value = v;
	return 0;
}

/* "A/B" */
static int split_ratio(char *word, u64 *a, u64 *b)
{
	char *slash = strchr(word, '/');
	uint64_t x, y;

	if (!slash)
		return -EINVAL;
	*slash = 0;
	if (number_parse(word, 0, UINT64_MAX, &x) || number_parse(slash + 1, 0, UINT64_MAX, &y))
		return -EINVAL;
	*a = x;
	*b = y;
	return 0;
}

static int take_slots(const char **line, struct target_status *s)
{
	char word[48];

	if (take_word(line, word, sizeof(word)) < 0)
		return -EINVAL;
	return split_ratio(word, &s->used, &s->total);
}

/* "idle" or "NAME:DONE/TOTAL" */
static int take_work(const char **line, struct target_status *s)
{
	char word[TARGET_WORD_MAX + 48];
	char *colon;

	if (take_word(line, word, sizeof(word)) < 0)
		return -EINVAL;
	colon = strchr(word, ':');
	if (colon) {
		*colon = 0;
		if (split_ratio(colon + 1, &s->work_done, &s->work_total))
			return -EINVAL;
	}
	if (strlen(word) >= sizeof(s->work))
		return -EINVAL;
	memcpy(s->work, word, strlen(word) + 1);
	return 0;
}

/**
 * target_status_parse - take the INFO line apart
 * @line:	from dm_device_status()
 * @s:		filled in
 *
 * Words after the known ones are ignored: newer targets may say more.
 *
 * Return: 0, or -EINVAL for a line that is not the target's.
 */
int target_status_parse(const char *line, struct target_status *s)
{
	u64 k, n;

	memset(s, 0, sizeof(*s));
	if (take_word(&line, s->health, sizeof(s->health)) < 0 ||
	    take_number(&line, RLNC_MAX_MEMBERS, &k) ||
	    take_number(&line, RLNC_MAX_MEMBERS, &n) ||
	    take_word(&line, s->letters, sizeof(s->letters)) != (int)n ||
	    take_number(&line, ~0ull, &s->epoch) ||
	    take_word(&line, s->root, sizeof(s->root)) < 0 ||
	    take_slots(&line, s) || take_work(&line, s) ||
	    take_number(&line, ~0ull, &s->corrected) ||
	    take_number(&line, ~0ull, &s->unrecoverable) ||
	    take_number(&line, ~0ull, &s->authfail) ||
	    take_number(&line, ~0ull, &s->hedged) ||
	    take_word(&line, s->scrubbed, sizeof(s->scrubbed)) < 0 ||
	    take_number(&line, ~0ull, &s->lost) ||
	    take_number(&line, ~0ull, &s->stale))
		return -EINVAL;
	s->k = (u32)k;
	s->n = (u32)n;
	return 0;
}

/**
 * target_table_devices - the devices in a table's parameters
 * @params:	from dm_device_table(); cut into words
 * @device:	receives pointers into @params, in the table's order
 * @max:	how many there is room for
 *
 * Return: how many there are, or -EINVAL for parameters that are not the
 * target's.
 */
int target_table_devices(char *params, const char **device, u32 max)
{
	char *word, *save = NULL;
	uint64_t n = 0, options = 0;
	u32 at = 0, skip, found = 0;

	for (word = strtok_r(params, " ", &save); word; word = strtok_r(NULL, " ", &save), at++) {
		if (at == 1 && number_parse(word, 1, max, &n))
			return -EINVAL;
		if (at == 3 && number_parse(word, 0, TARGET_OPTIONS_MAX, &options))
			return -EINVAL;
		skip = 4 + (u32)options;
		if (at < 4 || at < skip)
			continue;
		if (found == n)
			return -EINVAL;
		device[found++] = word;
	}
	return at >= 4 && found == n ? (int)found : -EINVAL;
}

/**
 * target_table_has - whether a table's parameters have an option that is one word
 * @params:	from dm_device_table()
 * @option:	the word
 */
bool target_table_has(const char *params, const char *option)
{
	char word[256];
	uint64_t options = 0;
	u32 at;

	for (at = 0; at < 4 + options; at++) {
		if (take_word(&params, word, sizeof(word)) < 0)
			return false;
		if (at == 3 && number_parse(word, 0, TARGET_OPTIONS_MAX, &options))
			return false;
		if (at > 3 && !strcmp(word, option))
			return true;
	}
	return false;
}

/* "=MS" or "=MEMBER:MS", behind the option's name. */
static int take_deadline(const char *value, bool of_member, u32 n, u32 ms[])
{
	uint64_t index = 0, v;
	char number[24];
	size_t len;
	u32 i;

	if (of_member) {
		len = strcspn(value, ":");
		if (!value[len] || len >= sizeof(number))
			return -EINVAL;
		memcpy(number, value, len);
		number[len] = 0;
		value += len + 1;
		if (number_parse(number, 0, n - 1, &index))
			return -EINVAL;
	}
	if (number_parse(value, RLNC_DEADLINE_MS_MIN, RLNC_DEADLINE_MS_MAX, &v))
		return -EINVAL;
	for (i = of_member ? index : 0; i <= (of_member ? index : n - 1); i++)
		ms[i] = v;
	return 0;
}

static int scan_deadlines(const char *params, const char *option, u32 n, u32 ms[])
{
	bool of_member = !strcmp(option, RLNC_OPT_MEMBER_DEADLINE_MS);
	size_t len = strlen(option);
	uint64_t options = 0;
	char word[256];
	u32 at;

	for (at = 0; at < 4 + options; at++) {
		if (take_word(&params, word, sizeof(word)) < 0 ||
		    (at == 3 && number_parse(word, 0, TARGET_OPTIONS_MAX, &options)))
			return -EINVAL;
		if (at > 3 && !strncmp(word, option, len) && word[len] == '=' &&
		    take_deadline(word + len + 1, of_member, n, ms))
			return -EINVAL;
	}
	return 0;
}

/**
 * target_table_deadlines - how long each member may take to answer
 * @params:	from dm_device_table()
 * @n:		members, 1 or more
 * @ms:		receives milliseconds for each
 *
 * Return: 0, or -EINVAL for parameters that are not the target's.
 */
int target_table_deadlines(const char *params, u32 n, u32 ms[])
{
	u32 i;

	for (i = 0; i < n; i++)
		ms[i] = RLNC_DEADLINE_MS;
	return scan_deadlines(params, RLNC_OPT_DEADLINE_MS, n, ms) ?:
	       scan_deadlines(params, RLNC_OPT_MEMBER_DEADLINE_MS, n, ms);
}

/**
 * target_table_rekey - a table's parameters with another key
 * @params:	from dm_device_table(), which hides the key
 * @key:	the word that takes its place
 * @text:	receives the line
 * @size:	of @text
 *
 * Return: 0, -EINVAL for parameters that are not the target's, or -ENOSPC.
 */
int target_table_rekey(const char *params, const char *key, char *text, size_t size)
{
	const char *rest = params;
	char k[8], n[8];
	size_t at = 0;

	if (take_word(&rest, k, sizeof(k)) < 0 || take_word(&rest, n, sizeof(n)) < 0)
		return -EINVAL;
	rest += strspn(rest, " ");
	rest += strcspn(rest, " ");
	if (!*rest)
		return -EINVAL;
	return append(text, size, &at, "%s %s %s%s", k, n, key, rest);
}

/**
 * target_letter_word - a member's state in a word
 */
const char *target_letter_word(char letter)
{
	switch (letter) {
	case RLNC_LETTER_SYNC:
		return "in sync";
	case RLNC_LETTER_STALE:
		return "stale";
	case RLNC_LETTER_FAILED:
		return "failed";
	case RLNC_LETTER_ABSENT:
		return "absent";
	default:
		return "unknown";
	}
}

/**
 * target_health_live - whether a volume in this health takes writes
 *
 * Without them, no work in the background goes on.
 */
bool target_health_live(const char *health)
{
	return !strcmp(health, "optimal") || !strcmp(health, "degraded");
}

struct words {
	const char *word;
	const char *means;
};

static const char *look_up(const struct words *table, const char *word, const char *otherwise)
{
	for (; table->word; table++)
		if (!strcmp(table->word, word))
			return table->means;
	return otherwise;
}

/**
 * target_health_words - what a volume's health means to its owner
 */
const char *target_health_words(const char *health)
{
	static const struct words table[] = {
		{ "optimal", "every member holds its fragments" },
		{ "degraded", "all data are there, but members are missing or behind" },
		{ "failed", "too few members: some data cannot be read or written" },
		{ "read-only", "data can be read, not written" },
		{ NULL, NULL },
	};

	return look_up(table, health, "a state this program does not know");
}

/**
 * target_work_words - what the background work is, in words
 */
const char *target_work_words(const char *work)
{
	static const struct words table[] = {
		{ "rebuild", "rebuild, members get what they miss" },
		{ "scrub", "scrub, every fragment is read and checked" },
		{ NULL, NULL },
	};

	return look_up(table, work, work);
}
