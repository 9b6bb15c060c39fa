// SPDX-License-Identifier: GPL-2.0-or-later
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "private.h"

#define RSA_LEAST	2048
#define RSA_MOST	8192

static int curve_of(EVP_PKEY *key)
{
	char name[32] = "";
	size_t len;

	if (!EVP_PKEY_get_group_name(key, name, sizeof(name), &len))
		return NID_undef;
	return OBJ_sn2nid(name);
}

bool sig_key_is_ed25519(EVP_PKEY *key)
{
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
}

bool sig_key_taken(EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key), curve;

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		curve = curve_of(key);
		return curve == NID_X9_62_prime256v1 || curve == NID_secp384r1 ||
		       curve == NID_secp521r1;
	case EVP_PKEY_RSA:
		return bits >= RSA_LEAST && bits <= RSA_MOST;
	case EVP_PKEY_ED25519:
		return true;
	}
	return false;
}

enum sigstore_hash sig_key_hash(EVP_PKEY *key)
{
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
		return SIGSTORE_SHA256;
	switch (curve_of(key)) {
	case NID_secp384r1:
		return SIGSTORE_SHA384;
	case NID_secp521r1:
		return SIGSTORE_SHA512;
	}
	return SIGSTORE_SHA256;
}

EVP_PKEY *sig_key_der(struct str der)
{
	const unsigned char *at = (const unsigned char *)der.at;
	EVP_PKEY *key = der.len ? d2i_PUBKEY(NULL, &at, der.len) : NULL;

	ERR_clear_error();
	if (key && (at != (const unsigned char *)der.at + der.len || !sig_key_taken(key))) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

int sigstore_key_parse(struct str pem, struct sigstore_key **key, struct sigstore_fault *f)
{
	BIO *bio = pem.len <= 65536 ? BIO_new_mem_buf(pem.at ? pem.at : "", pem.len) : NULL;
	EVP_PKEY *parsed = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
	unsigned char *der = NULL;
	struct sigstore_key *k;
	int len;

	*f = (struct sigstore_fault){ 0 };
	BIO_free(bio);
	ERR_clear_error();
	if (!parsed)
		return sig_refuse(f, SIGSTORE_KEY, "the key is not a public key in PEM");
	if (!sig_key_taken(parsed)) {
		EVP_PKEY_free(parsed);
		return sig_refuse(f, SIGSTORE_KEY,
				  "the key is neither ECDSA P-256, P-384 or P-521 nor Ed25519 nor RSA of 2048 to 8192 bits");
	}
	k = calloc(1, sizeof(*k));
	len = i2d_PUBKEY(parsed, &der);
	if (!k || len < 0) {
		EVP_PKEY_free(parsed);
		OPENSSL_free(der);
		free(k);
		return sig_no_memory(f);
	}
	*k = (struct sigstore_key){ parsed, { (char *)der, len } };
	*key = k;
	return 0;
}

void sigstore_key_free(struct sigstore_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->key);
	OPENSSL_free((void *)key->spki.at);
	free(key);
}

static bool verify_digest(EVP_PKEY *key, enum sigstore_hash h, const uint8_t *digest,
			  struct str sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool good = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
		    EVP_PKEY_CTX_set_signature_md(ctx, sig_hash_md(h)) == 1 &&
		    (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
		     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1) &&
		    EVP_PKEY_verify(ctx, (const unsigned char *)sig.at, sig.len, digest,
				    sig_hash_bytes(h)) == 1;

	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

static bool verify_whole(EVP_PKEY *key, struct str message, struct str sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestVerify(ctx, (const unsigned char *)sig.at, sig.len,
				     (const unsigned char *)message.at, message.len) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

enum sig_verdict sig_key_verify(EVP_PKEY *key, enum sigstore_hash h,
				const struct sigstore_artefact *a, struct str signature)
{
	bool good;

	if (sig_key_is_ed25519(key)) {
		if (!a->data.at)
			return SIG_NEEDS_DATA;
		good = verify_whole(key, a->data, signature);
	} else {
		if (!a->known[h])
			return SIG_NEEDS_DIGEST;
		good = verify_digest(key, h, a->digest[h], signature);
	}
	return good ? SIG_GOOD : SIG_BAD;
}

bool sig_key_verify_text(EVP_PKEY *key, struct str message, struct str signature)
{
	uint8_t digest[SIG_SHA256];

	if (sig_key_is_ed25519(key))
		return verify_whole(key, message, signature);
	return sig_sha256(&message, 1, digest) &&
	       verify_digest(key, SIGSTORE_SHA256, digest, signature);
}
