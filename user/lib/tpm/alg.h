/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hash algorithms by the numbers of the TCG Algorithm Registry, computed by OpenSSL. */
#ifndef SKY_TPM_ALG_H
#define SKY_TPM_ALG_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "base/str.h"

enum {
	TPM_ALG_SHA1		= 0x0004,
	TPM_ALG_SHA256		= 0x000b,
	TPM_ALG_SHA384		= 0x000c,
	TPM_ALG_SHA512		= 0x000d,
	TPM_ALG_SM3_256		= 0x0012,
	TPM_ALG_SHA3_256	= 0x0027,
	TPM_ALG_SHA3_384	= 0x0028,
	TPM_ALG_SHA3_512	= 0x0029,
};

#define TPM_ALGS		8	/* rows of the table */
#define TPM_SHA1_BYTES		20
#define TPM_SHA256_BYTES	32
#define TPM_DIGEST_MAX		64	/* bytes of the longest digest */

struct tpm_alg {
	uint16_t id;			/* TPM_ALG_* */
	uint16_t size;			/* bytes of a digest */
	const char *name;		/* as the kernel's: "sha256" */
	const EVP_MD *(*md)(void);
};

/* A piece of what is hashed. */
struct tpm_part {
	const void *at;			/* may be NULL when @len is 0 */
	size_t len;
};

/* Row @i of the table, 0 to TPM_ALGS - 1, ordered by number. */
const struct tpm_alg *tpm_alg_row(unsigned int i);

/* Return: the algorithm, or NULL when there is no such here. */
const struct tpm_alg *tpm_alg_by_id(uint16_t id);
const struct tpm_alg *tpm_alg_by_name(struct str name);

/**
 * tpm_hash_parts() - The digest of pieces, one after the other.
 * @alg: which digest
 * @part: @count pieces
 * @count: how many
 * @digest: receives alg->size bytes
 *
 * Return: 0, -ENOMEM, or -EIO when OpenSSL cannot.
 */
int tpm_hash_parts(const struct tpm_alg *alg, const struct tpm_part *part, unsigned int count,
		   uint8_t *digest);

/* The same of one piece. */
int tpm_hash(const struct tpm_alg *alg, const void *data, size_t len, uint8_t *digest);

#endif /* SKY_TPM_ALG_H */
