/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine must have booted and run to be trusted: a document of JSON. */
#ifndef SKY_TPM_ATTEST_POLICY_H
#define SKY_TPM_ATTEST_POLICY_H

#include <jansson.h>

#include "attest_set.h"
#include "pcr.h"

#define ATTEST_POLICY_MAX	(32u << 20)	/* bytes of a document */
#define ATTEST_NAME_MAX		63
#define ATTEST_VOLUME_ID	16		/* bytes */

/* The events of a PCR in their order; any digest of a step's set will do. */
struct attest_sequence {
	struct attest_digests *step;
	unsigned int steps;
};

/* PCR 7: Secure Boot is on, and these are the digests of events; "any" where a list is absent. */
struct attest_secure_boot {
	bool asked;
	bool any_pk, any_kek, any_db, any_dbx, any_authority;
	struct attest_digests pk, kek, db, dbx, authorities;
	struct attest_digests others;	/* other variables; absent: none */
};

/* A record of critical data by its name, a pattern, and its text, which is one of patterns. */
struct attest_record {
	struct str name;
	struct str *text;		/* none: any */
	unsigned int texts;
};

/* A volume of dm-rlnc.  Numbers below 0 were not given. */
struct attest_volume {
	uint8_t id[ATTEST_VOLUME_ID];
	int64_t k, n;			/* exactly */
	int64_t min_epoch;		/* at least */
	struct str mode;		/* STR_NONE: any */
};

struct attest_ima {
	bool asked;
	bool aggregate;			/* boot_aggregate has to fit the PCRs */
	bool violations;		/* are taken */
	bool padded;			/* SHA-1 and zeros in the bank are taken */
	bool modules_asked, volumes_asked, images_asked;
	struct attest_files files;
	struct attest_digests digests;	/* of files of any path */
	struct attest_digests modules;
	struct attest_digests images;	/* of guests of hedge */
	struct attest_record *record;
	unsigned int records;
	struct attest_volume *volume;
	unsigned int volumes;
};

struct attest_policy {
	json_t *root;			/* owns all texts */
	char name[ATTEST_NAME_MAX + 1];
	uint8_t digest[TPM_SHA256_BYTES];	/* of the document as it was given */
	const struct tpm_alg *bank;	/* in which all is judged */
	uint32_t listed;		/* bits of PCRs with a list of values */
	struct attest_digests pcr[TPM_PCRS];
	uint32_t sequenced;
	struct attest_sequence sequence[TPM_PCRS];
	uint32_t replayed;		/* bits of PCRs the log must lead to; 0: no log asked */
	struct attest_secure_boot boot;
	struct attest_ima ima;
};

/* What is wrong, with its place: "ima.files[3].path: it is not a text". */
struct attest_fault {
	char text[256];
};

/**
 * attest_policy_parse() - Read a policy.
 * @policy: receives it, to be freed
 * @text: untrusted, up to ATTEST_POLICY_MAX bytes
 * @fault: receives what is wrong
 *
 * What is not known is an error, and so is a policy that asks for nothing.
 *
 * Return: 0, -EINVAL with @fault, -EMSGSIZE, -ENOMEM or -EIO.
 */
int attest_policy_parse(struct attest_policy **policy, struct str text,
			struct attest_fault *fault);

void attest_policy_free(struct attest_policy *policy);

#endif /* SKY_TPM_ATTEST_POLICY_H */
