// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "api.h"

int api_refuse(struct api_ask *a, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->why, sizeof(a->why), fmt, ap);
	va_end(ap);
	return status;
}

int api_status(struct api_ask *a, int rc)
{
	const struct store_s3_error *e;

	if (rc >= 0)
		return rc;
	if (rc == -ENOSPC)
		return *a->why ? 409 : api_refuse(a, 507, "InsufficientStorage");
	/* To S3 both say something else: what a CreateBucket has asked for, and who has. */
	if (rc == -STORE_NO_SUCH_POLICY)
		return api_refuse(a, 404, "NoSuchStoragePolicy");
	if (rc == -STORE_NO_SUCH_ACCESS_KEY)
		return api_refuse(a, 404, "NoSuchAccessKey");
	if (rc == -EEXIST)
		return api_refuse(a, 409, "AlreadyExists");
	e = store_s3_error(rc);
	if (!*a->why)
		api_refuse(a, e->status, "%s", e->code);
	return e->status;
}

bool api_shallow(const char *text, size_t len, unsigned int most)
{
	unsigned int depth = 0;
	bool quoted = false;
	size_t i;

	for (i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if ((text[i] == '{' || text[i] == '[') && ++depth > most)
			return false;
		else if ((text[i] == '}' || text[i] == ']') && depth)
			depth--;
	}
	return true;
}

int api_read(struct api_ask *a, const void *text, size_t len, json_t **to)
{
	json_error_t err;

	if (!api_shallow(text, len, API_DEPTH))
		return api_refuse(a, 400, "the document is nested too deep");
	*to = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
	if (!*to)
		return api_refuse(a, 400, "line %d: %s", err.line, err.text);
	if (json_is_object(*to))
		return 0;
	json_decref(*to);
	*to = NULL;
	return api_refuse(a, 400, "the document is not an object");
}

static json_t *member(struct api_ask *a, const char *name)
{
	json_t *m = json_object_get(a->in, name);

	return json_is_null(m) ? NULL : m;
}

int api_missing(struct api_ask *a, const char *name)
{
	a->missing = name;
	return api_refuse(a, 400, "%s is missing", name);
}

int api_text(struct api_ask *a, const char *name, bool needed, struct store_text *to)
{
	json_t *m = member(a, name);

	if (!m)
		return needed ? api_missing(a, name) : 0;
	if (!json_is_string(m))
		return api_refuse(a, 400, "%s is not a text", name);
	*to = (struct store_text){ json_string_value(m), json_string_length(m) };
	return needed && !to->len ? api_refuse(a, 400, "%s is empty", name) : 0;
}

int api_number(struct api_ask *a, const char *name, u64 max, u64 *to)
{
	json_t *m = member(a, name);

	if (!m)
		return 0;
	if (!json_is_integer(m) || json_integer_value(m) < 0 || json_integer_value(m) > max)
		return api_refuse(a, 400, "%s is not a number from 0 to %llu", name,
				  (unsigned long long)max);
	*to = json_integer_value(m);
	return 0;
}

int api_real(struct api_ask *a, const char *name, double min, double max, double *to)
{
	json_t *m = member(a, name);
	double value;

	if (!m)
		return 0;
	value = json_number_value(m);
	if (!json_is_number(m) || !(value >= min && value <= max))
		return api_refuse(a, 400, "%s is not a number from %g to %g", name, min, max);
	*to = value;
	return 0;
}

int api_bool(struct api_ask *a, const char *name, bool *to)
{
	json_t *m = member(a, name);

	if (!m)
		return 0;
	if (!json_is_boolean(m))
		return api_refuse(a, 400, "%s is neither true nor false", name);
	*to = json_is_true(m);
	return 0;
}

int api_only(struct api_ask *a, const char *const *names)
{
	const char *name;
	json_t *value;
	size_t i;

	json_object_foreach(a->in, name, value) {
		for (i = 0; names[i]; i++)
			if (!strcmp(names[i], name))
				break;
		if (!names[i])
			return api_refuse(a, 400, "%.64s: there is no such member", name);
	}
	return 0;
}

json_t *api_string(struct store_text t)
{
	json_t *s = json_stringn(t.data ? t.data : "", t.len);

	return s ? s : json_string("?");
}

json_t *api_time(u64 us)
{
	time_t seconds = us / 1000000;
	struct tm tm;
	char text[32];

	if (!us || !gmtime_r(&seconds, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return json_null();
	return json_string(text);
}

int api_append(struct api_ask *a, json_t *item)
{
	if (!a->out)
		a->out = json_array();
	return !item || json_array_append_new(a->out, item) ? -ENOMEM : 0;
}
