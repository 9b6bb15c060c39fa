// SPDX-License-Identifier: GPL-2.0-or-later
#include "head.h"

/* Classes of bytes (RFC 9110, 5.5 and 5.6.2; RFC 3986). */
#define TOKEN	1	/* may stand in a name */
#define VALUE	2	/* may stand in a value: VCHAR, SP, HTAB, obs-text */
#define TARGET	4	/* may stand in a target: what is visible, and obs-text */

#define ALL	(TOKEN | VALUE | TARGET)
#define VISIBLE	(VALUE | TARGET)

static const uint8_t class_of[256] = {
	['\t'] = VALUE, [' '] = VALUE,
	['!'] = ALL, ['"'] = VISIBLE, ['#' ... '\''] = ALL, ['(' ... ')'] = VISIBLE,
	['*' ... '+'] = ALL, [','] = VISIBLE, ['-' ... '.'] = ALL, ['/'] = VISIBLE,
	['0' ... '9'] = ALL, [':' ... '@'] = VISIBLE, ['A' ... 'Z'] = ALL,
	['[' ... ']'] = VISIBLE, ['^' ... 'z'] = ALL, ['{'] = VISIBLE, ['|'] = ALL,
	['}'] = VISIBLE, ['~'] = ALL, [0x80 ... 0xff] = VISIBLE,
};

/* The length of the run of bytes of a class. */
static size_t span_of(const char *s, size_t len, unsigned int class)
{
	size_t i = 0;

	while (i < len && class_of[(unsigned char)s[i]] & class)
		i++;
	return i;
}

/* Something, and nothing but what a name may be made of? */
bool http_is_token(struct str s)
{
	return s.len && span_of(s.at, s.len, TOKEN) == s.len;
}

/* Could it be sent as a field's value? */
bool http_is_value(struct str s)
{
	return span_of(s.at, s.len, VALUE) == s.len;
}

/**
 * http_head_init - before the first byte of a message
 * @h:		the head; its table need not be cleared
 * @response:	a status line is expected, not a request
 */
void http_head_init(struct http_head *h, bool response)
{
	memset(h, 0, offsetof(struct http_head, field));
	h->response = response;
}

static enum http_error bad_target(struct http_head *h, struct str target)
{
	if (!target.len || span_of(target.at, target.len, TARGET) != target.len)
		return HTTP_ERR_TARGET;
	/* Origin form, or what OPTIONS may ask, or absolute form; no CONNECT here. */
	if (target.at[0] != '/' && !str_equal(target, STR("*")) &&
	    !str_starts(target, STR("http://")) && !str_starts(target, STR("https://")))
		return HTTP_ERR_TARGET;
	h->target = (struct http_span){ target.at - h->base, target.len };
	return HTTP_OK;
}

static enum http_error version(struct http_head *h, struct str s)
{
	if (s.len != 8 || !str_starts(s, STR("HTTP/1.")) || (s.at[7] != '0' && s.at[7] != '1'))
		return HTTP_ERR_VERSION;
	h->minor = s.at[7] - '0';
	return HTTP_OK;
}

static enum http_error request_line(struct http_head *h, struct str line)
{
	struct str method, target;
	enum http_error err;

	if (!str_cut(&line, ' ', &method) || !http_is_token(method))
		return HTTP_ERR_METHOD;
	if (!str_cut(&line, ' ', &target) || !line.at)
		return HTTP_ERR_START;
	h->method = (struct http_span){ method.at - h->base, method.len };
	err = bad_target(h, target);
	return err ? err : version(h, line);
}

static enum http_error status_line(struct http_head *h, struct str line)
{
	struct str protocol, status;
	enum http_error err;
	uint64_t value;

	if (!str_cut(&line, ' ', &protocol))
		return HTTP_ERR_START;
	err = version(h, protocol);
	if (err)
		return err;
	/* The words after the number, and the space before them, may be missing. */
	if (!str_cut(&line, ' ', &status) || status.len != 3 || !str_number(status, 599, &value) ||
	    value < 100)
		return HTTP_ERR_STATUS;
	if (line.at && !http_is_value(line))
		return HTTP_ERR_VALUE;
	h->status = value;
	return HTTP_OK;
}

/* Is a token in a list of "token, token;parameter, ..."? Without regard to case. */
bool http_has_token(struct str list, struct str token)
{
	struct str item, word;

	while (str_cut(&list, ',', &item)) {
		str_cut(&item, ';', &word);
		if (str_equal_nocase(str_trim(word), token))
			return true;
	}
	return false;
}

static enum http_error content_length(struct http_head *h, struct str value)
{
	/* A second one is refused even if it says the same. */
	if (h->has_length || !str_number(value, INT64_MAX, &h->content_length))
		return HTTP_ERR_LENGTH;
	h->has_length = true;
	return HTTP_OK;
}

static enum http_error transfer_encoding(struct http_head *h, struct str value)
{
	if (h->has_coding || !str_equal_nocase(value, STR("chunked")))
		return HTTP_ERR_CODING;
	h->has_coding = true;
	h->chunked = true;
	return HTTP_OK;
}

static enum http_error connection(struct http_head *h, struct str value)
{
	h->says_close |= http_has_token(value, STR("close"));
	h->says_keep_alive |= http_has_token(value, STR("keep-alive"));
	return HTTP_OK;
}

/* What else is expected may be passed over (RFC 9110, 10.1.1), and is by S3. */
static enum http_error expect(struct http_head *h, struct str value)
{
	h->expect_continue |= !h->response && str_equal_nocase(value, STR("100-continue"));
	return HTTP_OK;
}

static enum http_error host(struct http_head *h, struct str value)
{
	/* Visible, without what would make it more than a host and a port. */
	if (h->has_host || span_of(value.at, value.len, TARGET) != value.len ||
	    (value.len && (memchr(value.at, '/', value.len) || memchr(value.at, '@', value.len))))
		return HTTP_ERR_HOST;
	h->has_host = true;
	h->host = (struct http_span){ value.at - h->base, value.len };
	return HTTP_OK;
}

/* Fields with a meaning for the message itself. */
static enum http_error look_at(struct http_head *h, struct str name, struct str value)
{
	static const struct {
		struct str name;
		enum http_error (*take)(struct http_head *h, struct str value);
	} known[] = {
		{ { "host", 4 }, host },
		{ { "expect", 6 }, expect },
		{ { "connection", 10 }, connection },
		{ { "content-length", 14 }, content_length },
		{ { "transfer-encoding", 17 }, transfer_encoding },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (name.len == known[i].name.len && str_equal_nocase(name, known[i].name))
			return known[i].take(h, value);
	return HTTP_OK;
}

static enum http_error field_line(struct http_head *h, struct str line)
{
	size_t len = span_of(line.at, line.len, TOKEN);
	struct str name = { line.at, len }, value;
	struct http_field *f;

	if (!len || len == line.len || line.at[len] != ':')
		return *line.at == ' ' || *line.at == '\t' ? HTTP_ERR_FOLDED : HTTP_ERR_NAME;
	value = str_trim(str_skip(line, len + 1));
	if (!http_is_value(value))
		return HTTP_ERR_VALUE;
	if (h->fields == HTTP_FIELDS_MAX)
		return HTTP_ERR_FIELDS;
	f = &h->field[h->fields++];
	f->name = (struct http_span){ name.at - h->base, name.len };
	f->value = (struct http_span){ value.at - h->base, value.len };
	return look_at(h, name, value);
}

/* The whole head is there: do its parts agree? */
static enum http_error conclude(struct http_head *h)
{
	if (h->chunked && (h->has_length || !h->minor))
		return HTTP_ERR_FRAMING;
	if (!h->response && h->minor && !h->has_host)
		return HTTP_ERR_HOST;
	/* An HTTP/1.0 client does not wait for the word to go on (RFC 9110, 10.1.1). */
	h->expect_continue &= h->minor;
	h->keep_alive = h->minor ? !h->says_close : h->says_keep_alive && !h->says_close;
	return HTTP_OK;
}

static enum http_parse bad(struct http_head *h, enum http_error error)
{
	h->error = error;
	return HTTP_BAD;
}

/* One line without its end. */
static enum http_parse take_line(struct http_head *h, struct str line)
{
	if (!h->started) {
		/* A client that sent CR LF after its last body (RFC 9112, 2.2). */
		if (!line.len && !h->response && h->at <= 4)
			return HTTP_MORE;
		h->started = true;
		h->error = h->response ? status_line(h, line) : request_line(h, line);
	} else if (line.len) {
		h->error = field_line(h, line);
	} else {
		h->error = conclude(h);
		return h->error ? HTTP_BAD : HTTP_DONE;
	}
	return h->error ? HTTP_BAD : HTTP_MORE;
}

/**
 * http_head_parse - read on in a head
 * @h:		from http_head_init(), then as the last call left it
 * @buf:	the message from its first byte; may have moved, but must not have
 *		changed, since the last call
 * @len:	bytes that are there, of the body as well
 *
 * Return: HTTP_DONE with @h->at the length of the head, HTTP_MORE when there is
 * to be more of it, or HTTP_BAD with @h->error.
 */
enum http_parse http_head_parse(struct http_head *h, const char *buf, size_t len)
{
	size_t stop = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;

	h->base = buf;
	while (h->seen < stop) {
		const char *end = memchr(buf + h->seen, '\n', stop - h->seen);
		size_t line = (end ? end - buf + 1 : stop) - h->at;
		enum http_parse rc;
		struct str s;

		h->seen = end ? end - buf + 1 : stop;
		if (line > HTTP_LINE_MAX)
			return bad(h, h->started || h->response ? HTTP_ERR_LONG_LINE :
								  HTTP_ERR_LONG_TARGET);
		if (!end)
			break;
		if (line < 2 || end[-1] != '\r')
			return bad(h, HTTP_ERR_LINE_END);
		s = (struct str){ buf + h->at, line - 2 };
		h->at += line;
		rc = take_line(h, s);
		if (rc != HTTP_MORE)
			return rc;
	}
	return stop == HTTP_HEAD_MAX ? bad(h, HTTP_ERR_LONG_HEAD) : HTTP_MORE;
}

/**
 * http_find_next - the values of one field, in order
 * @h:		a complete head
 * @name:	of the field; case does not matter
 * @from:	0 at first; moved behind what is found
 * @value:	receives the value
 */
bool http_find_next(const struct http_head *h, struct str name, unsigned int *from,
		    struct str *value)
{
	unsigned int i;

	for (i = *from; i < h->fields; i++) {
		const struct http_field *f = &h->field[i];

		if (f->name.len != name.len || !str_equal_nocase(http_str(h, f->name), name))
			continue;
		*value = http_str(h, f->value);
		*from = i + 1;
		return true;
	}
	*from = h->fields;
	return false;
}

/* The first value of a field; @value is left alone when there is none. */
bool http_find(const struct http_head *h, struct str name, struct str *value)
{
	unsigned int from = 0;

	return http_find_next(h, name, &from, value);
}

/**
 * http_body - what follows a head (RFC 9112, 6.3)
 * @h:			a complete head
 * @answers_head:	it is the response to a HEAD request
 */
enum http_body http_body(const struct http_head *h, bool answers_head)
{
	if (h->response && (answers_head || h->status < 200 || h->status == 204 ||
			    h->status == 304))
		return HTTP_BODY_NONE;
	if (h->chunked)
		return HTTP_BODY_CHUNKED;
	if (h->has_length)
		return h->content_length ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
	return h->response ? HTTP_BODY_CLOSE : HTTP_BODY_NONE;
}
