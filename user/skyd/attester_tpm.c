// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "attester.h"
#include "log.h"
#include "tpm/tpm_attest.h"

#define TRIES	8u	/* of a quote; a TPM takes some tenths of a second for one */

/* Not to be taken for what the backend may say. */
static int of_tpm(int rc)
{
	return rc == -EIO ? -ENODEV : rc;
}

/* --- keys -------------------------------------------------------------------------------- */

static int make_kept(struct attester *a)
{
	int rc;

	if (a->key_made)
		attester_key_claim(a);
	rc = device_keys_kept(a->device, &a->kept, &a->ek, &a->ak);
	if (rc || !a->key_made)
		return rc;
	rc = attester_key_write(a);
	if (rc)
		log_line(LEVEL_WARNING, "the attestation key cannot be kept, so the next start enrols another one: %s",
			 strerror(-rc));
	a->key_made = false;
	return 0;
}

static int make_keys(void *arg)
{
	struct attester *a = arg;
	int rc = a->key_fd < 0 ? device_keys(a->device, &a->ek, &a->ak) : make_kept(a);

	if (!rc && device_nv_read(a->device, DEVICE_EK_CERT_RSA, a->certificate,
				  &a->certificate_len))
		a->certificate_len = 0;
	if (a->certificate_len > ATTEST_CERT_MAX)
		a->certificate_len = 0;
	return rc;
}

int attester_keys(struct attester *a)
{
	return io_work(a->pool, make_keys, a, 0);
}

struct opening {
	struct attester *a;
	const struct attest_credential *c;
	struct device_bytes *to;
};

static int activate(void *arg)
{
	struct opening *o = arg;

	return device_activate(o->a->device, o->c->blob.data, o->c->blob.len, o->c->secret.data,
			       o->c->secret.len, o->to);
}

int attester_activate(struct attester *a, const struct attest_credential *c,
		      struct device_bytes *to)
{
	return of_tpm(io_work(a->pool, activate, &(struct opening){ a, c, to }, 0));
}

/* --- quotes ------------------------------------------------------------------------------ */

struct quoting {
	struct attester *a;
	struct attester_quote *q;
	size_t size;			/* bytes of a value */
};

/* Is what was read what was signed?  The attestation key's hash is SHA-256. */
static int fits(const struct attester_quote *q)
{
	const struct tpm_part part = { q->pcrs, q->pcrs_len };
	uint8_t digest[TPM_DIGEST_MAX];
	struct tpm_attest said;
	const char *why;
	int rc = tpm_attest_parse(q->message.at, q->message.len, &said, &why);

	if (!rc)
		rc = tpm_hash_parts(tpm_alg_by_id(TPM_ALG_SHA256), &part, 1, digest);
	if (rc)
		return rc;
	return said.pcr_digest.len == TPM_SHA256_BYTES &&
	       !memcmp(said.pcr_digest.at, digest, TPM_SHA256_BYTES) ? 0 : -EAGAIN;
}

static int quote(void *arg)
{
	struct quoting *w = arg;
	struct attester_quote *q = w->q;
	const struct device_selection select = { q->bank, q->mask };
	unsigned int tries;
	int rc = -EAGAIN;

	for (tries = 0; rc == -EAGAIN && tries < TRIES; tries++) {
		rc = device_pcrs(w->a->device, &select, w->size, q->pcrs);
		if (!rc)
			rc = device_quote(w->a->device, q->nonce, sizeof(q->nonce), &select, 1,
					  &q->message, &q->signature);
		if (!rc)
			rc = fits(q);
	}
	return rc;
}

int attester_quote(struct attester *a, struct attester_quote *q)
{
	const struct tpm_alg *alg = tpm_alg_by_id(q->bank);
	struct quoting w = { a, q, alg ? alg->size : 0 };
	u32 left;

	q->pcrs_len = 0;
	for (left = q->mask; left; left &= left - 1)
		q->pcrs_len += w.size;
	if (!alg || !q->pcrs_len || q->pcrs_len > sizeof(q->pcrs))
		return -EINVAL;
	return of_tpm(io_work(a->pool, quote, &w, 0));
}
