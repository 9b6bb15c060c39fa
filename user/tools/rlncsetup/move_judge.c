// SPDX-License-Identifier: GPL-2.0-or-later
/* Is another host one that may have a volume? */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/report.h"
#include "move_host.h"
#include "tpm/attest.h"
#include "tpm/ek_chain.h"
#include "tpm/quote.h"

#define PEM_MAX		(1u << 20)

static int say(char why[MOVE_WHY], int rc, const char *what, const char *detail)
{
	snprintf(why, MOVE_WHY, "%s%s%.200s", what, detail ? ": " : "", detail ? detail : "");
	return rc;
}

/* A maker vouches for the TPM. */
static int judge_maker(const struct options *o, const struct tpm_public *ek, struct move_bytes cert,
		       char why[MOVE_WHY])
{
	CLEANUP_FREE char *roots = NULL;
	CLEANUP_FREE char *between = NULL;
	struct tpm_ek_roots *trusted;
	struct tpm_ek_info info;
	size_t len, between_len = 0;
	const char *what = NULL;
	int rc = file_read(o->move.roots, PEM_MAX, &roots, &len);

	if (rc)
		return say(why, rc, "cannot read", o->move.roots);
	if (o->move.between)
		rc = file_read(o->move.between, PEM_MAX, &between, &between_len);
	if (rc)
		return say(why, rc, "cannot read", o->move.between);
	rc = tpm_ek_roots_new(roots, len, between, between_len, &trusted, &what);
	if (rc)
		return say(why, rc, o->move.roots, what);
	rc = tpm_ek_verify(trusted, cert.at, cert.len, ek, time(NULL), &info, &what);
	tpm_ek_roots_free(trusted);
	return rc ? say(why, -EACCES, "no maker that is trusted vouches for its TPM", what) : 0;
}

/* The PCRs of the offer are those that were quoted. */
static int judge_quote(const struct tpm_public *ak, const struct move_offer *o,
		       const struct move_message *m, struct tpm_pcr_set *pcrs, char why[MOVE_WHY])
{
	const struct tpm_selection select = { TPM_ALG_SHA256, o->mask };
	uint8_t digest[SHA256_BYTES];
	const struct tpm_expect expect = {
		.nonce = { digest, sizeof(digest) }, .scheme = TPM_ALG_ECDSA,
		.hash = TPM_ALG_SHA256, .select = &select, .selects = 1, .pcrs = pcrs,
	};
	struct tpm_pcr_bank *bank = tpm_pcr_add(pcrs, tpm_alg_by_id(TPM_ALG_SHA256));
	struct tpm_attest a;
	const char *what = NULL;
	unsigned int i, n = 0;

	bank->known = 0;
	for (i = 0; i < TPM_PCRS; i++)
		if (o->mask & 1u << i)
			tpm_pcr_put(bank, i, o->pcrs.at + SHA256_BYTES * n++);
	bank->known = o->mask;
	move_body_digest(MOVE_OFFER, m->body, digest);
	return tpm_quote_verify(ak, m->quote.at, m->quote.len, m->signature.at, m->signature.len,
				&expect, &a, &what) ? say(why, -EACCES, "its quote is not good", what) : 0;
}

static int judge_boot(const struct options *o, const struct move_message *m,
		      const struct tpm_pcr_set *pcrs, char why[MOVE_WHY])
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE struct attest_verdict *v = malloc(sizeof(*v));
	struct attest_evidence e = {
		.pcrs = *pcrs,
		.log = { (const char *)(m->log.len ? m->log.at : NULL), m->log.len },
		.ima = { (const char *)(m->ima.len ? m->ima.at : NULL), m->ima.len },
	};
	struct attest_policy *policy;
	struct attest_fault fault;
	char line[640];
	size_t len;
	int rc = v ? file_read(o->move.policy, ATTEST_POLICY_MAX, &text, &len) : -ENOMEM;

	if (rc)
		return say(why, rc, "cannot read", o->move.policy);
	rc = attest_policy_parse(&policy, (struct str){ text, len }, &fault);
	if (rc)
		return say(why, rc, o->move.policy, fault.text);
	rc = attest_judge(policy, &e, v);
	attest_policy_free(policy);
	if (rc || v->trusted)
		return rc ? say(why, rc, "what it runs cannot be judged", NULL) : 0;
	return say(why, -EACCES, "it does not run what it should",
		   attest_finding_text(&v->finding[0], line, sizeof(line)));
}

int move_host_judge(void *ctx, const struct move_who *who, const struct move_offer *o,
		    const struct move_message *m, char why[MOVE_WHY])
{
	CLEANUP_FREE struct tpm_pcr_set *pcrs = calloc(1, sizeof(*pcrs));
	const struct move_host *h = ctx;
	struct tpm_public ek, ak;
	const char *what = NULL;
	int rc;

	if (!h->o->move.roots || !h->o->move.policy)
		return say(why, -EINVAL, "who may have it? --roots, the makers of TPMs, and --policy, what is to run there",
			   NULL);
	if (!pcrs)
		return say(why, -ENOMEM, "out of memory", NULL);
	if (tpm_public_parse(who->ek.at, who->ek.len, &ek, &what) ||
	    tpm_public_parse(who->ak.at, who->ak.len, &ak, &what))
		return say(why, -EBADMSG, "its keys cannot be read", what);
	rc = judge_maker(h->o, &ek, o->cert, why);
	if (!rc)
		rc = judge_quote(&ak, o, m, pcrs, why);
	return rc ? rc : judge_boot(h->o, m, pcrs, why);
}
