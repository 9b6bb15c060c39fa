/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the backend asks the verifier, over link.h: the steps of attest_link.h, of a machine that
 * is named in each question, since the verifier believes nothing that it has not found itself.
 *
 *	VERIFIER_BEGIN		host, ak -> a nonce, and how much of its logs is there
 *	VERIFIER_ENROL		host, ek, ak -> a credential
 *	VERIFIER_ACTIVATE	host, data: what the TPM has found in it
 *	VERIFIER_PIECE		host, log, offset, data: behind what is there, or from 0 anew
 *	VERIFIER_JUDGE		a quote -> a statement
 *
 * Errors: -EINVAL: a name, a number or a key that makes no sense; -EPERM: the administrator has
 * named no such endorsement key for the host; -EKEYREJECTED: it has to enrol first; -EACCES: the
 * credential was for another TPM, or another key; -ESTALE: the nonce is not the one that was given,
 * was used, or is too old; the credential is; the piece is for another place; -EFBIG: the log is
 * longer than is taken; -ENOSPC: there are too many hosts.
 */
#ifndef SKYD_VERIFIER_LINK_H
#define SKYD_VERIFIER_LINK_H

#include "attest_link.h"

#define VERIFIER_STATEMENT_MAX	16384u
#define VERIFIER_WHY_MAX	640u

enum verifier_number {
	VERIFIER_BEGIN = 0x501, VERIFIER_ENROL, VERIFIER_ACTIVATE, VERIFIER_PIECE, VERIFIER_JUDGE,
};

/* Of all but VERIFIER_JUDGE; what a step does not name is left empty. */
struct verifier_ask {
	struct rpc_bytes host;
	struct rpc_bytes ek, ak;	/* TPM2B_PUBLIC */
	u8 log;				/* enum attest_log */
	u64 offset;
	struct rpc_bytes data;
};

struct verifier_begun {
	bool enrol;			/* another key is known, or none: nothing below is said */
	u8 nonce[ATTEST_NONCE];
	u64 have[ATTEST_LOGS];		/* bytes that are there */
};

struct verifier_evidence {
	struct rpc_bytes host;
	struct attest_evidence_ask said;
};

struct verifier_judged {
	bool trusted;
	struct rpc_bytes statement;	/* a token of tpm/ear.h; empty: there is none */
	struct rpc_bytes why;		/* "ok", or the first thing that is wrong */
};

extern const struct rpc_schema verifier_ask_schema, verifier_begun_schema,
	verifier_evidence_schema, verifier_judged_schema;

#endif /* SKYD_VERIFIER_LINK_H */
