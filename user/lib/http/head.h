/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Heads of HTTP/1.1 messages (RFC 9112): bytes of a stranger to a table of
 * offsets into them.  Nothing is copied and nothing is allocated.
 *
 * What two readers could understand in two ways is refused, not repaired: lines
 * that end in LF alone, folded lines, space before a colon, control characters,
 * two lengths, a length beside a transfer coding, any coding but "chunked".
 */
#ifndef SKY_HTTP_HEAD_H
#define SKY_HTTP_HEAD_H

#include "base/out.h"

#define HTTP_HEAD_MAX		32768u	/* bytes; offsets fit 16 bits */
#define HTTP_LINE_MAX		16384u	/* bytes of one line, its end included */
#define HTTP_FIELDS_MAX		100u

enum http_parse {
	HTTP_MORE,	/* the head does not end in what is there */
	HTTP_DONE,
	HTTP_BAD,	/* see http_head.error */
};

enum http_error {
	HTTP_OK = 0,
	HTTP_ERR_START,		/* neither request line nor status line */
	HTTP_ERR_METHOD,
	HTTP_ERR_TARGET,
	HTTP_ERR_VERSION,
	HTTP_ERR_STATUS,
	HTTP_ERR_LINE_END,	/* LF without CR */
	HTTP_ERR_NAME,
	HTTP_ERR_VALUE,		/* a control character */
	HTTP_ERR_FOLDED,
	HTTP_ERR_LENGTH,	/* Content-Length: not one number */
	HTTP_ERR_CODING,	/* a transfer coding that is not known */
	HTTP_ERR_FRAMING,	/* a length and a transfer coding, or a coding in HTTP/1.0 */
	HTTP_ERR_HOST,		/* none, or two */
	HTTP_ERR_LONG_TARGET,
	HTTP_ERR_LONG_LINE,
	HTTP_ERR_LONG_HEAD,
	HTTP_ERR_FIELDS,	/* too many */
	HTTP_ERRORS,
};

/* Bytes of the buffer that was parsed. */
struct http_span {
	uint16_t at;
	uint16_t len;
};

struct http_field {
	struct http_span name;		/* as it was written; never empty */
	struct http_span value;		/* without space around it */
};

struct http_head {
	const char *base;		/* the buffer; to be set again when it moves */
	uint32_t at;			/* bytes parsed: whole lines; all, when done */
	uint32_t seen;			/* bytes searched for the end of a line */
	enum http_error error;
	bool response;
	bool started;			/* the first line is there */

	struct http_span method;	/* of requests */
	struct http_span target;
	uint16_t status;		/* of responses: 100 to 599 */
	uint8_t minor;			/* HTTP/1.minor: 0 or 1 */

	bool has_length;
	bool chunked;
	bool keep_alive;		/* the connection may be used again */
	bool expect_continue;
	uint64_t content_length;
	struct http_span host;

	bool has_host, has_coding, says_close, says_keep_alive;
	unsigned int fields;
	struct http_field field[HTTP_FIELDS_MAX];
};

/* How the body after a head is framed. */
enum http_body {
	HTTP_BODY_NONE,
	HTTP_BODY_LENGTH,	/* content_length bytes, at least one */
	HTTP_BODY_CHUNKED,
	HTTP_BODY_CLOSE,	/* until the connection ends; of responses only */
};

void http_head_init(struct http_head *h, bool response);
enum http_parse http_head_parse(struct http_head *h, const char *buf, size_t len);
const char *http_error_text(enum http_error error);
unsigned int http_error_status(enum http_error error);

static inline struct str http_str(const struct http_head *h, struct http_span span)
{
	return (struct str){ h->base + span.at, span.len };
}

bool http_find(const struct http_head *h, struct str name, struct str *value);
bool http_find_next(const struct http_head *h, struct str name, unsigned int *from,
		    struct str *value);
bool http_has_token(struct str list, struct str token);
bool http_is_token(struct str s);
bool http_is_value(struct str s);
enum http_body http_body(const struct http_head *h, bool answers_head);

const char *http_status_text(unsigned int status);
void http_write_status(struct out *o, unsigned int status);
void http_write_field(struct out *o, struct str name, struct str value);

#endif /* SKY_HTTP_HEAD_H */
