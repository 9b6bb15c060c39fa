// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a host says of itself.  A quote that is not its TPM's, of PCRs that are not those, or whose
 * counters go back is a bad verdict; one for another nonce is none at all, since anybody may have
 * kept an old one.  A verdict is durable before it is told.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend_private.h"
#include "evidence.h"
#include "hosts.h"
#include "log.h"

#define KEPT_FINDINGS	16u		/* in the store, and in what is posted */

/* --- logs ----------------------------------------------------------------------------- */

/* Only of who has enrolled: memory is for hosts that are known. */
static int is_enrolled(struct hosts *hosts, const struct host *h, struct store_arena *a,
		       struct store_host *row)
{
	int rc = store_host_get(hosts->b->store,
				(struct store_text){ h->name, strlen(h->name) }, a, row);

	if (rc == -ENOENT || (!rc && row->state != STORE_HOST_ENROLLED))
		return -EKEYREJECTED;
	return rc;
}

static int take_piece(struct hosts *hosts, struct host *h, const struct attest_piece *ask)
{
	STORE_ARENA a = { 0 };
	struct store_host row;
	int rc;

	if (ask->log >= ATTEST_LOGS || !ask->data.len)
		return -EINVAL;
	rc = is_enrolled(hosts, h, &a, &row);
	return rc ? rc : host_log_take(hosts->b->config, h->log, ask->log, ask->offset, ask->data);
}

static int piece(struct link_request *request, const void *ask, void *give)
{
	struct hosts *hosts = ((struct backend *)request->ctx)->hosts;
	struct host *h = host_of(hosts, str_of(request->host));
	int rc = host_acquire(h, request->deadline);

	(void)give;
	if (rc)
		return rc;
	rc = take_piece(hosts, h, ask);
	io_release(&h->one, 1);
	return rc;
}

/* --- the verdict, on a thread --------------------------------------------------------- */

struct judging {
	struct hosts *hosts;
	struct host *h;
	const struct attest_evidence_ask *ask;
	const struct store_host *row;
	struct attest_policy *policy;
	struct evidence e;
	u64 now;			/* when it was found */
	struct host_token token;
	char *text;			/* the verdict in JSON, for free() */
	char why[HOST_LINE + 64];	/* "ok", or what was found first */
};

static int say(struct judging *j)
{
	json_t *o = attest_verdict_json(&j->e.verdict);

	evidence_why(&j->e.verdict, j->why, sizeof(j->why));
	while (json_array_size(json_object_get(o, "finding")) > KEPT_FINDINGS)
		json_array_remove(json_object_get(o, "finding"), KEPT_FINDINGS);
	if (o && j->policy)
		json_object_set_new(o, "policy", json_string(j->policy->name));
	j->text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	return j->text ? 0 : -ENOMEM;
}

static int judge(void *arg)
{
	struct judging *j = arg;
	struct evidence *e = &j->e;
	const struct store_host *row = j->row;
	const struct tpm_clock was = { row->clock, row->resets, row->restarts, true };
	char why[HOST_LINE] = "";
	int rc = hosts_policy_in_force(j->hosts->b->config, j->h->name, &j->policy, why);

	if (rc == -ENOENT || rc == -EINVAL || rc == -EMSGSIZE) {
		evidence_refuse(&j->e.verdict, "policy", why);
		return say(j);
	}
	if (rc)
		return rc;
	/* Another one than when it was asked. */
	if (j->policy->bank->id != j->h->bank)
		return -ESTALE;
	e->policy = j->policy;
	e->ask = j->ask;
	e->ak = (struct str){ row->ak.data, row->ak.len };
	e->signer = (struct str){ row->signer.data, row->signer.len };
	e->previous = row->clock || row->resets || row->restarts ? &was : NULL;
	e->boot = host_log_text(&j->h->log[ATTEST_LOG_BOOT]);
	e->ima = host_log_text(&j->h->log[ATTEST_LOG_IMA]);
	rc = evidence_judge(e);
	return rc ? rc : say(j);
}

/*
 * Has it booted anew, with what is here of its logs being of before?  Then none of that is kept,
 * and it sends them again; once for each time that it boots, so that one that is bad is told so.
 */
static bool has_old_logs(const struct judging *j, const struct store_host *row)
{
	const u64 boot = (u64)j->e.said.clock.resets + 1;
	struct host *h = j->h;

	if (!j->e.quoted || j->e.verdict.trusted || !row->judged ||
	    j->e.said.clock.resets == row->resets || h->booted == boot)
		return false;
	h->booted = boot;
	host_forget(h);
	return true;
}

/* --- what comes of it ----------------------------------------------------------------- */

static struct store_text text_of_string(const char *s)
{
	return (struct store_text){ s, strlen(s) };
}

/* What the last verdict was, as the ledger has it. */
static bool is_news(const struct judging *j, const struct store_host *row, struct store_text policy)
{
	const struct store_text was = row->refused;

	return !row->judged || row->trusted != j->e.verdict.trusted ||
	       policy.len != row->policy.len ||
	       (policy.len && memcmp(policy.data, row->policy.data, policy.len)) ||
	       was.len != strlen(j->why) || memcmp(was.data, j->why, was.len);
}

static void tell(struct judging *j, const struct store_host *row, bool news, bool held)
{
	struct host_news n = {
		.action = "host.verdict", .why = j->why, .policy = row->policy,
		.verdict = row->verdict,
	};

	if (news)
		hosts_tell(j->hosts, j->h->name, &n);
	n.actor = STR("backend");
	n.action = row->lease ? "host.lease" : "host.revoke";
	if (!row->lease != !held)
		hosts_tell(j->hosts, j->h->name, &n);
}

static u64 lease_end(const struct judging *j)
{
	return j->now + j->hosts->b->config->attest_lease_ms * 1000;
}

/* A host is trusted whether others can be told of it or not. */
static int make_token(struct judging *j, int64_t deadline)
{
	int rc;

	j->token = (struct host_token){
		.host = j->h->name, .policy = j->policy, .verdict = &j->e.verdict, .now = j->now,
		.lease = lease_end(j),
	};
	if (j->hosts->b->verifier)
		rc = hosts_verifier_judge(j->hosts, j->h, j->ask, &j->token.text, j->token.why,
					  deadline);
	else
		rc = hosts_token(j->hosts, &j->token, deadline);
	if (!rc && *j->token.why && j->e.verdict.trusted && j->hosts->b->verifier)
		log_line(LEVEL_WARNING, "the lease of %s is not proven to the vault: %s",
			 j->h->name, j->token.why);
	else if (!rc && *j->token.why && j->e.verdict.trusted)
		log_line(LEVEL_WARNING, "there is no token of %s: %s; see token_key in [attest] of skyd.conf(5)",
			 j->h->name, j->token.why);
	return rc;
}

/* @row: as it was; is what it is when this returns 0. */
static int keep(struct judging *j, struct store_host *row)
{
	const struct hosts *hosts = j->hosts;
	const bool held = lease_held(&hosts->leases, str_of(j->h->name), io_now());
	/* And nobody has noticed yet. */
	const bool lapsed = j->h->holds && !held;
	struct store_text policy = { 0 };
	bool news;
	int rc;

	if (j->policy)
		policy = (struct store_text){ j->policy->digest, sizeof(j->policy->digest) };
	news = is_news(j, row, policy);
	if (j->e.quoted) {
		row->clock = j->e.said.clock.clock;
		row->resets = j->e.said.clock.resets;
		row->restarts = j->e.said.clock.restarts;
	}
	row->judged = j->now;
	row->trusted = j->e.verdict.trusted;
	row->token = (struct store_text){ 0 };
	if (j->token.text && row->trusted)
		row->token = text_of_string(j->token.text);
	row->policy = policy;
	row->verdict = text_of_string(j->text);
	row->refused = text_of_string(j->why);
	row->lease = row->trusted ? lease_end(j) : 0;
	rc = host_keep(j->hosts, j->h, row);
	if (!rc && j->hosts->b->verifier && j->token.text)
		host_state(j->hosts, j->h, j->token.text);
	if (!rc && lapsed)
		host_tell_lapse(j->hosts, j->h);
	if (!rc)
		tell(j, row, news, held);
	return rc;
}

static int judge_one(struct link_request *request, struct judging *j, struct attest_judged *give)
{
	struct host *h = j->h;
	STORE_ARENA a = { 0 };
	struct store_host row;
	bool fresh = h->nonce_until && io_now() < h->nonce_until &&
		     !memcmp(h->nonce, j->ask->nonce, sizeof(h->nonce));
	int rc;

	if (!fresh)
		return -ESTALE;
	h->nonce_until = 0;
	rc = is_enrolled(j->hosts, h, &a, &row);
	j->row = &row;
	if (!rc)
		rc = io_work(j->hosts->pool, judge, j, request->deadline);
	if (!rc && has_old_logs(j, &row))
		rc = -ESTALE;
	j->now = backend_now();
	if (!rc && (j->e.verdict.trusted || j->hosts->b->verifier))
		rc = make_token(j, request->deadline);
	if (rc)
		return rc;
	rc = keep(j, &row);
	give->trusted = row.trusted;
	give->lease_ms = row.lease ? j->hosts->b->config->attest_lease_ms : 0;
	give->why = (struct rpc_bytes){ j->why, strnlen(j->why, ATTEST_WHY_MAX) };
	return rc;
}

static void let_go(void *scratch)
{
	struct judging *j = scratch;

	attest_policy_free(j->policy);
	free(j->text);
	free(j->token.text);
}

static int evidence(struct link_request *request, const void *ask, void *give)
{
	struct judging *j = link_scratch(request, sizeof(*j));
	int rc;

	if (!j)
		return -ENOMEM;
	request->release = let_go;
	j->hosts = ((struct backend *)request->ctx)->hosts;
	j->ask = ask;
	j->h = host_of(j->hosts, str_of(request->host));
	rc = host_acquire(j->h, request->deadline);
	if (rc)
		return rc;
	rc = judge_one(request, j, give);
	io_release(&j->h->one, 1);
	return rc;
}

const struct link_operation backend_hosts_judge[] = {
	{ ATTEST_PIECE, "attest-piece", &attest_piece_schema, NULL, 0, ROLE_BIT(ROLE_ATTESTER),
	  piece },
	{ ATTEST_EVIDENCE, "attest-evidence", &attest_evidence_schema, &attest_judged_schema, 0,
	  ROLE_BIT(ROLE_ATTESTER), evidence },
	{ 0 },
};
