// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "tpm_public.h"

#define RSA_BITS_LEAST	2048
#define RSA_EXPONENT	65537u		/* what 0 stands for */

static const struct {
	uint16_t id;
	uint16_t bytes;
	const char *name;
} curves[] = {
	{ TPM_ECC_P256, 32, "prime256v1" },
	{ TPM_ECC_P384, 48, "secp384r1" },
	{ TPM_ECC_P521, 66, "secp521r1" },
};

size_t tpm_curve_bytes(uint16_t curve)
{
	unsigned int i;

	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (curves[i].id == curve)
			return curves[i].bytes;
	return 0;
}

const char *tpm_curve_name(uint16_t curve)
{
	unsigned int i;

	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (curves[i].id == curve)
			return curves[i].name;
	return NULL;
}

/* --- parsing ----------------------------------------------------------------------------- */

/* TPMT_SYM_DEF_OBJECT */
static const char *read_symmetric(struct tpm_reader *r, struct tpm_public *p)
{
	p->symmetric.alg = tpm_read_u16(r);
	switch (p->symmetric.alg) {
	case TPM_ALG_NULL:
		return NULL;
	case TPM_ALG_AES:
	case TPM_ALG_SM4:
	case TPM_ALG_CAMELLIA:
	case TPM_ALG_TDES:
		p->symmetric.bits = tpm_read_u16(r);
		p->symmetric.mode = tpm_read_u16(r);
		return NULL;
	}
	return "the public area names an unknown symmetric algorithm";
}

/* TPMT_RSA_SCHEME and TPMT_ECC_SCHEME */
static const char *read_scheme(struct tpm_reader *r, struct tpm_public *p)
{
	bool rsa = p->type == TPM_ALG_RSA;

	p->scheme.alg = tpm_read_u16(r);
	switch (p->scheme.alg) {
	case TPM_ALG_NULL:
		return NULL;
	case TPM_ALG_RSAES:
		return rsa ? NULL : "the scheme is not one of the key's kind";
	case TPM_ALG_RSASSA:
	case TPM_ALG_RSAPSS:
	case TPM_ALG_OAEP:
		p->scheme.hash = tpm_read_u16(r);
		return rsa ? NULL : "the scheme is not one of the key's kind";
	case TPM_ALG_ECDSA:
	case TPM_ALG_ECDH:
	case TPM_ALG_SM2:
	case TPM_ALG_ECSCHNORR:
	case TPM_ALG_ECMQV:
	case TPM_ALG_ECDAA:
		p->scheme.hash = tpm_read_u16(r);
		if (p->scheme.alg == TPM_ALG_ECDAA)
			tpm_read_u16(r);	/* count */
		return rsa ? "the scheme is not one of the key's kind" : NULL;
	}
	return "the public area names an unknown scheme";
}

static const char *read_rsa(struct tpm_reader *r, struct tpm_public *p)
{
	p->bits = tpm_read_u16(r);
	p->exponent = tpm_read_u32(r);
	p->modulus = tpm_read_2b(r, TPM_RSA_MAX);
	if (r->bad)
		return NULL;
	if (!p->exponent)
		p->exponent = RSA_EXPONENT;
	if (p->bits % 8 || p->modulus.len != p->bits / 8 || !p->bits)
		return "the modulus has not the length that the public area says";
	if (!(p->modulus.at[0] & 0x80) || !(p->modulus.at[p->modulus.len - 1] & 1))
		return "the modulus is none";
	if (p->exponent < 3 || !(p->exponent & 1))
		return "the exponent is none";
	return NULL;
}

static const char *read_ecc(struct tpm_reader *r, struct tpm_public *p)
{
	size_t bytes;

	p->curve = tpm_read_u16(r);
	if (tpm_read_u16(r) != TPM_ALG_NULL)	/* kdf */
		tpm_read_u16(r);
	p->x = tpm_read_2b(r, TPM_ECC_MAX);
	p->y = tpm_read_2b(r, TPM_ECC_MAX);
	if (r->bad)
		return NULL;
	bytes = tpm_curve_bytes(p->curve);
	if (!bytes)
		return "the curve is not known";
	if (!p->x.len || p->x.len > bytes || !p->y.len || p->y.len > bytes)
		return "a coordinate has not the curve's length";
	return NULL;
}

static const char *parse(struct tpm_reader *r, struct tpm_public *p)
{
	const char *why;

	p->type = tpm_read_u16(r);
	p->name_alg = tpm_alg_by_id(tpm_read_u16(r));
	p->attributes = tpm_read_u32(r);
	p->policy = tpm_read_2b(r, TPM_DIGEST_MAX);
	if (r->bad)
		return NULL;
	if (p->type != TPM_ALG_RSA && p->type != TPM_ALG_ECC)
		return "the public area is of no RSA and no ECC key";
	if (!p->name_alg)
		return "the name algorithm is not known";
	if (p->attributes & ~TPM_ATTRIBUTES)
		return "attributes are set that are reserved";
	if (p->policy.len && p->policy.len != p->name_alg->size)
		return "the policy is no digest of the name algorithm";
	why = read_symmetric(r, p);
	if (!why)
		why = read_scheme(r, p);
	if (!why && !r->bad)
		why = p->type == TPM_ALG_RSA ? read_rsa(r, p) : read_ecc(r, p);
	return why;
}

int tpm_public_parse(const void *data, size_t len, struct tpm_public *p, const char **why)
{
	struct tpm_reader r = TPM_READER(data, len);

	*p = (struct tpm_public){ .area = { data, len } };
	*why = parse(&r, p);
	if (!*why && r.bad)
		*why = "the public area ends too early";
	if (!*why && !tpm_read_end(&r))
		*why = "bytes follow the public area";
	return *why ? -EBADMSG : 0;
}

int tpm_public_parse_2b(const void *data, size_t len, struct tpm_public *p, const char **why)
{
	struct tpm_reader r = TPM_READER(data, len);
	struct tpm_blob area = tpm_read_2b(&r, UINT16_MAX);

	*why = r.bad ? "the public area ends too early" :
	       r.left ? "bytes follow the public area" : NULL;
	return *why ? -EBADMSG : tpm_public_parse(area.at, area.len, p, why);
}

/* --- Names ------------------------------------------------------------------------------- */

static int name_of(const struct tpm_alg *alg, const struct tpm_part *part, unsigned int count,
		   struct tpm_name *name)
{
	name->at[0] = alg->id >> 8;
	name->at[1] = alg->id & 0xff;
	name->len = 2 + alg->size;
	return tpm_hash_parts(alg, part, count, name->at + 2);
}

int tpm_public_name(const struct tpm_public *p, struct tpm_name *name)
{
	struct tpm_part part = { p->area.at, p->area.len };

	return name_of(p->name_alg, &part, 1, name);
}

int tpm_public_qualified_name(const struct tpm_public *p, const struct tpm_public *parent,
			      uint32_t hierarchy, struct tpm_name *name)
{
	struct tpm_name own, above = { .len = 0 };
	struct tpm_writer w = TPM_WRITER(above.at, sizeof(above.at));
	struct tpm_part part[2];
	int rc = tpm_public_name(p, &own);

	tpm_write_u32(&w, hierarchy);
	above.len = w.len;
	if (!rc && parent)
		rc = tpm_public_qualified_name(parent, NULL, hierarchy, &above);
	if (rc)
		return rc;
	part[0] = (struct tpm_part){ above.at, above.len };
	part[1] = (struct tpm_part){ own.at, own.len };
	return name_of(p->name_alg, part, 2, name);
}

/* --- keys -------------------------------------------------------------------------------- */

static EVP_PKEY *from_params(const char *kind, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	EVP_PKEY *key = NULL;

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *rsa_key(const struct tpm_public *p)
{
	BIGNUM *n = BN_bin2bn(p->modulus.at, p->modulus.len, NULL), *e = BN_new();
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (build && n && e && BN_set_word(e, p->exponent) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
		key = from_params("RSA", build);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return key;
}

static EVP_PKEY *ecc_key(const struct tpm_public *p)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	size_t bytes = tpm_curve_bytes(p->curve);
	uint8_t point[1 + 2 * TPM_ECC_MAX] = { POINT_CONVERSION_UNCOMPRESSED };
	EVP_PKEY *key = NULL;

	memcpy(point + 1 + bytes - p->x.len, p->x.at, p->x.len);
	memcpy(point + 1 + 2 * bytes - p->y.len, p->y.at, p->y.len);
	if (build &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
					    tpm_curve_name(p->curve), 0) &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * bytes))
		key = from_params("EC", build);
	OSSL_PARAM_BLD_free(build);
	return key;
}

int tpm_public_key(const struct tpm_public *p, EVP_PKEY **key)
{
	*key = p->type == TPM_ALG_RSA ? rsa_key(p) : ecc_key(p);
	if (*key)
		return 0;
	ERR_clear_error();
	return -EBADMSG;
}

int tpm_key_from_pem(const char *text, size_t len, EVP_PKEY **key)
{
	BIO *bio = len <= INT32_MAX ? BIO_new_mem_buf(text, (int)len) : NULL;

	/* With a passphrase given, the empty one, nobody is asked for one. */
	*key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, "") : NULL;
	BIO_free(bio);
	if (*key)
		return 0;
	ERR_clear_error();
	return -EBADMSG;
}

/* --- what keys are for --------------------------------------------------------------------- */

static const char *check_origin(const struct tpm_public *p)
{
	if (!(p->attributes & TPM_FIXED_TPM))
		return "the key may leave its TPM (fixedTPM is not set)";
	if (!(p->attributes & TPM_FIXED_PARENT))
		return "the key may get another parent (fixedParent is not set)";
	if (!(p->attributes & TPM_SENSITIVE_ORIGIN))
		return "the TPM has not made the key (sensitiveDataOrigin is not set)";
	if (!(p->attributes & TPM_RESTRICTED))
		return "the key takes what the TPM has not made (restricted is not set)";
	if (p->name_alg->id == TPM_ALG_SHA1)
		return "the key's Name is a SHA-1";
	if (p->type == TPM_ALG_RSA && p->bits < RSA_BITS_LEAST)
		return "the key is too short";
	return NULL;
}

const char *tpm_public_check_ak(const struct tpm_public *p)
{
	const char *why = check_origin(p);

	if (why)
		return why;
	if (!(p->attributes & TPM_SIGN))
		return "the key does not sign (sign is not set)";
	if (p->attributes & TPM_DECRYPT)
		return "the key decrypts, too (decrypt is set)";
	if (p->scheme.alg == TPM_ALG_NULL)
		return "the key has no scheme of its own";
	return NULL;
}

const char *tpm_public_check_ek(const struct tpm_public *p)
{
	const char *why = check_origin(p);

	if (why)
		return why;
	if (!(p->attributes & TPM_DECRYPT))
		return "the key does not decrypt (decrypt is not set)";
	if (p->attributes & TPM_SIGN)
		return "the key signs, too (sign is set)";
	if (p->symmetric.alg != TPM_ALG_AES || p->symmetric.mode != TPM_ALG_CFB ||
	    (p->symmetric.bits != 128 && p->symmetric.bits != 192 && p->symmetric.bits != 256))
		return "the key does not wrap with AES in CFB mode";
	return NULL;
}
