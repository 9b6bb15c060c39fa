// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "request.h"

struct text {
	const char *data;
	size_t len;
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static bool is(struct text t, const char *want)
{
	size_t i;

	for (i = 0; i < t.len && want[i]; i++)
		if (lower(t.data[i]) != want[i])
			return false;
	return i == t.len && !want[i];
}

static bool is_exactly(struct text t, const char *want)
{
	return t.len == strlen(want) && !memcmp(t.data, want, t.len);
}

static bool is_one_of(const char *set, char c)
{
	while (*set && *set != c)
		set++;
	return *set;
}

/* RFC 9110, 5.6.2 */
static bool is_token(struct text t)
{
	size_t i;

	for (i = 0; i < t.len; i++) {
		char c = lower(t.data[i]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') &&
		    !is_one_of("!#$%&'*+-.^_`|~", c))
			return false;
	}
	return t.len;
}

/* The next line of @rest without its end; false if a bare CR or a control byte is in it. */
static bool next_line(struct text *rest, struct text *line)
{
	size_t i;

	*line = *rest;
	for (i = 0; i < rest->len && rest->data[i] != '\n'; i++)
		if ((rest->data[i] < ' ' && rest->data[i] >= 0 && rest->data[i] != '\t' &&
		     (rest->data[i] != '\r' || i + 1 == rest->len || rest->data[i + 1] != '\n')) ||
		    rest->data[i] == 0x7f)
			return false;
	if (i == rest->len)
		return false;
	line->len = i && rest->data[i - 1] == '\r' ? i - 1 : i;
	rest->data += i + 1;
	rest->len -= i + 1;
	return true;
}

static struct text cut(struct text *rest, char at)
{
	struct text word = *rest;

	for (word.len = 0; word.len < rest->len && rest->data[word.len] != at; word.len++)
		;
	rest->data += word.len;
	rest->len -= word.len;
	if (rest->len) {
		rest->data++;
		rest->len--;
	}
	return word;
}

static struct text trim(struct text t)
{
	for (; t.len && (*t.data == ' ' || *t.data == '\t'); t.data++)
		t.len--;
	while (t.len && (t.data[t.len - 1] == ' ' || t.data[t.len - 1] == '\t'))
		t.len--;
	return t;
}

static int digit_value(char c)
{
	c = lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A part of the path that is ".." leads nowhere, so it is refused. */
static bool climbs(const char *path)
{
	size_t i;

	for (i = 0; path[i]; i++)
		if ((!i || path[i - 1] == '/') && path[i] == '.' && path[i + 1] == '.' &&
		    (!path[i + 2] || path[i + 2] == '/'))
			return true;
	return false;
}

static int decode_path(struct text t, char *to)
{
	size_t n = 0, i;

	if (!t.len || t.data[0] != '/')
		return -400;
	for (i = 1; i < t.len && t.data[i] != '?' && t.data[i] != '#'; i++) {
		char c = t.data[i];

		if (n + 1 == HTTP_PATH_MAX)
			return -414;
		if (c == '%') {
			if (t.len - i < 3 || digit_value(t.data[i + 1]) < 0 ||
			    digit_value(t.data[i + 2]) < 0)
				return -400;
			c = digit_value(t.data[i + 1]) << 4 | digit_value(t.data[i + 2]);
			i += 2;
		}
		if (!c)
			return -400;
		to[n++] = c;
	}
	to[n] = 0;
	return climbs(to) ? -400 : 0;
}

static bool number(struct text t, uint64_t *v)
{
	size_t i;

	*v = 0;
	for (i = 0; i < t.len && i < 18; i++) {
		if (t.data[i] < '0' || t.data[i] > '9')
			return false;
		*v = *v * 10 + t.data[i] - '0';
	}
	return t.len && i == t.len;
}

/* RFC 9110, 14.1.2: what is not one good range is ignored. */
static void range(struct http_request *rq, struct text value)
{
	struct text unit = cut(&value, '='), first = cut(&value, '-');

	if (!is(unit, "bytes"))
		return;
	rq->first = ~0ull;
	rq->last = ~0ull;
	if (first.len && !number(first, &rq->first))
		return;
	if (value.len && !number(value, &rq->last))
		return;
	rq->ranged = first.len ? rq->first <= rq->last : value.len;
}

static int field(struct http_request *rq, struct text line, unsigned int *hosts)
{
	struct text value = line, name = cut(&value, ':');

	/* No folded lines, no space before the colon (RFC 9112, 5.1 and 5.2). */
	if (name.len == line.len || !is_token(name))
		return -400;
	value = trim(value);
	if (is(name, "host"))
		++*hosts;
	else if (is(name, "transfer-encoding"))
		return -501;
	else if (is(name, "content-length") && !is_exactly(value, "0"))
		return -413;
	else if (is(name, "connection") && is(value, "close"))
		rq->keep = false;
	else if (is(name, "connection") && is(value, "keep-alive"))
		rq->keep = true;
	else if (is(name, "range"))
		range(rq, value);
	return 0;
}

static int request_line(struct http_request *rq, struct text line, bool *old)
{
	struct text rest = line, method = cut(&rest, ' '), target = cut(&rest, ' ');
	int ret;

	if (!is_token(method) || !target.len || rest.len != 8 || memcmp(rest.data, "HTTP/", 5))
		return -400;
	if (memcmp(rest.data + 5, "1.", 2) || digit_value(rest.data[7]) < 0 ||
	    digit_value(rest.data[7]) > 9)
		return -505;
	*old = rest.data[7] == '0';
	rq->keep = !*old;
	ret = decode_path(target, rq->path);
	if (ret)
		return ret;
	rq->head = is_exactly(method, "HEAD");
	return rq->head || is_exactly(method, "GET") ? 0 : -405;
}

/* The length with the empty line at the end; 0 if it has not come. */
static size_t head_length(const char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (data[i] == '\n' && ((i && data[i - 1] == '\n') ||
					(i > 1 && data[i - 1] == '\r' && data[i - 2] == '\n')))
			return i + 1;
	return 0;
}

int http_parse(const char *data, size_t len, struct http_request *rq)
{
	size_t head = head_length(data, len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX);
	struct text rest = { .data = data, .len = head }, line;
	unsigned int fields = 0, hosts = 0;
	bool old;
	int ret;

	memset(rq, 0, sizeof(*rq));
	if (!head)
		return len < HTTP_HEAD_MAX ? 0 : -431;
	if (!next_line(&rest, &line))
		return -400;
	ret = request_line(rq, line, &old);
	if (ret)
		return ret;
	while (next_line(&rest, &line) && line.len) {
		if (++fields > HTTP_FIELDS_MAX)
			return -431;
		ret = field(rq, line, &hosts);
		if (ret)
			return ret;
	}
	/* Not at the end: a line had a byte that no line may have. */
	if (rest.len || line.len || hosts > 1 || (!hosts && !old))
		return -400;
	return head;
}
