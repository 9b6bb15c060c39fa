// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "policy_tree.h"

static const char *const code_schemes[] = { "RLNC" };
static const char *const compressions[] = { "none", "DEFLATE", "zstd" };
static const char *const ciphers[] = { "AES" };
static const char *const coefficients[] = { "apart", "inside" };

/* zlib's own defaults, and zstd's. */
#define DEFAULT_WBITS		(-15)
#define DEFAULT_DEFLATE_LEVEL	6
#define DEFAULT_ZSTD_LEVEL	3

#define MAX_DEFLATE_LEVEL	12
#define MAX_ZSTD_LEVEL		19

/* One more than must be there, so that the first failure after a PUT loses nothing. */
static uint8_t default_quorum(const struct policy *p)
{
	return p->redundant ? p->k + 1 : p->k;
}

void policy_default(struct policy *p)
{
	memset(p, 0, sizeof(*p));
	p->k = POLICY_DEFAULT_K;
	p->redundant = POLICY_DEFAULT_REDUNDANT;
	p->quorum = default_quorum(p);
	p->generation_bytes = POLICY_DEFAULT_GENERATION;
	p->cache = true;
}

int policy_scheme(const struct policy *p)
{
	if (p->compression == POLICY_ZSTD)
		return SKY_ZSTD;
	if (p->compression == POLICY_PLAIN)
		return SKY_PLAIN;
	return p->wbits < 0 ? SKY_DEFLATE_RAW : p->wbits < 16 ? SKY_DEFLATE_ZLIB :
	       SKY_DEFLATE_GZIP;
}

static int read_code(const struct node *n, struct policy *p)
{
	int64_t k = p->k, redundant = p->redundant, quorum = 0, bytes = p->generation_bytes;
	int scheme = 0, where = p->coeffs_inside, rc;

	rc = node_word(n, "scheme", code_schemes, ARRAY_SIZE(code_schemes), &scheme);
	if (!rc)
		rc = node_integer(n, "symbols", 1, SKY_MAX_K, &k);
	if (!rc)
		rc = node_integer(n, "redundant_packets", 0, SKY_MAX_N - k, &redundant);
	if (!rc)
		rc = node_integer(n, "quorum", k, k + redundant, &quorum);
	if (!rc)
		rc = node_integer(n, "generation_size", POLICY_MIN_GENERATION, SKY_MAX_GENERATION,
				  &bytes);
	if (!rc)
		rc = node_boolean(n, "dense", &p->dense);
	if (!rc)
		rc = node_word(n, "coefficients", coefficients, ARRAY_SIZE(coefficients), &where);
	p->k = k;
	p->redundant = redundant;
	p->quorum = quorum ? quorum : default_quorum(p);
	p->generation_bytes = bytes;
	p->coeffs_inside = where;
	return rc ? rc : node_end(n);
}

static bool wbits_ok(int64_t wbits)
{
	return (wbits >= -15 && wbits <= -8) || (wbits >= 8 && wbits <= 15) ||
	       (wbits >= 24 && wbits <= 31);
}

static int read_compression(const struct node *n, struct policy *p)
{
	int64_t wbits = DEFAULT_WBITS, level;
	int scheme = POLICY_DEFLATE, rc;

	rc = node_word(n, "scheme", compressions, ARRAY_SIZE(compressions), &scheme);
	if (rc)
		return rc;
	p->compression = scheme;
	if (scheme == POLICY_PLAIN)
		return node_end(n);
	if (scheme == POLICY_ZSTD) {
		level = DEFAULT_ZSTD_LEVEL;
		rc = node_integer(n, "level", 1, MAX_ZSTD_LEVEL, &level);
	} else {
		/* -1 asks zlib for its default. */
		level = -1;
		rc = node_integer(n, "level", -1, MAX_DEFLATE_LEVEL, &level);
		level = level < 0 ? DEFAULT_DEFLATE_LEVEL : level;
		if (!rc)
			rc = node_integer(n, "wbits", -15, 31, &wbits);
		if (!rc && !wbits_ok(wbits))
			rc = node_error(n, "wbits", "%d is not in -15..-8, 8..15 or 24..31",
					(int)wbits);
		p->wbits = wbits;
	}
	p->level = level;
	return rc ? rc : node_end(n);
}

/* There is one way to encrypt, and no way not to. */
static int read_encryption(const struct node *n)
{
	int64_t bits = 256;
	int scheme = 0, rc;

	rc = node_word(n, "scheme", ciphers, ARRAY_SIZE(ciphers), &scheme);
	if (!rc)
		rc = node_integer(n, "key_size", 256, 256, &bits);
	return rc ? rc : node_end(n);
}

int policy_check_name(const struct node *n, const char *name)
{
	const char *c;

	if (!*name)
		return node_error(n, "name", "is missing");
	for (c = name; *c; c++)
		if (!isascii(*c) || (!isalnum(*c) && !strchr("-_.", *c)))
			return node_error(n, "name", "has a character that is not in A-Z a-z 0-9 - _ .");
	return 0;
}

static int read_policy(const struct node *n, struct policy *p)
{
	struct node sub;
	int rc;

	policy_default(p);
	rc = node_integer(n, "id", 1, INT64_MAX, &p->id);
	if (!rc)
		rc = node_string(n, "name", p->name, sizeof(p->name));
	if (!rc)
		rc = policy_check_name(n, p->name);
	if (!rc)
		rc = node_string(n, "description", p->description, sizeof(p->description));
	if (!rc)
		rc = node_places(n, "backends", &p->backends);
	if (!rc)
		rc = node_places(n, "edge_devices", &p->edge_devices);
	if (!rc)
		rc = node_object(n, "redundancy", &sub);
	if (!rc && sub.object)
		rc = read_code(&sub, p);
	if (!rc)
		rc = node_object(n, "compression", &sub);
	if (!rc && sub.object)
		rc = read_compression(&sub, p);
	if (!rc)
		rc = node_object(n, "encryption", &sub);
	if (!rc && sub.object)
		rc = read_encryption(&sub);
	if (!rc)
		rc = node_boolean(n, "cache", &p->cache);
	return rc ? rc : node_end(n);
}

int policy_parse_json(struct policy *p, const char *text, size_t len, struct policy_error *err)
{
	struct node n = { .err = err };
	json_error_t where;
	int rc;

	if (len > POLICY_MAX_BYTES)
		return node_error(&n, "document", "is longer than %d bytes", POLICY_MAX_BYTES);
	n.object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	if (!n.object)
		return node_error(&n, "document", "line %d: %s", where.line, where.text);
	rc = json_is_object(n.object) ? read_policy(&n, p) :
	     node_error(&n, "document", "is not an object");
	json_decref(n.object);
	return rc;
}

static json_t *print_places(const struct policy_places *places)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; list && i < places->count; i++)
		if (json_array_append_new(list, json_integer(places->id[i]))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *print_compression(const struct policy *p)
{
	const char *scheme = compressions[p->compression];

	switch (p->compression) {
	case POLICY_DEFLATE:
		return json_pack("{s:s, s:i, s:i}", "scheme", scheme, "wbits", p->wbits,
				 "level", p->level);
	case POLICY_ZSTD:
		return json_pack("{s:s, s:i}", "scheme", scheme, "level", p->level);
	}
	return json_pack("{s:s}", "scheme", scheme);
}

char *policy_print_json(const struct policy *p)
{
	json_t *root;
	char *text;

	root = json_pack("{s:s, s:s, s:o, s:o, s:{s:s, s:i, s:i, s:i, s:i, s:b, s:s}, s:o, s:{s:s, s:i}, s:b}",
			 "name", p->name, "description", p->description,
			 "backends", print_places(&p->backends),
			 "edge_devices", print_places(&p->edge_devices),
			 "redundancy", "scheme", code_schemes[0], "symbols", p->k,
			 "redundant_packets", p->redundant, "quorum", p->quorum,
			 "generation_size", (int)p->generation_bytes, "dense", p->dense,
			 "coefficients", coefficients[p->coeffs_inside],
			 "compression", print_compression(p),
			 "encryption", "scheme", ciphers[0], "key_size", 256,
			 "cache", p->cache);
	if (root && p->id && json_object_set_new(root, "id", json_integer(p->id))) {
		json_decref(root);
		root = NULL;
	}
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}
