// SPDX-License-Identifier: GPL-2.0-or-later
/* Anchors, aliases and tags, which make small documents large, are refused. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yaml.h>

#include <linux/kernel.h>

#include "yaml_tree.h"

#define MAX_DEPTH	12

struct reader {
	yaml_parser_t parser;
	char *why;
	int rc;
};

static json_t *read_value(struct reader *r, yaml_event_t *event, unsigned int depth);

static json_t *refuse(struct reader *r, const yaml_mark_t *at, const char *why)
{
	if (!r->rc) {
		snprintf(r->why, YAML_TREE_WHY, "line %zu: %s", at->line + 1, why);
		r->rc = -EINVAL;
	}
	return NULL;
}

static bool next_event(struct reader *r, yaml_event_t *event)
{
	if (yaml_parser_parse(&r->parser, event))
		return true;
	memset(event, 0, sizeof(*event));
	refuse(r, &r->parser.problem_mark, r->parser.problem ? r->parser.problem : "not YAML");
	return false;
}

/* Plain words that are numbers or truth values are that; all else is text. */
static json_t *read_scalar(struct reader *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	const size_t len = event->data.scalar.length;
	char *end;
	long long v;

	if (event->data.scalar.anchor || event->data.scalar.tag)
		return refuse(r, &event->start_mark, "anchors and tags are not taken");
	if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return json_stringn(text, len);
	if (!len || !strcmp(text, "null") || !strcmp(text, "~"))
		return json_null();
	if (!strcasecmp(text, "true") || !strcasecmp(text, "false"))
		return json_boolean(!strcasecmp(text, "true"));
	errno = 0;
	v = strtoll(text, &end, 10);
	if (!*end && !errno && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')))
		return json_integer(v);
	return json_stringn(text, len);
}

static json_t *read_list(struct reader *r, unsigned int depth)
{
	json_t *list = json_array(), *value;
	yaml_event_t event;

	while (!r->rc && next_event(r, &event)) {
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return list;
		}
		value = read_value(r, &event, depth + 1);
		yaml_event_delete(&event);
		if (!r->rc && json_array_append_new(list, value))
			r->rc = -ENOMEM;
	}
	json_decref(list);
	return NULL;
}

static json_t *read_member(struct reader *r, json_t *map, const yaml_event_t *key,
			   unsigned int depth)
{
	yaml_event_t event;
	json_t *value;

	if (key->type != YAML_SCALAR_EVENT)
		return refuse(r, &key->start_mark, "a name is not a word");
	if (json_object_get(map, (const char *)key->data.scalar.value))
		return refuse(r, &key->start_mark, "a name is there twice");
	if (!next_event(r, &event))
		return NULL;
	value = read_value(r, &event, depth + 1);
	yaml_event_delete(&event);
	if (!r->rc && json_object_set_new(map, (const char *)key->data.scalar.value, value))
		refuse(r, &key->start_mark, "a name is not UTF-8");
	return NULL;
}

static json_t *read_map(struct reader *r, unsigned int depth)
{
	json_t *map = json_object();
	yaml_event_t event;

	while (!r->rc && next_event(r, &event)) {
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return map;
		}
		read_member(r, map, &event, depth);
		yaml_event_delete(&event);
	}
	json_decref(map);
	return NULL;
}

static json_t *read_value(struct reader *r, yaml_event_t *event, unsigned int depth)
{
	json_t *value;

	if (depth > MAX_DEPTH)
		return refuse(r, &event->start_mark, "is nested too deeply");
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		value = read_scalar(r, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		if (event->data.sequence_start.anchor || event->data.sequence_start.tag)
			return refuse(r, &event->start_mark, "anchors and tags are not taken");
		value = read_list(r, depth);
		break;
	case YAML_MAPPING_START_EVENT:
		if (event->data.mapping_start.anchor || event->data.mapping_start.tag)
			return refuse(r, &event->start_mark, "anchors and tags are not taken");
		value = read_map(r, depth);
		break;
	default:
		return refuse(r, &event->start_mark, "aliases are not taken");
	}
	return value ? value : refuse(r, &event->start_mark, "text is not UTF-8");
}

/* One document, and nothing behind it. */
static json_t *read_document(struct reader *r)
{
	static const yaml_event_type_t around[] = {
		YAML_STREAM_START_EVENT, YAML_DOCUMENT_START_EVENT, YAML_NO_EVENT,
		YAML_DOCUMENT_END_EVENT, YAML_STREAM_END_EVENT,
	};
	json_t *root = NULL;
	yaml_event_t event;
	unsigned int i;

	for (i = 0; !r->rc && i < ARRAY_SIZE(around); i++) {
		if (!next_event(r, &event))
			break;
		if (around[i] == YAML_NO_EVENT)
			root = read_value(r, &event, 0);
		else if (event.type != around[i])
			refuse(r, &event.start_mark, "is not one document");
		yaml_event_delete(&event);
	}
	return root;
}

int yaml_tree_read(const char *text, size_t len, json_t **tree, char why[YAML_TREE_WHY])
{
	struct reader r = { .why = why };

	*why = 0;
	if (!yaml_parser_initialize(&r.parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	*tree = read_document(&r);
	yaml_parser_delete(&r.parser);
	if (!r.rc && !*tree)
		r.rc = -ENOMEM;
	if (r.rc) {
		json_decref(*tree);
		*tree = NULL;
	}
	return r.rc;
}
