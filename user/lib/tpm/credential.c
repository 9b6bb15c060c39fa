// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "base/secret.h"
#include "credential.h"

#define IDENTITY	"IDENTITY"	/* the NUL is part of all labels */
#define KEY_MAX		32		/* AES-256 */

/* --- key derivation ------------------------------------------------------------------------ */

static int hmac(const struct tpm_alg *alg, const uint8_t *key, size_t key_len, const void *data,
		size_t len, uint8_t *mac)
{
	unsigned int got = 0;

	if (HMAC(alg->md(), key, (int)key_len, data, len, mac, &got) && got == alg->size)
		return 0;
	ERR_clear_error();
	return -EIO;
}

int tpm_kdfa(const struct tpm_alg *alg, const uint8_t *key, size_t key_len, const char *label,
	     struct tpm_blob u, struct tpm_blob v, uint8_t *out, size_t len)
{
	uint8_t text[64 + 2 * TPM_NAME_MAX], mac[TPM_DIGEST_MAX];
	size_t done, part;
	uint32_t i;
	int rc = 0;

	for (done = 0, i = 1; !rc && done < len; done += part, i++) {
		struct tpm_writer w = TPM_WRITER(text, sizeof(text));

		tpm_write_u32(&w, i);
		tpm_write_bytes(&w, label, strlen(label) + 1);
		tpm_write_bytes(&w, u.at, u.len);
		tpm_write_bytes(&w, v.at, v.len);
		tpm_write_u32(&w, 8 * len);
		part = len - done < alg->size ? len - done : alg->size;
		rc = w.bad ? -EIO : hmac(alg, key, key_len, text, w.len, mac);
		if (!rc)
			memcpy(out + done, mac, part);
	}
	explicit_bzero(mac, sizeof(mac));
	return rc;
}

int tpm_kdfe(const struct tpm_alg *alg, struct tpm_blob z, const char *label, struct tpm_blob u,
	     struct tpm_blob v, uint8_t *out)
{
	static const uint8_t counter[4] = { 0, 0, 0, 1 };
	struct tpm_part part[] = {
		{ counter, sizeof(counter) }, { z.at, z.len }, { label, strlen(label) + 1 },
		{ u.at, u.len }, { v.at, v.len },
	};

	return tpm_hash_parts(alg, part, 5, out);
}

/* --- the seed ------------------------------------------------------------------------------ */

static bool set_oaep(EVP_PKEY_CTX *ctx, const struct tpm_alg *alg)
{
	void *label = OPENSSL_memdup(IDENTITY, sizeof(IDENTITY));

	if (EVP_PKEY_encrypt_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, alg->md()) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, alg->md()) == 1 && label &&
	    EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, sizeof(IDENTITY)) == 1)
		return true;
	OPENSSL_free(label);
	return false;
}

/* A random seed, encrypted. */
static int seed_by_rsa(const struct tpm_public *ek, EVP_PKEY *key, uint8_t *seed,
		       struct tpm_writer *w)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t sealed[TPM_RSA_MAX];
	size_t len = sizeof(sealed);
	int rc = random_bytes(seed, ek->name_alg->size);

	if (!rc && (!ctx || !set_oaep(ctx, ek->name_alg) ||
		    EVP_PKEY_encrypt(ctx, sealed, &len, seed, ek->name_alg->size) != 1))
		rc = -EIO;
	EVP_PKEY_CTX_free(ctx);
	if (!rc)
		tpm_write_2b(w, sealed, len);
	return rc;
}

/* A coordinate as long as its curve has them. */
static bool coordinate(EVP_PKEY *key, const char *which, uint8_t *to, size_t bytes)
{
	BIGNUM *n = NULL;
	bool ok = EVP_PKEY_get_bn_param(key, which, &n) == 1 &&
		  BN_bn2binpad(n, to, (int)bytes) == (int)bytes;

	BN_free(n);
	return ok;
}

static bool agree(EVP_PKEY *own, EVP_PKEY *other, uint8_t *z, size_t bytes)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	size_t len = bytes;
	bool ok = ctx && EVP_PKEY_derive_init(ctx) == 1 &&
		  EVP_PKEY_derive_set_peer(ctx, other) == 1 &&
		  EVP_PKEY_derive(ctx, z, &len) == 1 && len == bytes;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* A key for this once; the seed comes of what it and the TPM's have in common (Part 1, C.6.1). */
static int seed_by_ecc(const struct tpm_public *ek, EVP_PKEY *key, uint8_t *seed,
		       struct tpm_writer *w)
{
	EVP_PKEY *own = EVP_EC_gen(tpm_curve_name(ek->curve));
	uint8_t x[TPM_ECC_MAX], y[TPM_ECC_MAX], theirs[TPM_ECC_MAX], z[TPM_ECC_MAX];
	size_t bytes = tpm_curve_bytes(ek->curve);
	int rc = -EIO;

	if (own && coordinate(own, OSSL_PKEY_PARAM_EC_PUB_X, x, bytes) &&
	    coordinate(own, OSSL_PKEY_PARAM_EC_PUB_Y, y, bytes) &&
	    coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, theirs, bytes) &&
	    agree(own, key, z, bytes))
		rc = tpm_kdfe(ek->name_alg, (struct tpm_blob){ z, bytes }, IDENTITY,
			      (struct tpm_blob){ x, bytes }, (struct tpm_blob){ theirs, bytes },
			      seed);
	if (!rc) {
		tpm_write_u16(w, 4 + 2 * bytes);
		tpm_write_2b(w, x, bytes);
		tpm_write_2b(w, y, bytes);
	}
	explicit_bzero(z, sizeof(z));
	EVP_PKEY_free(own);
	return rc;
}

/* --- the blob ------------------------------------------------------------------------------ */

/* AES-CFB with an initial vector of zeros: the key is used once. */
static int encrypt(const uint8_t *key, unsigned int bits, uint8_t *data, size_t len)
{
	static const uint8_t iv[16];
	const EVP_CIPHER *cipher = bits == 128 ? EVP_aes_128_cfb128() :
				   bits == 192 ? EVP_aes_192_cfb128() : EVP_aes_256_cfb128();
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int got = 0;
	bool ok = ctx && EVP_EncryptInit_ex(ctx, cipher, NULL, key, iv) == 1 &&
		  EVP_EncryptUpdate(ctx, data, &got, data, (int)len) == 1 && got == (int)len;

	EVP_CIPHER_CTX_free(ctx);
	return ok ? 0 : -EIO;
}

/* TPMS_ID_OBJECT: a MAC over what follows and the Name, and the secret as a TPM2B, encrypted. */
static int wrap(const struct tpm_public *ek, const uint8_t *seed, const struct tpm_name *name,
		const void *data, size_t len, struct tpm_credential *to)
{
	const struct tpm_alg *alg = ek->name_alg;
	uint8_t key[KEY_MAX], mac_key[TPM_DIGEST_MAX], mac[TPM_DIGEST_MAX];
	uint8_t inner[2 + TPM_DIGEST_MAX + TPM_NAME_MAX];
	struct tpm_blob of = { name->at, name->len };
	struct tpm_writer w = TPM_WRITER(inner, sizeof(inner));
	size_t sealed;
	int rc = tpm_kdfa(alg, seed, alg->size, "STORAGE", of, TPM_BLOB_NONE, key,
			  ek->symmetric.bits / 8);

	tpm_write_2b(&w, data, len);
	sealed = w.len;
	tpm_write_bytes(&w, name->at, name->len);
	if (!rc)
		rc = tpm_kdfa(alg, seed, alg->size, "INTEGRITY", TPM_BLOB_NONE, TPM_BLOB_NONE,
			      mac_key, alg->size);
	if (!rc)
		rc = w.bad ? -EINVAL : encrypt(key, ek->symmetric.bits, inner, sealed);
	if (!rc)
		rc = hmac(alg, mac_key, alg->size, inner, w.len, mac);
	if (!rc) {
		struct tpm_writer out = TPM_WRITER(to->blob, sizeof(to->blob));

		tpm_write_u16(&out, 2 + alg->size + sealed);
		tpm_write_2b(&out, mac, alg->size);
		tpm_write_bytes(&out, inner, sealed);
		to->blob_len = out.len;
		rc = out.bad ? -EINVAL : 0;
	}
	explicit_bzero(key, sizeof(key));
	explicit_bzero(mac_key, sizeof(mac_key));
	explicit_bzero(inner, sizeof(inner));
	return rc;
}

int tpm_make_credential(const struct tpm_public *ek, const struct tpm_name *name,
			const void *data, size_t len, struct tpm_credential *to, const char **why)
{
	struct tpm_writer w = TPM_WRITER(to->secret, sizeof(to->secret));
	uint8_t seed[TPM_DIGEST_MAX];
	EVP_PKEY *key;
	int rc;

	to->blob_len = 0;
	to->secret_len = 0;
	*why = tpm_public_check_ek(ek);
	if (!*why && (!len || len > ek->name_alg->size))
		*why = "the secret is empty, or longer than a digest of the endorsement key's";
	if (!*why && !name->len)
		*why = "the attestation key has no Name";
	if (!*why && tpm_public_key(ek, &key))
		*why = "the endorsement key is no key";
	if (*why)
		return -EINVAL;
	rc = ek->type == TPM_ALG_RSA ? seed_by_rsa(ek, key, seed, &w) :
	     seed_by_ecc(ek, key, seed, &w);
	if (!rc)
		rc = wrap(ek, seed, name, data, len, to);
	if (!rc)
		to->secret_len = w.len;
	else
		*why = "OpenSSL cannot wrap the secret";
	explicit_bzero(seed, sizeof(seed));
	EVP_PKEY_free(key);
	ERR_clear_error();
	return rc;
}
