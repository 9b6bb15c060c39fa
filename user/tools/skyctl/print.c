// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers, for people: lists as tables, objects a line for each member. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/text.h"
#include "skyctl.h"

#define COLUMNS		12
#define NAME_MAX_LEN	32
#define CELL		160

/* A value as one word or a few; what is hostile in it cannot be seen. */
static const char *cell(const json_t *v, char to[CELL])
{
	char text[CELL];

	if (!v || json_is_null(v))
		return strcpy(to, "-");
	if (json_is_string(v))
		snprintf(text, sizeof(text), "%s", json_string_value(v));
	else if (json_is_integer(v))
		snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(text, sizeof(text), "%g", json_real_value(v));
	else if (json_is_boolean(v))
		snprintf(text, sizeof(text), "%s", json_is_true(v) ? "yes" : "no");
	else
		snprintf(text, sizeof(text), "(%zu)", json_is_array(v) ? json_array_size(v) :
							      json_object_size(v));
	text_printable(*text ? text : "-", to, CELL);
	return to;
}

static void print_object(const json_t *o, const char *before)
{
	const char *name;
	char text[CELL], inner[CELL];
	json_t *value;

	json_object_foreach((json_t *)o, name, value) {
		if (json_is_object(value)) {
			snprintf(inner, sizeof(inner), "%s%.64s.", before, name);
			print_object(value, inner);
			continue;
		}
		printf("%s%s: %s\n", before, name, cell(value, text));
	}
}

static unsigned int split(const char *columns, char names[COLUMNS][NAME_MAX_LEN])
{
	unsigned int n = 0;

	while (*columns && n < COLUMNS) {
		size_t len = strcspn(columns, " ");

		snprintf(names[n++], NAME_MAX_LEN, "%.*s", (int)len, columns);
		columns += len + strspn(columns + len, " ");
	}
	return n;
}

static void print_row(char (*names)[NAME_MAX_LEN], unsigned int n, const int *width,
		      const json_t *row)
{
	char text[CELL];
	unsigned int i;

	for (i = 0; i < n; i++) {
		const char *s = row ? cell(json_object_get(row, names[i]), text) : names[i];

		/* Nothing behind the last one. */
		if (i + 1 == n)
			printf("%s\n", s);
		else
			printf("%-*s  ", width[i], s);
	}
}

static void print_table(const json_t *list, const char *columns)
{
	char names[COLUMNS][NAME_MAX_LEN], text[CELL];
	unsigned int n = split(columns, names), i;
	int width[COLUMNS], len;
	json_t *row;
	size_t k;

	for (i = 0; i < n; i++)
		width[i] = strlen(names[i]);
	json_array_foreach((json_t *)list, k, row)
		for (i = 0; i < n; i++) {
			len = strlen(cell(json_object_get(row, names[i]), text));
			width[i] = len > width[i] ? len : width[i];
		}
	print_row(names, n, width, NULL);
	json_array_foreach((json_t *)list, k, row)
		print_row(names, n, width, row);
}

int print_answer(const struct options *o, const json_t *answer, const char *columns)
{
	if (!answer)
		return 0;
	if (o->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
		putchar('\n');
	} else if (json_is_array(answer)) {
		print_table(answer, columns ? columns : "id name");
	} else {
		print_object(answer, "");
	}
	return 0;
}
