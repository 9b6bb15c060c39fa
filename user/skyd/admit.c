// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "governance_document.h"
#include "log.h"

#define THREADS	2u

/* --- life --------------------------------------------------------------------------------- */

static void tell(void *arg, const char *text)
{
	(void)arg;
	log_line(LEVEL_WARNING, "workloads: %s", text);
}

struct reading {
	const struct config *config;
	struct admit_rules *rules;	/* NULL: there are none */
};

static int read_policy(const struct config *c, struct admit_rules *r)
{
	CLEANUP_FREE char *text = NULL;
	char why[GOVERN_WHY];
	size_t len = 0;
	int rc = governance_document(c, GOVERN_ADMISSION, &text, &len, why);

	if (!rc)
		return shelf_policy_text(&r->shelf, (struct str){ text, len }, "governance",
					 r->why);
	if (rc != -ENOENT) {
		snprintf(r->why, sizeof(r->why), "what governance has decided cannot be read: %s",
			 *why ? why : strerror(-rc));
		return rc;
	}
	if (!c->admission_policy || !*c->admission_policy)
		return -ENOENT;
	rc = shelf_policy(&r->shelf, c->admission_policy, r->why);
	return rc == -ENOENT ? -EINVAL : rc;
}

static void rules_put(struct admit_rules *r)
{
	if (!r || --r->users)
		return;
	shelf_free(&r->shelf);
	free(r);
}

static int read_rules(void *arg)
{
	struct reading *x = arg;
	const struct config *c = x->config;
	struct admit_rules *r = calloc(1, sizeof(*r));
	int rc = r ? 0 : -ENOMEM;

	if (rc)
		return rc;
	r->users = 1;
	rc = read_policy(c, r);
	if (rc == -ENOENT) {
		rules_put(r);
		return 0;
	}
	if (!rc && *c->admission_root)
		rc = shelf_trust(&r->shelf, c->admission_root, r->why);
	if (!rc && *c->admission_bundles)
		rc = shelf_bundles(&r->shelf, c->admission_bundles, tell, NULL, r->why);
	if (!rc)
		*r->why = 0;
	else if (!*r->why)
		snprintf(r->why, sizeof(r->why), "%s", strerror(-rc));
	x->rules = r;
	return 0;
}

void admit_renew(struct backend *b)
{
	struct admit *a = b->admit;
	struct reading x = { .config = b->config };
	int rc;

	if (!a || io_acquire(&a->reading, 1, 0))
		return;
	io_shield();
	rc = io_work(a->pool, read_rules, &x, 0);
	io_unshield();
	if (rc) {
		log_line(LEVEL_ERROR, "workloads: which images may run is not known anew: %s",
			 strerror(-rc));
	} else {
		rules_put(a->rules);
		a->rules = x.rules;
		if (a->rules && *a->rules->why)
			log_line(LEVEL_ERROR,
				 "workloads: no image may run: %s; see [workloads] in skyd.conf(5)",
				 a->rules->why);
	}
	io_release(&a->reading, 1);
}

int admit_open(struct backend *b)
{
	struct admit *a = calloc(1, sizeof(*a));
	int rc;

	if (!a)
		return -ENOMEM;
	b->admit = a;
	io_semaphore_init(&a->reading, 1);
	rc = io_pool_open(&a->pool, THREADS);
	if (!rc)
		admit_renew(b);
	return rc;
}

void admit_close(struct backend *b)
{
	struct admit *a = b->admit;

	if (!a)
		return;
	io_pool_close(a->pool);
	rules_put(a->rules);
	free(a);
	b->admit = NULL;
}

/* --- judging ------------------------------------------------------------------------------ */

struct judging {
	struct admit_rules *rules;
	struct admission_store store;
	struct str image, bundle, request;
	struct admission_result *r;
	char **text;
	struct sigstore_fault *f;
};

static int64_t sooner(const struct backend *b, int64_t deadline)
{
	int64_t own = io_after_ms(b->config->admission_ms);

	return deadline && deadline < own ? deadline : own;
}

/* The bundle that came is looked at first, and is forgotten with the question. */
static int judge_one(void *arg)
{
	struct judging *j = arg;
	const struct shelf *s = &j->rules->shelf;
	struct sigstore_bundle **all = NULL, *own = NULL;
	struct sigstore_fault f;
	int rc;

	if (!j->bundle.len)
		return admission_judge(s->policy, &j->store, j->image, j->r);
	rc = sigstore_bundle_parse(j->bundle, &own, &f);
	if (rc == -EKEYREJECTED) {
		snprintf(j->r->reason, sizeof(j->r->reason), "the bundle: %.40s: %.240s",
			 sigstore_code_name(f.code), f.text);
		return 0;
	}
	all = rc ? NULL : calloc(s->bundles + 1, sizeof(*all));
	if (all) {
		all[0] = own;
		if (s->bundles)
			memcpy(all + 1, s->bundle, s->bundles * sizeof(*all));
		j->store.bundle = all;
		j->store.bundles = s->bundles + 1;
		rc = admission_judge(s->policy, &j->store, j->image, j->r);
	} else {
		rc = -ENOMEM;
	}
	sigstore_bundle_free(own);
	free(all);
	return rc;
}

static int deny(struct admission_result *r, const char *why, int rc)
{
	*r = (struct admission_result){ .verdict = ADMISSION_DENY };
	snprintf(r->reason, sizeof(r->reason), "%.300s", why);
	return rc;
}

const char *admit_why(const struct backend *b)
{
	return b->admit && b->admit->rules ? b->admit->rules->why :
	       "nothing says which images may run: workloads.policy";
}

/* On a thread, by the rules of now. */
static int with_rules(struct backend *b, io_fn *fn, struct judging *j, int64_t deadline)
{
	int rc;

	j->rules = b->admit->rules;
	j->rules->users++;
	j->store = shelf_store(&j->rules->shelf);
	j->store.until = sooner(b, deadline);
	rc = io_work(b->admit->pool, fn, j, j->store.until);
	rules_put(j->rules);
	return rc;
}

int admit_judge(struct backend *b, struct str image, struct str bundle, int64_t deadline,
		struct admission_result *r)
{
	struct judging j = { .image = image, .bundle = bundle, .r = r };
	int rc;

	deny(r, "there was no time to judge it", 0);
	if (*admit_why(b))
		return deny(r, admit_why(b), 0);
	rc = with_rules(b, judge_one, &j, deadline);
	return rc == -ENOMEM ? deny(r, "no memory", rc) : rc;
}

static int review(void *arg)
{
	struct judging *j = arg;

	return admission_answer(j->rules->shelf.policy, &j->store, j->request, j->text, j->f);
}

int admit_review(struct backend *b, struct str request, int64_t deadline, char **text,
		 struct sigstore_fault *f)
{
	struct judging j = { .request = request, .text = text, .f = f };

	*text = NULL;
	*f = (struct sigstore_fault){ 0 };
	return *admit_why(b) ? -EPERM : with_rules(b, review, &j, deadline);
}
