// SPDX-License-Identifier: GPL-2.0-or-later
#include "head.h"
#include "media.h"

/**
 * params_start - what stands before the parameters
 * @value:	"text/plain; charset=utf-8"
 * @rest:	receives the parameters, for params_next()
 *
 * Return: "text/plain".
 */
struct str params_start(struct str value, struct str *rest)
{
	struct str first = value;

	str_cut(&value, ';', &first);
	*rest = value;
	return str_trim(first);
}

/* The bytes of a quoted string up to its closing quote; false when there is none. */
static bool quoted_length(struct str s, size_t *len)
{
	size_t i;

	for (i = 0; i < s.len && s.at[i] != '"'; i++)
		if (s.at[i] == '\\')
			i++;
	*len = i;
	return i < s.len;
}

/**
 * params_next - the next parameter
 * @rest:	what is left; at is NULL at the end
 * @p:		receives it
 *
 * Return: false at the end, and where the text is no list of parameters: then
 * @rest->at is not NULL.
 */
bool params_next(struct str *rest, struct param *p)
{
	struct str s = str_trim(*rest);
	size_t len;

	while (s.len && *s.at == ';')
		s = str_trim(str_skip(s, 1));
	if (!s.len) {
		*rest = STR_NONE;
		return false;
	}
	if (!str_find(s, '=', &len) || !http_is_token(str_head(s, len)))
		return false;
	p->name = str_head(s, len);
	s = str_skip(s, len + 1);
	p->quoted = s.len && *s.at == '"';
	if (p->quoted) {
		s = str_skip(s, 1);
		if (!quoted_length(s, &len))
			return false;
		p->value = str_head(s, len);
		s = str_trim(str_skip(s, len + 1));
		if (s.len && *s.at != ';')
			return false;
		*rest = s;
		return true;
	}
	if (!str_find(s, ';', &len))
		len = s.len;
	p->value = str_trim(str_head(s, len));
	*rest = str_skip(s, len);
	return true;
}

/* A parameter by its name; case does not matter. */
bool params_find(struct str value, struct str name, struct param *p)
{
	struct str rest;

	params_start(value, &rest);
	while (params_next(&rest, p))
		if (str_equal_nocase(p->name, name))
			return true;
	return false;
}

/**
 * param_copy - a value as it was meant
 * @p:		from params_next()
 * @to:		receives it as a C string
 * @size:	of @to
 *
 * Browsers write a quote in a file name as \" or as %22; the latter stays.
 *
 * Return: false when it does not fit or has a NUL in it.
 */
bool param_copy(const struct param *p, char *to, size_t size)
{
	size_t i, len = 0;

	for (i = 0; i < p->value.len; i++) {
		if (p->quoted && p->value.at[i] == '\\' && i + 1 < p->value.len &&
		    (p->value.at[i + 1] == '"' || p->value.at[i + 1] == '\\'))
			i++;
		if (len + 1 >= size || !p->value.at[i])
			return false;
		to[len++] = p->value.at[i];
	}
	if (!size)
		return false;
	to[len] = '\0';
	return true;
}

/* Does "video/mp4; codecs=..." match "video/mp4", "video/" followed by a star, or a lone star? */
bool media_matches(struct str pattern, struct str type)
{
	struct str rest, whole = params_start(type, &rest);

	if (str_equal(pattern, STR("*")) || str_equal(pattern, STR("*/*")))
		return true;
	if (str_ends(pattern, STR("/*"))) {
		pattern.len--;
		return whole.len >= pattern.len &&
		       str_equal_nocase(pattern, str_head(whole, pattern.len));
	}
	return str_equal_nocase(pattern, whole);
}
