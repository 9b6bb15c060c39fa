// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "entry.h"

#define TIME_PICTURE	"0000-00-00T00:00:00.000000Z"

_Static_assert(sizeof(TIME_PICTURE) == ENTRY_TIME, "the length of a time");

void entry_time(uint64_t us, char text[ENTRY_TIME])
{
	time_t seconds = us / 1000000;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	/* Years of four digits only. */
	if (!strftime(text, ENTRY_TIME, "%Y-%m-%dT%H:%M:%S.", &tm) ||
	    strlen(text) != sizeof("0000-00-00T00:00:00.") - 1) {
		memcpy(text, TIME_PICTURE, ENTRY_TIME);
		return;
	}
	snprintf(text + strlen(text), 8, "%06uZ", (unsigned int)(us % 1000000));
}

/* --- writing --------------------------------------------------------------------------- */

static char short_escape(uint8_t c)
{
	switch (c) {
	case '"':
	case '\\':
		return c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	}
	return 0;
}

/* @len: utf8_next()'s. */
static size_t printed(uint8_t c, size_t len)
{
	if (short_escape(c))
		return 2;
	return c < 0x20 ? 6 : len ? len : 1;
}

struct str entry_head(struct str s, size_t max)
{
	struct str rest;
	uint32_t code;
	size_t len, left = max;

	for (rest = s; rest.len; rest = str_skip(rest, len)) {
		const uint8_t c = *rest.at;
		size_t need;

		len = utf8_next(rest, &code);
		need = printed(c, len);
		len = len ? len : 1;
		if (need > left || s.len - rest.len + len > ENTRY_TEXT_MAX)
			break;
		left -= need;
	}
	return str_head(s, s.len - rest.len);
}

static void print_text(struct out *o, const char *name, struct str s)
{
	uint32_t code;
	size_t len;

	if (s.len > ENTRY_TEXT_MAX && !o->err)
		o->err = -EMSGSIZE;
	out_text(o, name);
	for (; s.len; s = str_skip(s, len)) {
		uint8_t c = *s.at;

		len = utf8_next(s, &code);
		if (short_escape(c)) {
			out_char(o, '\\');
			out_char(o, short_escape(c));
		} else if (c < 0x20) {
			out_text(o, "\\u00");
			out_hex(o, &c, 1);
		} else if (!len) {
			out_char(o, '?');
		} else {
			out_bytes(o, s.at, len);
		}
		len = len ? len : 1;
	}
	out_char(o, '"');
}

static void print_number(struct out *o, const char *name, uint64_t value)
{
	if (value > ENTRY_NUMBER_MAX && !o->err)
		o->err = -EMSGSIZE;
	out_text(o, name);
	out_number(o, value);
}

void entry_print(struct out *o, const struct ledger_entry *e)
{
	print_text(o, "{\"action\":\"", e->event.action);
	print_text(o, ",\"actor\":\"", e->event.actor);
	print_number(o, ",\"epoch\":", e->epoch);
	print_text(o, ",\"object\":\"", e->event.object);
	print_text(o, ",\"policy\":\"", e->event.policy);
	print_text(o, ",\"result\":\"", e->event.result);
	print_number(o, ",\"seq\":", e->seq);
	print_text(o, ",\"time\":\"", e->time);
	out_char(o, '}');
}

/* --- reading --------------------------------------------------------------------------- */

/* How many bytes of the text are one character, as print_text() writes it; 0: none is. */
static size_t char_length(struct str s)
{
	uint32_t code;
	uint8_t c = *s.at;

	if (c < 0x20)
		return 0;
	if (c != '\\')
		return utf8_next(s, &code);
	if (s.len >= 2 && strchr("\"\\bfnrt", s.at[1]) && s.at[1])
		return 2;
	if (s.len < 6 || memcmp(s.at, "\\u00", 4) || (s.at[4] != '0' && s.at[4] != '1') ||
	    hex_value(s.at[5]) < 0 || (s.at[5] >= 'A' && s.at[5] <= 'F'))
		return 0;
	c = (s.at[4] - '0') << 4 | hex_value(s.at[5]);
	/* Of two ways to write it, this is the other one. */
	return short_escape(c) ? 0 : 6;
}

static bool take(struct str *rest, const char *text)
{
	struct str expected = str_of(text);

	if (!str_starts(*rest, expected))
		return false;
	*rest = str_skip(*rest, expected.len);
	return true;
}

static bool take_text(struct str *rest, const char *name, struct str *to)
{
	struct str s;
	size_t len;

	if (!take(rest, name))
		return false;
	for (s = *rest; s.len && *s.at != '"'; s = str_skip(s, len)) {
		len = char_length(s);
		if (!len)
			return false;
	}
	if (!s.len)
		return false;
	*to = str_head(*rest, rest->len - s.len);
	*rest = str_skip(s, 1);
	return true;
}

static bool take_number(struct str *rest, const char *name, uint64_t *to)
{
	struct str s;

	if (!take(rest, name))
		return false;
	for (s = *rest; s.len && *s.at >= '0' && *s.at <= '9'; s = str_skip(s, 1))
		;
	s = str_head(*rest, rest->len - s.len);
	*rest = str_skip(*rest, s.len);
	return str_number(s, ENTRY_NUMBER_MAX, to) && (s.len == 1 || *s.at != '0');
}

static bool is_time(struct str s)
{
	size_t i;

	if (s.len != ENTRY_TIME - 1)
		return false;
	for (i = 0; i < s.len; i++)
		if (TIME_PICTURE[i] == '0' ? s.at[i] < '0' || s.at[i] > '9' :
					     s.at[i] != TIME_PICTURE[i])
			return false;
	return true;
}

int entry_parse(struct str bytes, struct ledger_entry *to)
{
	struct str rest = bytes;

	return take_text(&rest, "{\"action\":\"", &to->event.action) &&
	       take_text(&rest, ",\"actor\":\"", &to->event.actor) &&
	       take_number(&rest, ",\"epoch\":", &to->epoch) &&
	       take_text(&rest, ",\"object\":\"", &to->event.object) &&
	       take_text(&rest, ",\"policy\":\"", &to->event.policy) &&
	       take_text(&rest, ",\"result\":\"", &to->event.result) &&
	       take_number(&rest, ",\"seq\":", &to->seq) &&
	       take_text(&rest, ",\"time\":\"", &to->time) &&
	       is_time(to->time) && str_is(rest, "}") ? 0 : -EBADMSG;
}

/* --- persons --------------------------------------------------------------------------- */

void entry_pseudonym(const struct hmac_key *salt, const char *kind, struct str name,
		     char text[ENTRY_PSEUDONYM])
{
	uint8_t digest[SHA256_BYTES], mac[SHA256_BYTES];
	struct out o = OUT(text, ENTRY_PSEUDONYM - 1);
	struct sha256_state s;

	/* The NUL parts the two, so that no two pairs are one text. */
	sha256_begin(&s);
	sha256_add(&s, kind, strlen(kind) + 1);
	sha256_add(&s, name.at ? name.at : "", name.len);
	sha256_end(&s, digest);
	hmac_with(salt, digest, sizeof(digest), mac);
	out_text(&o, kind);
	out_char(&o, ':');
	out_hex(&o, mac, 16);
	text[o.len] = 0;
}
