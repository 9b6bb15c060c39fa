/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Public areas of a TPM's asymmetric keys (TPMT_PUBLIC, Part 2, 12.2.4), their Names, and what
 * the attributes of an attestation key and of an endorsement key have to be.
 */
#ifndef SKY_TPM_PUBLIC_H
#define SKY_TPM_PUBLIC_H

#include <openssl/types.h>

#include "alg.h"
#include "wire.h"

/* TPMA_OBJECT */
enum {
	TPM_FIXED_TPM		= 1 << 1,
	TPM_ST_CLEAR		= 1 << 2,
	TPM_FIXED_PARENT	= 1 << 4,
	TPM_SENSITIVE_ORIGIN	= 1 << 5,	/* the TPM has made it */
	TPM_USER_AUTH		= 1 << 6,
	TPM_ADMIN_POLICY	= 1 << 7,
	TPM_NO_DA		= 1 << 10,
	TPM_ENCRYPTED_DUP	= 1 << 11,
	TPM_RESTRICTED		= 1 << 16,
	TPM_DECRYPT		= 1 << 17,
	TPM_SIGN		= 1 << 18,
	TPM_X509_SIGN		= 1 << 19,
	TPM_ATTRIBUTES		= TPM_FIXED_TPM | TPM_ST_CLEAR | TPM_FIXED_PARENT |
				  TPM_SENSITIVE_ORIGIN | TPM_USER_AUTH | TPM_ADMIN_POLICY |
				  TPM_NO_DA | TPM_ENCRYPTED_DUP | TPM_RESTRICTED | TPM_DECRYPT |
				  TPM_SIGN | TPM_X509_SIGN,
};

/* TPM_ECC_CURVE */
enum {
	TPM_ECC_P256		= 0x0003,
	TPM_ECC_P384		= 0x0004,
	TPM_ECC_P521		= 0x0005,
};

#define TPM_RH_OWNER		0x40000001u
#define TPM_RH_ENDORSEMENT	0x4000000bu
#define TPM_RH_PLATFORM		0x4000000cu

#define TPM_NAME_MAX		(2 + TPM_DIGEST_MAX)	/* bytes of a Name */
#define TPM_RSA_MAX		512	/* bytes of a modulus: RSA-4096 */
#define TPM_ECC_MAX		66	/* bytes of a coordinate: P-521 */
#define TPM_PUBLIC_MAX		(128 + TPM_DIGEST_MAX + TPM_RSA_MAX)	/* bytes of an area */

struct tpm_name {
	uint8_t at[TPM_NAME_MAX];
	size_t len;			/* 0: none */
};

/* Points into the bytes that were parsed. */
struct tpm_public {
	struct tpm_blob area;		/* TPMT_PUBLIC, whose digest the Name is */
	uint16_t type;			/* TPM_ALG_RSA or TPM_ALG_ECC */
	const struct tpm_alg *name_alg;
	uint32_t attributes;
	struct tpm_blob policy;		/* authPolicy */
	struct {
		uint16_t alg;		/* TPM_ALG_NULL: none, and what follows is 0 */
		uint16_t bits, mode;
	} symmetric;
	struct {
		uint16_t alg, hash;	/* likewise */
	} scheme;
	uint16_t bits;			/* RSA */
	uint32_t exponent;
	uint16_t curve;			/* ECC */
	struct tpm_blob modulus, x, y;
};

/**
 * tpm_public_parse() - Read a TPMT_PUBLIC.
 * @data: untrusted; has to outlive @p
 * @len: all of it
 * @p: receives it
 * @why: receives what is wrong
 *
 * Whether a point is on its curve is found when a key is made of it.
 *
 * Return: 0, or -EBADMSG.
 */
int tpm_public_parse(const void *data, size_t len, struct tpm_public *p, const char **why);

/* The same of a TPM2B_PUBLIC, as tools keep it in files. */
int tpm_public_parse_2b(const void *data, size_t len, struct tpm_public *p, const char **why);

/* Its Name (Part 1, 16).  Return: 0, -ENOMEM or -EIO. */
int tpm_public_name(const struct tpm_public *p, struct tpm_name *name);

/**
 * tpm_public_qualified_name() - The Name with those of all ancestors in it (Part 1, 26.5).
 * @p: the key
 * @parent: primary key that it lies below, or NULL: it is one itself
 * @hierarchy: TPM_RH_* that the primary key lies in
 * @name: receives it
 *
 * Return: 0, -ENOMEM or -EIO.
 */
int tpm_public_qualified_name(const struct tpm_public *p, const struct tpm_public *parent,
			      uint32_t hierarchy, struct tpm_name *name);

/**
 * tpm_public_key() - The key for OpenSSL.
 * @p: a public area
 * @key: receives it; EVP_PKEY_free() it
 *
 * Return: 0, -EBADMSG for what is no key, as a point beside the curve.
 */
int tpm_public_key(const struct tpm_public *p, EVP_PKEY **key);

/* A public key in PEM.  Return: 0, or -EBADMSG. */
int tpm_key_from_pem(const char *text, size_t len, EVP_PKEY **key);

/* May it vouch for PCRs and keys?  Return: NULL, or why not. */
const char *tpm_public_check_ak(const struct tpm_public *p);

/* Is it an endorsement key, to which a credential can be made?  Return: NULL, or why not. */
const char *tpm_public_check_ek(const struct tpm_public *p);

/* Bytes of a coordinate of the curve, or 0 for one that is not known. */
size_t tpm_curve_bytes(uint16_t curve);

/* OpenSSL's name of the curve. */
const char *tpm_curve_name(uint16_t curve);

#endif /* SKY_TPM_PUBLIC_H */
