// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>

#include <expat.h>

#include "xml_read.h"

struct reader {
	XML_Parser expat;
	const struct xml_rule *rules;
	unsigned int count;
	void *arg;
	enum s3_code code;		/* of the first refusal */
	bool lenient;			/* what is in no rule is passed over */
	unsigned int passing;		/* depth within what is passed over; 0: nothing is */
	unsigned int depth;
	unsigned int elements;
	const struct xml_rule *stack[XML_DEPTH_MAX];
	char path[XML_PATH_MAX];
	size_t path_len;
	char text[XML_TEXT_MAX];
	size_t text_len;
};

static void refuse(struct reader *r, enum s3_code code)
{
	if (!r->code)
		r->code = code;
	XML_StopParser(r->expat, XML_FALSE);
}

static const struct xml_rule *find_rule(const struct reader *r)
{
	struct str path = { r->path, r->path_len };
	unsigned int i;

	for (i = 0; i < r->count; i++)
		if (str_is(path, r->rules[i].path))
			return &r->rules[i];
	return NULL;
}

/* An element of no rule, and all that is in it. */
static void pass_over(struct reader *r)
{
	if (++r->elements > XML_ELEMENTS_MAX)
		refuse(r, S3_MALFORMED_XML);
	r->passing++;
}

/* A name without its namespace's prefix. */
static const char *local(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

static bool push(struct reader *r, const char *name)
{
	size_t len = strlen(name);

	if (r->depth == XML_DEPTH_MAX || ++r->elements > XML_ELEMENTS_MAX ||
	    len + 1 > XML_PATH_MAX - r->path_len)
		return false;
	if (r->depth)
		r->path[r->path_len++] = '/';
	memcpy(r->path + r->path_len, name, len);
	r->path_len += len;
	return true;
}

/* The other way; r->depth is that of the element which this one was in. */
static void pop(struct reader *r, const char *name)
{
	r->path_len -= strlen(local(name)) + (r->depth > 0);
}

static void on_open(void *data, const char *name, const char **attributes)
{
	struct reader *r = data;
	const struct xml_rule *rule;
	enum s3_code code;

	/* expat may still report what it had read when it was stopped. */
	if (r->code)
		return;
	if (r->passing) {
		pass_over(r);
		return;
	}
	if ((r->depth && r->stack[r->depth - 1]->leaf) || !push(r, local(name))) {
		refuse(r, S3_MALFORMED_XML);
		return;
	}
	rule = find_rule(r);
	if (!rule && r->lenient) {
		pop(r, name);
		pass_over(r);
		return;
	}
	if (!rule) {
		refuse(r, S3_MALFORMED_XML);
		return;
	}
	r->stack[r->depth++] = rule;
	r->text_len = 0;
	code = rule->open ? rule->open(r->arg, (const char *const *)attributes) : S3_OK;
	if (code)
		refuse(r, code);
}

static void on_close(void *data, const char *name)
{
	struct reader *r = data;
	const struct xml_rule *rule;
	enum s3_code code = S3_OK;

	if (r->code)
		return;
	if (r->passing) {
		r->passing--;
		return;
	}
	rule = r->stack[--r->depth];
	if (rule->close)
		code = rule->close(r->arg, (struct str){ r->text, r->text_len });
	pop(r, name);
	r->text_len = 0;
	if (code)
		refuse(r, code);
}

static void on_text(void *data, const char *text, int len)
{
	struct reader *r = data;
	int i;

	if (r->code || r->passing || !r->depth)
		return;
	if (!r->stack[r->depth - 1]->leaf) {
		for (i = 0; i < len; i++)
			if (!strchr(" \t\r\n", text[i]) || !text[i])
				refuse(r, S3_MALFORMED_XML);
		return;
	}
	if ((size_t)len > sizeof(r->text) - r->text_len) {
		refuse(r, S3_MALFORMED_XML);
		return;
	}
	memcpy(r->text + r->text_len, text, len);
	r->text_len += len;
}

/* A document type is where entities come from. */
static void on_doctype(void *data, const char *name, const char *system, const char *public,
		       int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	refuse(data, S3_MALFORMED_XML);
}

static enum s3_code read_all(struct reader *r, struct str document, struct s3_fault *f)
{
	enum XML_Status status;

	if (!document.len || document.len > INT_MAX)
		return s3_fail(f, document.len ? S3_MAX_MESSAGE_LENGTH :
						 S3_MISSING_REQUEST_BODY, NULL);
	f->code = S3_OK;
	r->expat = XML_ParserCreate(NULL);
	if (!r->expat)
		return s3_fail(f, S3_INTERNAL_ERROR, NULL);
	XML_SetUserData(r->expat, r);
	XML_SetElementHandler(r->expat, on_open, on_close);
	XML_SetCharacterDataHandler(r->expat, on_text);
	XML_SetStartDoctypeDeclHandler(r->expat, on_doctype);
	status = XML_Parse(r->expat, document.at, (int)document.len, XML_TRUE);
	XML_ParserFree(r->expat);
	if (!r->code && status != XML_STATUS_OK)
		r->code = S3_MALFORMED_XML;
	/* A function of the rules may have said it in words of its own. */
	if (r->code && f->code != r->code)
		s3_fail(f, r->code, NULL);
	return r->code;
}

/**
 * xml_read - read a whole document
 * @document:	the caller limits its size
 * @rules:	the elements that it may have
 * @count:	how many
 * @arg:	for the functions of the rules
 * @f:		says why when it is refused
 *
 * Return: S3_OK, S3_MALFORMED_XML, S3_INTERNAL_ERROR without memory, or what a
 * function of the rules returned.  The functions may have been called before that.
 */
enum s3_code xml_read(struct str document, const struct xml_rule *rules, unsigned int count,
		      void *arg, struct s3_fault *f)
{
	struct reader r = { .rules = rules, .count = count, .arg = arg };

	return read_all(&r, document, f);
}

/**
 * xml_read_answer - the same for what a server answers
 *
 * Servers say more than a client has asked for: an element of no rule is passed over with
 * all that is in it.
 */
enum s3_code xml_read_answer(struct str document, const struct xml_rule *rules,
			     unsigned int count, void *arg, struct s3_fault *f)
{
	struct reader r = { .rules = rules, .count = count, .arg = arg, .lenient = true };

	return read_all(&r, document, f);
}
