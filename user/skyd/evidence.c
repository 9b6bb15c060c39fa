// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "evidence.h"

#define LOG_STEP	(1u << 20)
#define LINE		640u

/* --- logs ----------------------------------------------------------------------------- */

static int add(struct host_log *log, struct rpc_bytes data)
{
	size_t size = log->size;
	u8 *more;

	while (size < log->len + data.len)
		size += size < LOG_STEP ? (size ? size : 4096) : LOG_STEP;
	if (size != log->size) {
		more = realloc(log->at, size);
		if (!more)
			return -ENOMEM;
		log->at = more;
		log->size = size;
	}
	if (data.len)
		memcpy(log->at + log->len, data.data, data.len);
	log->len += data.len;
	return 0;
}

int host_log_take(const struct config *config, struct host_log *logs, u8 log, u64 offset,
		  struct rpc_bytes data)
{
	const size_t most = log == ATTEST_LOG_BOOT ? ATTEST_LOG_MAX : config->attest_list << 20;

	if (offset != logs[log].len)
		return -ESTALE;
	return offset + data.len > most ? -EFBIG : add(&logs[log], data);
}

void host_log_drop(struct host_log *log)
{
	free(log->at);
	*log = (struct host_log){ NULL };
}

struct str host_log_text(const struct host_log *log)
{
	return log->len ? (struct str){ (char *)log->at, log->len } : STR_NONE;
}

/* --- verdicts ------------------------------------------------------------------------- */

void evidence_why(const struct attest_verdict *v, char *why, size_t size)
{
	char line[LINE];

	if (v->trusted)
		snprintf(why, size, "ok");
	else
		snprintf(why, size, "%s: %s", v->finding[0].code,
			 attest_finding_text(&v->finding[0], line, sizeof(line)));
}

void evidence_refuse(struct attest_verdict *v, const char *code, const char *why)
{
	*v = (struct attest_verdict){ .findings = 1 };
	v->finding[0] = (struct attest_finding){ .code = code, .pcr = -1, .index = -1 };
	snprintf(v->finding[0].text, sizeof(v->finding[0].text), "%s", why);
}

/* Values in the order of their numbers, all of one bank. */
static bool take_pcrs(struct evidence *e)
{
	const struct tpm_alg *alg = e->policy->bank;
	struct tpm_pcr_bank *bank = tpm_pcr_add(&e->known.pcrs, alg);
	const u8 *at = e->ask->pcrs.data;
	unsigned int i;

	if (e->ask->pcrs.len != TPM_PCRS * alg->size)
		return false;
	for (i = 0; i < TPM_PCRS; i++)
		if (tpm_pcr_put(bank, i, at + (size_t)i * alg->size))
			return false;
	return true;
}

/* Return: 0 with or without ->quoted; -errno. */
static int verify(struct evidence *e)
{
	const struct attest_evidence_ask *ask = e->ask;
	const struct tpm_selection select = { e->policy->bank->id, TPM_PCRS_ALL };
	const struct tpm_expect expect = {
		.nonce = { ask->nonce, sizeof(ask->nonce) }, .scheme = TPM_ALG_ECDSA,
		.hash = TPM_ALG_SHA256, .select = &select, .selects = 1,
		.pcrs = &e->known.pcrs, .signer = { (const u8 *)e->signer.at, e->signer.len },
		.previous = e->previous,
	};
	struct tpm_public ak;
	const char *why = NULL;
	int rc = tpm_public_parse_2b((const u8 *)e->ak.at, e->ak.len, &ak, &why);

	if (!rc)
		rc = tpm_quote_verify(&ak, ask->message.data, ask->message.len,
				      ask->signature.data, ask->signature.len, &expect, &e->said,
				      &why);
	e->quoted = !rc;
	if (rc == -EBADMSG || rc == -EACCES)
		evidence_refuse(&e->verdict, "quote", why);
	return rc == -EBADMSG || rc == -EACCES ? 0 : rc;
}

int evidence_judge(struct evidence *e)
{
	int rc;

	if (!take_pcrs(e))
		return -ESTALE;
	e->known.log = e->boot;
	e->known.ima = e->ima;
	rc = verify(e);
	if (!rc && e->quoted)
		rc = attest_judge(e->policy, &e->known, &e->verdict);
	return rc;
}
