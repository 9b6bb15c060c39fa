// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include "ecdsa.h"

/* Both contexts are prepared once: preparing one looks algorithms up. */
struct ecdsa_key {
	EVP_PKEY_CTX *sign;	/* NULL: the point alone is known */
	EVP_PKEY_CTX *verify;
	uint8_t point[P256_POINT_BYTES];
};

void ecdsa_free(struct ecdsa_key *key)
{
	if (!key)
		return;
	EVP_PKEY_CTX_free(key->sign);
	EVP_PKEY_CTX_free(key->verify);
	free(key);
}

/* A key of OpenSSL's from a point and, perhaps, its scalar. */
static EVP_PKEY *make_pkey(const uint8_t point[P256_POINT_BYTES], const BIGNUM *scalar)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	int what = scalar ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (build && ctx &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
					     P256_POINT_BYTES) &&
	    (!scalar || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar)))
		params = OSSL_PARAM_BLD_to_param(build);
	if (params && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, what, params) != 1)
		pkey = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static struct ecdsa_key *make_key(const uint8_t point[P256_POINT_BYTES], const BIGNUM *scalar)
{
	struct ecdsa_key *key = calloc(1, sizeof(*key));
	EVP_PKEY *pkey = key ? make_pkey(point, scalar) : NULL;
	bool ok = false;

	if (pkey) {
		key->verify = EVP_PKEY_CTX_new(pkey, NULL);
		key->sign = scalar ? EVP_PKEY_CTX_new(pkey, NULL) : NULL;
		ok = key->verify && EVP_PKEY_verify_init(key->verify) == 1 &&
		     (!scalar || (key->sign && EVP_PKEY_sign_init(key->sign) == 1));
		memcpy(key->point, point, P256_POINT_BYTES);
	}
	EVP_PKEY_free(pkey);
	if (ok)
		return key;
	ERR_clear_error();
	ecdsa_free(key);
	return NULL;
}

/**
 * ecdsa_private - a key that can sign and verify
 * @scalar:	big-endian, from 1 to the order less one; not needed after the call
 *
 * Return: the key, which one thread at a time may use, or NULL.
 */
struct ecdsa_key *ecdsa_private(const uint8_t scalar[P256_SCALAR_BYTES])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *d = BN_secure_new();
	EC_POINT *q = group ? EC_POINT_new(group) : NULL;
	struct ecdsa_key *key = NULL;
	uint8_t point[P256_POINT_BYTES];

	if (d && q && BN_bin2bn(scalar, P256_SCALAR_BYTES, d) && !BN_is_zero(d) &&
	    BN_cmp(d, EC_GROUP_get0_order(group)) < 0 &&
	    EC_POINT_mul(group, q, d, NULL, NULL, NULL) == 1 &&
	    EC_POINT_point2oct(group, q, POINT_CONVERSION_UNCOMPRESSED, point, sizeof(point),
			       NULL) == sizeof(point))
		key = make_key(point, d);
	EC_POINT_free(q);
	BN_clear_free(d);
	EC_GROUP_free(group);
	return key;
}

/**
 * ecdsa_public - a key that can verify
 * @point:	uncompressed; whether it is on the curve is checked
 *
 * Return: the key, which one thread at a time may use, or NULL.
 */
struct ecdsa_key *ecdsa_public(const uint8_t point[P256_POINT_BYTES])
{
	return make_key(point, NULL);
}

/* The public half. */
void ecdsa_point(const struct ecdsa_key *key, uint8_t point[P256_POINT_BYTES])
{
	memcpy(point, key->point, P256_POINT_BYTES);
}

/**
 * ecdsa_sign - sign a digest
 * @key:	from ecdsa_private()
 * @digest:	SHA-256 of the message
 * @der:	receives the signature (SEC 1, C.5); different every time
 *
 * Return: its length, or -EIO.
 */
int ecdsa_sign(struct ecdsa_key *key, const uint8_t digest[ECDSA_DIGEST_BYTES],
	       uint8_t der[ECDSA_DER_MAX])
{
	size_t len = ECDSA_DER_MAX;

	if (!key->sign || EVP_PKEY_sign(key->sign, der, &len, digest, ECDSA_DIGEST_BYTES) != 1) {
		ERR_clear_error();
		return -EIO;
	}
	return (int)len;
}

/* Is @der a signature of the digest by the key? */
bool ecdsa_verify(struct ecdsa_key *key, const uint8_t digest[ECDSA_DIGEST_BYTES],
		  const uint8_t *der, size_t len)
{
	bool ok = EVP_PKEY_verify(key->verify, der, len, digest, ECDSA_DIGEST_BYTES) == 1;

	/* What a stranger sent wrong must not fill the queue of errors. */
	if (!ok)
		ERR_clear_error();
	return ok;
}
