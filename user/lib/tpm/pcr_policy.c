// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/out.h"
#include "crypto/hmac.h"
#include "pcr_policy.h"

#define RSA_BITS	2048
#define SIGNATURE_MAX	1024u
#define DER_MAX		4096

int pcr_policy_digest(const struct tpm_pcr_bank *bank, uint32_t select,
		      uint8_t digest[PCR_POLICY_BYTES])
{
	if (!select || select & ~TPM_PCRS_ALL || select & ~bank->known ||
	    bank->alg->size != PCR_POLICY_BYTES)
		return -EINVAL;
	memset(digest, 0, PCR_POLICY_BYTES);
	return tpm_pcr_policy(bank, select, digest);
}

/* --- keys ------------------------------------------------------------------------------ */

static EVP_PKEY *read_key(struct str pem)
{
	BIO *in = BIO_new_mem_buf(pem.at, (int)pem.len);
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, NULL, (void *)"") : NULL;

	BIO_free(in);
	if (key && EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

/* What a memory BIO has, with a NUL; it is wiped when it goes. */
static char *text_of(BIO *bio)
{
	char *data, *copy;
	long len = BIO_get_mem_data(bio, &data);

	copy = len > 0 ? calloc(1, len + 1) : NULL;
	if (copy)
		memcpy(copy, data, len);
	return copy;
}

char *pcr_policy_make_key(void)
{
	EVP_PKEY *key = EVP_RSA_gen(RSA_BITS);
	BIO *to = BIO_new(BIO_s_secmem());
	char *text = NULL;

	if (key && to && PEM_write_bio_PrivateKey(to, key, NULL, NULL, 0, NULL, NULL) == 1)
		text = text_of(to);
	BIO_free(to);
	EVP_PKEY_free(key);
	return text;
}

char *pcr_policy_public(struct str pem)
{
	EVP_PKEY *key = read_key(pem);
	BIO *to = BIO_new(BIO_s_mem());
	char *text = NULL;

	if (key && to && PEM_write_bio_PUBKEY(to, key) == 1)
		text = text_of(to);
	BIO_free(to);
	EVP_PKEY_free(key);
	return text;
}

/* --- signing --------------------------------------------------------------------------- */

static json_t *hex(const uint8_t *bytes, size_t len)
{
	char text[2 * PCR_POLICY_BYTES];
	struct out o = OUT(text, sizeof(text));

	out_hex(&o, bytes, len);
	return json_stringn(text, o.len);
}

static json_t *base64(const uint8_t *bytes, size_t len)
{
	char text[SIGNATURE_MAX / 3 * 4 + 8];
	struct out o = OUT(text, sizeof(text));

	out_base64(&o, bytes, len);
	return json_stringn(text, o.len);
}

static int fingerprint(EVP_PKEY *key, uint8_t digest[PCR_POLICY_BYTES])
{
	uint8_t der[DER_MAX], *at = der;
	int len = i2d_PublicKey(key, NULL);

	if (len <= 0 || len > DER_MAX || i2d_PublicKey(key, &at) != len)
		return -EIO;
	sha256_of(der, len, digest);
	return 0;
}

static int sign(EVP_PKEY *key, const uint8_t *message, size_t len, uint8_t *to, size_t *size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		  EVP_DigestSign(ctx, to, size, message, len) == 1;

	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -EIO;
}

static json_t *list_of(uint32_t select)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < TPM_PCRS; i++)
		if (select >> i & 1)
			json_array_append_new(list, json_integer(i));
	return list;
}

int pcr_policy_sign(struct str pem, const struct tpm_pcr_bank *bank, uint32_t select,
		    json_t **to)
{
	uint8_t digest[PCR_POLICY_BYTES], print[PCR_POLICY_BYTES], signature[SIGNATURE_MAX];
	size_t size = sizeof(signature);
	EVP_PKEY *key;
	int rc;

	*to = NULL;
	rc = pcr_policy_digest(bank, select, digest);
	if (rc)
		return rc;
	key = read_key(pem);
	if (!key)
		return -EINVAL;
	rc = EVP_PKEY_get_size(key) > (int)sizeof(signature) ? -EINVAL : fingerprint(key, print);
	rc = rc ? rc : sign(key, digest, sizeof(digest), signature, &size);
	EVP_PKEY_free(key);
	if (rc)
		return rc;
	*to = json_pack("{s:o, s:o, s:o, s:o}", "pcrs", list_of(select), "pkfp",
			hex(print, sizeof(print)), "pol", hex(digest, sizeof(digest)), "sig",
			base64(signature, size));
	return *to ? 0 : -ENOMEM;
}
