// SPDX-License-Identifier: GPL-2.0-or-later
/* What a server says: status lines, fields, and what it thinks of a bad head. */
#include "head.h"

static const struct {
	const char *text;
	unsigned int status;
} errors[HTTP_ERRORS] = {
	[HTTP_OK] = { "no error", 200 },
	[HTTP_ERR_START] = { "the first line is not of HTTP", 400 },
	[HTTP_ERR_METHOD] = { "the method is not a token", 400 },
	[HTTP_ERR_TARGET] = { "the target is no path", 400 },
	[HTTP_ERR_VERSION] = { "the version is neither HTTP/1.0 nor HTTP/1.1", 505 },
	[HTTP_ERR_STATUS] = { "the status is not a number from 100 to 599", 502 },
	[HTTP_ERR_LINE_END] = { "a line does not end in CR LF", 400 },
	[HTTP_ERR_NAME] = { "a field has no proper name", 400 },
	[HTTP_ERR_VALUE] = { "a control character", 400 },
	[HTTP_ERR_FOLDED] = { "a folded line", 400 },
	[HTTP_ERR_LENGTH] = { "Content-Length is not one number", 400 },
	[HTTP_ERR_CODING] = { "Transfer-Encoding is not chunked", 501 },
	[HTTP_ERR_FRAMING] = { "the end of the body is not clear", 400 },
	[HTTP_ERR_HOST] = { "not one proper Host", 400 },
	[HTTP_ERR_LONG_TARGET] = { "the target is too long", 414 },
	[HTTP_ERR_LONG_LINE] = { "a field is too long", 431 },
	[HTTP_ERR_LONG_HEAD] = { "the head is too long", 431 },
	[HTTP_ERR_FIELDS] = { "too many fields", 431 },
};

/* A phrase without a full stop. */
const char *http_error_text(enum http_error error)
{
	return errors[error].text;
}

/* With what a server answers a head that it refused, before it closes. */
unsigned int http_error_status(enum http_error error)
{
	return errors[error].status;
}

static const struct {
	uint16_t status;
	const char *text;
} statuses[] = {
	{ 200, "OK" }, { 204, "No Content" }, { 206, "Partial Content" }, { 304, "Not Modified" },
	{ 404, "Not Found" }, { 403, "Forbidden" }, { 400, "Bad Request" }, { 409, "Conflict" },
	{ 412, "Precondition Failed" }, { 416, "Range Not Satisfiable" }, { 100, "Continue" },
	{ 201, "Created" }, { 202, "Accepted" }, { 301, "Moved Permanently" }, { 302, "Found" },
	{ 303, "See Other" }, { 307, "Temporary Redirect" }, { 308, "Permanent Redirect" },
	{ 401, "Unauthorized" }, { 405, "Method Not Allowed" }, { 406, "Not Acceptable" },
	{ 408, "Request Timeout" }, { 410, "Gone" }, { 411, "Length Required" },
	{ 413, "Content Too Large" }, { 414, "URI Too Long" }, { 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" }, { 421, "Misdirected Request" },
	{ 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" }, { 501, "Not Implemented" }, { 502, "Bad Gateway" },
	{ 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" }, { 507, "Insufficient Storage" },
	{ 101, "Switching Protocols" }, { 426, "Upgrade Required" },
};

/* The words of RFC 9110, 15; for any other status a word that says nothing. */
const char *http_status_text(unsigned int status)
{
	size_t i;

	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "Status";
}

/* The first line of a response; @status has three digits. */
void http_write_status(struct out *o, unsigned int status)
{
	out_str(o, STR("HTTP/1.1 "));
	out_number(o, status);
	out_char(o, ' ');
	out_text(o, http_status_text(status));
	out_str(o, STR("\r\n"));
}

/**
 * http_write_field - one line of a head
 * @o:		the writer
 * @name:	a token, of the caller's own
 * @value:	may have been a stranger's: bytes that would end the line are
 *		written as spaces
 *
 * The empty line at the end of the head is the caller's to write.
 */
void http_write_field(struct out *o, struct str name, struct str value)
{
	char *to;
	size_t i;

	out_str(o, name);
	out_str(o, STR(": "));
	to = value.len ? out_reserve(o, value.len) : NULL;
	for (i = 0; to && i < value.len; i++) {
		unsigned char c = value.at[i];

		to[i] = (c < 0x20 && c != '\t') || c == 0x7f ? ' ' : c;
	}
	out_str(o, STR("\r\n"));
}
