/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verifier: the process that judges machines for the vault, and signs what it has found.  The
 * backend carries everything to it and from it, and is not believed: the nonce is the verifier's
 * own, the TPM is the one whose endorsement key the administrator has put down in a file, the
 * attestation key is bound to that by a credential of the verifier's own, and the policy is a file.
 *
 *	verifier.c		its life; whose TPM it is
 *	verifier_judge.c	what it says, and the statement
 *	verifier_message.c	how that is packed
 *
 * It has no files of its own but the key, which it reads while it is root, and nothing lasts: after
 * a restart each host enrols anew, without anybody's doing.
 */
#ifndef SKYD_VERIFIER_H
#define SKYD_VERIFIER_H

#include "config.h"
#include "evidence.h"
#include "hosts.h"
#include "link.h"
#include "role_run.h"
#include "verifier_link.h"

/* A machine whose endorsement key is put down. */
struct verified {
	struct verified *next;
	char name[ROLE_HOST];
	struct io_semaphore one;	/* one question about it at a time */
	unsigned int waiters;
	struct host_asked asked;	/* a credential that is out */
	bool bound;			/* the three below are of one TPM: */
	struct tpm_name ek, signer;
	u8 ak[ATTEST_KEY_MAX];
	u32 ak_len;
	struct tpm_clock clock;		/* what it has counted last */
	bool counted;
	u8 nonce[ATTEST_NONCE];
	int64_t nonce_until;		/* 0: there is none that may be used */
	struct host_log log[ATTEST_LOGS];
};

struct verifier {
	const struct config *config;
	struct ear_key *key;
	struct io_pool *pool;		/* threads that verify, judge and sign */
	struct verified *first;
	unsigned int count;
};

/*
 * In this order: what needs root; what needs the loop; what is answered to @peer; the rest.
 * Return: 0 or -errno, and a line in the log.
 */
int verifier_prepare(struct verifier *v, const struct config *config);
int verifier_open(struct verifier *v);
void verifier_service(struct verifier *v, enum role peer, struct link_service *service);
/* Once, when nobody asks any more; one that was never opened, too. */
void verifier_close(struct verifier *v);

/* --- verifier.c, for verifier_judge.c --- */

/* Its own while a question is answered: verified_let_go().  Return: 0; -EINVAL; -ENOSPC; ... */
int verified_acquire(struct verifier *v, struct rpc_bytes name, int64_t deadline,
		     struct verified **to);
void verified_let_go(struct verified *h);
/* The Name that the file has; on a thread.  Return: 0; -EPERM: there is none; -errno, told. */
int verified_named(const struct verifier *v, const char *host, struct tpm_name *name);
void verified_forget_logs(struct verified *h);

/* --- verifier_judge.c --- */
int verifier_piece(struct link_request *request, const void *ask, void *give);
int verifier_judge(struct link_request *request, const void *ask, void *give);

#endif /* SKYD_VERIFIER_H */
