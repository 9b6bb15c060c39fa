// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile structures of a TPM: nothing is read outside, what is handed out lies in the input,
 * and no quote is accepted but the real one.  The first byte says what it is.
 */
#include "fuzz_util.h"

#include <openssl/evp.h>

#include "tpm/quote.h"

enum { PUBLIC, ATTEST, SIGNATURE, QUOTE, KINDS };

/* Attestation key of tests/fixtures/tpm/ovmf-uki-quote. */
static const uint8_t ak_area[] = {
	0x00, 0x58, 0x00, 0x23, 0x00, 0x0b, 0x00, 0x05, 0x00, 0x72, 0x00, 0x00, 0x00, 0x10,
	0x00, 0x18, 0x00, 0x0b, 0x00, 0x03, 0x00, 0x10, 0x00, 0x20, 0x61, 0x66, 0x65, 0xda,
	0x57, 0x85, 0xd0, 0x70, 0x6d, 0x89, 0xe7, 0x81, 0x48, 0xa1, 0x64, 0x55, 0x1a, 0xde,
	0xb7, 0x9d, 0x49, 0xc5, 0x4b, 0x53, 0x2a, 0x05, 0xbf, 0x95, 0xed, 0x7f, 0xca, 0xc4,
	0x00, 0x20, 0x2c, 0x15, 0xdd, 0x79, 0xd5, 0xb4, 0x7f, 0xef, 0xab, 0x61, 0x53, 0x8f,
	0x96, 0x4f, 0x63, 0x34, 0x93, 0x44, 0xab, 0x6e, 0x6b, 0x64, 0x46, 0xd9, 0x72, 0x7c,
	0x36, 0x37, 0xed, 0x64, 0x1e, 0xa8
};

static void inside(struct tpm_blob b, struct str in)
{
	require(!b.len || (b.at >= (const uint8_t *)in.at && b.len <= in.len &&
			   b.at + b.len <= (const uint8_t *)in.at + in.len));
}

static void try_public(struct str in)
{
	struct tpm_public p;
	struct tpm_name name;
	const char *why;
	EVP_PKEY *key;

	if (tpm_public_parse(in.at, in.len, &p, &why)) {
		require(why && *why);
		return;
	}
	inside(p.modulus, in);
	inside(p.x, in);
	inside(p.y, in);
	inside(p.policy, in);
	require(!tpm_public_name(&p, &name) && name.len == 2u + p.name_alg->size);
	require(tpm_public_check_ak(&p) || tpm_public_check_ek(&p));
	if (!tpm_public_key(&p, &key))
		EVP_PKEY_free(key);
}

static void try_attest(struct str in)
{
	struct tpm_attest a;
	const char *why;

	if (tpm_attest_parse(in.at, in.len, &a, &why)) {
		require(why && *why);
		return;
	}
	require(a.selects <= TPM_SELECTIONS_MAX);
	inside(a.signer, in);
	inside(a.nonce, in);
	inside(a.pcr_digest, in);
	inside(a.name, in);
	inside(a.qualified_name, in);
}

static void try_signature(struct str in)
{
	struct tpm_signature s;
	const char *why;

	if (tpm_signature_parse(in.at, in.len, &s, &why)) {
		require(why && *why);
		return;
	}
	inside(s.rsa, in);
	inside(s.r, in);
	inside(s.s, in);
}

/* A byte of length, a message of that length, a signature. */
static void try_quote(struct str in)
{
	static const struct tpm_selection select = { TPM_ALG_SHA256, 0x7fff };
	uint8_t nonce[32];
	struct tpm_pcr_set pcrs = { .count = 0 };
	struct tpm_expect expect = {
		.nonce = { nonce, sizeof(nonce) }, .scheme = TPM_ALG_ECDSA, .hash = TPM_ALG_SHA256,
		.select = &select, .selects = 1, .pcrs = &pcrs,
	};
	size_t len = in.len ? (uint8_t)in.at[0] : 0, i;
	struct tpm_public ak;
	struct tpm_attest a;
	const char *why;

	if (in.len < 1 + len)
		return;
	for (i = 0; i < sizeof(nonce); i++)
		nonce[i] = i;
	require(!tpm_public_parse_2b(ak_area, sizeof(ak_area), &ak, &why));
	/* There are no PCRs here: even the real one ends there. */
	require(tpm_quote_verify(&ak, in.at + 1, len, in.at + 1 + len, in.len - 1 - len, &expect,
				 &a, &why));
	require(why && *why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in;

	if (!size)
		return 0;
	in = own_copy(data + 1, size - 1);
	switch (data[0] % KINDS) {
	case PUBLIC:
		try_public(in);
		break;
	case ATTEST:
		try_attest(in);
		break;
	case SIGNATURE:
		try_signature(in);
		break;
	case QUOTE:
		try_quote(in);
		break;
	}
	free((char *)in.at);
	return 0;
}
