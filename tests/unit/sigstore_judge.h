/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verifier says of a bundle that was made for a test. */
#ifndef TESTS_SIGSTORE_JUDGE_H
#define TESTS_SIGSTORE_JUDGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sigstore/sigstore.h"
#include "sigstore_make.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

struct question {
	const char *artefact;		/* NULL: the right one */
	bool digest_only;
	const char *identity, *issuer;
	bool no_root, with_key;		/* for a certificate's bundle */
	int64_t now;
};

static inline struct str text_of_json(const json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);
	struct str s;

	MUST(text);
	s = keep(text, strlen(text));
	free(text);
	return s;
}

/* Its code; the fault and what was proven are in @r. */
static inline enum sigstore_code judge(const struct made *m, bool by_key, const struct question *q,
				       struct sigstore_result *r)
{
	struct sigstore_artefact whole, a;
	struct sigstore_bundle *b = NULL;
	struct sigstore_trust *t = NULL;
	struct sigstore_key *key = NULL;
	struct sigstore_want want = { 0 };
	char digest[80] = "sha256:";
	int rc;

	*r = (struct sigstore_result){ 0 };
	MUST(!sigstore_artefact_memory(&whole, str_of(q->artefact ? q->artefact : ARTEFACT)));
	a = whole;
	if (q->digest_only) {
		hex_encode(whole.digest[0], 32, digest + 7);
		MUST(!sigstore_artefact_digest(&a, str_of(digest)));
	}
	rc = sigstore_trust_parse(text_of_json(m->root), &t, &r->fault);
	if (!rc && (by_key || q->with_key))
		rc = sigstore_key_parse(m->key, &key, &r->fault);
	if (!rc)
		rc = sigstore_bundle_parse(text_of_json(m->bundle), &b, &r->fault);
	if (!rc) {
		want = (struct sigstore_want){ .trust = q->no_root ? NULL : t, .key = key,
			.identity = q->identity, .issuer = q->issuer,
			.now = q->now ? q->now : T0 };
		rc = sigstore_verify(b, &a, &want, r);
	}
	assert_int_equal(!rc, r->fault.code == SIGSTORE_OK);
	/* A refusal says something. */
	assert_int_equal(!rc, !*r->fault.text);
	sigstore_bundle_free(b);
	sigstore_trust_free(t);
	sigstore_key_free(key);
	return r->fault.code;
}

static inline void expect(const char *what, const struct made *m, bool by_key,
			  const struct question *q, enum sigstore_code code)
{
	struct sigstore_result r;
	enum sigstore_code found = judge(m, by_key, q, &r);

	if (found != code)
		fail_msg("%s: %s (%s), where %s is right", what, sigstore_code_name(found),
			 r.fault.text, sigstore_code_name(code));
}

#endif /* TESTS_SIGSTORE_JUDGE_H */
