// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>

#include "resp.h"
#include "store.h"

#define COUNT_LINE_MAX	16u		/* bytes of "*N" or "$N", with its end */

bool resp_number(const uint8_t *text, size_t len, int64_t *value)
{
	bool negative = len && text[0] == '-';
	size_t i = negative;
	uint64_t v = 0, limit = (uint64_t)INT64_MAX + negative;

	/* 20 bytes are the longest; no sign alone, no zeros before others. */
	if (i == len || len > 20 || (text[i] == '0' && len > 1))
		return false;
	for (; i < len; i++) {
		unsigned int digit = text[i] - '0';

		if (digit > 9 || v > (limit - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = negative ? (int64_t)-v : (int64_t)v;
	return true;
}

/* The length of the line at @at with its end, at most @max; 0: not all there; -1: too long. */
static long line_length(const uint8_t *data, size_t len, size_t at, size_t max)
{
	size_t i;

	for (i = at; i < len && i - at < max; i++)
		if (data[i] == '\n')
			return i - at + 1;
	return i - at < max ? 0 : -1;
}

/* "*N\r\n" or "$N\r\n" at *@at, which moves behind it; 1, or 0 and -1 as resp_parse(). */
static int count_line(const uint8_t *data, size_t len, size_t *at, char kind, int64_t *count)
{
	long n = line_length(data, len, *at, COUNT_LINE_MAX);

	if (*at < len && data[*at] != kind)
		return -1;
	if (n <= 0)
		return n;
	if (n < 4 || data[*at + n - 2] != '\r' ||
	    !resp_number(data + *at + 1, n - 3, count) || *count < 0)
		return -1;
	*at += n;
	return 1;
}

static long array(const uint8_t *data, size_t len, struct resp_request *rq, const char **why)
{
	int64_t count, size;
	size_t at = 0;
	int ret;

	*why = "invalid multibulk length";
	ret = count_line(data, len, &at, '*', &count);
	if (ret <= 0)
		return ret;
	if (count > RESP_WORDS)
		return -1;
	while (rq->count < count) {
		*why = "invalid bulk length";
		ret = count_line(data, len, &at, '$', &size);
		if (ret <= 0)
			return ret;
		if (size > KV_VALUE_MAX)
			return -1;
		if (len - at < (size_t)size + 2)
			return 0;
		*why = "bulk string without its end";
		if (data[at + size] != '\r' || data[at + size + 1] != '\n')
			return -1;
		rq->word[rq->count].data = data + at;
		rq->word[rq->count++].len = size;
		at += size + 2;
	}
	return at;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static long words(const uint8_t *data, size_t len, struct resp_request *rq, const char **why)
{
	long n = line_length(data, len, 0, RESP_LINE_MAX), i, begin;

	*why = "too big inline request";
	for (i = 0; i < n; i++) {
		if (is_space(data[i]))
			continue;
		for (begin = i; i < n && !is_space(data[i]); i++)
			;
		if (rq->count == RESP_WORDS)
			return -1;
		rq->word[rq->count].data = data + begin;
		rq->word[rq->count++].len = i - begin;
	}
	return n;
}

long resp_parse(const uint8_t *data, size_t len, struct resp_request *rq, const char **why)
{
	rq->count = 0;
	if (!len)
		return 0;
	return data[0] == '*' ? array(data, len, rq, why) : words(data, len, rq, why);
}
