// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy_tree.h"

/* The way to a node, with a dot behind it; names are the program's own. */
static void path_of(const struct node *n, char *path, size_t size)
{
	size_t len;

	if (!n->parent)
		return;
	path_of(n->parent, path, size);
	len = strlen(path);
	snprintf(path + len, size - len, "%s.", n->name);
}

int node_error(const struct node *n, const char *name, const char *fmt, ...)
{
	char path[80] = "", what[96];
	va_list args;
	size_t i;

	path_of(n, path, sizeof(path));
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	snprintf(n->err->text, sizeof(n->err->text), "%s%.60s: %s", path, name, what);
	/* A name that is not known may hold anything. */
	for (i = 0; n->err->text[i]; i++)
		if ((unsigned char)n->err->text[i] < ' ' || n->err->text[i] == 0x7f)
			n->err->text[i] = '?';
	return -EINVAL;
}

/* The member, which @n no longer has; the caller's to release.  A null is absent. */
static json_t *take(const struct node *n, const char *name)
{
	json_t *value = json_incref(json_object_get(n->object, name));

	json_object_del(n->object, name);
	if (!json_is_null(value))
		return value;
	json_decref(value);
	return NULL;
}

int node_integer(const struct node *n, const char *name, int64_t min, int64_t max,
		 int64_t *value)
{
	json_t *j = take(n, name);
	int64_t v = json_integer_value(j);
	int rc = 0;

	if (!j)
		return 0;
	if (!json_is_integer(j))
		rc = node_error(n, name, "is not an integer");
	else if (v < min || v > max)
		rc = node_error(n, name, "%" PRId64 " is not from %" PRId64 " to %" PRId64, v,
				min, max);
	else
		*value = v;
	json_decref(j);
	return rc;
}

int node_boolean(const struct node *n, const char *name, bool *value)
{
	json_t *j = take(n, name);
	int rc = 0;

	if (!j)
		return 0;
	if (!json_is_boolean(j))
		rc = node_error(n, name, "is neither true nor false");
	else
		*value = json_is_true(j);
	json_decref(j);
	return rc;
}

int node_string(const struct node *n, const char *name, char *value, size_t size)
{
	json_t *j = take(n, name);
	int rc = 0;

	if (!j)
		return 0;
	if (!json_is_string(j))
		rc = node_error(n, name, "is not a string");
	else if (json_string_length(j) >= size)
		rc = node_error(n, name, "is longer than %zu bytes", size - 1);
	else
		memcpy(value, json_string_value(j), json_string_length(j) + 1);
	json_decref(j);
	return rc;
}

static int read_places(const struct node *n, const char *name, const json_t *j,
		       struct policy_places *value)
{
	const json_t *entry;
	size_t i, before;

	if (!json_is_array(j))
		return node_error(n, name, "is not a list");
	if (json_array_size(j) > POLICY_MAX_PLACES)
		return node_error(n, name, "has more than %d entries", POLICY_MAX_PLACES);
	value->count = 0;
	json_array_foreach(j, i, entry) {
		int64_t id = json_integer_value(entry);

		if (!json_is_integer(entry) || id < 1 || id >= SKY_NO_LOCATION)
			return node_error(n, name, "entry %zu is not a number from 1 to %d", i + 1,
					  SKY_NO_LOCATION - 1);
		for (before = 0; before < i; before++)
			if (value->id[before] == id)
				return node_error(n, name, "%" PRId64 " is there twice", id);
		value->id[value->count++] = id;
	}
	return 0;
}

int node_places(const struct node *n, const char *name, struct policy_places *value)
{
	json_t *j = take(n, name);
	int rc = j ? read_places(n, name, j, value) : 0;

	json_decref(j);
	return rc;
}

int node_word(const struct node *n, const char *name, const char *const words[], int count,
	      int *value)
{
	char all[64] = "", word[32] = "";
	size_t len = 0;
	int i, rc;

	rc = node_string(n, name, word, sizeof(word));
	if (rc || !*word)
		return rc;
	for (i = 0; i < count; i++) {
		if (!strcasecmp(word, words[i])) {
			*value = i;
			return 0;
		}
		len += snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "", words[i]);
	}
	return node_error(n, name, "%s is not one of: %s", word, all);
}

int node_object(const struct node *n, const char *name, struct node *sub)
{
	json_t *j = json_object_get(n->object, name);

	*sub = (struct node){ .parent = n, .name = name, .err = n->err };
	if (!j || json_is_null(j)) {
		json_object_del(n->object, name);
		return 0;
	}
	if (!json_is_object(j))
		return node_error(n, name, "is not an object");
	sub->object = j;
	return 0;
}

int node_end(const struct node *n)
{
	const char *name;
	json_t *value;

	json_object_foreach(n->object, name, value)
		return node_error(n, name, "is not known here");
	if (n->parent)
		json_object_del(n->parent->object, n->name);
	return 0;
}
