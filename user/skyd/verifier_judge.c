// SPDX-License-Identifier: GPL-2.0-or-later
/* A quote and two logs, judged by the administrator's policy, and what is signed of that. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "verifier.h"

#define BUILD		"skyd"
#define KEPT_FINDINGS	4u	/* in a statement */

/* --- logs ------------------------------------------------------------------------------- */

/* Only of whose TPM is known: memory is for those. */
static int take_piece(const struct verifier *v, struct verified *h, const struct verifier_ask *ask)
{
	if (!h->bound)
		return -EKEYREJECTED;
	if (!ask->offset)
		host_log_drop(&h->log[ask->log]);
	return host_log_take(v->config, h->log, ask->log, ask->offset, ask->data);
}

int verifier_piece(struct link_request *r, const void *asked, void *give)
{
	const struct verifier_ask *ask = asked;
	struct verified *h;
	int rc;

	(void)give;
	if (ask->log >= ATTEST_LOGS || !ask->data.len)
		return -EINVAL;
	rc = verified_acquire(r->ctx, ask->host, r->deadline, &h);
	if (rc)
		return rc;
	rc = take_piece(r->ctx, h, ask);
	verified_let_go(h);
	return rc;
}

/* --- the verdict, and the statement: on a thread ------------------------------------------ */

struct judging {
	const struct verifier *v;
	struct verified *h;
	const struct verifier_evidence *ask;
	struct attest_policy *policy;
	struct evidence e;
	char *statement;		/* for free() */
	char why[HOST_LINE + 64];
};

/* What was found is cut first, and left out then: it has to be as short as the vault takes it. */
static int sign(struct judging *j, json_t *claims)
{
	json_t *machine = json_object_get(json_object_get(claims, "submods"), j->h->name);
	json_t *found = json_object_get(json_object_get(machine, "skyhold.verdict"), "finding");
	int rc;

	while (json_array_size(found) > KEPT_FINDINGS)
		json_array_remove(found, KEPT_FINDINGS);
	rc = ear_sign(j->v->key, claims, &j->statement);
	if (!rc && strlen(j->statement) > VERIFIER_STATEMENT_MAX) {
		free(j->statement);
		j->statement = NULL;
		json_object_del(machine, "skyhold.verdict");
		rc = ear_sign(j->v->key, claims, &j->statement);
	}
	if (!rc && strlen(j->statement) > VERIFIER_STATEMENT_MAX)
		rc = -EMSGSIZE;
	return rc;
}

static int state(struct judging *j)
{
	const int64_t now = time(NULL);
	const struct ear_about about = {
		.subject = j->h->name, .build = BUILD, .issued = now,
		.expires = now + (j->v->config->attest_lease_ms + 999) / 1000,
	};
	json_t *claims = ear_claims(&about, j->policy, &j->e.verdict);
	int rc = claims ? sign(j, claims) : -ENOMEM;

	json_decref(claims);
	return rc;
}

static int judge(void *arg)
{
	struct judging *j = arg;
	struct verified *h = j->h;
	struct evidence *e = &j->e;
	struct tpm_name named;
	char why[HOST_LINE] = "";
	int rc = verified_named(j->v, h->name, &named);

	/* Who has taken the name back has revoked the host. */
	if (!rc && (named.len != h->ek.len || memcmp(named.at, h->ek.at, named.len)))
		rc = -EPERM;
	if (rc)
		return rc;
	rc = hosts_read_policy(j->v->config, h->name, &j->policy, why);
	if (rc == -ENOENT || rc == -EINVAL || rc == -EMSGSIZE) {
		evidence_refuse(&e->verdict, "policy", why);
		evidence_why(&e->verdict, j->why, sizeof(j->why));
		return 0;
	}
	if (rc)
		return rc;
	e->policy = j->policy;
	e->ask = &j->ask->said;
	e->ak = (struct str){ (char *)h->ak, h->ak_len };
	e->signer = (struct str){ (char *)h->signer.at, h->signer.len };
	e->previous = h->counted ? &h->clock : NULL;
	e->boot = host_log_text(&h->log[ATTEST_LOG_BOOT]);
	e->ima = host_log_text(&h->log[ATTEST_LOG_IMA]);
	rc = evidence_judge(e);
	if (rc)
		return rc;
	evidence_why(&e->verdict, j->why, sizeof(j->why));
	return state(j);
}

static int judge_one(struct link_request *r, struct judging *j)
{
	struct verified *h = j->h;
	int rc;

	if (!h->bound)
		return -EKEYREJECTED;
	if (!h->nonce_until || io_now() >= h->nonce_until ||
	    memcmp(h->nonce, j->ask->said.nonce, sizeof(h->nonce)))
		return -ESTALE;
	h->nonce_until = 0;
	rc = io_work(j->v->pool, judge, j, r->deadline);
	if (rc == -EPERM)
		h->bound = false;
	if (!rc && j->e.quoted) {
		h->clock = j->e.said.clock;
		h->counted = true;
	}
	/* Of a machine that has booted anew the lists are others. */
	if (!rc && !j->e.verdict.trusted)
		verified_forget_logs(h);
	return rc;
}

static void let_go(void *scratch)
{
	struct judging *j = scratch;

	attest_policy_free(j->policy);
	free(j->statement);
}

int verifier_judge(struct link_request *r, const void *asked, void *given)
{
	struct verifier_judged *give = given;
	struct judging *j = link_scratch(r, sizeof(*j));
	int rc;

	if (!j)
		return -ENOMEM;
	r->release = let_go;
	j->v = r->ctx;
	j->ask = asked;
	rc = verified_acquire(r->ctx, j->ask->host, r->deadline, &j->h);
	if (rc)
		return rc;
	rc = judge_one(r, j);
	verified_let_go(j->h);
	if (rc)
		return rc;
	give->trusted = j->e.verdict.trusted;
	give->why = (struct rpc_bytes){ j->why, strnlen(j->why, VERIFIER_WHY_MAX) };
	if (j->statement)
		give->statement = (struct rpc_bytes){ j->statement, strlen(j->statement) };
	return 0;
}
