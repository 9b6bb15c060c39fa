// SPDX-License-Identifier: GPL-2.0-or-later
/* Kubernetes' ImageReview: a request's JSON, and the answer's. */
#include <errno.h>
#include <stdio.h>

#include "admission_private.h"

#define CONTAINERS_MAX	1000u
#define API		"imagepolicy.k8s.io/v1alpha1"

struct review {
	const struct admission *a;
	const struct admission_store *store;
	bool allowed;
	char reason[2 * ADMISSION_REASON];
	char warning[2 * ADMISSION_REASON];	/* the first one, if it is allowed */
};

static int judge_image(struct review *v, const struct spot *container)
{
	struct admission_result r;
	struct str image = STR_NONE;
	char *to;
	size_t i;
	int rc = spot_text(container, "image", &image);

	if (!rc && !image.len)
		rc = spot_error(container, "image", "is missing");
	if (!rc)
		rc = admission_judge(v->a, v->store, image, &r);
	if (rc || r.verdict == ADMISSION_ALLOW)
		return rc;
	to = r.verdict == ADMISSION_DENY ? v->reason : v->warning;
	if (!*to) {
		snprintf(to, sizeof(v->reason), "%.*s: %s", (int)str_head(image, 256).len, image.at,
			 r.reason);
		for (i = 0; to[i]; i++)
			if (to[i] < ' ' || to[i] > '~')
				to[i] = '?';
	}
	v->allowed &= r.verdict != ADMISSION_DENY;
	return 0;
}

static int judge_request(struct review *v, struct doc *d)
{
	struct spot root = doc_root(d), spec, list, one;
	struct str version = STR_NONE, kind = STR_NONE;
	size_t i;
	int rc = spot_text(&root, "apiVersion", &version);

	if (!rc)
		rc = spot_text(&root, "kind", &kind);
	if (!rc && (!str_is(version, API) || !str_is(kind, "ImageReview")))
		rc = spot_error(&root, "kind", "is not " API "'s ImageReview");
	if (!rc)
		rc = spot_object(&root, "spec", &spec);
	if (!rc)
		rc = spot_list(&spec, "containers", &list, CONTAINERS_MAX);
	if (!rc && !spot_count(&list))
		rc = spot_error(&spec, "containers", "is missing");
	v->allowed = true;
	for (i = 0; !rc && i < spot_count(&list); i++) {
		rc = spot_item(&list, i, &one);
		if (!rc)
			rc = judge_image(v, &one);
	}
	return rc;
}

static char *answer(const struct review *v)
{
	json_t *status = json_pack("{s:b}", "allowed", v->allowed), *root;
	char *text;

	if (!v->allowed)
		json_object_set_new(status, "reason", json_string(v->reason));
	else if (*v->warning)
		json_object_set_new(status, "auditAnnotations",
				    json_pack("{s:s}", "warning", v->warning));
	root = json_pack("{s:s,s:s,s:o}", "apiVersion", API, "kind", "ImageReview", "status",
			 status);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}

static int judge_text(struct review *v, struct str request, struct sigstore_fault *f)
{
	struct doc d;
	int rc;

	*f = (struct sigstore_fault){ 0 };
	if (request.len > ADMISSION_MAX_BYTES)
		return sig_refuse(f, SIGSTORE_REVIEW, "the request is longer than %u bytes",
				  ADMISSION_MAX_BYTES);
	rc = doc_open(&d, request, SIGSTORE_REVIEW, SIGSTORE_REVIEW, f);
	if (!rc) {
		rc = judge_request(v, &d);
		doc_close(&d);
	}
	return rc;
}

char *admission_review(const struct admission *a, const struct admission_store *store,
		       struct str request)
{
	struct review v = { .a = a, .store = store };
	struct sigstore_fault f;

	if (judge_text(&v, request, &f)) {
		v.allowed = false;
		snprintf(v.reason, sizeof(v.reason), "the request: %s",
			 *f.text ? f.text : "no memory, or no time");
	}
	return answer(&v);
}

int admission_answer(const struct admission *a, const struct admission_store *store,
		     struct str request, char **text, struct sigstore_fault *f)
{
	struct review v = { .a = a, .store = store };
	int rc = judge_text(&v, request, f);

	*text = rc ? NULL : answer(&v);
	return rc ? rc : *text ? 0 : -ENOMEM;
}
