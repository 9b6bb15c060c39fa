// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands in which secrets stand as ${secret:NAME}. */
#include <errno.h>
#include <stdio.h>

#include "session.h"

#define BEGIN	STR("${secret:")

bool session_word_ok(const void *value, size_t len)
{
	const unsigned char *at = value;
	size_t i;

	for (i = 0; i < len; i++)
		if (at[i] <= ' ' || at[i] > '~' || at[i] == '|')
			return false;
	return len && len <= SESSION_WORD_MAX;
}

/*
 * Cut what is before the next template, and its name, off a word.
 * Return: 1; 0: there is none, and all is @before; -EINVAL: one that does not end.
 */
static int next_template(struct str *rest, struct str *before, struct str *name)
{
	size_t i, end;

	for (i = 0; i < rest->len && !str_starts(str_skip(*rest, i), BEGIN); i++)
		;
	*before = str_head(*rest, i);
	*rest = str_skip(*rest, i);
	if (!rest->len)
		return 0;
	*rest = str_skip(*rest, BEGIN.len);
	if (!str_find(*rest, '}', &end))
		return -EINVAL;
	*name = str_head(*rest, end);
	*rest = str_skip(*rest, end + 1);
	return 1;
}

static int wrong(char why[SESSION_WHY], struct str name, const char *text)
{
	snprintf(why, SESSION_WHY, "command: ${secret:%.*s}: %s",
		 (int)(name.len < 64 ? name.len : 64), name.at ? name.at : "", text);
	return -EINVAL;
}

int session_check_command(const struct session *s, char why[SESSION_WHY])
{
	const struct session_secret *secret;
	struct str rest, before, name;
	uint64_t used = 0;
	unsigned int i;
	int rc;

	for (i = 0; i < s->words; i++) {
		rest = s->word[i];
		while ((rc = next_template(&rest, &before, &name)) > 0) {
			secret = session_find(s, name);
			if (!secret)
				return wrong(why, name, "there is no such secret");
			if (secret->deliver != SESSION_CMDLINE)
				return wrong(why, name, "it is not for the command line");
			used |= 1ull << (secret - s->secret);
		}
		if (rc)
			return wrong(why, STR_NONE, "a template does not end");
	}
	for (i = 0; i < s->secrets; i++)
		if (s->secret[i].deliver == SESSION_CMDLINE && !(used & 1ull << i))
			return wrong(why, s->secret[i].name, "the command has it nowhere");
	return 0;
}

static bool append(char **at, size_t *left, struct str what)
{
	if (what.len > *left)
		return false;
	if (what.len)
		memcpy(*at, what.at, what.len);
	*at += what.len;
	*left -= what.len;
	return true;
}

int session_command(const struct session *s, const struct str *value, char *to, size_t size)
{
	struct str rest, before, name;
	size_t left = size, number;
	char *at = to;
	unsigned int i;

	for (i = 0; i < s->words; i++) {
		rest = s->word[i];
		while (next_template(&rest, &before, &name) > 0) {
			number = session_find(s, name) - s->secret;
			if (!session_word_ok(value[number].at, value[number].len))
				return -EINVAL;
			if (!append(&at, &left, before) || !append(&at, &left, value[number]))
				return -EMSGSIZE;
		}
		if (!append(&at, &left, before) || !append(&at, &left, (struct str){ "", 1 }))
			return -EMSGSIZE;
	}
	return size - left;
}
