// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "alg.h"

static const struct tpm_alg table[TPM_ALGS] = {
	{ TPM_ALG_SHA1, 20, "sha1", EVP_sha1 },
	{ TPM_ALG_SHA256, 32, "sha256", EVP_sha256 },
	{ TPM_ALG_SHA384, 48, "sha384", EVP_sha384 },
	{ TPM_ALG_SHA512, 64, "sha512", EVP_sha512 },
	{ TPM_ALG_SM3_256, 32, "sm3_256", EVP_sm3 },
	{ TPM_ALG_SHA3_256, 32, "sha3_256", EVP_sha3_256 },
	{ TPM_ALG_SHA3_384, 48, "sha3_384", EVP_sha3_384 },
	{ TPM_ALG_SHA3_512, 64, "sha3_512", EVP_sha3_512 },
};

/* Looked up once in a process: each look-up takes longer than hashing an event. */
static EVP_MD *fetched[TPM_ALGS];

const struct tpm_alg *tpm_alg_row(unsigned int i)
{
	return &table[i];
}

const struct tpm_alg *tpm_alg_by_id(uint16_t id)
{
	unsigned int i;

	for (i = 0; i < TPM_ALGS; i++)
		if (table[i].id == id)
			return &table[i];
	return NULL;
}

const struct tpm_alg *tpm_alg_by_name(struct str name)
{
	unsigned int i;

	for (i = 0; i < TPM_ALGS; i++)
		if (str_is(name, table[i].name))
			return &table[i];
	return NULL;
}

static const EVP_MD *fetch(const struct tpm_alg *alg)
{
	EVP_MD **slot = &fetched[alg - table], *none = NULL;
	EVP_MD *md = __atomic_load_n(slot, __ATOMIC_ACQUIRE);

	if (md)
		return md;
	md = EVP_MD_fetch(NULL, EVP_MD_get0_name(alg->md()), NULL);
	if (!md || __atomic_compare_exchange_n(slot, &none, md, false, __ATOMIC_ACQ_REL,
					       __ATOMIC_ACQUIRE))
		return md;
	EVP_MD_free(md);
	return none;
}

int tpm_hash_parts(const struct tpm_alg *alg, const struct tpm_part *part, unsigned int count,
		   uint8_t *digest)
{
	const EVP_MD *md = fetch(alg);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned int i;
	bool ok;

	if (!ctx)
		return -ENOMEM;
	ok = md && EVP_DigestInit_ex(ctx, md, NULL) == 1;
	for (i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(ctx, part[i].at, part[i].len) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		ERR_clear_error();
	return ok ? 0 : -EIO;
}

int tpm_hash(const struct tpm_alg *alg, const void *data, size_t len, uint8_t *digest)
{
	return tpm_hash_parts(alg, &(struct tpm_part){ data, len }, 1, digest);
}
