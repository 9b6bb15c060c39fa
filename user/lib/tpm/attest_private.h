/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A judgement, as its files share it. */
#ifndef SKY_TPM_ATTEST_PRIVATE_H
#define SKY_TPM_ATTEST_PRIVATE_H

#include "attest.h"
#include "event_bind.h"
#include "ima.h"

struct attest_case {
	const struct attest_policy *policy;
	const struct attest_evidence *evidence;
	const struct tpm_pcr_bank *quoted;	/* the policy's bank */
	struct attest_verdict *verdict;
	struct tpm_pcr_set replayed;	/* by the log; the banks alone without one */
};

/* A finding without event.  It may be filled further; never NULL. */
struct attest_finding *attest_find(struct attest_case *c, enum attest_claim claim,
				   const char *code, int pcr, const char *fmt, ...)
	__attribute__((__format__(__printf__, 5, 6)));

/* One about an event of the log, or an entry of the list. */
struct attest_finding *attest_find_event(struct attest_case *c, const char *code,
					 const struct event *ev, const char *fmt, ...)
	__attribute__((__format__(__printf__, 4, 5)));
struct attest_finding *attest_find_entry(struct attest_case *c, enum attest_claim claim,
					 const char *code, const struct ima_entry *e,
					 const char *fmt, ...)
	__attribute__((__format__(__printf__, 5, 6)));

void attest_expected(struct attest_finding *f, const struct tpm_alg *alg, const uint8_t *digest);
void attest_found(struct attest_finding *f, const struct tpm_alg *alg, const uint8_t *digest);

/* Which claim a PCR belongs to. */
enum attest_claim attest_claim_of(int pcr);

/* --- attest_boot.c: the log.  0, -ENOMEM or -EIO */
int attest_judge_log(struct attest_case *c);

/* --- attest_secure_boot.c: PCR 7 */
int attest_judge_secure_boot(struct attest_case *c);

/* --- attest_ima.c: the measurement list */
int attest_judge_ima(struct attest_case *c);

/* --- attest_record.c: critical data of dm-rlnc and hedge */

/**
 * attest_judge_record() - Judge an entry with a buffer, when it is about a volume or an image.
 * @c: the case
 * @e: the entry
 *
 * Return: whether it was one of those, and was judged.
 */
bool attest_judge_record(struct attest_case *c, const struct ima_entry *e);

#endif /* SKY_TPM_ATTEST_PRIVATE_H */
