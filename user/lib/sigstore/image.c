// SPDX-License-Identifier: GPL-2.0-or-later
/* References of images, and globs of their names. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "admission.h"

#define DEFAULT_HOST	"index.docker.io"
#define HOST_MAX	260u		/* 253 of a name, and a port */

static bool is_word(struct str s, const char *more)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.at[i]) && !strchr(more, s.at[i]))
			return false;
	return s.len && !memchr(s.at, 0, s.len);
}

/* Lower-case words between slashes; wild: "*" and "?" stand for any of their letters. */
static bool is_path(struct str path, bool wild)
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
		if (!is_word(part, wild ? "._-*?" : "._-") || strchr("._-", *part.at))
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
	return is_word(s, ".-:") && (str_equal_nocase(s, STR("localhost")) ||
				     memchr(s.at, '.', s.len) || memchr(s.at, ':', s.len));
}

/* One way to write each: no empty labels, no dot at the end, a port without zeros before it. */
static bool is_whole_host(struct str host)
{
	struct str label, port;
	uint64_t number;
	size_t at;

	if (str_find(host, ':', &at)) {
		port = str_skip(host, at + 1);
		if (!str_number(port, 65535, &number) || *port.at == '0')
			return false;
		host = str_head(host, at);
	}
	if (!host.len || host.at[host.len - 1] == '.')
		return false;
	while (host.len) {
		str_cut(&host, '.', &label);
		if (!is_word(label, "-"))
			return false;
	}
	return true;
}

/* In lower case, without the port that is meant anyway, and Docker's by the name it goes by. */
static int read_host(struct str s, char host[HOST_MAX + 1])
{
	size_t i;

	if (!is_whole_host(s))
		return -EINVAL;
	if (str_ends(s, STR(":443")))
		s.len -= 4;
	if (str_equal_nocase(s, STR("docker.io")))
		s = STR(DEFAULT_HOST);
	if (!str_copy(s, host, HOST_MAX + 1))
		return -EINVAL;
	for (i = 0; host[i]; i++)
		host[i] = ascii_lower(host[i]);
	return 0;
}

static int join(const char *host, const char *library, struct str path,
		char name[ADMISSION_MAX_NAME + 1])
{
	int n = snprintf(name, ADMISSION_MAX_NAME + 1, "%s/%s%.*s", host, library,
			 STR_ARG(path));

	return n > 0 && n <= (int)ADMISSION_MAX_NAME ? 0 : -EINVAL;
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
	char host[HOST_MAX + 1] = DEFAULT_HOST;
	struct str rest = image;
	bool library;
	size_t at;

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
		if (read_host(str_head(rest, at), host))
			return -EINVAL;
		rest = str_skip(rest, at + 1);
	}
	library = !strcmp(host, DEFAULT_HOST) && !str_find(rest, '/', &at);
	return is_path(rest, false) ? join(host, library ? "library/" : "", rest, name) : -EINVAL;
}

/* --- globs -------------------------------------------------------------------------------- */

static bool is_deep(struct str glob)
{
	size_t i;

	for (i = 1; i < glob.len; i++)
		if (glob.at[i - 1] == '*' && glob.at[i] == '*')
			return true;
	return false;
}

/* A first part with wildcards, which has to be of hosts for sure. */
static const char *read_wild_host(struct str s, char host[HOST_MAX + 1])
{
	bool anywhere = str_starts(s, STR("**"));
	size_t i;

	if (!anywhere && !memchr(s.at, '.', s.len) && !memchr(s.at, ':', s.len))
		return "begins with what may be a host or not; begin with HOST/ or **";
	if (str_ends(s, STR(":443")))
		return "has the port that is meant anyway; leave out :443";
	if (!is_word(s, anywhere ? "._-:*?" : ".-:*?") || !str_copy(s, host, HOST_MAX + 1))
		return "begins with what no host has";
	for (i = 0; host[i]; i++)
		host[i] = ascii_lower(host[i]);
	return NULL;
}

/* Cut the host off.  @host: "" when the glob begins with "**", which stands for hosts, too. */
static const char *cut_host(struct str *glob, char host[HOST_MAX + 1])
{
	struct str first;
	size_t at;

	if (!str_find(*glob, '/', &at)) {
		if (str_starts(*glob, STR("**")))
			*host = 0;
		else if (memchr(glob->at, '.', glob->len))
			return "is a host without names; say HOST/**";
		return NULL;
	}
	first = str_head(*glob, at);
	if (memchr(first.at, '*', first.len) || memchr(first.at, '?', first.len)) {
		const char *why = read_wild_host(first, host);

		if (why)
			return why;
	} else if (!is_host(first)) {
		return NULL;
	} else if (read_host(first, host)) {
		return "begins with a host that is none";
	}
	*glob = str_skip(*glob, at + 1);
	return NULL;
}

const char *admission_glob_complete(struct str glob, char whole[ADMISSION_MAX_NAME + 1])
{
	char host[HOST_MAX + 1] = DEFAULT_HOST;
	const char *why, *library = "";
	size_t at;

	if (!glob.len)
		return "is missing";
	if (str_find(glob, '@', &at))
		return "has a digest; globs are of names";
	why = cut_host(&glob, host);
	if (why)
		return why;
	if (str_find(glob, ':', &at))
		return "has a tag, or a host without names; globs are of names";
	if (!is_path(glob, true))
		return "fits no name: of capitals, empty parts or other characters";
	if (!*host)
		return str_copy(glob, whole, ADMISSION_MAX_NAME + 1) ? NULL : "is too long";
	if (!strcmp(host, DEFAULT_HOST) && !str_find(glob, '/', &at) &&
	    !str_starts(glob, STR("**"))) {
		if (is_deep(glob))
			return "has ** in a name of " DEFAULT_HOST "/library; say * there";
		library = "library/";
	}
	return join(host, library, glob, whole) ? "is too long" : NULL;
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
