/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines that attest, as the backend has them: who they are, what they have shown, and whether
 * they hold a lease.
 *
 *	hosts.c			their life; leases, and the vault that is told of them
 *	hosts_enrol.c		whose TPM it is: ATTEST_BEGIN, _ENROL, _ACTIVATE
 *	hosts_judge.c		what it says: ATTEST_PIECE, _EVIDENCE
 *	hosts_token.c		a good verdict, for others
 *	hosts_verifier.c	what the verifier is asked, and the vault told, if there is one
 *	hosts_policy.c		by what it is judged, and whose TPMs are believed; files
 *	hosts_tell.c		the log, the audit ledger and the webhook
 *	webhook.c		a queue of documents that are posted
 *	admin_host.c		the administrator's verbs
 *	api_host.c		what a team may ask
 *
 * The store has what is to survive (store_host.h): keys, counters of TPMs, leases.  Only here are
 * logs, nonces and secrets: after a restart attesters send and are asked again, and leases hold.
 */
#ifndef SKYD_HOSTS_H
#define SKYD_HOSTS_H

#include "attest_link.h"
#include "backend.h"
#include "evidence.h"
#include "lease.h"
#include "store_host.h"
#include "tpm/attest.h"
#include "tpm/credential.h"
#include "tpm/ek_chain.h"

#define HOSTS_MAX	LEASE_HOSTS
#define HOST_LINE	640u		/* bytes of a sentence about one, its NUL included */

struct webhook;

/* Whose credential is out. */
struct host_asked {
	u8 secret[ATTEST_SECRET];
	int64_t until;			/* 0: nobody's */
	struct tpm_name ek, signer;
	u8 ak[ATTEST_KEY_MAX];
	u32 ak_len;
};

struct host {
	struct host *next;
	char name[ROLE_HOST];
	struct io_semaphore one;	/* one of its attester's questions at a time */
	unsigned int waiters;		/* of those */
	int64_t refusals;		/* until when those told are paid for; see refusal_fits() */
	struct host_asked asked;
	u8 nonce[ATTEST_NONCE];
	int64_t nonce_until;		/* 0: there is none that may be used */
	u16 bank;			/* that was asked for with it */
	struct host_log log[ATTEST_LOGS];
	u64 lease;			/* as in the store when it was last looked at */
	bool holds;			/* and nobody has been told yet that it has ended */
	u8 policy[LEASE_POLICY];	/* digest of that of the last verdict */
	u32 policy_len;			/* LEASE_POLICY, or 0 */
	u64 booted;			/* resets of its TPM, and 1, when it had to send all anew */
	u64 verifier_has[ATTEST_LOGS];	/* bytes of logs, when it has given the nonce */
	u64 carried[ATTEST_LOGS];	/* to it, of these very logs */
	char *statement;		/* its last; NULL: as the store has it */
	u64 stated;			/* rises with each */
	u64 told;			/* vault_give.value of the vault that was told; 0: none */
};

struct hosts {
	struct backend *b;
	struct leases leases;
	struct host *first;
	unsigned int count;
	struct io_pool *pool;		/* threads that verify and judge */
	struct tpm_ek_roots *roots;	/* NULL: endorsement keys are named by hand */
	struct io_event changed;	/* leases: the vault is to be told */
	struct io_semaphore tokens;	/* one is made at a time */
	struct ear_key *token_key;	/* by whoever has that; NULL: none was made yet */
	u64 kept;			/* rises with each row that is kept, before and after */
	struct webhook *webhook;	/* NULL: nobody wants to know */
};

/* --- hosts.c --- */

/* On a fiber, when the store is open.  Return: 0 or -errno, and a line in the log. */
int hosts_open(struct backend *b);
/* Spawn its fibers.  Return: 0 or -ENOMEM. */
int hosts_start(struct backend *b, struct io_group *group);
/* When they have ended. */
void hosts_close(struct backend *b);

/* link_service.admit: a gateway on a machine that needs a lease and holds none is refused. */
int hosts_admit(struct link_request *request, const struct link_operation *op);

/* Seconds that URLs may be good for that are the answer; 0: as long as they usually are. */
unsigned int hosts_url_life(const struct link_request *request);

/* Does a machine hold a lease now?  Whether it needs one is not asked. */
bool host_holds_lease(const struct backend *b, struct str host);

/* What is known of a machine here; made if need be.  NULL: there are too many. */
struct host *host_of(struct hosts *hosts, struct str name);

/*
 * Keep a row.  A lease that it has begins, goes on or ends now, for the vault as well; also when
 * the host has been revoked meanwhile.  Return: 0; as store_host_put().
 */
int host_keep(struct hosts *hosts, struct host *h, const struct store_host *row);

/*
 * For a question of its attester's: wait for ->one.  @h: NULL is -ENOSPC.
 * Return: 0; -EBUSY: too many wait already; as io_acquire().
 */
int host_acquire(struct host *h, int64_t deadline);

/* A lease has ended by itself. */
void host_tell_lapse(struct hosts *hosts, struct host *h);

/* Forget its logs, nonce and credential. */
void host_forget(struct host *h);

/* --- hosts_policy.c: on a thread of the pool --- */

/*
 * hosts_read_policy() has the administrator's files alone, as the verifier does, who believes
 * nothing of the backend's; hosts_policy_in_force() what governance has decided, if it has.
 * Return: 0; -ENOENT; -EINVAL with @why, HOST_LINE bytes; -errno.
 */
int hosts_policy_in_force(const struct config *config, const char *host,
			  struct attest_policy **policy, char *why);
int hosts_read_policy(const struct config *config, const char *host, struct attest_policy **policy,
		      char *why);
/* Return: 0 or -errno with @why; *@roots NULL: none are configured. */
int hosts_read_roots(const struct config *config, struct tpm_ek_roots **roots, char *why);

/* --- hosts_token.c --- */

/* A verdict that trusts. */
struct host_token {
	const char *host;
	const struct attest_policy *policy;
	const struct attest_verdict *verdict;
	u64 now, lease;			/* when it was found, and its end: us since 1970 */
	char *text;			/* receives it, for free() */
	char why[HOST_LINE];		/* why there is none */
};

/*
 * On a fiber: make one.  The key is read, or made, with the first.  Return: 0 with or without
 * ->text, which is NULL where ->why says why; -ECANCELED; -ETIMEDOUT.
 */
int hosts_token(struct hosts *hosts, struct host_token *t, int64_t deadline);

/* --- hosts_verifier.c: where backend.verifier is not NULL --- */

/* An attester's steps (verifier_link.h).  Return: 0; what the verifier has answered; -errno. */
int hosts_verifier_begin(struct hosts *hosts, struct host *h, struct rpc_bytes ak, bool *enrol,
			 int64_t deadline);
int hosts_verifier_enrol(struct hosts *hosts, struct host *h, const struct attest_enrol *said,
			 struct tpm_credential *to, int64_t deadline);
int hosts_verifier_activate(struct hosts *hosts, struct host *h, struct rpc_bytes secret,
			    int64_t deadline);
/*
 * @statement: receives a text for free(), or NULL; @why: why it is none, or none that trusts, or
 * "".  Return: 0; -ECANCELED; -ENOMEM.
 */
int hosts_verifier_judge(struct hosts *hosts, struct host *h,
			 const struct attest_evidence_ask *said, char **statement,
			 char why[HOST_LINE], int64_t deadline);

/* What is stated of a host from now on; NULL: what the store has. */
void host_state(struct hosts *hosts, struct host *h, const char *statement);
/* Tell the vault what it has not been told.  Return: 0; -errno: it was not reached. */
int hosts_state_all(struct hosts *hosts);

/* --- hosts_tell.c --- */

/* What has become of a machine. */
struct host_news {
	const char *action;		/* "host.lease" */
	const char *why;		/* "ok", or what is wrong */
	struct store_text policy;	/* digest, or nothing */
	struct store_text verdict;	/* in JSON, or nothing */
	struct str actor;		/* none: the host itself */
};

void hosts_tell(struct hosts *hosts, const char *host, const struct host_news *news);

/* --- webhook.c --- */

/* @group: of the fiber that posts.  Return: 0, or -errno and a line in the log. */
int webhook_open(struct webhook **to, const struct config *config, struct link *resolver,
		 struct io_group *group);
/* When its fiber has ended; NULL does nothing. */
void webhook_close(struct webhook *w);
/*
 * @document: is taken; does not wait.  Where there are too many the oldest refusal is dropped, or
 * the oldest of all.
 */
void webhook_post(struct webhook *w, json_t *document);

struct webhook_counts {
	u64 posted, failed, dropped;
};

void webhook_counts(const struct webhook *w, struct webhook_counts *counts);

/* --- tables of questions --- */
extern const struct link_operation backend_hosts_enrol[], backend_hosts_judge[];

#endif /* SKYD_HOSTS_H */
