// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "private.h"

struct doc_block {
	struct doc_block *next;
	max_align_t data[];
};

void *doc_alloc(struct doc *d, size_t len)
{
	struct doc_block *b = calloc(1, sizeof(*b) + len + 1);

	if (!b) {
		sig_no_memory(d->fault);
		return NULL;
	}
	b->next = d->blocks;
	d->blocks = b;
	return b->data;
}

int doc_open(struct doc *d, struct str text, enum sigstore_code syntax, enum sigstore_code field,
	     struct sigstore_fault *f)
{
	json_error_t err;

	*d = (struct doc){ .fault = f, .field = field };
	if (text.len > SIGSTORE_MAX_BYTES)
		return sig_refuse(f, syntax, "is longer than %u bytes", SIGSTORE_MAX_BYTES);
	d->root = json_loadb(text.at ? text.at : "", text.len, JSON_REJECT_DUPLICATES, &err);
	if (!d->root && json_error_code(&err) == json_error_out_of_memory)
		return sig_no_memory(f);
	if (!d->root)
		return sig_refuse(f, syntax, "is not JSON: line %d: %.160s", err.line, err.text);
	if (json_is_object(d->root))
		return 0;
	doc_close(d);
	return sig_refuse(f, syntax, "is not a JSON object");
}

void doc_close(struct doc *d)
{
	struct doc_block *b;

	while ((b = d->blocks)) {
		d->blocks = b->next;
		free(b);
	}
	json_decref(d->root);
	d->root = NULL;
}

struct spot doc_root(struct doc *d)
{
	return (struct spot){ .doc = d, .at = d->root };
}

int spot_error(const struct spot *s, const char *name, const char *why)
{
	return sig_refuse(s->doc->fault, s->doc->field, "%s%s%.60s: %s", s->path,
			  *s->path && name ? "." : "", name ? name : *s->path ? "" : "document",
			  why);
}

/* lowerCamelCase to snake_case; names are the program's own and short. */
static void snake(const char *camel, char to[64])
{
	size_t n = 0;

	for (; *camel && n < 62; camel++) {
		if (isupper((unsigned char)*camel))
			to[n++] = '_';
		to[n++] = tolower((unsigned char)*camel);
	}
	to[n] = 0;
}

/* The member, or NULL when it is absent or null. */
static int find(const struct spot *s, const char *name, json_t **value)
{
	char other[64];
	json_t *second;

	snake(name, other);
	*value = json_object_get(s->at, name);
	if (strcmp(name, other)) {
		second = json_object_get(s->at, other);
		if (*value && second)
			return spot_error(s, name, "is there twice");
		*value = *value ? *value : second;
	}
	if (json_is_null(*value))
		*value = NULL;
	return 0;
}

static bool is_among(const char *key, const char *names)
{
	char other[64], name[64];

	while (*names) {
		size_t len = strcspn(names, " ");

		snprintf(name, sizeof(name), "%.*s", (int)len, names);
		snake(name, other);
		if (!strcmp(key, name) || !strcmp(key, other))
			return true;
		names += len + strspn(names + len, " ");
	}
	return false;
}

int spot_known(const struct spot *s, const char *names)
{
	const char *key;
	json_t *value;

	json_object_foreach(s->at, key, value)
		if (!is_among(key, names))
			return spot_error(s, key, "is not known here");
	return 0;
}

static struct spot below(const struct spot *s, const char *name, json_t *at)
{
	struct spot sub = { .doc = s->doc, .at = at };

	snprintf(sub.path, sizeof(sub.path), "%.60s%s%.30s", s->path, *s->path ? "." : "", name);
	return sub;
}

int spot_object(const struct spot *s, const char *name, struct spot *sub)
{
	json_t *value;
	int rc = find(s, name, &value);

	*sub = below(s, name, value);
	if (!rc && value && !json_is_object(value))
		rc = spot_error(s, name, "is not an object");
	return rc;
}

int spot_list(const struct spot *s, const char *name, struct spot *list, size_t most)
{
	json_t *value;
	int rc = find(s, name, &value);

	*list = below(s, name, value);
	if (!rc && value && !json_is_array(value))
		rc = spot_error(s, name, "is not a list");
	if (!rc && json_array_size(value) > most)
		rc = spot_error(s, name, "has too many entries");
	return rc;
}

static struct spot item(const struct spot *list, size_t i)
{
	struct spot sub = { .doc = list->doc, .at = json_array_get(list->at, i) };

	snprintf(sub.path, sizeof(sub.path), "%.80s[%u]", list->path, (unsigned int)i);
	return sub;
}

int spot_item(const struct spot *list, size_t i, struct spot *sub)
{
	*sub = item(list, i);
	return json_is_object(sub->at) ? 0 : spot_error(sub, NULL, "is not an object");
}

int spot_text(const struct spot *s, const char *name, struct str *value)
{
	json_t *j;
	int rc = find(s, name, &j);

	if (rc || !j)
		return rc;
	if (!json_is_string(j))
		return spot_error(s, name, "is not a string");
	*value = (struct str){ json_string_value(j), json_string_length(j) };
	return 0;
}

static int digit_of(char c, bool *standard, bool *url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	*standard |= c == '+' || c == '/';
	*url |= c == '-' || c == '_';
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

int sig_base64(struct str text, void *to, size_t size)
{
	bool standard = false, url = false;
	size_t pad = 0, n = 0, i;
	unsigned int bits = 0;
	uint8_t *bytes = to;
	uint32_t v = 0;

	while (pad < 2 && text.len > pad && text.at[text.len - 1 - pad] == '=')
		pad++;
	if ((pad && text.len % 4) || (text.len - pad) % 4 == 1 || text.len > INT32_MAX)
		return -EINVAL;
	for (i = 0; i < text.len - pad; i++) {
		int digit = digit_of(text.at[i], &standard, &url);

		if (digit < 0 || (standard && url))
			return -EINVAL;
		v = v << 6 | digit;
		bits += 6;
		if (bits < 8)
			continue;
		if (n == size)
			return -EINVAL;
		bits -= 8;
		bytes[n++] = v >> bits;
	}
	/* Bits that no byte has. */
	return v & ((1u << bits) - 1) ? -EINVAL : (int)n;
}

static int decode(const struct spot *s, const char *name, const json_t *j, struct str *value)
{
	struct str text = { json_string_value(j), json_string_length(j) };
	char *to;
	int len;

	if (!json_is_string(j))
		return spot_error(s, name, "is not a string");
	to = doc_alloc(s->doc, text.len);
	if (!to)
		return -ENOMEM;
	len = sig_base64(text, to, text.len);
	if (len < 0)
		return spot_error(s, name, "is not base64");
	*value = (struct str){ to, len };
	return 0;
}

int spot_bytes(const struct spot *s, const char *name, struct str *value)
{
	json_t *j;
	int rc = find(s, name, &j);

	return rc || !j ? rc : decode(s, name, j, value);
}

int spot_item_bytes(const struct spot *list, size_t i, struct str *value)
{
	struct spot s = item(list, i);

	return decode(&s, NULL, s.at, value);
}

int spot_item_text(const struct spot *list, size_t i, struct str *value)
{
	struct spot s = item(list, i);

	if (!json_is_string(s.at))
		return spot_error(&s, NULL, "is not a string");
	*value = (struct str){ json_string_value(s.at), json_string_length(s.at) };
	return 0;
}

int spot_int64(const struct spot *s, const char *name, int64_t *value)
{
	const char *text;
	json_t *j;
	char *end;
	int rc = find(s, name, &j);

	if (rc || !j)
		return rc;
	if (json_is_integer(j)) {
		*value = json_integer_value(j);
		return 0;
	}
	if (json_is_real(j)) {
		double v = json_real_value(j);

		/* As far as doubles are exact. */
		if (!(v >= -9007199254740992.0 && v <= 9007199254740992.0) || v != (int64_t)v)
			return spot_error(s, name, "is not an integer");
		*value = v;
		return 0;
	}
	text = json_string_value(j);
	if (!text || !*text || strspn(text + (*text == '-'), "0123456789") !=
	    strlen(text + (*text == '-')))
		return spot_error(s, name, "is not an integer");
	errno = 0;
	*value = strtoll(text, &end, 10);
	return errno || end == text || *end ? spot_error(s, name, "is not an integer of 64 bits") :
	       0;
}

int spot_enum(const struct spot *s, const char *name, const char *const words[], int *value)
{
	const char *text;
	int64_t number;
	json_t *j;
	int rc = find(s, name, &j), i;

	if (rc || !j)
		return rc;
	text = json_string_value(j);
	for (i = 0; text && words[i]; i++)
		if (*words[i] && !strcmp(text, words[i])) {
			*value = i;
			return 0;
		}
	if (text)
		return spot_error(s, name, "is a word that is not known");
	rc = spot_int64(s, name, &number);
	for (i = 0; !rc && words[i]; i++)
		if (i == number && *words[i]) {
			*value = i;
			return 0;
		}
	return rc ? rc : spot_error(s, name, "is a number that is not known");
}

int spot_word(const struct spot *s, const char *name, const char *const words[], int *value)
{
	struct str text = STR_NONE;
	int rc = spot_text(s, name, &text);

	return rc ? rc : spot_enum(s, name, words, value);
}

static bool take_digits(const char **text, int count, int *value)
{
	for (*value = 0; count; count--, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return false;
		*value = *value * 10 + **text - '0';
	}
	return true;
}

static bool take_char(const char **text, const char *any)
{
	return **text && strchr(any, **text) && (*text)++;
}

static bool is_date(const struct tm *tm)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = tm->tm_year + 1900;
	bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);

	return year >= 1 && tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 &&
	       tm->tm_mday <= days[tm->tm_mon] + (leap && tm->tm_mon == 1) && tm->tm_hour < 24 &&
	       tm->tm_min < 60 && tm->tm_sec < 60;
}

static bool parse_time(const char *t, bool up, int64_t *value)
{
	int hours = 0, minutes = 0, sign = 1;
	bool part = false;
	struct tm tm = { 0 };

	if (!take_digits(&t, 4, &tm.tm_year) || !take_char(&t, "-") ||
	    !take_digits(&t, 2, &tm.tm_mon) || !take_char(&t, "-") ||
	    !take_digits(&t, 2, &tm.tm_mday) || !take_char(&t, "Tt") ||
	    !take_digits(&t, 2, &tm.tm_hour) || !take_char(&t, ":") ||
	    !take_digits(&t, 2, &tm.tm_min) || !take_char(&t, ":") ||
	    !take_digits(&t, 2, &tm.tm_sec))
		return false;
	if (take_char(&t, ".")) {
		if (!isdigit((unsigned char)*t))
			return false;
		for (; isdigit((unsigned char)*t); t++)
			part |= *t != '0';
	}
	if (!take_char(&t, "Zz")) {
		sign = *t == '-' ? -1 : 1;
		if (!take_char(&t, "+-") || !take_digits(&t, 2, &hours) || !take_char(&t, ":") ||
		    !take_digits(&t, 2, &minutes) || hours > 23 || minutes > 59)
			return false;
	}
	tm.tm_year -= 1900;
	tm.tm_mon--;
	if (*t || !is_date(&tm))
		return false;
	*value = timegm(&tm) - sign * (hours * 3600 + minutes * 60) + (up && part);
	return true;
}

int spot_time(const struct spot *s, const char *name, bool up, int64_t *value)
{
	struct str text = STR_NONE;
	int rc = spot_text(s, name, &text);

	if (rc || !text.at)
		return rc;
	return parse_time(text.at, up, value) ? 0 : spot_error(s, name, "is not a time");
}
