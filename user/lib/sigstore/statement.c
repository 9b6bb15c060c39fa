// SPDX-License-Identifier: GPL-2.0-or-later
/* DSSE's encoding of what is signed, and in-toto's statement inside. */
#include <errno.h>
#include <stdio.h>

#include "private.h"

#define SUBJECTS_MAX	65536u

char *sig_pae(struct str type, struct str payload, size_t *len)
{
	char head[64], *pae;
	int n = snprintf(head, sizeof(head), "DSSEv1 %zu ", type.len);
	char middle[32];
	int m = snprintf(middle, sizeof(middle), " %zu ", payload.len);

	*len = n + type.len + m + payload.len;
	pae = malloc(*len + 1);
	if (!pae)
		return NULL;
	memcpy(pae, head, n);
	if (type.len)
		memcpy(pae + n, type.at, type.len);
	memcpy(pae + n + type.len, middle, m);
	if (payload.len)
		memcpy(pae + n + type.len + m, payload.at, payload.len);
	return pae;
}

/* At least one digest that can be compared, and none that differs. */
static int matches(const struct spot *subject, const struct sigstore_artefact *a, bool *match)
{
	static const char *const names[SIGSTORE_HASHES] = { "sha256", "sha384", "sha512" };
	bool equal = false, other = false;
	struct spot digest;
	int h, rc = spot_object(subject, "digest", &digest);

	if (!rc && !json_object_size(digest.at))
		rc = spot_error(&digest, NULL, "is missing");
	for (h = 0; !rc && h < SIGSTORE_HASHES; h++) {
		struct str hex = STR_NONE;

		rc = spot_text(&digest, names[h], &hex);
		if (rc || !hex.at || !a->known[h])
			continue;
		if (sig_is_hex(hex, a->digest[h], sig_hash_bytes(h)))
			equal = true;
		else
			other = true;
	}
	*match |= equal && !other;
	return rc;
}

static int check_subjects(struct sig_case *c, const struct spot *root)
{
	struct spot list, subject;
	bool match = false;
	size_t i;
	int rc = spot_list(root, "subject", &list, SUBJECTS_MAX);

	if (!rc && !spot_count(&list))
		rc = spot_error(root, "subject", "is missing");
	for (i = 0; !rc && i < spot_count(&list); i++) {
		rc = spot_item(&list, i, &subject);
		if (!rc)
			rc = matches(&subject, c->a, &match);
	}
	if (!rc && !match)
		rc = sig_refuse(&c->r->fault, SIGSTORE_SUBJECT,
				"no subject of the statement has the artefact's digest");
	return rc;
}

static int check_types(struct sig_case *c, const struct spot *root)
{
	struct str type = STR_NONE, predicate = STR_NONE;
	int rc = spot_text(root, "_type", &type);

	if (!rc && !str_is(type, "https://in-toto.io/Statement/v1") &&
	    !str_is(type, "https://in-toto.io/Statement/v0.1"))
		rc = spot_error(root, "_type", "is not in-toto's Statement v0.1 or v1");
	if (!rc)
		rc = spot_text(root, "predicateType", &predicate);
	if (!rc && !predicate.len)
		rc = spot_error(root, "predicateType", "is missing");
	if (!rc && !str_copy(predicate, c->r->predicate, sizeof(c->r->predicate)))
		rc = spot_error(root, "predicateType", "is too long");
	return rc;
}

int sig_check_statement(struct sig_case *c)
{
	struct spot root;
	struct doc d;
	int rc;

	if (!str_is(c->b->payload_type, "application/vnd.in-toto+json"))
		return sig_refuse(&c->r->fault, SIGSTORE_PAYLOAD_TYPE,
				  "dsseEnvelope.payloadType is not application/vnd.in-toto+json");
	rc = doc_open(&d, c->b->payload, SIGSTORE_STATEMENT, SIGSTORE_STATEMENT, &c->r->fault);
	if (rc)
		return rc;
	root = doc_root(&d);
	rc = check_types(c, &root);
	if (!rc)
		rc = check_subjects(c, &root);
	doc_close(&d);
	return rc;
}
