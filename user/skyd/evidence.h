/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine says of itself, judged: a quote of its TPM, and the logs that it is over.  The
 * backend does so for what it gives, the verifier for what it signs (verifier.h).
 */
#ifndef SKYD_EVIDENCE_H
#define SKYD_EVIDENCE_H

#include "attest_link.h"
#include "base/str.h"
#include "tpm/attest.h"
#include "tpm/quote.h"

struct config;

/* Bytes of a log, as they have come. */
struct host_log {
	u8 *at;
	size_t len, size;
};

/**
 * host_log_take - more of a log
 * @logs:	ATTEST_LOGS of them
 * @log:	which, below ATTEST_LOGS
 * @offset:	where it belongs: behind what is there
 *
 * Return: 0; -ESTALE: it belongs elsewhere; -EFBIG: longer than is taken; -ENOMEM.
 */
int host_log_take(const struct config *config, struct host_log *logs, u8 log, u64 offset,
		  struct rpc_bytes data);
/* Lose what there is of one. */
void host_log_drop(struct host_log *log);
/* STR_NONE: there is none. */
struct str host_log_text(const struct host_log *log);

struct evidence {
	const struct attest_policy *policy;
	const struct attest_evidence_ask *ask;	/* the nonce is known to be fresh */
	struct str ak, signer;		/* TPM2B_PUBLIC, and its qualified Name */
	const struct tpm_clock *previous;	/* what its TPM has counted last; NULL: nothing */
	struct str boot, ima;		/* logs; STR_NONE: there is none */
	struct attest_evidence known;	/* zero at first; evidence.c's own */
	/* receives, zero at first */
	struct attest_verdict verdict;
	struct tpm_attest said;
	bool quoted;			/* @said may be believed */
};

/**
 * evidence_judge - find a verdict
 * @e:	large: not on a stack
 *
 * A quote that is not that TPM's, of PCRs that are not those, or whose counters go back is a bad
 * verdict.  Takes long: on a thread.
 *
 * Return: 0 with a verdict; -ESTALE: the PCRs are not of the policy's bank; -ENOMEM; -EIO.
 */
int evidence_judge(struct evidence *e);

/* "ok", or the first thing that is wrong: @size bytes, its NUL included. */
void evidence_why(const struct attest_verdict *v, char *why, size_t size);

/* A bad verdict before there is anything to judge. */
void evidence_refuse(struct attest_verdict *v, const char *code, const char *why);

#endif /* SKYD_EVIDENCE_H */
