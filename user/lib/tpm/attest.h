/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judging a machine: what was quoted, the logs that explain it, and a policy, to a verdict that
 * names each event that is wrong.
 *
 * Decisions rest on digests that lead to the quoted PCRs.  What a log says besides is used where
 * it is under such a digest, and to name things in messages.
 */
#ifndef SKY_TPM_ATTEST_H
#define SKY_TPM_ATTEST_H

#include "attest_policy.h"
#include "eventlog.h"

#define ATTEST_FINDINGS	64	/* that are kept; all are counted */
#define ATTEST_KEYS	256	/* bytes of the names of keys, with a NUL */

struct attest_evidence {
	struct tpm_pcr_set pcrs;	/* quoted: .known are the PCRs of the quote */
	struct str log;			/* of firmware; STR_NONE: there is none */
	struct str ima;			/* the measurement list; STR_NONE: there is none */
};

/* What a finding is about, in the words of AR4SI (draft-ietf-rats-ar4si). */
enum attest_claim {
	CLAIM_CONFIGURATION,		/* PCRs 1, 3, 5, 7 and what they hold */
	CLAIM_EXECUTABLES,		/* code: other PCRs, files, modules, images */
	CLAIM_STORAGE,			/* volumes */
	CLAIMS,
};

struct attest_finding {
	enum attest_claim claim;
	const char *code;		/* one word, for programs: "pcr-value" */
	int pcr;			/* below 0: none */
	int64_t index;			/* of the event or entry; below 0: none */
	uint32_t type;			/* of the event, as it says; with @index and @boot */
	bool boot;			/* the event is one of the firmware's log */
	char text[256];			/* what is wrong, printable */
	char expected[2 * TPM_DIGEST_MAX + 1];	/* in hex, or empty */
	char found[2 * TPM_DIGEST_MAX + 1];
};

struct attest_verdict {
	bool trusted;			/* nothing was found */
	unsigned int findings;		/* all of them; the first ATTEST_FINDINGS are kept */
	struct attest_finding finding[ATTEST_FINDINGS];
	bool claimed[CLAIMS];		/* the policy asks for something of it */
	bool refused[CLAIMS];		/* something of it was found wrong */
	unsigned int events;		/* of the log */
	unsigned int entries;		/* of the measurement list, that were judged */
	size_t ima_bytes;		/* the list as far as it was quoted: where to go on */
	size_t log_padding;		/* bytes behind the log's last event */
	bool log_cut;			/* the log's end is damaged, and no PCR needs it */
	bool padded;			/* PCR 10 is of SHA-1 with zeros behind it */
	/* Where the policy has secure_boot, as far as it is under digests that were quoted. */
	bool secure_boot;		/* it is on */
	char db[ATTEST_KEYS];		/* whose signatures the firmware takes */
	char authorities[ATTEST_KEYS];	/* who has signed what was started */
};

/**
 * attest_judge() - Judge evidence by a policy.
 * @policy: from attest_policy_parse()
 * @evidence: the PCRs are those of a quote whose signature and nonce were verified
 * @verdict: receives it
 *
 * Return: 0 with a verdict of either kind, -ENOMEM or -EIO.
 */
int attest_judge(const struct attest_policy *policy, const struct attest_evidence *evidence,
		 struct attest_verdict *verdict);

/* A line for a person; @text has at least 640 bytes. */
const char *attest_finding_text(const struct attest_finding *f, char *text, size_t size);

/* The verdict as JSON, or NULL when there is no memory. */
json_t *attest_verdict_json(const struct attest_verdict *verdict);

#endif /* SKY_TPM_ATTEST_H */
