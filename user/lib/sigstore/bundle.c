// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading a bundle: material, log entries, timestamps and content. */
#include <errno.h>

#include <openssl/err.h>

#include "private.h"

static int missing(const struct spot *s, const char *name)
{
	return spot_error(s, name, "is missing");
}

static int read_type(const struct spot *root, struct sigstore_bundle *b)
{
	static const struct { const char *type; int version; } types[] = {
		{ "application/vnd.dev.sigstore.bundle+json;version=0.1", 1 },
		{ "application/vnd.dev.sigstore.bundle+json;version=0.2", 2 },
		{ "application/vnd.dev.sigstore.bundle+json;version=0.3", 3 },
		{ "application/vnd.dev.sigstore.bundle.v0.1+json", 1 },
		{ "application/vnd.dev.sigstore.bundle.v0.2+json", 2 },
		{ "application/vnd.dev.sigstore.bundle.v0.3+json", 3 },
	};
	struct str type = STR_NONE;
	unsigned int i;
	int rc = spot_text(root, "mediaType", &type);

	for (i = 0; !rc && i < sizeof(types) / sizeof(types[0]); i++)
		if (str_is(type, types[i].type)) {
			b->version = types[i].version;
			return 0;
		}
	return rc ? rc : sig_refuse(root->doc->fault, SIGSTORE_BUNDLE_VERSION,
				    "mediaType is not that of a bundle of v0.1 to v0.3: %.*s",
				    (int)str_head(type, 80).len, type.at ? type.at : "");
}

/* --- material ----------------------------------------------------------------------------- */

static bool is_root(X509 *cert)
{
	return !X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert));
}

static int read_certificate(const struct spot *s, X509 **cert, struct str *der)
{
	int rc = spot_known(s, "rawBytes");

	if (!rc)
		rc = spot_bytes(s, "rawBytes", der);
	if (rc)
		return rc;
	*cert = sig_certificate(*der);
	return *cert ? 0 : sig_refuse(s->doc->fault, SIGSTORE_CERTIFICATE_MALFORMED,
				      "%s is not a certificate in DER", s->path);
}

/* The first is the signer's; others are looked at but not needed: the root has them. */
static int read_chain(const struct spot *s, struct sigstore_bundle *b)
{
	struct spot list, one;
	size_t i;
	int rc = spot_known(s, "certificates");

	if (!rc)
		rc = spot_list(s, "certificates", &list, SIG_CHAIN_MAX);
	if (!rc && !spot_count(&list))
		rc = missing(s, "certificates");
	if (!rc && b->version >= 3)
		rc = spot_error(s, NULL, "may not be in a bundle of v0.3");
	for (i = 0; !rc && i < spot_count(&list); i++) {
		struct str der = STR_NONE;
		X509 *cert = NULL;

		rc = spot_item(&list, i, &one);
		if (!rc)
			rc = read_certificate(&one, &cert, &der);
		if (!rc && is_root(cert))
			rc = sig_refuse(s->doc->fault, SIGSTORE_CHAIN_ROOT,
					"%s is a root certificate, which only the trusted root may name",
					one.path);
		if (rc || i) {
			X509_free(cert);
			continue;
		}
		b->leaf = cert;
		b->leaf_der = der;
	}
	return rc;
}

static int read_material(const struct spot *s, struct sigstore_bundle *b)
{
	struct spot chain, cert, key;
	int rc = spot_object(s, "x509CertificateChain", &chain);

	if (!rc)
		rc = spot_object(s, "certificate", &cert);
	if (!rc)
		rc = spot_object(s, "publicKey", &key);
	if (!rc && !!chain.at + !!cert.at + !!key.at != 1)
		rc = spot_error(s, NULL, "has not exactly one of certificate, x509CertificateChain and publicKey");
	if (rc)
		return rc;
	if (chain.at)
		return read_chain(&chain, b);
	if (cert.at) {
		rc = read_certificate(&cert, &b->leaf, &b->leaf_der);
		if (!rc && is_root(b->leaf))
			rc = sig_refuse(s->doc->fault, SIGSTORE_CHAIN_ROOT,
					"%s is a root certificate, not a signer's", cert.path);
		return rc;
	}
	rc = spot_known(&key, "hint");
	return rc ? rc : spot_text(&key, "hint", &b->hint);
}

/* --- the log ------------------------------------------------------------------------------ */

static int read_hashes(const struct spot *s, struct sig_proof *p)
{
	struct spot list;
	size_t i;
	int rc = spot_list(s, "hashes", &list, SIG_PROOF_MAX);

	if (rc)
		return rc;
	p->hashes = spot_count(&list);
	p->hash = doc_alloc(s->doc, p->hashes * sizeof(*p->hash));
	if (!p->hash)
		return -ENOMEM;
	for (i = 0; !rc && i < p->hashes; i++) {
		rc = spot_item_bytes(&list, i, &p->hash[i]);
		if (!rc && p->hash[i].len != SIG_SHA256)
			rc = spot_error(&list, NULL, "has a hash that is not 32 bytes");
	}
	return rc;
}

static int read_proof(const struct spot *s, struct sig_proof *p)
{
	struct spot checkpoint;
	int rc = spot_known(s, "logIndex rootHash treeSize hashes checkpoint");

	if (!rc)
		rc = spot_int64(s, "logIndex", &p->index);
	if (!rc)
		rc = spot_int64(s, "treeSize", &p->size);
	if (!rc)
		rc = spot_bytes(s, "rootHash", &p->root);
	if (!rc && p->root.len != SIG_SHA256)
		rc = spot_error(s, "rootHash", "is not 32 bytes");
	if (!rc)
		rc = read_hashes(s, p);
	if (!rc)
		rc = spot_object(s, "checkpoint", &checkpoint);
	if (rc || !checkpoint.at)
		return rc;
	rc = spot_known(&checkpoint, "envelope");
	return rc ? rc : spot_text(&checkpoint, "envelope", &p->checkpoint);
}

static int read_entry_parts(const struct spot *s, struct sig_entry *e)
{
	struct spot id, kind, promise, proof;
	int rc = spot_object(s, "logId", &id);

	if (!rc)
		rc = spot_object(s, "kindVersion", &kind);
	if (!rc)
		rc = spot_object(s, "inclusionPromise", &promise);
	if (!rc)
		rc = spot_object(s, "inclusionProof", &proof);
	if (!rc)
		rc = spot_known(&id, "keyId");
	if (!rc)
		rc = spot_bytes(&id, "keyId", &e->log_id);
	if (!rc)
		rc = spot_known(&kind, "kind version");
	if (!rc)
		rc = spot_text(&kind, "kind", &e->kind);
	if (!rc)
		rc = spot_text(&kind, "version", &e->version);
	if (!rc)
		rc = spot_known(&promise, "signedEntryTimestamp");
	if (!rc)
		rc = spot_bytes(&promise, "signedEntryTimestamp", &e->promise);
	e->proven = proof.at;
	return rc || !proof.at ? rc : read_proof(&proof, &e->proof);
}

static int read_entry(const struct spot *s, struct sig_entry *e)
{
	int rc = spot_known(s, "logIndex logId kindVersion integratedTime inclusionPromise inclusionProof canonicalizedBody");

	if (!rc)
		rc = spot_int64(s, "logIndex", &e->index);
	if (!rc && e->index < 0)
		rc = spot_error(s, "logIndex", "is negative");
	if (!rc)
		rc = spot_int64(s, "integratedTime", &e->time);
	if (!rc && e->time < 0)
		rc = spot_error(s, "integratedTime", "is negative");
	if (!rc)
		rc = spot_bytes(s, "canonicalizedBody", &e->body);
	if (!rc)
		rc = read_entry_parts(s, e);
	if (!rc && e->log_id.len != SIG_SHA256)
		rc = spot_error(s, "logId.keyId", "is not 32 bytes");
	if (!rc && !e->body.len)
		rc = missing(s, "canonicalizedBody");
	return rc;
}

static int read_entries(const struct spot *s, struct sigstore_bundle *b)
{
	struct spot list, one;
	size_t i;
	int rc = spot_list(s, "tlogEntries", &list, SIGSTORE_MAX_ENTRIES);

	if (rc)
		return rc;
	b->entries = spot_count(&list);
	b->entry = doc_alloc(s->doc, b->entries * sizeof(*b->entry));
	if (!b->entry)
		return -ENOMEM;
	for (i = 0; !rc && i < b->entries; i++) {
		rc = spot_item(&list, i, &one);
		if (!rc)
			rc = read_entry(&one, &b->entry[i]);
	}
	return rc;
}

static int read_timestamps(const struct spot *s, struct sigstore_bundle *b)
{
	struct spot data, list, one;
	size_t i;
	int rc = spot_object(s, "timestampVerificationData", &data);

	if (!rc)
		rc = spot_known(&data, "rfc3161Timestamps");
	if (!rc)
		rc = spot_list(&data, "rfc3161Timestamps", &list, SIGSTORE_MAX_ENTRIES);
	if (rc)
		return rc;
	b->timestamps = spot_count(&list);
	b->timestamp = doc_alloc(s->doc, b->timestamps * sizeof(*b->timestamp));
	if (!b->timestamp)
		return -ENOMEM;
	for (i = 0; !rc && i < b->timestamps; i++) {
		rc = spot_item(&list, i, &one);
		if (!rc)
			rc = spot_known(&one, "signedTimestamp");
		if (!rc)
			rc = spot_bytes(&one, "signedTimestamp", &b->timestamp[i]);
	}
	return rc;
}

/* --- content ------------------------------------------------------------------------------ */

static int read_message(const struct spot *s, struct sigstore_bundle *b)
{
	struct spot digest;
	int number = 0, h;
	int rc = spot_known(s, "messageDigest signature");

	if (!rc)
		rc = spot_bytes(s, "signature", &b->signature);
	if (!rc)
		rc = spot_object(s, "messageDigest", &digest);
	if (rc || !digest.at)
		return rc;
	rc = spot_known(&digest, "algorithm digest");
	if (!rc)
		rc = spot_enum(&digest, "algorithm", sig_hash_words, &number);
	if (!rc)
		rc = spot_bytes(&digest, "digest", &b->digest);
	h = sig_hash_of(number);
	if (!rc && h < 0)
		rc = spot_error(&digest, "algorithm", "is not SHA2_256, SHA2_384 or SHA2_512");
	if (!rc && b->digest.len != sig_hash_bytes(h))
		rc = spot_error(&digest, "digest", "has not the length of its algorithm");
	b->hashed = true;
	b->hash = h;
	return rc;
}

static int read_envelope(const struct spot *s, struct sigstore_bundle *b)
{
	struct str unused = STR_NONE;
	struct spot list, one;
	int rc = spot_known(s, "payload payloadType signatures");

	if (!rc)
		rc = spot_bytes(s, "payload", &b->payload);
	if (!rc && !b->payload.at)
		rc = missing(s, "payload");
	if (!rc)
		rc = spot_text(s, "payloadType", &b->payload_type);
	if (!rc)
		rc = spot_list(s, "signatures", &list, 1000);
	/* With several, logs and people may mean another one than was verified. */
	if (!rc && spot_count(&list) != 1)
		rc = sig_refuse(s->doc->fault, SIGSTORE_ENVELOPE,
				"dsseEnvelope has %zu signatures, where exactly one is taken",
				spot_count(&list));
	if (!rc)
		rc = spot_item(&list, 0, &one);
	if (!rc)
		rc = spot_known(&one, "sig keyid");
	if (!rc)
		rc = spot_text(&one, "keyid", &unused);
	return rc ? rc : spot_bytes(&one, "sig", &b->signature);
}

static int read_content(const struct spot *root, struct sigstore_bundle *b)
{
	struct spot message, envelope;
	int rc = spot_object(root, "messageSignature", &message);

	if (!rc)
		rc = spot_object(root, "dsseEnvelope", &envelope);
	if (!rc && !message.at == !envelope.at)
		rc = sig_refuse(root->doc->fault, SIGSTORE_CONTENT,
				"the bundle has not exactly one of messageSignature and dsseEnvelope");
	if (!rc)
		rc = message.at ? read_message(&message, b) : read_envelope(&envelope, b);
	if (!rc && !b->signature.len)
		rc = sig_refuse(root->doc->fault, SIGSTORE_CONTENT, "the bundle's signature is empty");
	return rc;
}

static int read_bundle(struct sigstore_bundle *b)
{
	struct spot root = doc_root(&b->doc), material;
	int rc = read_type(&root, b);

	if (!rc)
		rc = spot_known(&root, "mediaType verificationMaterial messageSignature dsseEnvelope");
	if (!rc)
		rc = spot_object(&root, "verificationMaterial", &material);
	if (!rc && !material.at)
		rc = missing(&root, "verificationMaterial");
	if (!rc)
		rc = spot_known(&material, "certificate x509CertificateChain publicKey tlogEntries timestampVerificationData");
	if (!rc)
		rc = read_material(&material, b);
	if (!rc)
		rc = read_entries(&material, b);
	if (!rc)
		rc = read_timestamps(&material, b);
	return rc ? rc : read_content(&root, b);
}

int sigstore_bundle_parse(struct str text, struct sigstore_bundle **bundle,
			  struct sigstore_fault *f)
{
	struct sigstore_bundle *b = calloc(1, sizeof(*b));
	int rc;

	*f = (struct sigstore_fault){ 0 };
	if (!b)
		return sig_no_memory(f);
	rc = doc_open(&b->doc, text, SIGSTORE_BUNDLE_JSON, SIGSTORE_BUNDLE_FIELD, f);
	if (rc) {
		free(b);
		return rc;
	}
	rc = read_bundle(b);
	ERR_clear_error();
	if (rc) {
		sigstore_bundle_free(b);
		return rc;
	}
	*bundle = b;
	return 0;
}

void sigstore_bundle_free(struct sigstore_bundle *b)
{
	if (!b)
		return;
	X509_free(b->leaf);
	doc_close(&b->doc);
	free(b);
}
