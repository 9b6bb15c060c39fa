// SPDX-License-Identifier: GPL-2.0-or-later
/* Policies from JSON or YAML. */
#include <errno.h>
#include <stdio.h>

#include "admission_private.h"
#include "policy/yaml_tree.h"

#define POLICIES_MAX	1000u
#define LIST_MAX	100u
#define GLOB_MAX	256u
#define PREDICATE_MAX	255u

static int read_keys(const struct spot *s, struct adm_authority *a)
{
	struct str pem = STR_NONE;
	struct sigstore_fault f;
	int rc = spot_known(s, "data");

	if (!rc)
		rc = spot_text(s, "data", &pem);
	if (rc)
		return rc;
	rc = sigstore_key_parse(pem, &a->key, &f);
	return rc == -EKEYREJECTED ? spot_error(s, "data", f.text) : rc;
}

static int read_identity(const struct spot *s, struct adm_identity *id)
{
	int rc = spot_known(s, "issuer subject subjectGlob");

	if (!rc)
		rc = spot_text(s, "issuer", &id->issuer);
	if (!rc)
		rc = spot_text(s, "subject", &id->subject);
	if (!rc)
		rc = spot_text(s, "subjectGlob", &id->subject_glob);
	/* An issuer alone is everybody who has an account there, and a name alone anybody's. */
	if (!rc && !id->issuer.len)
		rc = spot_error(s, "issuer", "is missing");
	if (!rc && !id->subject.len == !id->subject_glob.len)
		rc = spot_error(s, "subject", "and subjectGlob: exactly one is needed");
	return rc;
}

static int read_keyless(const struct spot *s, struct adm_authority *a)
{
	struct spot list, one;
	size_t i;
	int rc = spot_known(s, "identities");

	if (!rc)
		rc = spot_list(s, "identities", &list, LIST_MAX);
	if (!rc && !spot_count(&list))
		rc = spot_error(s, "identities", "is missing");
	if (rc)
		return rc;
	a->identities = spot_count(&list);
	a->identity = doc_alloc(s->doc, a->identities * sizeof(*a->identity));
	if (!a->identity)
		return -ENOMEM;
	for (i = 0; !rc && i < a->identities; i++) {
		rc = spot_item(&list, i, &one);
		if (!rc)
			rc = read_identity(&one, &a->identity[i]);
	}
	return rc;
}

static int read_static(const struct spot *s, struct adm_authority *a)
{
	static const char *const actions[] = { "pass", "fail", NULL };
	int action = -1, rc = spot_known(s, "action");

	if (!rc)
		rc = spot_word(s, "action", actions, &action);
	if (!rc && action < 0)
		rc = spot_error(s, "action", "is missing");
	a->pass = action == 0;
	return rc;
}

static int read_predicates(const struct spot *s, struct adm_authority *a)
{
	struct spot list;
	size_t i;
	int rc = spot_list(s, "predicateTypes", &list, LIST_MAX);

	if (rc || !list.at)
		return rc;
	if (a->kind == AUTHORITY_STATIC)
		return spot_error(s, "predicateTypes", "is nothing to a static authority");
	a->predicate = doc_alloc(s->doc, spot_count(&list) * sizeof(*a->predicate));
	if (!a->predicate)
		return -ENOMEM;
	a->predicates = spot_count(&list);
	for (i = 0; !rc && i < a->predicates; i++) {
		rc = spot_item_text(&list, i, &a->predicate[i]);
		if (!rc && (!a->predicate[i].len || a->predicate[i].len > PREDICATE_MAX))
			rc = spot_error(s, "predicateTypes",
					"has an entry that is empty, or longer than 255 bytes");
	}
	return rc;
}

/* @number: from 0 on; as policy-controller names those that have none. */
static int read_authority(const struct spot *s, unsigned int number, struct adm_authority *a)
{
	struct spot key, keyless, fixed, log;
	struct str name = STR_NONE;
	int rc = spot_known(s, "name key keyless static ctlog predicateTypes");

	if (!rc)
		rc = spot_text(s, "name", &name);
	if (name.len)
		snprintf(a->name, sizeof(a->name), "%.*s", STR_ARG(name));
	else
		snprintf(a->name, sizeof(a->name), "authority-%u", number);
	if (!rc)
		rc = spot_object(s, "key", &key);
	if (!rc)
		rc = spot_object(s, "keyless", &keyless);
	if (!rc)
		rc = spot_object(s, "static", &fixed);
	/* YAML's "ctlog:" is null; what asks for the log must not be taken for absent. */
	if (!rc && json_is_null(json_object_get(s->at, "ctlog")))
		rc = spot_error(s, "ctlog", "is null; say {}");
	if (!rc)
		rc = spot_object(s, "ctlog", &log);
	if (!rc && !!key.at + !!keyless.at + !!fixed.at != 1)
		rc = spot_error(s, NULL, "has not exactly one of key, keyless and static");
	if (!rc && log.at)
		rc = spot_known(&log, "");
	if (rc)
		return rc;
	a->logged = log.at;
	a->kind = key.at ? AUTHORITY_KEY : keyless.at ? AUTHORITY_KEYLESS : AUTHORITY_STATIC;
	rc = read_predicates(s, a);
	if (rc)
		return rc;
	if (key.at)
		return read_keys(&key, a);
	return keyless.at ? read_keyless(&keyless, a) : read_static(&fixed, a);
}

static int read_glob(const struct spot *s, struct str *glob)
{
	char whole[ADMISSION_MAX_NAME + 1];
	struct str text = STR_NONE;
	const char *why;
	char *to;
	int rc = spot_known(s, "glob");

	if (!rc)
		rc = spot_text(s, "glob", &text);
	if (rc)
		return rc;
	why = text.len > GLOB_MAX ? "is longer than 256 bytes" :
	      admission_glob_complete(text, whole);
	if (why)
		return spot_error(s, "glob", why);
	to = doc_alloc(s->doc, strlen(whole));
	if (!to)
		return -ENOMEM;
	strcpy(to, whole);
	*glob = str_of(to);
	return 0;
}

static int read_globs(const struct spot *spec, struct adm_policy *p)
{
	struct spot list, one;
	size_t i;
	int rc = spot_list(spec, "images", &list, LIST_MAX);

	if (!rc && !spot_count(&list))
		rc = spot_error(spec, "images", "is missing");
	if (rc)
		return rc;
	p->globs = spot_count(&list);
	p->glob = doc_alloc(spec->doc, p->globs * sizeof(*p->glob));
	if (!p->glob)
		return -ENOMEM;
	for (i = 0; !rc && i < p->globs; i++) {
		rc = spot_item(&list, i, &one);
		if (!rc)
			rc = read_glob(&one, &p->glob[i]);
	}
	return rc;
}

static int read_authorities(const struct spot *spec, struct adm_policy *p)
{
	struct spot list, one;
	size_t i;
	int rc = spot_list(spec, "authorities", &list, LIST_MAX);

	if (!rc && !spot_count(&list))
		rc = spot_error(spec, "authorities", "is missing");
	if (rc)
		return rc;
	p->authority = doc_alloc(spec->doc, spot_count(&list) * sizeof(*p->authority));
	if (!p->authority)
		return -ENOMEM;
	p->authorities = spot_count(&list);
	for (i = 0; !rc && i < p->authorities; i++) {
		rc = spot_item(&list, i, &one);
		if (!rc)
			rc = read_authority(&one, i, &p->authority[i]);
	}
	return rc;
}

static int read_spec(const struct spot *spec, struct adm_policy *p)
{
	static const char *const modes[] = { "enforce", "warn", NULL };
	int mode = 0, rc = spot_known(spec, "images authorities mode");

	if (!rc)
		rc = spot_word(spec, "mode", modes, &mode);
	p->warn = mode == 1;
	if (!rc)
		rc = read_globs(spec, p);
	return rc ? rc : read_authorities(spec, p);
}

static int read_policy(const struct spot *s, struct adm_policy *p)
{
	struct str version = STR_NONE, kind = STR_NONE;
	struct spot metadata, spec;
	int rc = spot_known(s, "apiVersion kind metadata spec");

	if (!rc)
		rc = spot_text(s, "apiVersion", &version);
	if (!rc)
		rc = spot_text(s, "kind", &kind);
	if (!rc && (!str_is(kind, "ClusterImagePolicy") ||
		    (!str_is(version, "policy.sigstore.dev/v1beta1") &&
		     !str_is(version, "policy.sigstore.dev/v1alpha1"))))
		rc = spot_error(s, "kind", "is not policy.sigstore.dev's ClusterImagePolicy");
	if (!rc)
		rc = spot_object(s, "metadata", &metadata);
	if (!rc)
		rc = spot_text(&metadata, "name", &p->name);
	if (!rc && !p->name.len)
		rc = spot_error(s, "metadata.name", "is missing");
	if (!rc)
		rc = spot_object(s, "spec", &spec);
	return rc ? rc : read_spec(&spec, p);
}

static int read_list(const struct spot *root, struct admission *a)
{
	static const char *const verdicts[] = { "allow", "warn", "deny", NULL };
	struct spot list, one;
	int verdict = ADMISSION_DENY;
	size_t i;
	int rc = spot_known(root, "noMatch policies");

	if (!rc)
		rc = spot_word(root, "noMatch", verdicts, &verdict);
	if (!rc)
		rc = spot_list(root, "policies", &list, POLICIES_MAX);
	if (rc)
		return rc;
	a->no_match = verdict;
	a->policy = doc_alloc(root->doc, spot_count(&list) * sizeof(*a->policy));
	if (!a->policy)
		return -ENOMEM;
	a->policies = spot_count(&list);
	for (i = 0; !rc && i < a->policies; i++) {
		rc = spot_item(&list, i, &one);
		if (!rc)
			rc = read_policy(&one, &a->policy[i]);
	}
	return rc;
}

static int read_document(struct admission *a)
{
	struct spot root = doc_root(&a->doc);

	a->no_match = ADMISSION_DENY;
	if (!json_object_get(root.at, "kind"))
		return read_list(&root, a);
	a->policy = doc_alloc(&a->doc, sizeof(*a->policy));
	if (!a->policy)
		return -ENOMEM;
	a->policies = 1;
	return read_policy(&root, a->policy);
}

static int open_yaml(struct doc *d, struct str text, struct sigstore_fault *f)
{
	char why[YAML_TREE_WHY];
	json_t *tree;
	int rc;

	*d = (struct doc){ .fault = f, .field = SIGSTORE_POLICY };
	if (text.len > ADMISSION_MAX_BYTES)
		return sig_refuse(f, SIGSTORE_POLICY, "the policy is longer than %u bytes",
				  ADMISSION_MAX_BYTES);
	rc = yaml_tree_read(text.at ? text.at : "", text.len, &tree, why);
	if (rc)
		return rc == -ENOMEM ? sig_no_memory(f) :
		       sig_refuse(f, SIGSTORE_POLICY, "the policy is not YAML: %s", why);
	if (!json_is_object(tree)) {
		json_decref(tree);
		return sig_refuse(f, SIGSTORE_POLICY, "the policy is not a mapping");
	}
	d->root = tree;
	return 0;
}

int admission_parse(struct str text, struct admission **admission, struct sigstore_fault *f)
{
	struct admission *a = calloc(1, sizeof(*a));
	struct str trimmed = str_trim(text);
	int rc;

	*f = (struct sigstore_fault){ 0 };
	if (!a)
		return sig_no_memory(f);
	rc = trimmed.len && *trimmed.at == '{' ?
	     doc_open(&a->doc, text, SIGSTORE_POLICY, SIGSTORE_POLICY, f) :
	     open_yaml(&a->doc, text, f);
	if (rc) {
		free(a);
		return rc;
	}
	rc = read_document(a);
	if (rc) {
		admission_free(a);
		return rc;
	}
	*admission = a;
	return 0;
}

void admission_free(struct admission *a)
{
	unsigned int i, k;

	if (!a)
		return;
	for (i = 0; i < a->policies; i++)
		for (k = 0; k < a->policy[i].authorities; k++)
			sigstore_key_free(a->policy[i].authority[k].key);
	doc_close(&a->doc);
	free(a);
}
