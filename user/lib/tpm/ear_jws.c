// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "ear_jws.h"

#define HALF		32		/* bytes of r and of s */
#define SIGNATURE	(2 * HALF)
#define KEY_ID		16		/* bytes of the key's digest that name it */

struct ear_key {
	EVP_PKEY *pkey;
	char id[2 * KEY_ID + 1];
};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* base64url without padding (RFC 7515 2); as many characters as @len bytes need, and a NUL. */
static char *encode(char *to, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint32_t bits = 0;
	unsigned int have = 0;

	for (; len; len--) {
		bits = bits << 8 | *p++;
		for (have += 8; have >= 6; have -= 6)
			*to++ = alphabet[bits >> (have - 6) & 63];
	}
	if (have)
		*to++ = alphabet[bits << (6 - have) & 63];
	*to = '\0';
	return to;
}

/* One form only: no padding, and no bits that are lost.  Return: bytes, or -EBADMSG. */
static ssize_t decode(struct str text, uint8_t *to, size_t size)
{
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t i, n = 0;

	for (i = 0; i < text.len; i++) {
		const char *at = text.at[i] ? strchr(alphabet, text.at[i]) : NULL;

		if (!at)
			return -EBADMSG;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (n == size)
			return -EBADMSG;
		to[n++] = (uint8_t)(bits >> have);
	}
	return have >= 6 || (bits & ((1u << have) - 1)) ? -EBADMSG : (ssize_t)n;
}

/* What a memory BIO has, with a NUL. */
static char *text_of(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	return len > 0 ? strndup(data, len) : NULL;
}

int ear_key_make(char **private, char **public)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *secret = BIO_new(BIO_s_secmem()), *open = BIO_new(BIO_s_mem());

	*private = NULL;
	*public = NULL;
	if (key && secret && open &&
	    PEM_write_bio_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	    PEM_write_bio_PUBKEY(open, key) == 1) {
		*private = text_of(secret);
		*public = text_of(open);
	}
	BIO_free(secret);
	BIO_free(open);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return *private && *public ? 0 : -EIO;
}

void ear_key_free(struct ear_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

static bool is_p256(EVP_PKEY *pkey)
{
	char name[32] = "";

	return EVP_PKEY_is_a(pkey, "EC") &&
	       EVP_PKEY_get_group_name(pkey, name, sizeof(name), NULL) == 1 &&
	       !strcmp(name, "prime256v1");
}

/* Takes @pkey, which may be NULL. */
static struct ear_key *make_key(EVP_PKEY *pkey)
{
	struct ear_key *key = pkey && is_p256(pkey) ? calloc(1, sizeof(*key)) : NULL;
	const struct tpm_alg *sha256 = tpm_alg_by_id(TPM_ALG_SHA256);
	uint8_t digest[TPM_DIGEST_MAX], *der = NULL;
	int len = key ? i2d_PUBKEY(pkey, &der) : -1;

	if (len > 0 && !tpm_hash(sha256, der, len, digest)) {
		hex_encode(digest, KEY_ID, key->id);
		key->pkey = pkey;
		pkey = NULL;
	}
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	if (key && !key->pkey) {
		free(key);
		key = NULL;
	}
	return key;
}

/* No terminal is asked for a passphrase. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

struct ear_key *ear_key_private(struct str pem)
{
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

	BIO_free(bio);
	return make_key(pkey);
}

struct ear_key *ear_key_public(struct str pem)
{
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL) : NULL;

	BIO_free(bio);
	return make_key(pkey);
}

static int sign(const struct ear_key *key, struct str text, uint8_t raw[SIGNATURE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[80];
	const uint8_t *at = der;
	size_t len = sizeof(der);
	ECDSA_SIG *sig = NULL;
	bool ok;

	ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
	     EVP_DigestSign(ctx, der, &len, (const uint8_t *)text.at, text.len) == 1 &&
	     (sig = d2i_ECDSA_SIG(NULL, &at, (long)len)) &&
	     BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, HALF) == HALF &&
	     BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + HALF, HALF) == HALF;
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok ? 0 : -EIO;
}

/* r and s as OpenSSL wants them.  Return: the length, or below 1. */
static int to_der(const uint8_t raw[SIGNATURE], uint8_t **der)
{
	BIGNUM *r = BN_bin2bn(raw, HALF, NULL), *s = BN_bin2bn(raw + HALF, HALF, NULL);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int len = -1;

	if (r && s && sig && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = NULL;
		s = NULL;
		len = i2d_ECDSA_SIG(sig, der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return len;
}

static int check(const struct ear_key *key, struct str text, const uint8_t raw[SIGNATURE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	int len = to_der(raw, &der);
	bool ready, ok;

	ready = ctx && len > 0 &&
		EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1;
	ok = ready && EVP_DigestVerify(ctx, der, (size_t)len, (const uint8_t *)text.at,
				       text.len) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	if (!ready)
		return -EIO;
	return ok ? 0 : -EKEYREJECTED;
}

int jws_sign(const struct ear_key *key, struct str payload, char **token)
{
	char head[96], *end;
	uint8_t raw[SIGNATURE];
	CLEANUP_FREE char *text = NULL;
	int rc;

	snprintf(head, sizeof(head), "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", key->id);
	text = malloc((strlen(head) + payload.len + sizeof(raw)) * 2);
	if (!text)
		return -ENOMEM;
	end = encode(text, head, strlen(head));
	*end++ = '.';
	end = encode(end, payload.at, payload.len);
	rc = sign(key, (struct str){ text, (size_t)(end - text) }, raw);
	if (rc)
		return rc;
	*end++ = '.';
	encode(end, raw, sizeof(raw));
	*token = TAKE_PTR(text);
	return 0;
}

/* A header may say who has signed, but nothing that changes what a signature is. */
static int check_head(const char *head, size_t len)
{
	json_t *o = json_loadb(head, len, JSON_REJECT_DUPLICATES, NULL);
	const char *alg = json_string_value(json_object_get(o, "alg"));
	int rc = alg && !strcmp(alg, "ES256") && !json_object_get(o, "crit") &&
		 !json_object_get(o, "b64") ? 0 : -EBADMSG;

	json_decref(o);
	return rc;
}

int jws_verify(const struct ear_key *key, struct str token, char **payload, size_t *len)
{
	struct str rest = token, head, body, signature;
	CLEANUP_FREE char *text = NULL;
	uint8_t raw[SIGNATURE];
	ssize_t n;
	int rc;

	if (token.len > EAR_TOKEN_MAX || !str_cut(&rest, '.', &head) ||
	    !str_cut(&rest, '.', &body) || !str_cut(&rest, '.', &signature) || rest.at)
		return -EBADMSG;
	text = malloc(token.len + 1);
	if (!text)
		return -ENOMEM;
	n = decode(head, (uint8_t *)text, token.len);
	rc = n < 0 ? -EBADMSG : check_head(text, (size_t)n);
	if (rc)
		return rc;
	if (decode(signature, raw, sizeof(raw)) != sizeof(raw))
		return -EBADMSG;
	rc = check(key, (struct str){ token.at, head.len + 1 + body.len }, raw);
	if (rc)
		return rc;
	n = decode(body, (uint8_t *)text, token.len);
	if (n < 0)
		return -EBADMSG;
	text[n] = '\0';
	*len = (size_t)n;
	*payload = TAKE_PTR(text);
	return 0;
}
