/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digests that a policy lists, and files with theirs: asked for each of many entries. */
#ifndef SKY_TPM_ATTEST_SET_H
#define SKY_TPM_ATTEST_SET_H

#include "alg.h"

struct attest_digest {
	const struct tpm_alg *alg;
	uint8_t bytes[TPM_DIGEST_MAX];	/* zeros behind the digest */
};

struct attest_digests {
	struct attest_digest *item;	/* sorted once it is complete */
	unsigned int count;
};

/* Files of a path, or a pattern of "*" and "?". */
struct attest_file {
	struct str path;		/* the policy's text */
	bool pattern;
	struct attest_digests digests;	/* none: any content */
};

struct attest_files {
	struct attest_file *item;	/* sorted: plain paths by name, then patterns */
	unsigned int count;
	unsigned int plain;
};

/**
 * attest_digest_read() - A digest from its text.
 * @text: "sha256:HEX", or HEX alone when @bank is given
 * @bank: the algorithm of HEX alone; NULL: it has to be named
 * @d: receives it
 *
 * Return: false when it is none.
 */
bool attest_digest_read(struct str text, const struct tpm_alg *bank, struct attest_digest *d);

void attest_digests_sort(struct attest_digests *set);
bool attest_digests_have(const struct attest_digests *set, const struct tpm_alg *alg,
			 const void *bytes);

void attest_files_sort(struct attest_files *files);

/* May a file of that path have that content? */
bool attest_files_allow(const struct attest_files *files, struct str path,
			const struct tpm_alg *alg, const void *digest);

#endif /* SKY_TPM_ATTEST_SET_H */
