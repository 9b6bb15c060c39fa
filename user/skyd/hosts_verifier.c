// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where there is a verifier (verifier.h): what an attester says is carried to it, and what it
 * states to the vault.  It judges for the vault, and the backend for itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend_private.h"
#include "hosts.h"
#include "log.h"
#include "verifier_link.h"

#define ASK_MS		5000
#define JUDGE_MS	20000
#define VAULT_MS	3000

static struct rpc_bytes name_of(const struct host *h)
{
	return (struct rpc_bytes){ h->name, strlen(h->name) };
}

static int64_t until(int64_t deadline, int64_t ms)
{
	const int64_t latest = io_after_ms(ms);

	return deadline && deadline < latest ? deadline : latest;
}

static int ask(struct hosts *hosts, u16 operation, const struct verifier_ask *question,
	       const struct rpc_schema *give, void *reply, struct link_answer *answer,
	       int64_t deadline)
{
	const struct link_call call = {
		operation, &verifier_ask_schema, question, -1, give, reply, 0,
	};

	return link_do(hosts->b->verifier, &call, answer, until(deadline, ASK_MS));
}

/* --- an attester's steps ------------------------------------------------------------------ */

int hosts_verifier_begin(struct hosts *hosts, struct host *h, struct rpc_bytes ak, bool *enrol,
			 int64_t deadline)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct verifier_ask question = { .host = name_of(h), .ak = ak };
	struct verifier_begun begun;
	int rc = ask(hosts, VERIFIER_BEGIN, &question, &verifier_begun_schema, &begun, &answer,
		     deadline);

	if (rc)
		return rc;
	*enrol = begun.enrol;
	/* It has said none, and what was given before is over. */
	h->nonce_until = 0;
	if (begun.enrol)
		return 0;
	memcpy(h->nonce, begun.nonce, sizeof(h->nonce));
	memcpy(h->verifier_has, begun.have, sizeof(h->verifier_has));
	return 0;
}

int hosts_verifier_enrol(struct hosts *hosts, struct host *h, const struct attest_enrol *said,
			 struct tpm_credential *to, int64_t deadline)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct verifier_ask question = {
		.host = name_of(h), .ek = said->ek, .ak = said->ak,
	};
	struct attest_credential give;
	int rc = ask(hosts, VERIFIER_ENROL, &question, &attest_credential_schema, &give, &answer,
		     deadline);

	if (rc)
		return rc;
	if (give.blob.len > sizeof(to->blob) || give.secret.len > sizeof(to->secret))
		return -EBADMSG;
	memcpy(to->blob, give.blob.data, give.blob.len);
	memcpy(to->secret, give.secret.data, give.secret.len);
	to->blob_len = give.blob.len;
	to->secret_len = give.secret.len;
	return 0;
}

int hosts_verifier_activate(struct hosts *hosts, struct host *h, struct rpc_bytes secret,
			    int64_t deadline)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct verifier_ask question = { .host = name_of(h), .data = secret };

	return ask(hosts, VERIFIER_ACTIVATE, &question, NULL, NULL, &answer, deadline);
}

/* What it has not; all of it, if what it has is not the beginning of what is here. */
static int send_log(struct hosts *hosts, struct host *h, u8 log, int64_t deadline)
{
	u64 at = h->verifier_has[log];
	int rc = 0;

	if (at != h->carried[log])
		at = 0;
	while (!rc && at < h->log[log].len) {
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
		const u64 left = h->log[log].len - at;
		const struct verifier_ask question = {
			.host = name_of(h), .log = log, .offset = at,
			.data = { h->log[log].at + at,
				  left < ATTEST_PIECE_MAX ? left : ATTEST_PIECE_MAX },
		};

		rc = ask(hosts, VERIFIER_PIECE, &question, NULL, NULL, &answer, deadline);
		at += question.data.len;
	}
	h->carried[log] = rc ? 0 : at;
	return rc;
}

int hosts_verifier_judge(struct hosts *hosts, struct host *h,
			 const struct attest_evidence_ask *said, char **statement,
			 char why[HOST_LINE], int64_t deadline)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct verifier_evidence question = { .host = name_of(h), .said = *said };
	struct verifier_judged give = { 0 };
	const struct link_call call = {
		VERIFIER_JUDGE, &verifier_evidence_schema, &question, -1, &verifier_judged_schema,
		&give, 0,
	};
	unsigned int i;
	int rc = 0;

	*statement = NULL;
	for (i = 0; !rc && i < ATTEST_LOGS; i++)
		rc = send_log(hosts, h, i, deadline);
	if (!rc)
		rc = link_do(hosts->b->verifier, &call, &answer, until(deadline, JUDGE_MS));
	if (rc == -ECANCELED)
		return rc;
	*why = 0;
	if (rc)
		snprintf(why, HOST_LINE, "the verifier: %s", rc == -EPERM ?
			 "it has no file HOST.ek with that endorsement key" : strerror(-rc));
	else if (!give.trusted)
		snprintf(why, HOST_LINE, "the verifier: %.*s", (int)give.why.len,
			 (const char *)give.why.data);
	if (!rc && give.statement.len) {
		*statement = strndup(give.statement.data, give.statement.len);
		return *statement ? 0 : -ENOMEM;
	}
	return 0;
}

/* --- to the vault ------------------------------------------------------------------------- */

void host_state(struct hosts *hosts, struct host *h, const char *statement)
{
	free(h->statement);
	h->statement = statement ? strdup(statement) : NULL;
	h->stated++;
	h->told = 0;
	io_event_set(&hosts->changed);
}

/* The last one of who holds a lease is in the store. */
static char *statement_of(struct hosts *hosts, const struct host *h)
{
	STORE_ARENA a = { 0 };
	struct store_host row;

	if (h->statement)
		return strdup(h->statement);
	if (!lease_held(&hosts->leases, str_of(h->name), io_now()) ||
	    store_host_get(hosts->b->store, (struct store_text){ h->name, strlen(h->name) }, &a,
			   &row) || !row.token.len)
		return NULL;
	return strndup(row.token.data, row.token.len);
}

/* @text: none: who is there?  Return: 0 with *@id; -errno. */
static int say(struct hosts *hosts, const char *text, u64 *id)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct vault_ask question = { .text = { text, text ? strlen(text) : 0 } };
	struct vault_give give;
	const struct link_call call = {
		VAULT_STATEMENT, &vault_ask_schema, &question, -1, &vault_give_schema, &give, 0,
	};
	int rc = link_do(hosts->b->vault, &call, &answer, io_after_ms(VAULT_MS));

	if (!rc)
		*id = give.value;
	return rc;
}

/* Not what the vault has refused, but that it was not reached. */
static bool is_lost(int rc)
{
	return rc == -ECANCELED || rc == -ECONNRESET || rc == -ETIMEDOUT;
}

int hosts_state_all(struct hosts *hosts)
{
	struct host *h;
	u64 id, same = 0;
	int rc = hosts->b->verifier ? say(hosts, NULL, &id) : -ENOENT;

	if (rc)
		return rc == -ENOENT || rc == -EOPNOTSUPP ? 0 : rc;
	for (h = hosts->first; h; h = h->next) {
		const u64 stated = h->stated;
		CLEANUP_FREE char *text = h->told == id ? NULL : statement_of(hosts, h);

		if (!text)
			continue;
		rc = say(hosts, text, &same);
		if (is_lost(rc))
			return rc;
		if (rc)
			log_line(LEVEL_WARNING, "the vault refuses what the verifier states of %s: %s; see its log",
				 h->name, strerror(-rc));
		/* A newer one may have come meanwhile. */
		if (h->stated == stated)
			h->told = id;
	}
	return 0;
}
