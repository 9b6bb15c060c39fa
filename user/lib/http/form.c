// SPDX-License-Identifier: GPL-2.0-or-later
#include "form.h"
#include "head.h"
#include "media.h"

enum {
	AT_PREAMBLE,	/* before the first delimiter */
	AT_AFTER,	/* after a delimiter: CR LF or "--" */
	AT_HEAD,	/* in the fields of a part */
	AT_CONTENT,
	AT_DONE,
	AT_BAD,
};

static bool boundary_ok(struct str boundary)
{
	size_t i;

	if (!boundary.len || boundary.len > FORM_BOUNDARY_MAX)
		return false;
	for (i = 0; i < boundary.len; i++)
		if (boundary.at[i] < ' ' || boundary.at[i] > '~')
			return false;
	return boundary.at[boundary.len - 1] != ' ';
}

/**
 * form_scan_init - before the first byte of a body
 * @f:			the scanner
 * @content_type:	of the request
 *
 * Return: false when it is not multipart/form-data with a proper boundary.
 */
bool form_scan_init(struct form_scan *f, struct str content_type)
{
	char boundary[FORM_BOUNDARY_MAX + 1];
	struct str rest;
	struct param p;

	memset(f, 0, offsetof(struct form_scan, delimiter));
	if (!str_equal_nocase(params_start(content_type, &rest), STR("multipart/form-data")) ||
	    !params_find(content_type, STR("boundary"), &p) ||
	    !param_copy(&p, boundary, sizeof(boundary)) || !boundary_ok(str_of(boundary)))
		return false;
	memcpy(f->delimiter, "\r\n--", 4);
	f->delimiter_len = 4 + strlen(boundary);
	memcpy(f->delimiter + 4, boundary, f->delimiter_len - 4);
	/* The first delimiter may stand at the very start, as if after CR LF. */
	f->matched = 2;
	return true;
}

static enum form_event bad(struct form_scan *f)
{
	f->state = AT_BAD;
	return FORM_BAD;
}

/*
 * Look for the delimiter.  CR stands at its start and nowhere else in it, so
 * that after a mismatch nothing that matched can begin another.  Returns true
 * when it is complete; f->data is the content before it, perhaps empty.
 */
static bool find_delimiter(struct form_scan *f, struct str *in)
{
	const char *start = in->at, *end = in->at + in->len, *p = start;

	if (f->matched) {
		uint8_t before = f->matched;

		while (p < end && f->matched < f->delimiter_len && *p == f->delimiter[f->matched]) {
			p++;
			f->matched++;
		}
		*in = str_skip(*in, p - start);
		f->data = STR_NONE;
		if (f->matched == f->delimiter_len || p == end)
			return f->matched == f->delimiter_len;
		/* It was content: the part of this input is looked at again. */
		*in = (struct str){ start, end - start };
		f->data = (struct str){ f->delimiter, before };
		f->matched = 0;
		return false;
	}
	while (p < end) {
		const char *cr = memchr(p, '\r', end - p);
		size_t n = 0;

		if (!cr) {
			p = end;
			break;
		}
		while (cr + n < end && n < f->delimiter_len && cr[n] == f->delimiter[n])
			n++;
		if (n == f->delimiter_len || cr + n == end) {
			f->matched = n;
			f->data = (struct str){ start, cr - start };
			*in = (struct str){ cr + n, end - cr - n };
			return n == f->delimiter_len;
		}
		p = cr + 1;
	}
	f->data = (struct str){ start, end - start };
	*in = (struct str){ end, 0 };
	return false;
}

/* CR LF begins a part, "--" ends the form; spaces may stand before CR LF. */
static enum form_event take_after(struct form_scan *f, struct str *in)
{
	while (in->len) {
		char c = *in->at;

		*in = str_skip(*in, 1);
		if (!f->head_len && (c == ' ' || c == '\t'))
			continue;
		f->head[f->head_len++] = c;
		if (f->head_len == 1 && (c == '\r' || c == '-'))
			continue;
		if (f->head_len != 2)
			return bad(f);
		f->head_len = 0;
		if (c == '\n' && f->head[0] == '\r') {
			f->state = AT_HEAD;
			return FORM_MORE;
		}
		if (c == '-' && f->head[0] == '-') {
			f->state = AT_DONE;
			return FORM_DONE;
		}
		return bad(f);
	}
	return FORM_MORE;
}

static bool disposition(struct form_scan *f, struct str value)
{
	struct str rest;
	struct param p;

	if (!str_equal_nocase(params_start(value, &rest), STR("form-data")) ||
	    !params_find(value, STR("name"), &p) || !param_copy(&p, f->name, sizeof(f->name)))
		return false;
	f->has_file = params_find(value, STR("filename"), &p);
	return !f->has_file || param_copy(&p, f->file, sizeof(f->file));
}

/* The fields of a part, which end in CR LF each. */
static bool part_head(struct form_scan *f)
{
	struct str rest = { f->head, f->head_len }, line, name;
	bool named = false;

	f->has_file = false;
	f->name[0] = '\0';
	f->file[0] = '\0';
	f->type[0] = '\0';
	while (str_cut(&rest, '\n', &line) && line.len) {
		if (line.at[line.len - 1] != '\r')
			return false;
		line.len--;
		if (!line.len)
			break;
		if (!str_cut(&line, ':', &name) || !line.at || !http_is_token(name) ||
		    !http_is_value(line))
			return false;
		line = str_trim(line);
		if (str_equal_nocase(name, STR("content-disposition"))) {
			if (named || !disposition(f, line))
				return false;
			named = true;
		} else if (str_equal_nocase(name, STR("content-type"))) {
			if (!str_copy(line, f->type, sizeof(f->type)))
				return false;
		}
	}
	return named;
}

static enum form_event take_head(struct form_scan *f, struct str *in)
{
	while (in->len) {
		if (f->head_len == sizeof(f->head))
			return bad(f);
		f->head[f->head_len++] = *in->at;
		*in = str_skip(*in, 1);
		if (f->head[f->head_len - 1] != '\n')
			continue;
		if ((f->head_len == 2 && f->head[0] == '\r') ||
		    str_ends((struct str){ f->head, f->head_len }, STR("\r\n\r\n"))) {
			if (!part_head(f))
				return bad(f);
			f->head_len = 0;
			f->state = AT_CONTENT;
			return FORM_PART;
		}
	}
	return FORM_MORE;
}

static enum form_event take_content(struct form_scan *f, struct str *in)
{
	bool found;

	if (f->matched == f->delimiter_len) {
		f->matched = 0;
		f->state = AT_AFTER;
		return FORM_PART_END;
	}
	if (!in->len)
		return FORM_MORE;
	found = find_delimiter(f, in);
	if (f->data.len)
		return FORM_DATA;
	return found ? take_content(f, in) : FORM_MORE;
}

/* Before the first part nothing is content. */
static enum form_event take_preamble(struct form_scan *f, struct str *in)
{
	if (find_delimiter(f, in)) {
		f->matched = 0;
		f->state = AT_AFTER;
	}
	return FORM_MORE;
}

/**
 * form_scan_next - what comes next in a form
 * @f:		the scanner; its fields say what goes with the event
 * @in:		bytes of the body; what was used is taken off
 *
 * After FORM_DONE and FORM_BAD the same is returned for ever.  A body that ends
 * before FORM_DONE is incomplete.
 */
enum form_event form_scan_next(struct form_scan *f, struct str *in)
{
	enum form_event event = FORM_MORE;

	do {
		switch (f->state) {
		case AT_PREAMBLE:
			event = take_preamble(f, in);
			break;
		case AT_AFTER:
			event = take_after(f, in);
			break;
		case AT_HEAD:
			event = take_head(f, in);
			break;
		case AT_CONTENT:
			event = take_content(f, in);
			break;
		case AT_DONE:
			return FORM_DONE;
		default:
			return FORM_BAD;
		}
	} while (event == FORM_MORE && in->len);
	return event;
}
