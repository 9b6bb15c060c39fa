// SPDX-License-Identifier: GPL-2.0-or-later
/* References of images, and globs of their names. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "admission.h"

#define DEFAULT_HOST	"index.docker.io"

static bool is_word(struct str s, const char *more)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.at[i]) && !strchr(more, s.at[i]))
			return false;
	return s.len && !memchr(s.at, 0, s.len);
}

/* Lower-case words between slashes. */
static bool is_path(struct str path)
{
	struct str part;
	size_t i;

	for (i = 0; i < path.len; i++)
		if (isupper((unsigned char)path.at[i]))
			return false;
	if (!path.len || path.at[path.len - 1] == '/')
		return false;
	while (path.len) {
		str_cut(&path, '/', &part);
		if (!is_word(part, "._-") || !isalnum((unsigned char)*part.at))
			return false;
	}
	return true;
}

static bool is_digest(struct str s)
{
	size_t i;

	if (s.len != 7 + 64 || !str_starts(s, STR("sha256:")))
		return false;
	for (i = 7; i < s.len; i++)
		if (hex_value(s.at[i]) < 0 || isupper((unsigned char)s.at[i]))
			return false;
	return true;
}

/* The first part is a host when it looks like one. */
static bool is_host(struct str s)
{
	return is_word(s, ".-:") && (str_is(s, "localhost") || memchr(s.at, '.', s.len) ||
				     memchr(s.at, ':', s.len));
}

/* A tag stands behind the last colon, unless a slash follows. */
static bool cut_tag(struct str *name)
{
	size_t i = name->len;

	while (i && name->at[i - 1] != ':' && name->at[i - 1] != '/')
		i--;
	if (!i || name->at[i - 1] == '/')
		return true;
	if (!is_word(str_skip(*name, i), "._-") || name->len - i > 128)
		return false;
	name->len = i - 1;
	return true;
}

int admission_name(struct str image, char name[ADMISSION_MAX_NAME + 1], char digest[72])
{
	struct str rest = image, host = STR(DEFAULT_HOST), first;
	const char *library = "";
	size_t at;
	int n;

	*digest = 0;
	if (str_find(rest, '@', &at)) {
		struct str d = str_skip(rest, at + 1);

		if (!is_digest(d) || !str_copy(d, digest, 72))
			return -EINVAL;
		rest = str_head(rest, at);
	}
	if (!cut_tag(&rest))
		return -EINVAL;
	if (str_find(rest, '/', &at) && is_host(str_head(rest, at))) {
		host = str_head(rest, at);
		rest = str_skip(rest, at + 1);
	}
	if (str_is(host, "docker.io"))
		host = STR(DEFAULT_HOST);
	first = rest;
	if (str_is(host, DEFAULT_HOST) && !str_find(first, '/', &at))
		library = "library/";
	if (!is_path(rest))
		return -EINVAL;
	n = snprintf(name, ADMISSION_MAX_NAME + 1, "%.*s/%s%.*s", STR_ARG(host), library,
		     STR_ARG(rest));
	return n > 0 && n <= (int)ADMISSION_MAX_NAME ? 0 : -EINVAL;
}

/* One pass over the glob, with the set of places in the name that can be reached. */
bool admission_glob(struct str glob, struct str name)
{
	bool at[ADMISSION_MAX_NAME + 2] = { true };
	size_t g, i;

	if (name.len > ADMISSION_MAX_NAME)
		return false;
	for (g = 0; g < glob.len; g++) {
		bool star = glob.at[g] == '*';
		bool deep = star && g + 1 < glob.len && glob.at[g + 1] == '*';

		g += deep;
		if (star) {
			for (i = 0; i < name.len; i++)
				at[i + 1] |= at[i] && (deep || name.at[i] != '/');
			continue;
		}
		for (i = name.len + 1; i-- > 0;)
			at[i] = i && at[i - 1] && (glob.at[g] == name.at[i - 1] ||
						   (glob.at[g] == '?' && name.at[i - 1] != '/'));
	}
	return at[name.len];
}
