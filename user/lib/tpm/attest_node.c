// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest_node.h"
#include "base/text.h"

/* The way to a place, as far as there is room. */
static size_t put_place(const struct attest_node *n, char *text, size_t size)
{
	size_t len = n->parent ? put_place(n->parent, text, size) : 0;
	char name[64];
	int more;

	if (!n->parent || len >= size)
		return len;
	if (n->name)
		more = snprintf(text + len, size - len, "%s%s", len ? "." : "",
				text_printable(n->name, name, sizeof(name)));
	else
		more = snprintf(text + len, size - len, "[%zu]", n->index);
	return len + (size_t)more < size ? len + (size_t)more : size - 1;
}

int node_fault(const struct attest_node *n, const char *fmt, ...)
{
	char *text = n->fault->text;
	size_t size = sizeof(n->fault->text), len = put_place(n, text, size - 100);
	va_list args;

	len += (size_t)snprintf(text + len, size - len, "%s", len ? ": " : "");
	va_start(args, fmt);
	vsnprintf(text + len, size - len, fmt, args);
	va_end(args);
	return -EINVAL;
}

int node_members(const struct attest_node *n, const char *const names[])
{
	const char *name;
	json_t *value;
	unsigned int i;

	if (!json_is_object(n->value))
		return node_fault(n, "it is not an object");
	json_object_foreach(n->value, name, value) {
		struct attest_node member = { value, n, name, 0, n->fault };

		for (i = 0; names[i] && strcmp(names[i], name); i++)
			;
		if (!names[i])
			return node_fault(&member, "there is no such member");
	}
	return 0;
}

struct attest_node node_member(const struct attest_node *n, const char *name)
{
	return (struct attest_node){ json_object_get(n->value, name), n, name, 0, n->fault };
}

struct attest_node node_element(const struct attest_node *n, size_t i)
{
	return (struct attest_node){ json_array_get(n->value, i), n, NULL, i, n->fault };
}

int node_text(const struct attest_node *n, struct str *value)
{
	struct str text;
	size_t at;

	if (!n->value)
		return 0;
	if (!json_is_string(n->value))
		return node_fault(n, "it is not a text");
	text = (struct str){ json_string_value(n->value), json_string_length(n->value) };
	if (!text.len || str_find(text, '\0', &at))
		return node_fault(n, "it is empty, or has a NUL in it");
	*value = text;
	return 0;
}

int node_bool(const struct attest_node *n, bool *value)
{
	if (!n->value)
		return 0;
	if (!json_is_boolean(n->value))
		return node_fault(n, "it is neither true nor false");
	*value = json_is_true(n->value);
	return 0;
}

int node_number(const struct attest_node *n, int64_t min, int64_t max, int64_t *value)
{
	if (!n->value)
		return 0;
	if (!json_is_integer(n->value))
		return node_fault(n, "it is not a whole number");
	if (json_integer_value(n->value) < min || json_integer_value(n->value) > max)
		return node_fault(n, "%lld is not from %lld to %lld",
				  (long long)json_integer_value(n->value), (long long)min,
				  (long long)max);
	*value = json_integer_value(n->value);
	return 0;
}

int node_list(const struct attest_node *n, size_t size, void *items, unsigned int *count,
	      int (*read)(const struct attest_node *n, const void *arg, void *item),
	      const void *arg)
{
	char *item;
	size_t i;
	int rc = 0;

	if (!n->value)
		return 0;
	if (!json_is_array(n->value))
		return node_fault(n, "it is not a list");
	if (!json_array_size(n->value))
		return node_fault(n, "the list is empty");
	item = calloc(json_array_size(n->value), size);
	if (!item)
		return -ENOMEM;
	*(void **)items = item;
	for (i = 0; !rc && i < json_array_size(n->value); i++) {
		struct attest_node element = node_element(n, i);

		++*count;
		rc = read(&element, arg, item + i * size);
	}
	return rc;
}

/* @arg: the bank, or NULL. */
static int read_digest(const struct attest_node *n, const void *arg, void *item)
{
	const struct tpm_alg *bank = arg;
	struct attest_digest *d = item;
	struct str text = STR_NONE;
	int rc = node_text(n, &text);

	if (rc)
		return rc;
	if (attest_digest_read(text, bank, d))
		return 0;
	return bank ? node_fault(n, "it is not a digest of %s", bank->name) :
		      node_fault(n, "it is not a digest, such as sha256:HEX");
}

int node_digests(const struct attest_node *n, const struct tpm_alg *bank,
		 struct attest_digests *set)
{
	int rc;

	if (!n->value)
		return 0;
	if (json_is_string(n->value)) {
		set->item = calloc(1, sizeof(*set->item));
		set->count = 1;
		return set->item ? read_digest(n, bank, set->item) : -ENOMEM;
	}
	/* A list of none is one that nothing is on. */
	if (json_is_array(n->value) && !json_array_size(n->value))
		return 0;
	rc = node_list(n, sizeof(*set->item), &set->item, &set->count, read_digest, bank);
	if (!rc)
		attest_digests_sort(set);
	return rc;
}
