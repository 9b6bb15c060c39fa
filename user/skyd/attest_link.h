/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an attester asks the backend, over link.h.  Who asks is a machine: the one that the stream
 * comes from (link_request.host), whatever is said in a question.
 *
 *	ATTEST_BEGIN		which nonce is to be signed, and how much of the logs is there
 *	ATTEST_ENROL		an endorsement key and an attestation key -> a credential
 *	ATTEST_ACTIVATE		what the TPM has found in it
 *	ATTEST_PIECE		some bytes of a log, behind those that are there
 *	ATTEST_EVIDENCE		a quote -> the verdict
 *
 * An attester keeps its attestation key.  A new one is enrolled anew with the TPM's endorsement
 * key, which is what the host is known by.
 *
 * Errors: -EPERM: this host may not enrol, or not yet; -EKEYREJECTED: it has to enrol first;
 * -EACCES: the credential was for another TPM, or another key; -ESTALE: the nonce is not the one
 * that was given, was used, or is too old; or the piece is not for the end of what is there;
 * -EFBIG: the log is longer than is taken; -EINVAL: a number or a key that makes no sense.
 */
#ifndef SKYD_ATTEST_LINK_H
#define SKYD_ATTEST_LINK_H

#include "rpc/rpc.h"

#define ATTEST_NONCE		32u
#define ATTEST_SECRET		32u
#define ATTEST_KEY_MAX		2048u	/* bytes of a TPM2B_PUBLIC */
#define ATTEST_CERT_MAX		16384u
#define ATTEST_QUOTE_MAX	2048u	/* of a message, and of a signature */
#define ATTEST_PCRS_MAX		(24u * 64u)
#define ATTEST_PIECE_MAX	(1u << 18)
#define ATTEST_LOG_MAX		(4u << 20)	/* of the firmware's */
#define ATTEST_WHY_MAX		640u

enum attest_number {
	ATTEST_BEGIN = 0x401, ATTEST_ENROL, ATTEST_ACTIVATE, ATTEST_PIECE, ATTEST_EVIDENCE,
};

enum attest_log { ATTEST_LOG_BOOT, ATTEST_LOG_IMA, ATTEST_LOGS };

struct attest_begin {
	struct rpc_bytes ak;		/* the attester's TPM2B_PUBLIC */
};

struct attest_begun {
	bool enrol;			/* another key is known: nothing below is said */
	u8 nonce[ATTEST_NONCE];
	u16 bank;			/* TPM_ALG_* to be quoted */
	u32 mask;			/* PCRs of it */
	u64 have[ATTEST_LOGS];		/* bytes that are there */
	u32 lease_ms;			/* of a good verdict */
};

struct attest_enrol {
	struct rpc_bytes ek, certificate, ak;
};

struct attest_credential {
	struct rpc_bytes blob, secret;	/* TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET */
};

struct attest_secret {
	struct rpc_bytes secret;
};

struct attest_piece {
	u8 log;				/* enum attest_log */
	u64 offset;
	struct rpc_bytes data;
};

struct attest_evidence_ask {
	u8 nonce[ATTEST_NONCE];
	struct rpc_bytes message;	/* TPMS_ATTEST */
	struct rpc_bytes signature;	/* TPMT_SIGNATURE */
	struct rpc_bytes pcrs;		/* values, in the order of their numbers */
};

struct attest_judged {
	bool trusted;
	u32 lease_ms;			/* from now on; 0: none */
	struct rpc_bytes why;		/* the first thing that is wrong, for the log */
};

extern const struct rpc_schema attest_begin_schema, attest_begun_schema, attest_enrol_schema,
	attest_credential_schema, attest_secret_schema, attest_piece_schema,
	attest_evidence_schema, attest_judged_schema;

#endif /* SKYD_ATTEST_LINK_H */
