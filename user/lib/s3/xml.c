// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/date.h"
#include "http/uri.h"
#include "xml.h"

/* The declaration. */
void xml_start(struct out *o)
{
	out_str(o, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
}

void xml_open(struct out *o, const char *name)
{
	size_t len = strlen(name);
	char *to = out_reserve(o, len + 2);

	if (!to)
		return;
	to[0] = '<';
	memcpy(to + 1, name, len);
	to[len + 1] = '>';
}

/* The outermost element, after xml_start(); in the namespace of S3. */
void xml_open_root(struct out *o, const char *name)
{
	xml_start(o);
	out_char(o, '<');
	out_text(o, name);
	out_str(o, STR(" xmlns=\"" S3_NAMESPACE "\">"));
}

void xml_close(struct out *o, const char *name)
{
	size_t len = strlen(name);
	char *to = out_reserve(o, len + 3);

	if (!to)
		return;
	to[0] = '<';
	to[1] = '/';
	memcpy(to + 2, name, len);
	to[len + 2] = '>';
}

/* What stands for a byte; none for one that stands for itself. */
static struct str entity(unsigned char c)
{
	switch (c) {
	case '&':
		return STR("&amp;");
	case '<':
		return STR("&lt;");
	case '>':
		return STR("&gt;");
	case '"':
		return STR("&quot;");
	case '\r':
		return STR("&#13;");
	case '\n':
		return STR("&#10;");
	case '\t':
		return STR("&#9;");
	default:
		return STR_NONE;
	}
}

/* The replacement character, for what XML 1.0 cannot say at all. */
#define UNKNOWN	STR("\xef\xbf\xbd")

static const bool plain[256] = {
	[' ' ... '!'] = true, ['#' ... '%'] = true, ['\'' ... ';'] = true, ['='] = true,
	['?' ... 0x7e] = true,
};

/**
 * xml_escape - write text that anybody may have chosen
 * @o:		the writer
 * @text:	control characters, what is not UTF-8, U+FFFE and U+FFFF become
 *		U+FFFD: such a key needs encoding-type=url to be seen
 */
void xml_escape(struct out *o, struct str text)
{
	while (text.len) {
		uint32_t code = 0;
		size_t run = 0, len;
		struct str ent;

		while (run < text.len && plain[(unsigned char)text.at[run]])
			run++;
		out_bytes(o, text.at, run);
		text = str_skip(text, run);
		if (!text.len)
			break;
		ent = entity(*text.at);
		len = utf8_next(text, &code);
		if (ent.len)
			out_str(o, ent);
		else if (!len || code < 0x20 || code == 0xfffe || code == 0xffff)
			out_str(o, UNKNOWN);
		else
			out_bytes(o, text.at, len);
		text = str_skip(text, len ? len : 1);
	}
}

/* <name>text</name> */
void xml_text(struct out *o, const char *name, struct str text)
{
	xml_open(o, name);
	xml_escape(o, text);
	xml_close(o, name);
}

/* The same, unless there is no text (at is NULL). */
void xml_text_if(struct out *o, const char *name, struct str text)
{
	if (text.at)
		xml_text(o, name, text);
}

void xml_number(struct out *o, const char *name, uint64_t value)
{
	xml_open(o, name);
	out_number(o, value);
	xml_close(o, name);
}

void xml_bool(struct out *o, const char *name, bool value)
{
	xml_text(o, name, value ? STR("true") : STR("false"));
}

void xml_date(struct out *o, const char *name, int64_t milliseconds)
{
	xml_open(o, name);
	iso_date_write(o, milliseconds);
	xml_close(o, name);
}

/* With the quotes that an ETag has. */
void xml_quoted(struct out *o, const char *name, struct str text)
{
	xml_open(o, name);
	out_str(o, STR("&quot;"));
	xml_escape(o, text);
	out_str(o, STR("&quot;"));
	xml_close(o, name);
}

/* A key, prefix, marker or delimiter; @encode_url: as encoding-type=url asks. */
void xml_key(struct out *o, const char *name, struct str key, bool encode_url)
{
	if (!encode_url) {
		xml_text(o, name, key);
		return;
	}
	xml_open(o, name);
	uri_encode(o, key, URI_SLASH);
	xml_close(o, name);
}
