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
 * It becomes a tree as JSON would give it.
 */
#include <errno.h>
#include <string.h>

#include <linux/kernel.h>

#include "policy_tree.h"
#include "yaml_tree.h"

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
	char why[YAML_TREE_WHY];
	int rc;

	if (len > POLICY_MAX_BYTES)
		return node_error(&n, "document", "is longer than %d bytes", POLICY_MAX_BYTES);
	rc = yaml_tree_read(text, len, &n.object, why);
	if (rc)
		return rc == -ENOMEM ? rc : node_error(&n, "document", "%s", why);
	rc = json_is_object(n.object) ? read_root(&n, p) :
	     node_error(&n, "document", "is not a mapping");
	json_decref(n.object);
	return rc;
}
