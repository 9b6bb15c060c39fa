// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "tpm_attest.h"

#define SELECT_BYTES_MAX	4	/* sizeofSelect: 32 PCRs */
#define NONCE_MAX		TPM_DIGEST_MAX	/* a TPM takes no longer qualifyingData */
#define DER_MAX			160	/* an ECDSA signature over P-521 */

static struct tpm_selection read_selection(struct tpm_reader *r, const char **why)
{
	struct tpm_selection s = { .alg = tpm_read_u16(r) };
	unsigned int i, bytes = tpm_read_u8(r);

	if (!r->bad && (!bytes || bytes > SELECT_BYTES_MAX))
		*why = "a selection of PCRs has an impossible length";
	for (i = 0; !*why && i < bytes; i++)
		s.mask |= (uint32_t)tpm_read_u8(r) << 8 * i;
	return s;
}

static const char *read_quote(struct tpm_reader *r, struct tpm_attest *a)
{
	const char *why = NULL;
	unsigned int i;

	a->selects = tpm_read_u32(r);
	if (a->selects > TPM_SELECTIONS_MAX) {
		a->selects = 0;
		return "the quote is over too many banks";
	}
	for (i = 0; !why && !r->bad && i < a->selects; i++)
		a->select[i] = read_selection(r, &why);
	a->pcr_digest = tpm_read_2b(r, TPM_DIGEST_MAX);
	return why;
}

static const char *parse(struct tpm_reader *r, struct tpm_attest *a)
{
	uint8_t safe;

	if (tpm_read_u32(r) != TPM_GENERATED_VALUE)
		return "no TPM has made it (the magic number is wrong)";
	a->type = tpm_read_u16(r);
	a->signer = tpm_read_2b(r, TPM_NAME_MAX);
	a->nonce = tpm_read_2b(r, NONCE_MAX);
	a->clock.clock = tpm_read_u64(r);
	a->clock.resets = tpm_read_u32(r);
	a->clock.restarts = tpm_read_u32(r);
	safe = tpm_read_u8(r);
	a->clock.safe = safe;
	a->firmware = tpm_read_u64(r);
	if (r->bad)
		return NULL;
	if (safe > 1)
		return "a truth value is neither yes nor no";
	if (a->type == TPM_ST_ATTEST_QUOTE)
		return read_quote(r, a);
	if (a->type != TPM_ST_ATTEST_CERTIFY)
		return "it is neither a quote nor a certificate of a key";
	a->name = tpm_read_2b(r, TPM_NAME_MAX);
	a->qualified_name = tpm_read_2b(r, TPM_NAME_MAX);
	return NULL;
}

int tpm_attest_parse(const void *data, size_t len, struct tpm_attest *a, const char **why)
{
	struct tpm_reader r = TPM_READER(data, len);

	*a = (struct tpm_attest){ 0 };
	*why = parse(&r, a);
	if (!*why && r.bad)
		*why = "the message ends too early";
	if (!*why && !tpm_read_end(&r))
		*why = "bytes follow the message";
	return *why ? -EBADMSG : 0;
}

int tpm_signature_parse(const void *data, size_t len, struct tpm_signature *s, const char **why)
{
	struct tpm_reader r = TPM_READER(data, len);

	*s = (struct tpm_signature){ .alg = tpm_read_u16(&r), .hash = tpm_read_u16(&r) };
	*why = NULL;
	if (s->alg == TPM_ALG_RSASSA || s->alg == TPM_ALG_RSAPSS) {
		s->rsa = tpm_read_2b(&r, TPM_RSA_MAX);
	} else if (s->alg == TPM_ALG_ECDSA) {
		s->r = tpm_read_2b(&r, TPM_ECC_MAX);
		s->s = tpm_read_2b(&r, TPM_ECC_MAX);
	} else if (!r.bad) {
		*why = "the signature is of an unknown scheme";
	}
	if (!*why && r.bad)
		*why = "the signature ends too early";
	if (!*why && !tpm_read_end(&r))
		*why = "bytes follow the signature";
	return *why ? -EBADMSG : 0;
}

/* --- signatures -------------------------------------------------------------------------- */

/* OpenSSL takes r and s in DER (SEC 1, C.5).  Return: its length, or 0. */
static size_t to_der(const struct tpm_signature *s, uint8_t der[DER_MAX])
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(s->r.at, s->r.len, NULL), *v = BN_bin2bn(s->s.at, s->s.len, NULL);
	unsigned char *at = der;
	int len = 0;

	if (pair && r && v && ECDSA_SIG_set0(pair, r, v) == 1) {
		r = NULL;
		v = NULL;
		if (i2d_ECDSA_SIG(pair, NULL) <= DER_MAX)
			len = i2d_ECDSA_SIG(pair, &at);
	}
	BN_free(r);
	BN_free(v);
	ECDSA_SIG_free(pair);
	return len > 0 ? len : 0;
}

static bool verify(EVP_PKEY *key, const EVP_MD *md, int padding, const uint8_t *sig, size_t sig_len,
		   const void *data, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	bool ok = ctx && EVP_DigestVerifyInit(ctx, &how, md, NULL, key) == 1;

	if (ok && padding)
		ok = EVP_PKEY_CTX_set_rsa_padding(how, padding) == 1;
	/* TPMs have salts as long as the digest, or as long as fits. */
	if (ok && padding == RSA_PKCS1_PSS_PADDING)
		ok = EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_AUTO) == 1;
	ok = ok && EVP_DigestVerify(ctx, sig, sig_len, data, len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

bool tpm_signature_verify(const struct tpm_signature *s, EVP_PKEY *key, const void *data,
			  size_t len)
{
	const struct tpm_alg *hash = tpm_alg_by_id(s->hash);
	bool ecdsa = s->alg == TPM_ALG_ECDSA, ok = false;
	uint8_t der[DER_MAX];
	size_t der_len;

	if (!hash || EVP_PKEY_is_a(key, "EC") != ecdsa || EVP_PKEY_is_a(key, "RSA") == ecdsa)
		return false;
	if (ecdsa) {
		der_len = to_der(s, der);
		ok = der_len && verify(key, hash->md(), 0, der, der_len, data, len);
	} else {
		ok = verify(key, hash->md(), s->alg == TPM_ALG_RSAPSS ? RSA_PKCS1_PSS_PADDING :
			    RSA_PKCS1_PADDING, s->rsa.at, s->rsa.len, data, len);
	}
	/* What a stranger sent wrong must not fill the queue of errors. */
	if (!ok)
		ERR_clear_error();
	return ok;
}
