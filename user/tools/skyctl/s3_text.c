// SPDX-License-Identifier: GPL-2.0-or-later
/* Names and texts of strangers: parsed, judged, shown.  No I/O. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "s3.h"

#define GROW_LEAST	512u

int s3_grow(struct out *o, size_t need)
{
	size_t size = o->size ? 2 * o->size : GROW_LEAST;
	char *at;

	if (need > SIZE_MAX / 4 || o->size > SIZE_MAX / 4)
		return -ENOMEM;
	while (size - o->len < need)
		size *= 2;
	at = realloc(o->at, size);
	if (!at)
		return -ENOMEM;
	o->at = at;
	o->size = size;
	return 0;
}

/* --- URLs ---------------------------------------------------------------------------- */

bool s3_is_url(const char *text)
{
	return !strncmp(text, S3_SCHEME, strlen(S3_SCHEME));
}

bool s3_url_parse(const char *text, struct str *bucket, struct str *key)
{
	struct str rest;

	if (!s3_is_url(text))
		return false;
	rest = str_of(text + strlen(S3_SCHEME));
	*key = STR_NONE;
	if (memchr(rest.at, '/', rest.len)) {
		str_cut(&rest, '/', bucket);
		*key = rest.at ? rest : STR("");
	} else {
		*bucket = rest;
	}
	return s3_bucket_name_ok(*bucket) && key->len <= S3_KEY_MAX;
}

/* --- showing ------------------------------------------------------------------------- */

/* Controls of both kinds, and what makes a line read other than it is written. */
static bool is_hidden(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
	       (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x2069) || code == 0xfeff;
}

static void show_byte(struct out *o, unsigned char c)
{
	out_str(o, STR("\\x"));
	out_hex(o, &c, 1);
}

void s3_show(struct out *o, struct str name)
{
	while (name.len) {
		uint32_t code = 0;
		size_t len = utf8_next(name, &code), i;

		if (len && *name.at == '\\')
			out_str(o, STR("\\\\"));
		else if (len && !is_hidden(code))
			out_bytes(o, name.at, len);
		else
			for (i = 0; i < (len ? len : 1); i++)
				show_byte(o, name.at[i]);
		name = str_skip(name, len ? len : 1);
	}
}

const char *s3_shown(struct str name, char to[S3_SHOWN_MAX])
{
	struct out o = OUT(to, S3_SHOWN_MAX - 1);

	s3_show(&o, name);
	to[o.len] = 0;
	return to;
}

const char *s3_shown_url(struct str bucket, struct str key, char to[S3_SHOWN_MAX])
{
	struct out o = OUT(to, S3_SHOWN_MAX - 1);

	out_str(&o, STR(S3_SCHEME));
	s3_show(&o, bucket);
	if (key.at) {
		out_char(&o, '/');
		s3_show(&o, key);
	}
	to[o.len] = 0;
	return to;
}

/* --- names of files ------------------------------------------------------------------ */

const char *s3_name_fault(struct str name)
{
	struct str rest = name, part;

	if (!name.len)
		return "it has no name";
	if (memchr(name.at, 0, name.len))
		return "it has a NUL";
	if (*name.at == '/')
		return "it begins with a slash";
	if (name.len >= PATH_MAX)
		return "it is too long";
	/* One slash at the end is a folder's. */
	if (name.at[name.len - 1] == '/')
		rest.len--;
	while (str_cut(&rest, '/', &part)) {
		if (!part.len)
			return "two slashes follow each other";
		if (str_is(part, "."))
			return "\".\" is part of it";
		if (str_is(part, ".."))
			return "\"..\" is part of it";
		if (part.len > NAME_MAX)
			return "a part of it is too long";
	}
	return NULL;
}

bool s3_xml_can_say(struct str key)
{
	while (key.len) {
		uint32_t code = 0;
		size_t len = utf8_next(key, &code);

		if (!len || code == 0xfffe || code == 0xffff ||
		    (code < 0x20 && code != '\t' && code != '\n' && code != '\r'))
			return false;
		key = str_skip(key, len);
	}
	return true;
}

bool s3_filter_passes(const struct s3_filter *f, unsigned int count, struct str name)
{
	while (count--)
		if (str_match(str_of(f[count].pattern), name))
			return f[count].include;
	return true;
}

/* --- parts --------------------------------------------------------------------------- */

uint64_t s3_part_size(uint64_t size, uint64_t wish)
{
	const uint64_t mib = 1 << 20;
	uint64_t least = size / S3_PARTS_OF_OBJECT + !!(size % S3_PARTS_OF_OBJECT);

	if (wish >= least)
		return wish;
	return (least + mib - 1) / mib * mib;
}
