// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/hex.h"
#include "boot_policy.h"

#define RSA_BITS_LEAST	2048

/* TPM_CC, Part 2, 6.5.2 */
#define CC_POLICY_NV		0x00000149u
#define CC_POLICY_AUTHORIZE	0x0000016au

#define EO_UNSIGNED_LE		0x0009u		/* TPM_EO: the counter is at most the operand */

/*
 * TPMA_NV: whoever may read the TPM reads it, the owner increments it, a lock-out does not
 * touch it; it is a counter, and was written.
 */
#define COUNTER_ATTRIBUTES	0x22060012u

static const struct tpm_alg *sha256(void)
{
	return tpm_alg_by_id(TPM_ALG_SHA256);
}

/* --- who signs --------------------------------------------------------------------------- */

static int put_number(struct tpm_writer *w, EVP_PKEY *key, const char *what, size_t bytes)
{
	uint8_t at[TPM_RSA_MAX];
	BIGNUM *n = NULL;
	int got = -1;

	if (bytes <= sizeof(at) && EVP_PKEY_get_bn_param(key, what, &n) == 1)
		got = BN_bn2binpad(n, at, (int)bytes);
	BN_free(n);
	tpm_write_2b(w, at, got == (int)bytes ? bytes : 0);
	return got == (int)bytes ? 0 : -EIO;
}

/* As it is loaded to verify signatures: without a scheme, a policy or anything optional. */
static int put_area(struct tpm_writer *w, EVP_PKEY *key)
{
	bool rsa = EVP_PKEY_is_a(key, "RSA");
	int bits = EVP_PKEY_get_bits(key), rc;

	tpm_write_u16(w, rsa ? TPM_ALG_RSA : TPM_ALG_ECC);
	tpm_write_u16(w, TPM_ALG_SHA256);
	tpm_write_u32(w, TPM_USER_AUTH | TPM_SIGN);
	tpm_write_2b(w, "", 0);
	tpm_write_u16(w, TPM_ALG_NULL);		/* symmetric */
	tpm_write_u16(w, TPM_ALG_NULL);		/* scheme */
	if (rsa) {
		tpm_write_u16(w, bits);
		tpm_write_u32(w, 0);		/* exponent: 65537 */
		return put_number(w, key, OSSL_PKEY_PARAM_RSA_N, bits / 8);
	}
	tpm_write_u16(w, TPM_ECC_P256);
	tpm_write_u16(w, TPM_ALG_NULL);		/* kdf */
	rc = put_number(w, key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
	return rc ? rc : put_number(w, key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
}

static const char *check_kind(EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);
	BIGNUM *e = NULL;
	char group[32];
	bool usual;

	if (EVP_PKEY_is_a(key, "EC"))
		return EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
		       !strcmp(group, tpm_curve_name(TPM_ECC_P256)) ? NULL :
		       "a key of another curve than P-256";
	if (!EVP_PKEY_is_a(key, "RSA"))
		return "a key that is neither RSA nor P-256";
	if (bits < RSA_BITS_LEAST || bits > 8 * (int)TPM_RSA_MAX || bits % 8)
		return "an RSA key of fewer than 2048 or more than 4096 bits";
	usual = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_word(e, 65537);
	BN_free(e);
	return usual ? NULL : "an RSA key with another exponent than 65537";
}

static int print_id(EVP_PKEY *key, char text[BOOT_PKFP_TEXT])
{
	uint8_t *der = NULL, digest[TPM_SHA256_BYTES];
	int len = i2d_PUBKEY(key, &der);
	int rc = len > 0 ? tpm_hash(sha256(), der, len, digest) : -EIO;

	OPENSSL_free(der);
	if (!rc)
		hex_encode(digest, sizeof(digest), text);
	return rc;
}

static int from_key(EVP_PKEY *key, struct boot_key *to, const char **why)
{
	struct tpm_writer w = TPM_WRITER(to->area, sizeof(to->area));
	struct tpm_public public;
	int rc;

	*why = check_kind(key);
	if (*why)
		return -EOPNOTSUPP;
	*why = "OpenSSL cannot read the key";
	rc = put_area(&w, key);
	if (!rc && w.bad)
		rc = -EIO;
	to->len = w.len;
	if (!rc && tpm_public_parse(to->area, to->len, &public, why))
		rc = -EBADMSG;
	if (!rc)
		rc = tpm_public_name(&public, &to->name);
	return rc ? rc : print_id(key, to->pkfp);
}

static EVP_PKEY *read_private(const char *text, size_t len)
{
	BIO *bio = len <= INT32_MAX ? BIO_new_mem_buf(text, (int)len) : NULL;
	/* With a passphrase given, the empty one, nobody is asked for one. */
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, "") : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return key;
}

int boot_key_from_pem(const char *text, size_t len, struct boot_key *to, const char **why)
{
	EVP_PKEY *key;
	int rc;

	if (tpm_key_from_pem(text, len, &key))
		key = read_private(text, len);
	*why = "no key in PEM, or an encrypted one";
	rc = key ? from_key(key, to, why) : -EBADMSG;
	EVP_PKEY_free(key);
	return rc;
}

int boot_key_from_area(const void *area, size_t len, struct boot_key *to, const char **why)
{
	struct tpm_public public;
	EVP_PKEY *key = NULL;
	int rc = tpm_public_parse(area, len, &public, why);

	if (!rc) {
		*why = "the public key is none";
		rc = tpm_public_key(&public, &key);
	}
	if (!rc)
		rc = from_key(key, to, why);
	EVP_PKEY_free(key);
	if (rc || (to->len == len && !memcmp(to->area, area, len)))
		return rc;
	*why = "the public key is not as it would be loaded";
	return -EBADMSG;
}

/* --- digests ----------------------------------------------------------------------------- */

int boot_counter_name(uint32_t index, struct tpm_name *name)
{
	uint8_t area[32];
	struct tpm_writer w = TPM_WRITER(area, sizeof(area));

	/* TPMS_NV_PUBLIC */
	tpm_write_u32(&w, index);
	tpm_write_u16(&w, TPM_ALG_SHA256);
	tpm_write_u32(&w, COUNTER_ATTRIBUTES);
	tpm_write_2b(&w, "", 0);
	tpm_write_u16(&w, sizeof(uint64_t));
	name->at[0] = TPM_ALG_SHA256 >> 8;
	name->at[1] = TPM_ALG_SHA256 & 0xff;
	name->len = 2 + TPM_SHA256_BYTES;
	return tpm_hash(sha256(), area, w.len, name->at + 2);
}

/* A digest goes on by what @w has. */
static int extend(uint8_t digest[BOOT_POLICY_BYTES], const struct tpm_writer *w)
{
	const struct tpm_part part[2] = { { digest, BOOT_POLICY_BYTES }, { w->at, w->len } };

	return w->bad ? -EIO : tpm_hash_parts(sha256(), part, 2, digest);
}

int boot_sealed_policy(const struct boot_key *key, uint8_t digest[BOOT_POLICY_BYTES])
{
	uint8_t bytes[4 + TPM_NAME_MAX];
	struct tpm_writer w = TPM_WRITER(bytes, sizeof(bytes));
	int rc;

	memset(digest, 0, BOOT_POLICY_BYTES);
	tpm_write_u32(&w, CC_POLICY_AUTHORIZE);
	tpm_write_bytes(&w, key->name.at, key->name.len);
	rc = extend(digest, &w);
	w = TPM_WRITER((uint8_t *)BOOT_POLICY_REF, strlen(BOOT_POLICY_REF));
	w.len = w.size;
	return rc ? rc : extend(digest, &w);
}

/* PolicyNV: the digest of operand, offset and operation, and the index's Name. */
static int add_counter(uint64_t epoch, uint32_t index, uint8_t digest[BOOT_POLICY_BYTES])
{
	uint8_t of[TPM_SHA256_BYTES], args[12], bytes[4 + sizeof(of) + TPM_NAME_MAX];
	struct tpm_writer a = TPM_WRITER(args, sizeof(args));
	struct tpm_writer w = TPM_WRITER(bytes, sizeof(bytes));
	struct tpm_name name;
	int rc;

	tpm_write_u64(&a, epoch);
	tpm_write_u16(&a, 0);
	tpm_write_u16(&a, EO_UNSIGNED_LE);
	rc = tpm_hash(sha256(), args, a.len, of);
	if (!rc)
		rc = boot_counter_name(index, &name);
	if (rc)
		return rc;
	tpm_write_u32(&w, CC_POLICY_NV);
	tpm_write_bytes(&w, of, sizeof(of));
	tpm_write_bytes(&w, name.at, name.len);
	return extend(digest, &w);
}

int boot_policy_digest(const struct tpm_pcr_bank *bank, uint32_t pcrs, uint64_t epoch,
		       uint32_t index, uint8_t digest[BOOT_POLICY_BYTES])
{
	int rc;

	if (!pcrs || pcrs & ~TPM_PCRS_ALL || pcrs & ~bank->known)
		return -EINVAL;
	memset(digest, 0, BOOT_POLICY_BYTES);
	rc = tpm_pcr_policy(bank, pcrs, digest);
	return rc ? rc : add_counter(epoch, index, digest);
}

/* --- signatures -------------------------------------------------------------------------- */

static void message(const struct boot_policy *p, struct tpm_writer *w)
{
	tpm_write_bytes(w, p->digest, sizeof(p->digest));
	tpm_write_bytes(w, BOOT_POLICY_REF, strlen(BOOT_POLICY_REF));
}

static int sign(struct boot_policy *p, EVP_PKEY *key)
{
	uint8_t bytes[BOOT_POLICY_BYTES + sizeof(BOOT_POLICY_REF)];
	struct tpm_writer w = TPM_WRITER(bytes, sizeof(bytes));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool done;

	message(p, &w);
	p->signature_len = sizeof(p->signature);
	done = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestSign(ctx, p->signature, &p->signature_len, bytes, w.len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return done ? 0 : -EIO;
}

int boot_policy_sign(struct boot_policy *p, uint32_t index, const char *pem, size_t len,
		     const char **why)
{
	EVP_PKEY *key = read_private(pem, len);
	struct boot_key public;
	int rc;

	*why = "no private key in PEM, or an encrypted one";
	rc = key ? from_key(key, &public, why) : -EBADMSG;
	if (!rc) {
		*why = "not all of the PCRs are known";
		rc = boot_policy_digest(&p->values, p->pcrs, p->epoch, index, p->digest);
	}
	if (!rc) {
		*why = "OpenSSL cannot sign with it";
		memcpy(p->pkfp, public.pkfp, sizeof(p->pkfp));
		rc = sign(p, key);
	}
	EVP_PKEY_free(key);
	return rc;
}

/* DER to TPMS_SIGNATURE_ECDSA. */
static int put_pair(const struct boot_policy *p, struct tpm_writer *w)
{
	const uint8_t *der = p->signature;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)p->signature_len);
	uint8_t r[32], s[32];
	bool good = pair && der == p->signature + p->signature_len &&
		    BN_bn2binpad(ECDSA_SIG_get0_r(pair), r, sizeof(r)) == sizeof(r) &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(pair), s, sizeof(s)) == sizeof(s);

	ECDSA_SIG_free(pair);
	ERR_clear_error();
	if (!good)
		return -EBADMSG;
	tpm_write_2b(w, r, sizeof(r));
	tpm_write_2b(w, s, sizeof(s));
	return 0;
}

int boot_policy_signature(const struct boot_policy *p, const struct boot_key *key,
			  struct tpm_writer *to, uint8_t signed_digest[BOOT_POLICY_BYTES])
{
	uint8_t bytes[BOOT_POLICY_BYTES + sizeof(BOOT_POLICY_REF)];
	struct tpm_writer w = TPM_WRITER(bytes, sizeof(bytes));
	struct tpm_public public;
	const char *why;
	int rc;

	if (tpm_public_parse(key->area, key->len, &public, &why))
		return -EBADMSG;
	message(p, &w);
	rc = tpm_hash(sha256(), bytes, w.len, signed_digest);
	if (rc)
		return rc;
	tpm_write_u16(to, public.type == TPM_ALG_RSA ? TPM_ALG_RSASSA : TPM_ALG_ECDSA);
	tpm_write_u16(to, TPM_ALG_SHA256);
	if (public.type == TPM_ALG_ECC)
		rc = put_pair(p, to);
	else if (p->signature_len != public.modulus.len)
		rc = -EBADMSG;
	else
		tpm_write_2b(to, p->signature, p->signature_len);
	return rc ? rc : to->bad ? -EBADMSG : 0;
}
