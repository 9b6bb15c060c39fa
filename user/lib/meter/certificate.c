// SPDX-License-Identifier: GPL-2.0-or-later
/* Does the TPM of the host vouch for the key that signs its records? */
#include <errno.h>
#include <inttypes.h>

#include "chain_private.h"
#include "tpm/quote.h"

static int refuse(struct meter_chain *c, enum meter_finding f, const char *why)
{
	meter_tell(c, f, "certificate: %s", why);
	/* What follows is not believed because of an older one. */
	ecdsa_free(c->key);
	c->key = NULL;
	return 0;
}

/* Return: NULL, or why not. */
static const char *vouched(const struct meter_certificate *cert, const struct tpm_public *ak,
			   struct tpm_attest *a)
{
	uint8_t digest[SHA256_BYTES];
	const struct tpm_expect expect = {
		.nonce = { digest, sizeof(digest) },
		.scheme = TPM_ALG_ECDSA, .hash = TPM_ALG_SHA256,
	};
	const char *why = NULL;

	meter_digest_of(cert->body, digest);
	return tpm_quote_nonce(ak, cert->quote, cert->quote_len, cert->signature,
			       cert->signature_len, &expect, a, &why) ? why : NULL;
}

int meter_certificate_take(struct meter_chain *c, struct str text)
{
	struct meter_certificate cert;
	struct tpm_public ak;
	struct tpm_attest a;
	struct tpm_name name;
	const char *why = NULL;

	if (meter_certificate_parse(text, &cert))
		return refuse(c, METER_ALTERED, "it is none as one is written");
	if (tpm_public_parse(cert.ak, cert.ak_len, &ak, &why))
		return refuse(c, METER_ALTERED, why);
	if (tpm_public_name(&ak, &name))
		return -EIO;
	if (name.len != METER_AK_BYTES)
		return refuse(c, METER_ALTERED, "the attestation key's Name is none of SHA-256");
	if (c->have_ak && memcmp(name.at, c->ak, METER_AK_BYTES))
		return refuse(c, METER_FOREIGN, "it is of another attestation key");
	why = vouched(&cert, &ak, &a);
	if (why)
		return refuse(c, METER_ALTERED, why);
	if (a.clock.resets != cert.boot)
		return refuse(c, METER_ALTERED, "the TPM was in another boot when it vouched for it");
	ecdsa_free(c->key);
	c->key = ecdsa_public(cert.key);
	if (!c->key)
		return refuse(c, METER_ALTERED, "its key is none");
	c->have_ak = true;
	memcpy(c->ak, name.at, METER_AK_BYTES);
	c->boot = cert.boot;
	return 0;
}
