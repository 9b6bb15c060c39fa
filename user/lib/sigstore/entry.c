// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does the log's entry describe this very signature?  The log stores what it is given: without
 * this an entry of somebody else's would do (CVE-2022-36056).
 */
#include <errno.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "private.h"

static int mismatch(struct sig_case *c, const char *what)
{
	return sig_refuse(&c->r->fault, SIGSTORE_ENTRY_MISMATCH, "the log's entry has another %s",
			  what);
}

/* A certificate's or a key's DER. */
static int compare_signer(struct sig_case *c, struct str der, bool certificate)
{
	bool wanted = c->b->leaf;

	if (certificate != wanted)
		return mismatch(c, wanted ? "signer: a key" : "signer: a certificate");
	return str_equal(der, wanted ? c->b->leaf_der : c->spki) ? 0 :
	       mismatch(c, wanted ? "certificate" : "key");
}

/* PEM; of several certificates the first one is the signer's. */
static int compare_pem(struct sig_case *c, struct str pem)
{
	BIO *bio = pem.len ? BIO_new_mem_buf(pem.at, pem.len) : NULL;
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	long len = 0;
	int rc;

	if (bio && PEM_read_bio(bio, &name, &header, &data, &len) == 1 &&
	    (!strcmp(name, "CERTIFICATE") || !strcmp(name, "PUBLIC KEY")))
		rc = compare_signer(c, (struct str){ (char *)data, len }, *name == 'C');
	else
		rc = sig_refuse(&c->r->fault, SIGSTORE_ENTRY_MALFORMED,
				"the log's entry has a signer that is not PEM");
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	BIO_free(bio);
	ERR_clear_error();
	return rc;
}

/* Version 0.0.2 of all kinds. */
static int compare_verifier(struct sig_case *c, const struct spot *s)
{
	struct spot verifier, key, cert;
	struct str der = STR_NONE;
	int rc = spot_object(s, "verifier", &verifier);

	if (!rc)
		rc = spot_object(&verifier, "publicKey", &key);
	if (!rc)
		rc = spot_object(&verifier, "x509Certificate", &cert);
	if (!rc && !key.at == !cert.at)
		rc = spot_error(&verifier, NULL, "has not exactly one of publicKey and x509Certificate");
	if (!rc)
		rc = spot_bytes(key.at ? &key : &cert, "rawBytes", &der);
	return rc ? rc : compare_signer(c, der, cert.at);
}

static int compare_signature(struct sig_case *c, const struct spot *s, const char *name)
{
	struct str sig = STR_NONE;
	int rc = spot_bytes(s, name, &sig);

	if (!rc && !str_equal(sig, c->b->signature))
		rc = mismatch(c, "signature");
	return rc;
}

/* @h: enum sigstore_hash or -1. */
static int compare_bytes(struct sig_case *c, const struct spot *s, int h,
			 const struct sigstore_artefact *of, struct str hex, struct str raw)
{
	if (h < 0)
		return spot_error(s, "algorithm", "is not SHA-256, SHA-384 or SHA-512");
	if (!of->known[h])
		return sig_refuse(&c->r->fault, SIGSTORE_ARTEFACT,
				  "the log's entry has another kind of digest; give the artefact itself");
	if (hex.at ? !sig_is_hex(hex, of->digest[h], sig_hash_bytes(h)) :
		     !sig_is(raw, of->digest[h], sig_hash_bytes(h)))
		return mismatch(c, "digest");
	return 0;
}

/* {"algorithm": "sha256", "value": HEX} */
static int compare_hash(struct sig_case *c, const struct spot *s, const char *name,
			const struct sigstore_artefact *of)
{
	struct str algorithm = STR_NONE, hex = { "", 0 };
	struct spot hash;
	int rc = spot_object(s, name, &hash);

	if (!rc)
		rc = spot_text(&hash, "algorithm", &algorithm);
	if (!rc)
		rc = spot_text(&hash, "value", &hex);
	return rc ? rc : compare_bytes(c, &hash, sig_hash_named(algorithm), of, hex, STR_NONE);
}

/* {"algorithm": "SHA2_256", "digest": BASE64} */
static int compare_digest(struct sig_case *c, const struct spot *s, const char *name,
			  const struct sigstore_artefact *of)
{
	struct str raw = STR_NONE;
	struct spot hash;
	int number = 0;
	int rc = spot_object(s, name, &hash);

	if (!rc)
		rc = spot_enum(&hash, "algorithm", sig_hash_words, &number);
	if (!rc)
		rc = spot_bytes(&hash, "digest", &raw);
	return rc ? rc : compare_bytes(c, &hash, sig_hash_of(number), of, STR_NONE, raw);
}

/* Digests of the payload alone. */
static int payload_of(struct sig_case *c, struct sigstore_artefact *payload)
{
	return sigstore_artefact_memory(payload, c->b->payload) ? sig_no_memory(&c->r->fault) : 0;
}

/* The only signature of a list. */
static int only(struct sig_case *c, const struct spot *s, struct spot *one)
{
	struct spot list;
	int rc = spot_list(s, "signatures", &list, 1000);

	if (!rc && spot_count(&list) != 1)
		rc = mismatch(c, "number of signatures");
	return rc ? rc : spot_item(&list, 0, one);
}

static int hashedrekord_1(struct sig_case *c, const struct spot *spec)
{
	struct spot data, signature, key;
	struct str pem = STR_NONE;
	int rc = spot_object(spec, "data", &data);

	if (!rc)
		rc = compare_hash(c, &data, "hash", &c->message);
	if (!rc)
		rc = spot_object(spec, "signature", &signature);
	if (!rc)
		rc = compare_signature(c, &signature, "content");
	if (!rc)
		rc = spot_object(&signature, "publicKey", &key);
	if (!rc)
		rc = spot_bytes(&key, "content", &pem);
	return rc ? rc : compare_pem(c, pem);
}

static int hashedrekord_2(struct sig_case *c, const struct spot *spec)
{
	struct spot record, signature;
	int rc = spot_object(spec, "hashedRekordV002", &record);

	if (!rc)
		rc = compare_digest(c, &record, "data", &c->message);
	if (!rc)
		rc = spot_object(&record, "signature", &signature);
	if (!rc)
		rc = compare_signature(c, &signature, "content");
	return rc ? rc : compare_verifier(c, &signature);
}

static int dsse_1(struct sig_case *c, const struct spot *spec)
{
	struct sigstore_artefact payload;
	struct str pem = STR_NONE;
	struct spot one;
	int rc = payload_of(c, &payload);

	if (!rc)
		rc = compare_hash(c, spec, "payloadHash", &payload);
	if (!rc)
		rc = only(c, spec, &one);
	if (!rc)
		rc = compare_signature(c, &one, "signature");
	if (!rc)
		rc = spot_bytes(&one, "verifier", &pem);
	return rc ? rc : compare_pem(c, pem);
}

static int dsse_2(struct sig_case *c, const struct spot *spec)
{
	struct sigstore_artefact payload;
	struct spot record, one;
	int rc = payload_of(c, &payload);

	if (!rc)
		rc = spot_object(spec, "dsseV002", &record);
	if (!rc)
		rc = compare_digest(c, &record, "payloadHash", &payload);
	if (!rc)
		rc = only(c, &record, &one);
	if (!rc)
		rc = compare_signature(c, &one, "content");
	return rc ? rc : compare_verifier(c, &one);
}

/* Clients gave Rekor's intoto what was base64 already, and it encoded that once more. */
static int twice(struct sig_case *c, const struct spot *s, const char *name, struct str want,
		 const char *what)
{
	struct str once = STR_NONE;
	char *to;
	int len, rc = spot_bytes(s, name, &once);

	if (rc)
		return rc;
	to = doc_alloc(s->doc, once.len);
	if (!to)
		return -ENOMEM;
	len = sig_base64(once, to, once.len);
	return len >= 0 && str_equal((struct str){ to, len }, want) ? 0 : mismatch(c, what);
}

static int intoto_envelope(struct sig_case *c, const struct spot *content)
{
	struct str type = STR_NONE, payload = STR_NONE, pem = STR_NONE;
	struct spot envelope, one;
	int rc = spot_object(content, "envelope", &envelope);

	if (!rc)
		rc = spot_text(&envelope, "payloadType", &type);
	if (!rc && !str_equal(type, c->b->payload_type))
		rc = mismatch(c, "payloadType");
	/* The log leaves it out of what it keeps; payloadHash stands for it. */
	if (!rc)
		rc = spot_text(&envelope, "payload", &payload);
	if (!rc && payload.at)
		rc = twice(c, &envelope, "payload", c->b->payload, "payload");
	if (!rc)
		rc = only(c, &envelope, &one);
	if (!rc)
		rc = twice(c, &one, "sig", c->b->signature, "signature");
	if (!rc)
		rc = spot_bytes(&one, "publicKey", &pem);
	return rc ? rc : compare_pem(c, pem);
}

static int intoto_2(struct sig_case *c, const struct spot *spec)
{
	struct sigstore_artefact payload;
	struct spot content;
	int rc = payload_of(c, &payload);

	if (!rc)
		rc = spot_object(spec, "content", &content);
	if (!rc)
		rc = compare_hash(c, &content, "payloadHash", &payload);
	return rc ? rc : intoto_envelope(c, &content);
}

static const struct {
	const char *kind, *version;
	bool envelope;			/* of DSSE only */
	int (*check)(struct sig_case *c, const struct spot *spec);
} kinds[] = {
	{ "hashedrekord", "0.0.1", false, hashedrekord_1 },
	{ "hashedrekord", "0.0.2", false, hashedrekord_2 },
	{ "dsse", "0.0.1", true, dsse_1 },
	{ "dsse", "0.0.2", true, dsse_2 },
	{ "intoto", "0.0.2", true, intoto_2 },
};

static int check_body(struct sig_case *c, const struct sig_entry *e, struct doc *d)
{
	struct spot root = doc_root(d), spec;
	struct str kind = STR_NONE, version = STR_NONE;
	unsigned int i;
	int rc = spot_text(&root, "kind", &kind);

	if (!rc)
		rc = spot_text(&root, "apiVersion", &version);
	if (!rc)
		rc = spot_object(&root, "spec", &spec);
	if (rc)
		return rc;
	if (!str_equal(kind, e->kind) || !str_equal(version, e->version))
		return sig_refuse(&c->r->fault, SIGSTORE_ENTRY_KIND,
				  "the log's entry is not of the kind and version that kindVersion says");
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_is(kind, kinds[i].kind) && str_is(version, kinds[i].version) &&
		    (!kinds[i].envelope || c->b->payload.at))
			return kinds[i].check(c, &spec);
	return sig_refuse(&c->r->fault, SIGSTORE_ENTRY_KIND,
			  "the log's entry is of a kind that cannot describe this signature: %.20s %.10s",
			  kind.at ? kind.at : "", version.at ? version.at : "");
}

int sig_check_entry(struct sig_case *c, const struct sig_entry *e)
{
	struct doc d;
	int rc = doc_open(&d, e->body, SIGSTORE_ENTRY_MALFORMED, SIGSTORE_ENTRY_MALFORMED,
			  &c->r->fault);

	if (rc)
		return rc;
	rc = check_body(c, e, &d);
	doc_close(&d);
	return rc;
}
