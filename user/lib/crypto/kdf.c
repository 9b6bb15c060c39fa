// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#include "kdf.h"

/**
 * hmac_sha256 - HMAC-SHA-256 (RFC 2104)
 * @key:	@key_len bytes
 * @data:	@len bytes
 * @mac:	receives the result
 *
 * Return: 0 or -EIO when OpenSSL cannot.
 */
int hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
		uint8_t mac[SHA256_BYTES])
{
	unsigned int out = 0;

	if (!HMAC(EVP_sha256(), key, (int)key_len, data, len, mac, &out) || out != SHA256_BYTES)
		return -EIO;
	return 0;
}

/**
 * hkdf_sha256 - HKDF-SHA-256, extract and expand (RFC 5869)
 * @ikm:	input keying material, @ikm_len bytes
 * @salt:	@salt_len bytes; none is 32 zero bytes
 * @info:	@info_len bytes
 * @okm:	receives @okm_len bytes, at most 255 * 32
 *
 * Return: 0 or -EIO when OpenSSL cannot.
 */
int hkdf_sha256(const void *ikm, size_t ikm_len, const void *salt, size_t salt_len,
		const void *info, size_t info_len, void *okm, size_t okm_len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[5], *p = params;
	char digest[] = "SHA256";
	int ok = 0;

	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)ikm, ikm_len);
	if (salt_len)
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt,
							 salt_len);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_len);
	*p = OSSL_PARAM_construct_end();
	if (ctx)
		ok = EVP_KDF_derive(ctx, okm, okm_len, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok ? 0 : -EIO;
}

/**
 * sha256_digest - SHA-256 (FIPS 180-4)
 * @data:	@len bytes
 * @digest:	receives the result
 *
 * Return: 0 or -EIO when OpenSSL cannot.
 */
int sha256_digest(const void *data, size_t len, uint8_t digest[SHA256_BYTES])
{
	return SHA256(data, len, digest) ? 0 : -EIO;
}

/**
 * mac_equal - compare in constant time
 *
 * Return: 1 when both are equal, else 0.
 */
int mac_equal(const void *a, const void *b, size_t len)
{
	return !CRYPTO_memcmp(a, b, len);
}
