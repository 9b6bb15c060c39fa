// SPDX-License-Identifier: GPL-2.0-or-later
/* The order in which a bundle is judged. */
#include <ctype.h>
#include <errno.h>

#include <openssl/err.h>

#include "private.h"

/* Does what was asked for fit what the bundle is? */
static int check_request(struct sig_case *c)
{
	const struct sigstore_want *w = c->w;
	int h, known = 0;

	for (h = 0; h < SIGSTORE_HASHES; h++)
		known += c->a->known[h];
	if (!known)
		return sig_refuse(&c->r->fault, SIGSTORE_REQUEST, "there is no artefact");
	if (w->key && (w->identity || w->issuer))
		return sig_refuse(&c->r->fault, SIGSTORE_REQUEST,
				  "a signer is known by a key or by an identity, not by both");
	if (!w->key && !w->trust)
		return sig_refuse(&c->r->fault, SIGSTORE_REQUEST,
				  "a certificate cannot be judged without a trusted root");
	if (w->key && c->b->leaf)
		return sig_refuse(&c->r->fault, SIGSTORE_MATERIAL,
				  "the bundle has a certificate, and a key is wanted");
	if (!w->key && !c->b->leaf)
		return sig_refuse(&c->r->fault, SIGSTORE_MATERIAL,
				  "the bundle is a key's, and a certificate is wanted");
	return 0;
}

/* What was signed; an envelope's encoding is to be freed. */
static int make_message(struct sig_case *c, char **pae)
{
	size_t len;

	if (!c->b->payload.at) {
		c->message = *c->a;
		return 0;
	}
	*pae = sig_pae(c->b->payload_type, c->b->payload, &len);
	if (!*pae || sigstore_artefact_memory(&c->message, (struct str){ *pae, len }))
		return sig_no_memory(&c->r->fault);
	return sig_check_statement(c);
}

static int check_digest(struct sig_case *c)
{
	const struct sigstore_bundle *b = c->b;

	if (!b->hashed)
		return 0;
	if (!c->a->known[b->hash])
		return sig_refuse(&c->r->fault, SIGSTORE_ARTEFACT,
				  "messageDigest is of another kind; give the artefact itself");
	return sig_is(b->digest, c->a->digest[b->hash], sig_hash_bytes(b->hash)) ? 0 :
	       sig_refuse(&c->r->fault, SIGSTORE_DIGEST, "messageDigest is not the artefact's");
}

/*
 * A key has its usual digest, but signers have used SHA-256 with keys of all curves.
 * @more: tried, too.  A digest that is not there leaves open what the signature is over.
 */
static enum sig_verdict verify_any(EVP_PKEY *key, enum sigstore_hash more,
				   const struct sigstore_artefact *a, struct str signature)
{
	const enum sigstore_hash hash[] = { sig_key_hash(key), SIGSTORE_SHA256, more };
	enum sig_verdict v = SIG_BAD;
	unsigned int i;

	for (i = 0; i < sizeof(hash) / sizeof(hash[0]); i++) {
		enum sig_verdict one = sig_key_verify(key, hash[i], a, signature);

		if (one == SIG_GOOD)
			return one;
		if (one != SIG_BAD)
			v = one;
	}
	return v;
}

/* What messageDigest is made with need not be what the signature is made with. */
static int check_signature(struct sig_case *c)
{
	enum sigstore_hash more = c->b->hashed ? c->b->hash : SIGSTORE_SHA256;

	switch (verify_any(c->key, more, &c->message, c->b->signature)) {
	case SIG_GOOD:
		return 0;
	case SIG_NEEDS_DATA:
		return sig_refuse(&c->r->fault, SIGSTORE_ARTEFACT,
				  "an Ed25519 signature is over all of the artefact, and only its digest is there");
	case SIG_NEEDS_DIGEST:
		return sig_refuse(&c->r->fault, SIGSTORE_ARTEFACT,
				  "the signature is over another kind of digest; give the artefact itself");
	default:
		return sig_refuse(&c->r->fault, SIGSTORE_SIGNATURE,
				  "the signature is not the %s's over this %s",
				  c->b->leaf ? "certificate" : "key",
				  c->b->payload.at ? "envelope" : "artefact");
	}
}

static int check_signed(struct sig_case *c)
{
	CLEANUP_FREE char *pae = NULL;
	unsigned int i;
	int rc = make_message(c, &pae);

	if (!rc && !c->b->payload.at)
		rc = check_digest(c);
	if (!rc)
		rc = check_signature(c);
	if (rc || !c->w->trust)
		return rc;
	rc = sig_check_timestamps(c);
	if (!rc && !c->b->entries)
		rc = sig_refuse(&c->r->fault, SIGSTORE_LOG_MISSING, "the bundle has no log entry");
	if (!rc)
		rc = sig_check_promises(c);
	if (!rc && !c->r->times && c->b->leaf)
		rc = sig_refuse(&c->r->fault, SIGSTORE_TIME_MISSING,
				"the bundle has no time that an authority of the root has signed");
	if (!rc)
		rc = sig_check_inclusion(c);
	for (i = 0; !rc && i < c->b->entries; i++)
		rc = sig_check_entry(c, &c->b->entry[i]);
	return rc;
}

int sigstore_verify(const struct sigstore_bundle *b, const struct sigstore_artefact *a,
		    const struct sigstore_want *w, struct sigstore_result *r)
{
	struct sig_case c = { .b = b, .w = w, .a = a, .r = r };
	int rc;

	*r = (struct sigstore_result){ 0 };
	rc = check_request(&c);
	if (rc)
		return rc;
	c.key = w->key ? w->key->key : X509_get0_pubkey(b->leaf);
	if (w->key)
		c.spki = w->key->spki;
	ERR_clear_error();
	if (!c.key || !sig_key_taken(c.key))
		return sig_refuse(&r->fault, SIGSTORE_KEY,
				  "the certificate's key is of a kind that is not taken");
	rc = check_signed(&c);
	if (!rc && b->leaf)
		rc = sig_check_certificate(&c);
	if (!rc && b->leaf)
		rc = sig_check_identity(&c);
	ERR_clear_error();
	return rc;
}

int sigstore_verify_plain(struct str signature, const struct sigstore_artefact *a,
			  const struct sigstore_key *key, struct sigstore_fault *f)
{
	uint8_t bytes[2048];
	struct str sig;
	int len;

	*f = (struct sigstore_fault){ 0 };
	while (signature.len && isspace((unsigned char)signature.at[signature.len - 1]))
		signature.len--;
	while (signature.len && isspace((unsigned char)*signature.at))
		signature = str_skip(signature, 1);
	len = sig_base64(signature, bytes, sizeof(bytes));
	if (len <= 0)
		return sig_refuse(f, SIGSTORE_SIGNATURE, "the signature is not base64");
	sig = (struct str){ (char *)bytes, len };
	switch (verify_any(key->key, SIGSTORE_SHA256, a, sig)) {
	case SIG_GOOD:
		return 0;
	case SIG_BAD:
		return sig_refuse(f, SIGSTORE_SIGNATURE,
				  "the signature is not the key's over this artefact");
	default:
		return sig_refuse(f, SIGSTORE_ARTEFACT,
				  "the key signs another kind of digest, or all of an artefact; give the artefact itself");
	}
}
