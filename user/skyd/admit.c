// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "log.h"

#define THREADS	2u

/* --- life --------------------------------------------------------------------------------- */

static void tell(void *arg, const char *text)
{
	(void)arg;
	log_line(LEVEL_WARNING, "workloads: %s", text);
}

static int read_files(void *arg)
{
	struct backend *b = arg;
	struct admit *a = b->admit;
	const struct config *c = b->config;
	int rc = shelf_policy(&a->shelf, c->admission_policy, a->why);

	if (!rc && *c->admission_root)
		rc = shelf_trust(&a->shelf, c->admission_root, a->why);
	if (!rc && *c->admission_bundles)
		rc = shelf_bundles(&a->shelf, c->admission_bundles, tell, NULL, a->why);
	return rc;
}

int admit_open(struct backend *b)
{
	struct admit *a;
	int rc;

	if (!b->config->admission_policy || !*b->config->admission_policy)
		return 0;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	b->admit = a;
	rc = io_pool_open(&a->pool, THREADS);
	if (rc)
		return rc;
	if (io_work(a->pool, read_files, b, 0))
		log_line(LEVEL_ERROR, "workloads: no image may run: %s; see [workloads] in skyd.conf(5)",
			 a->why);
	else
		*a->why = 0;
	return 0;
}

void admit_close(struct backend *b)
{
	struct admit *a = b->admit;

	if (!a)
		return;
	io_pool_close(a->pool);
	shelf_free(&a->shelf);
	free(a);
	b->admit = NULL;
}

/* --- judging ------------------------------------------------------------------------------ */

struct judging {
	struct admit *a;
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
	const struct shelf *s = &j->a->shelf;
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

int admit_judge(struct backend *b, struct str image, struct str bundle, int64_t deadline,
		struct admission_result *r)
{
	struct judging j = { .a = b->admit, .image = image, .bundle = bundle, .r = r };
	int rc;

	deny(r, "there was no time to judge it", 0);
	if (!b->admit)
		return deny(r, "nothing says which images may run: workloads.policy", 0);
	if (*b->admit->why)
		return deny(r, b->admit->why, 0);
	j.store = shelf_store(&b->admit->shelf);
	j.store.until = sooner(b, deadline);
	rc = io_work(b->admit->pool, judge_one, &j, j.store.until);
	return rc == -ENOMEM ? deny(r, "no memory", rc) : rc;
}

static int review(void *arg)
{
	struct judging *j = arg;

	return admission_answer(j->a->shelf.policy, &j->store, j->request, j->text, j->f);
}

int admit_review(struct backend *b, struct str request, int64_t deadline, char **text,
		 struct sigstore_fault *f)
{
	struct judging j = { .a = b->admit, .request = request, .text = text, .f = f };

	*text = NULL;
	*f = (struct sigstore_fault){ 0 };
	if (!b->admit || *b->admit->why)
		return -EPERM;
	j.store = shelf_store(&b->admit->shelf);
	j.store.until = sooner(b, deadline);
	return io_work(b->admit->pool, review, &j, j.store.until);
}
