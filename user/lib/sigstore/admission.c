// SPDX-License-Identifier: GPL-2.0-or-later
/* Judging an image by the policies that are about it. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "admission_private.h"

/* The statement by which cosign says no more than that it signs. */
#define SIGN_PREDICATE	"https://sigstore.dev/cosign/sign/v1"

/* What keeps an image from being allowed. */
struct attempt {
	const struct admission_store *store;
	const struct sigstore_artefact *image;
	struct sigstore_fault fault;	/* of the bundle that came furthest, */
	const struct adm_authority *authority;	/* for this one */
	bool no_memory, late;
};

static bool is_one_of(const struct adm_authority *a, const struct sigstore_result *r)
{
	unsigned int i;

	for (i = 0; i < a->identities; i++) {
		const struct adm_identity *id = &a->identity[i];
		struct str name = str_of(r->identity);

		if (str_is(id->issuer, r->issuer) &&
		    (id->subject.len ? str_equal(id->subject, name) :
				       str_match(id->subject_glob, name)))
			return true;
	}
	return false;
}

/* A statement may just as well say that a check has failed. */
static bool counts(const struct adm_authority *a, const struct sigstore_result *r)
{
	unsigned int i;

	if (!*r->predicate || !strcmp(r->predicate, SIGN_PREDICATE))
		return true;
	for (i = 0; i < a->predicates; i++)
		if (str_is(a->predicate[i], r->predicate))
			return true;
	return false;
}

/* The order of the codes is that of the checks: the higher, the further. */
static void remember(struct attempt *t, const struct adm_authority *a,
		     const struct sigstore_fault *f)
{
	t->no_memory |= f->code == SIGSTORE_NO_MEMORY;
	if (f->code <= t->fault.code)
		return;
	t->fault = *f;
	t->authority = a;
}

static bool is_satisfied_by(const struct adm_authority *a, const struct sigstore_bundle *b,
			    struct attempt *t)
{
	struct sigstore_want want = { .now = t->store->now };
	struct sigstore_result r = { 0 };

	want.key = a->key;
	if (a->kind == AUTHORITY_KEYLESS || a->logged)
		want.trust = t->store->trust;
	if ((a->kind == AUTHORITY_KEYLESS || a->logged) && !want.trust) {
		sig_refuse(&r.fault, SIGSTORE_REQUEST, "there is no trusted root");
	} else if (!sigstore_verify(b, t->image, &want, &r)) {
		if (a->kind == AUTHORITY_KEYLESS && !is_one_of(a, &r))
			sig_refuse(&r.fault, SIGSTORE_IDENTITY, "the signer is %.120s of %.80s",
				   r.identity, r.issuer);
		else if (!counts(a, &r))
			sig_refuse(&r.fault, SIGSTORE_PREDICATE,
				   "the statement is a %.150s, which is not in predicateTypes",
				   r.predicate);
		else
			return true;
	}
	remember(t, a, &r.fault);
	return false;
}

static bool is_late(const struct admission_store *store)
{
	struct timespec now;

	if (!store->until)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec > store->until;
}

static bool is_satisfied(const struct adm_policy *p, struct attempt *t)
{
	unsigned int i, k;

	for (i = 0; i < p->authorities; i++) {
		const struct adm_authority *a = &p->authority[i];

		if (a->kind == AUTHORITY_STATIC && a->pass)
			return true;
		for (k = 0; a->kind != AUTHORITY_STATIC && k < t->store->bundles; k++) {
			t->late |= is_late(t->store);
			if (t->late)
				return false;
			if (is_satisfied_by(a, t->store->bundle[k], t))
				return true;
		}
	}
	return false;
}

static bool is_about(const struct adm_policy *p, struct str name)
{
	unsigned int i;

	for (i = 0; i < p->globs; i++)
		if (admission_glob(p->glob[i], name))
			return true;
	return false;
}

/* The worst verdict stays, with its reason. */
static void say(struct admission_result *r, enum admission_verdict verdict, const char *policy,
		const char *why)
{
	size_t i;

	if (*r->reason && verdict <= r->verdict)
		return;
	r->verdict = verdict;
	snprintf(r->reason, sizeof(r->reason), "%.60s%s%.240s", policy, *policy ? ": " : "", why);
	for (i = 0; r->reason[i]; i++)
		if (r->reason[i] < ' ' || r->reason[i] > '~')
			r->reason[i] = '?';
}

static void judge_by(const struct adm_policy *p, struct attempt *t, struct admission_result *r)
{
	char why[256];

	t->fault = (struct sigstore_fault){ 0 };
	t->authority = NULL;
	if (is_satisfied(p, t)) {
		say(r, ADMISSION_ALLOW, p->name.at, "an authority has signed it");
		return;
	}
	if (t->authority)
		snprintf(why, sizeof(why), "no authority has signed it; %.63s: %s: %.140s",
			 t->authority->name, sigstore_code_name(t->fault.code), t->fault.text);
	else
		snprintf(why, sizeof(why), "no authority has signed it; %s",
			 t->store->bundles ? "none can" : "there is no bundle");
	say(r, p->warn ? ADMISSION_WARN : ADMISSION_DENY, p->name.at, why);
}

int admission_judge(const struct admission *a, const struct admission_store *store,
		    struct str image, struct admission_result *r)
{
	static const char *const no_match[] = {
		[ADMISSION_ALLOW] = "no policy is about it, and such images are allowed",
		[ADMISSION_WARN] = "no policy is about it",
		[ADMISSION_DENY] = "no policy is about it, and such images are denied",
	};
	char name[ADMISSION_MAX_NAME + 1];
	struct sigstore_artefact digest;
	struct attempt t = { .store = store, .image = &digest };
	bool matched = false;
	unsigned int i;

	*r = (struct admission_result){ .verdict = ADMISSION_DENY };
	if (admission_name(image, name, r->digest)) {
		say(r, ADMISSION_DENY, "", "it is not an image's reference");
		*r->digest = 0;
	}
	if (!*r->reason && !*r->digest)
		say(r, ADMISSION_DENY, "", "it has no digest; a tag can be moved");
	if (*r->reason)
		return 0;
	sigstore_artefact_digest(&digest, str_of(r->digest));
	for (i = 0; i < a->policies; i++) {
		if (!is_about(&a->policy[i], str_of(name)))
			continue;
		matched = true;
		judge_by(&a->policy[i], &t, r);
	}
	if (!matched)
		say(r, a->no_match, "", no_match[a->no_match]);
	if (t.late)
		snprintf(r->reason, sizeof(r->reason), "there was no time to judge it");
	if (t.no_memory || t.late)
		r->verdict = ADMISSION_DENY;
	return t.no_memory ? -ENOMEM : t.late ? -ETIMEDOUT : 0;
}
