// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The older form:
 *
 *	default_storage_policy:
 *	  locations:
 *	    bucket_ids: [1, 2]
 *	  encryption:
 *	    enabled: true
 *	    type: AES-GCM-256
 *	  erasure_coding:
 *	    type: RLNC
 *	    symbols: 4
 *	    generation_size_mb: 4
 *
 * It becomes a tree as JSON would give it.  Anchors, aliases and tags, which make
 * small documents large, are refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include <linux/kernel.h>

#include "policy_tree.h"

#define MAX_DEPTH	8

struct reader {
	yaml_parser_t parser;
	const struct node *root;
	int rc;
};

static json_t *read_value(struct reader *r, yaml_event_t *event, unsigned int depth);

static json_t *refuse(struct reader *r, const yaml_mark_t *at, const char *why)
{
	if (!r->rc)
		r->rc = node_error(r->root, "document", "line %zu: %s", at->line + 1, why);
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

static int read_locations(const struct node *n, struct policy *p)
{
	int rc = node_places(n, "bucket_ids", &p->backends);

	return rc ? rc : node_end(n);
}

static int read_encryption(const struct node *n)
{
	static const char *const types[] = { "AES-GCM-256" };
	bool enabled = true;
	int type = 0, rc;

	rc = node_boolean(n, "enabled", &enabled);
	if (!rc && !enabled)
		rc = node_error(n, "enabled", "nothing is stored without encryption");
	if (!rc)
		rc = node_word(n, "type", types, ARRAY_SIZE(types), &type);
	return rc ? rc : node_end(n);
}

static int read_coding(const struct node *n, struct policy *p)
{
	static const char *const types[] = { "RLNC" };
	int64_t k = p->k, mib = p->generation_bytes >> 20;
	int type = 0, rc;

	rc = node_word(n, "type", types, ARRAY_SIZE(types), &type);
	if (!rc)
		rc = node_integer(n, "symbols", 1, SKY_MAX_K, &k);
	if (!rc)
		rc = node_integer(n, "generation_size_mb", 1, SKY_MAX_GENERATION >> 20, &mib);
	p->k = k;
	p->quorum = k + 1;
	p->generation_bytes = mib << 20;
	return rc ? rc : node_end(n);
}

static int read_old_policy(const struct node *n, struct policy *p)
{
	struct node sub;
	int rc;

	rc = node_object(n, "locations", &sub);
	if (!rc && sub.object)
		rc = read_locations(&sub, p);
	if (!rc)
		rc = node_object(n, "encryption", &sub);
	if (!rc && sub.object)
		rc = read_encryption(&sub);
	if (!rc)
		rc = node_object(n, "erasure_coding", &sub);
	if (!rc && sub.object)
		rc = read_coding(&sub, p);
	return rc ? rc : node_end(n);
}

static int read_root(const struct node *n, struct policy *p)
{
	const char *name = json_object_iter_key(json_object_iter(n->object));
	struct node sub;
	int rc;

	policy_default(p);
	if (json_object_size(n->object) != 1)
		return node_error(n, "document", "is not one policy under its name");
	if (strlen(name) > POLICY_MAX_NAME)
		return node_error(n, "name", "is longer than %d bytes", POLICY_MAX_NAME);
	strcpy(p->name, name);
	rc = policy_check_name(n, p->name);
	if (!rc)
		rc = node_object(n, p->name, &sub);
	if (!rc && !sub.object)
		rc = node_error(n, p->name, "is empty");
	return rc ? rc : read_old_policy(&sub, p);
}

int policy_parse_yaml(struct policy *p, const char *text, size_t len, struct policy_error *err)
{
	struct node n = { .err = err };
	struct reader r = { .root = &n };

	if (len > POLICY_MAX_BYTES)
		return node_error(&n, "document", "is longer than %d bytes", POLICY_MAX_BYTES);
	if (!yaml_parser_initialize(&r.parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	n.object = read_document(&r);
	yaml_parser_delete(&r.parser);
	if (!r.rc)
		r.rc = json_is_object(n.object) ? read_root(&n, p) :
		       node_error(&n, "document", "is not a mapping");
	json_decref(n.object);
	return r.rc;
}
