/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of attestation: files of real boots, and a TPM's part played by OpenSSL, which can
 * sign what no TPM would.
 */
#ifndef TESTS_TPM_FAKE_H
#define TESTS_TPM_FAKE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "tpm/quote.h"

#define FIXTURES	"tests/fixtures/tpm/"	/* tests are run from the top of the tree */
#define FILE_MOST	65536u

/* Memory of exactly that size, so that no read beyond it goes unseen. */
struct file {
	uint8_t *at;
	size_t len;
};

static inline void file_free(struct file *f)
{
	free(f->at);
}

#define CLEANUP_FILE	CLEANUP(file_free)

static inline struct file bytes_copy(const void *data, size_t len)
{
	struct file f = { malloc(len ? len : 1), len };

	assert_non_null(f.at);
	if (len)
		memcpy(f.at, data, len);
	return f;
}

/* One of FIXTURES. */
static inline struct file fixture(const char *dir, const char *name)
{
	CLEANUP_FREE char *data = NULL;
	char path[512];
	size_t len;

	snprintf(path, sizeof(path), FIXTURES "%s/%s", dir, name);
	if (file_read(path, FILE_MOST, &data, &len))
		fail_msg("cannot read %s", path);
	return bytes_copy(data, len);
}

static inline struct tpm_blob blob(struct file f)
{
	return (struct tpm_blob){ f.at, f.len };
}

/* --- a key of an own TPM ------------------------------------------------------------------ */

struct fake_key {
	EVP_PKEY *key;
	uint16_t scheme, hash;		/* that it has, and signs with */
	uint8_t area[TPM_PUBLIC_MAX];
	size_t len;
	struct tpm_public public;
};

#define FAKE_AK	(TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_ORIGIN | TPM_USER_AUTH | \
		 TPM_RESTRICTED | TPM_SIGN)
#define FAKE_EK	(TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_ORIGIN | TPM_ADMIN_POLICY | \
		 TPM_RESTRICTED | TPM_DECRYPT)

static inline void put_number(struct tpm_writer *w, const char *name, EVP_PKEY *key, size_t bytes)
{
	uint8_t to[TPM_RSA_MAX];
	BIGNUM *n = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
	assert_int_equal(BN_bn2binpad(n, to, bytes), bytes);
	tpm_write_2b(w, to, bytes);
	BN_free(n);
}

static inline void put_scheme(struct tpm_writer *w, const struct fake_key *k)
{
	tpm_write_u16(w, k->scheme);
	if (k->scheme != TPM_ALG_NULL)
		tpm_write_u16(w, k->hash);
}

/* Anew, after a field has been changed. */
static inline void fake_public(struct fake_key *k, uint16_t name_alg, uint32_t attributes)
{
	struct tpm_writer w = TPM_WRITER(k->area, sizeof(k->area));
	bool rsa = EVP_PKEY_is_a(k->key, "RSA"), ek = attributes & TPM_DECRYPT;
	int bits = EVP_PKEY_get_bits(k->key);
	const char *why;

	tpm_write_u16(&w, rsa ? TPM_ALG_RSA : TPM_ALG_ECC);
	tpm_write_u16(&w, name_alg);
	tpm_write_u32(&w, attributes);
	tpm_write_2b(&w, "", 0);
	tpm_write_u16(&w, ek ? TPM_ALG_AES : TPM_ALG_NULL);
	if (ek) {
		tpm_write_u16(&w, 128);
		tpm_write_u16(&w, TPM_ALG_CFB);
	}
	put_scheme(&w, k);
	if (rsa) {
		tpm_write_u16(&w, bits);
		tpm_write_u32(&w, 0);
		put_number(&w, OSSL_PKEY_PARAM_RSA_N, k->key, bits / 8);
	} else {
		tpm_write_u16(&w, bits == 256 ? TPM_ECC_P256 : bits == 384 ? TPM_ECC_P384 :
			      TPM_ECC_P521);
		tpm_write_u16(&w, TPM_ALG_NULL);
		put_number(&w, OSSL_PKEY_PARAM_EC_PUB_X, k->key, (bits + 7) / 8);
		put_number(&w, OSSL_PKEY_PARAM_EC_PUB_Y, k->key, (bits + 7) / 8);
	}
	assert_false(w.bad);
	k->len = w.len;
	if (tpm_public_parse(k->area, k->len, &k->public, &why))
		fail_msg("%s", why);
}

/* @kind: "P-256", ..., or NULL: RSA of 2048 bits. */
static inline void fake_make(struct fake_key *k, const char *kind, uint16_t scheme, uint16_t hash,
			     uint32_t attributes)
{
	k->key = kind ? EVP_EC_gen(kind) : EVP_RSA_gen(2048);
	assert_non_null(k->key);
	k->scheme = scheme;
	k->hash = hash;
	fake_public(k, TPM_ALG_SHA256, attributes);
}

static inline void put_ecdsa(struct tpm_writer *w, const uint8_t *der, size_t len, int bytes)
{
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, len);
	uint8_t to[TPM_ECC_MAX];

	assert_non_null(pair);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, bytes), bytes);
	tpm_write_2b(w, to, bytes);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), to, bytes), bytes);
	tpm_write_2b(w, to, bytes);
	ECDSA_SIG_free(pair);
}

/* TPMT_SIGNATURE with the key's scheme. */
static inline struct file fake_sign(const struct fake_key *k, const void *data, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[1024], out[1200];
	struct tpm_writer w = TPM_WRITER(out, sizeof(out));
	size_t sig_len = sizeof(sig);
	EVP_PKEY_CTX *how;

	assert_int_equal(EVP_DigestSignInit(ctx, &how, tpm_alg_by_id(k->hash)->md(), NULL, k->key),
			 1);
	if (k->scheme == TPM_ALG_RSAPSS)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &sig_len, data, len), 1);
	EVP_MD_CTX_free(ctx);
	tpm_write_u16(&w, k->scheme);
	tpm_write_u16(&w, k->hash);
	if (k->scheme == TPM_ALG_ECDSA)
		put_ecdsa(&w, sig, sig_len, (EVP_PKEY_get_bits(k->key) + 7) / 8);
	else
		tpm_write_2b(&w, sig, sig_len);
	assert_false(w.bad);
	return bytes_copy(out, w.len);
}

/*
 * A quote over PCRs of SHA-256 whose digest is zeros, as far as it is signed: TPMS_ATTEST.
 * @select: bits of PCRs 0 to 23.  Return: its length.
 */
static inline size_t fake_quote(const void *nonce, uint32_t resets, uint32_t select, void *to,
				size_t size)
{
	static const uint8_t zeros[32];
	struct tpm_writer w = TPM_WRITER(to, size);

	tpm_write_u32(&w, TPM_GENERATED_VALUE);
	tpm_write_u16(&w, TPM_ST_ATTEST_QUOTE);
	tpm_write_2b(&w, "signer", 6);
	tpm_write_2b(&w, nonce, 32);
	tpm_write_u64(&w, 1000);
	tpm_write_u32(&w, resets);
	tpm_write_u32(&w, 0);
	tpm_write_bytes(&w, "\1", 1);
	tpm_write_u64(&w, 1);
	tpm_write_u32(&w, 1);
	tpm_write_u16(&w, TPM_ALG_SHA256);
	tpm_write_bytes(&w, (const uint8_t[]){ 3, select, select >> 8, select >> 16 }, 4);
	tpm_write_2b(&w, zeros, sizeof(zeros));
	assert_false(w.bad);
	return w.len;
}

#endif /* TESTS_TPM_FAKE_H */
