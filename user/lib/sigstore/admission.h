/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which images may run: policies after those of sigstore's policy-controller.
 *
 * A policy has globs of image names and authorities.  An image has to satisfy every policy that
 * one of whose globs fits its name, and of each policy one authority.  An image that no policy
 * is about is denied, unless the document says otherwise.
 */
#ifndef SKY_SIGSTORE_ADMISSION_H
#define SKY_SIGSTORE_ADMISSION_H

#include "sigstore.h"

#define ADMISSION_MAX_BYTES	(1u << 20)	/* of a document or a review */
#define ADMISSION_MAX_NAME	1024u		/* of an image */
#define ADMISSION_REASON	320u

enum admission_verdict {
	ADMISSION_ALLOW,
	ADMISSION_WARN,			/* it may run, and somebody should know */
	ADMISSION_DENY,
};

struct admission;

/**
 * admission_parse() - Read policies from JSON or YAML.
 * @text: a ClusterImagePolicy, or {"noMatch": "deny", "policies": [...]}
 * @a: receives them
 * @f: receives why not: SIGSTORE_POLICY
 *
 * What is not known is refused: a policy that is half understood would let in too much.
 *
 * Return: 0, -EKEYREJECTED or -ENOMEM.
 */
int admission_parse(struct str text, struct admission **a, struct sigstore_fault *f);
void admission_free(struct admission *a);

/* What there is to judge by. */
struct admission_store {
	const struct sigstore_trust *trust;	/* NULL: only keys without a log can be satisfied */
	struct sigstore_bundle *const *bundle;
	unsigned int bundles;
	int64_t now;				/* as in struct sigstore_want */
	int64_t until;				/* CLOCK_MONOTONIC in ns; then it is given up; 0 */
};

struct admission_result {
	enum admission_verdict verdict;
	char digest[8 + 64];			/* "sha256:..." of the image; "": it has none */
	char reason[ADMISSION_REASON];		/* never empty */
};

/**
 * admission_judge() - May an image run?
 * @image: a reference with a digest: [HOST/]NAME[:TAG]@sha256:HEX
 * @r: receives the verdict
 *
 * A reference without a digest is denied: a tag may mean something else when the image is
 * fetched.  Names are completed as docker does it, to index.docker.io/library/NAME.
 *
 * Return: 0; or -ENOMEM, -ETIMEDOUT, and the verdict is a denial then.
 */
int admission_judge(const struct admission *a, const struct admission_store *store,
		    struct str image, struct admission_result *r);

/**
 * admission_review() - Answer a Kubernetes ImageReview (imagepolicy.k8s.io/v1alpha1).
 * @request: the request's body, untrusted
 *
 * All containers' images must be allowed; annotations do not matter.  A request that makes no
 * sense is answered with a denial.
 *
 * Return: the answer as JSON, for free(); NULL when there is no memory.
 */
char *admission_review(const struct admission *a, const struct admission_store *store,
		       struct str request);

/**
 * admission_answer() - The same, for who wants to know whether it made sense.
 * @text: receives the answer as JSON, for free()
 * @f: receives what is wrong with the request
 *
 * Return: 0; -EKEYREJECTED with @f; -ETIMEDOUT; -ENOMEM.
 */
int admission_answer(const struct admission *a, const struct admission_store *store,
		     struct str request, char **text, struct sigstore_fault *f);

/* Does a name fit a glob?  "*" and "?" stop at slashes, "**" does not. */
bool admission_glob(struct str glob, struct str name);

/**
 * admission_glob_complete() - Complete a glob as names are completed.
 * @glob: of a policy, such as "nginx*"
 * @whole: receives what admission_glob() takes
 *
 * What could fit no completed name, or leaves open whether its beginning is a host, is an error:
 * a policy would seem to be about images and would not be.
 *
 * Return: NULL, or why not.
 */
const char *admission_glob_complete(struct str glob, char whole[ADMISSION_MAX_NAME + 1]);

/**
 * admission_name() - Take an image's reference apart.
 * @name: receives the completed name, without tag and digest; its host in lower case, and
 *	without :443
 * @digest: receives "sha256:...", or "" when there is none
 *
 * Return: 0 or -EINVAL.
 */
int admission_name(struct str image, char name[ADMISSION_MAX_NAME + 1], char digest[72]);

#endif /* SKY_SIGSTORE_ADMISSION_H */
