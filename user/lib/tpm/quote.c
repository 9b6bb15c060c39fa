// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "quote.h"

static bool equal_secretly(struct tpm_blob a, struct tpm_blob b)
{
	return a.len == b.len && !CRYPTO_memcmp(a.at, b.at, a.len);
}

const char *tpm_clock_check(const struct tpm_clock *was, const struct tpm_clock *is)
{
	if (is->resets < was->resets)
		return "the TPM was reset less often than before";
	if (is->resets == was->resets && is->restarts < was->restarts)
		return "the TPM was restarted less often than before";
	/* A loss of power may cost some of the clock, and the TPM says so. */
	if (is->clock < was->clock && (is->safe || is->resets == was->resets))
		return "the TPM's clock stands before where it stood";
	return NULL;
}

/* The caller's choice, and that the key was made for it. */
static const char *check_scheme(const struct tpm_public *ak, const struct tpm_signature *s,
				const struct tpm_expect *expect)
{
	if (!tpm_alg_by_id(expect->hash) || expect->hash == TPM_ALG_SHA1)
		return "the hash that is asked for is not accepted";
	if (ak->scheme.alg != expect->scheme || s->alg != expect->scheme)
		return "the scheme is not the one that is asked for";
	if (ak->scheme.hash != expect->hash || s->hash != expect->hash)
		return "the hash is not the one that is asked for";
	return NULL;
}

/* Return: 0 when the bytes are @ak's. */
static int check_signature(const struct tpm_public *ak, struct tpm_blob message,
			   const struct tpm_signature *s, const char **why)
{
	EVP_PKEY *key;
	bool ok;

	if (tpm_public_key(ak, &key)) {
		*why = "the attestation key is no key";
		return -EBADMSG;
	}
	ok = tpm_signature_verify(s, key, message.at, message.len);
	EVP_PKEY_free(key);
	if (ok)
		return 0;
	*why = "the signature is not the attestation key's";
	return -EACCES;
}

/* What quotes and certificates have in common. */
static int accept(const struct tpm_public *ak, struct tpm_blob message, struct tpm_blob signature,
		  const struct tpm_expect *expect, uint16_t type, struct tpm_attest *a,
		  const char **why)
{
	struct tpm_signature s;
	int rc;

	*a = (struct tpm_attest){ 0 };
	rc = tpm_signature_parse(signature.at, signature.len, &s, why);
	if (rc)
		return rc;
	*why = tpm_public_check_ak(ak);
	if (!*why)
		*why = check_scheme(ak, &s, expect);
	if (*why)
		return -EACCES;
	rc = check_signature(ak, message, &s, why);
	if (!rc)
		rc = tpm_attest_parse(message.at, message.len, a, why);
	if (rc)
		return rc;
	if (a->type != type)
		*why = type == TPM_ST_ATTEST_QUOTE ? "it is no quote" :
		       "it is no key's certificate";
	else if (!expect->nonce.len || !equal_secretly(a->nonce, expect->nonce))
		*why = "the nonce is another one";
	else if (expect->signer.len && !tpm_blob_equal(a->signer, expect->signer))
		*why = "the attestation key lies elsewhere (its qualified Name is another one)";
	else if (expect->previous)
		*why = tpm_clock_check(expect->previous, &a->clock);
	return *why ? -EACCES : 0;
}

/* --- PCRs -------------------------------------------------------------------------------- */

static bool same_selection(const struct tpm_attest *a, const struct tpm_expect *expect)
{
	unsigned int i;

	if (a->selects != expect->selects || !a->selects)
		return false;
	for (i = 0; i < a->selects; i++)
		if (a->select[i].alg != expect->select[i].alg ||
		    a->select[i].mask != expect->select[i].mask || !a->select[i].mask)
			return false;
	return true;
}

/* The values of one bank, as pieces of what is hashed.  Return: NULL, or what is missing. */
static const char *add_bank(const struct tpm_pcr_set *pcrs, const struct tpm_selection *s,
			    struct tpm_part *part, unsigned int *parts)
{
	const struct tpm_pcr_bank *bank = tpm_pcr_get(pcrs, s->alg);
	unsigned int i;

	if (!bank)
		return "the quote is over a bank whose values are not there";
	if (s->mask & ~TPM_PCRS_ALL || s->mask & ~bank->known)
		return "the quote is over a PCR whose value is not there";
	for (i = 0; i < TPM_PCRS; i++)
		if (s->mask & 1u << i)
			part[(*parts)++] = (struct tpm_part){ bank->value[i], bank->alg->size };
	return NULL;
}

static int check_pcrs(const struct tpm_attest *a, const struct tpm_expect *expect,
		      const char **why)
{
	struct tpm_part part[TPM_SELECTIONS_MAX * TPM_PCRS];
	const struct tpm_alg *alg = tpm_alg_by_id(expect->hash);
	uint8_t digest[TPM_DIGEST_MAX];
	unsigned int i, parts = 0;
	int rc;

	if (!same_selection(a, expect)) {
		*why = "the quote is over other PCRs than asked for";
		return -EACCES;
	}
	for (i = 0; !*why && i < a->selects; i++)
		*why = add_bank(expect->pcrs, &a->select[i], part, &parts);
	if (*why)
		return -EACCES;
	rc = tpm_hash_parts(alg, part, parts, digest);
	if (rc)
		*why = "OpenSSL cannot hash";
	else if (!equal_secretly(a->pcr_digest, (struct tpm_blob){ digest, alg->size }))
		*why = "the PCRs are not those that were quoted";
	return rc ? rc : *why ? -EACCES : 0;
}

int tpm_quote_nonce(const struct tpm_public *ak, const void *message, size_t message_len,
		    const void *signature, size_t signature_len, const struct tpm_expect *expect,
		    struct tpm_attest *a, const char **why)
{
	return accept(ak, (struct tpm_blob){ message, message_len },
		      (struct tpm_blob){ signature, signature_len }, expect, TPM_ST_ATTEST_QUOTE, a,
		      why);
}

int tpm_quote_verify(const struct tpm_public *ak, const void *message, size_t message_len,
		     const void *signature, size_t signature_len,
		     const struct tpm_expect *expect, struct tpm_attest *a, const char **why)
{
	int rc = accept(ak, (struct tpm_blob){ message, message_len },
			(struct tpm_blob){ signature, signature_len }, expect,
			TPM_ST_ATTEST_QUOTE, a, why);

	return rc ? rc : check_pcrs(a, expect, why);
}

int tpm_certify_verify(const struct tpm_public *ak, const void *message, size_t message_len,
		       const void *signature, size_t signature_len,
		       const struct tpm_expect *expect, const struct tpm_public *subject,
		       struct tpm_attest *a, const char **why)
{
	struct tpm_name name;
	int rc = accept(ak, (struct tpm_blob){ message, message_len },
			(struct tpm_blob){ signature, signature_len }, expect,
			TPM_ST_ATTEST_CERTIFY, a, why);

	if (rc)
		return rc;
	rc = tpm_public_name(subject, &name);
	if (rc)
		*why = "OpenSSL cannot hash";
	else if (!tpm_blob_equal(a->name, (struct tpm_blob){ name.at, name.len }))
		*why = "it is another key that is certified";
	return rc ? rc : *why ? -EACCES : 0;
}
