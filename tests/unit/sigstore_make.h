/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bundles and trusted roots of the small sigstore, from recipes. */
#ifndef TESTS_SIGSTORE_MAKE_H
#define TESTS_SIGSTORE_MAKE_H

#include "sigstore_world.h"

#define ARTEFACT	"what is signed\n"
#define TILES_ORIGIN	"tiles.example.org"
#define LOG_ORIGIN	"log.example.org - 1234"
#define LOG_NAME	"log.example.org"
#define IN_TOTO		"application/vnd.in-toto+json"

struct recipe {
	int version;			/* 1 to 3; 0: 3 */
	const char *media_type;		/* NULL: the usual one */
	bool by_key, envelope;
	const char *kind;		/* of the entry; NULL: hashedrekord */
	int body;			/* its version 0.0.1 or 0.0.2 */
	bool tiles;			/* Rekor v2, with Ed25519 */
	bool promise, no_proof, no_checkpoint;
	bool stamped, bare_stamp;	/* without a certificate inside */
	EVP_PKEY *signer;		/* NULL: the world's */
	const EVP_MD *md;		/* NULL: SHA-256, or nothing for Ed25519 */
	int64_t t_log, t_stamp;		/* offsets to T0 */
	X509 *tsa;			/* NULL: the world's */
	EVP_PKEY *tsa_key;
	const char *stamp_about;	/* NULL: the signature */
	void (*leaf)(const struct world *w, struct cert_spec *s);	/* changes it */
	const char *payload, *payload_type;	/* NULL: the usual ones */
	const char *predicate;		/* type of the usual payload's; NULL: the usual one */
	const EVP_MD *message_md;	/* of messageDigest; NULL: the signature's */
	const char *body_about;		/* the entry is about this artefact; NULL: the right one */
	EVP_PKEY *body_signer;		/* the entry names this key or a certificate of it */
	bool body_plain;		/* intoto: without its payload */
	unsigned int leaves, index;	/* of the tree; 0: 11 leaves, the 6th */
	/* Of the checkpoint. */
	EVP_PKEY *note_key;		/* NULL: the log's */
	const char *origin, *note_name;
	int size_off;			/* is said to be larger */
	bool witness_first, other_root, wrong_hint;
};

struct made {
	json_t *bundle, *root;
	struct str key;			/* PEM of the signer's */
	struct str signature;
	X509 *leaf;
	EVP_PKEY *signer;
	/* On the way. */
	struct str message, payload, type;
	json_t *body;
};

static inline const EVP_MD *md_for(const struct recipe *r, EVP_PKEY *key)
{
	return r->md ? r->md : md_of(key);
}

static inline struct str digest_of(struct str s, const EVP_MD *md)
{
	uint8_t bytes[64];
	unsigned int len;

	MUST(EVP_Digest(s.at, s.len, bytes, &len, md ? md : EVP_sha256(), NULL));
	return keep(bytes, len);
}

static inline json_t *json_hex(struct str s)
{
	char text[129];

	hex_encode(s.at, s.len, text);
	return json_string(text);
}

/* --- what is signed ----------------------------------------------------------------------- */

static inline void make_message(const struct recipe *r, struct made *m)
{
	char text[2048];
	int n;

	m->signer = r->signer ? r->signer : m->signer;
	m->message = STR(ARTEFACT);
	if (r->envelope) {
		json_t *hex = json_hex(digest_of(STR(ARTEFACT), NULL));

		json_t *usual = json_pack("{s:s,s:[{s:s,s:{s:o}}],s:s,s:{}}", "_type",
					  "https://in-toto.io/Statement/v1", "subject", "name",
					  "a", "digest", "sha256", hex, "predicateType",
					  r->predicate ? r->predicate : "https://example.org/p",
					  "predicate");
		char *dumped = json_dumps(usual, JSON_COMPACT);

		m->payload = r->payload ? str_of(r->payload) : keep(dumped, strlen(dumped));
		free(dumped);
		json_decref(usual);
		m->type = str_of(r->payload_type ? r->payload_type : IN_TOTO);
		n = snprintf(text, sizeof(text), "DSSEv1 %zu %s %zu %s", m->type.len, m->type.at,
			     m->payload.len, m->payload.at);
		m->message = keep(text, n);
	}
	m->signature = sign(m->signer, md_for(r, m->signer), m->message);
	m->key = pem_of(NULL, m->signer);
}

static inline X509 *make_leaf(const struct world *w, const struct recipe *r, EVP_PKEY *key)
{
	struct cert_spec s = {
		.key = key, .issuer = w->ca, .issuer_key = w->ca_key, .from = T0 - 60,
		.to = T0 + T_LEAF, .usage = "critical,digitalSignature", .extended = "codeSigning",
		.san = "critical,URI:" IDENTITY, .oidc = OIDC_ISSUER, .oidc_raw = OIDC_ISSUER,
		.sct_key = w->ct_key, .sct_time = T0 - 60,
	};

	if (r->leaf)
		r->leaf(w, &s);
	return make_cert(&s);
}

/* --- the log's entry ---------------------------------------------------------------------- */

static inline json_t *body_verifier(const struct recipe *r, X509 *leaf, EVP_PKEY *key)
{
	struct str der = r->by_key ? spki_of(key) : der_of(leaf);

	return json_pack("{s:{s:o}}", r->by_key ? "publicKey" : "x509Certificate", "rawBytes",
			 json_base64(der));
}

static inline json_t *body_pem(const struct recipe *r, X509 *leaf, EVP_PKEY *key)
{
	return json_base64(pem_of(r->by_key ? NULL : leaf, key));
}

static inline json_t *base64_twice(struct str s)
{
	char *once = base64_of(s);
	json_t *j = json_base64(str_of(once));

	free(once);
	return j;
}

static inline const char *hash_name(const EVP_MD *md, bool upper)
{
	int size = md ? EVP_MD_get_size(md) : 32;

	if (upper)
		return size == 32 ? "SHA2_256" : size == 48 ? "SHA2_384" : "SHA2_512";
	return size == 32 ? "sha256" : size == 48 ? "sha384" : "sha512";
}

static inline json_t *make_spec(const struct recipe *r, const struct made *m, X509 *leaf,
				EVP_PKEY *key)
{
	const EVP_MD *md = r->envelope ? NULL : md_for(r, key);
	struct str about = r->body_about ? str_of(r->body_about) : m->message;
	struct str digest = digest_of(about, md), payload = STR_NONE;
	const char *kind = r->kind ? r->kind : "hashedrekord";
	json_t *spec;

	if (r->envelope)
		payload = digest_of(r->body_about ? about : m->payload, NULL);
	if (!strcmp(kind, "intoto")) {
		spec = json_pack("{s:{s:{s:s,s:[{s:o,s:o}]},s:{s:s,s:o},s:{s:s,s:o}}}", "content",
				 "envelope", "payloadType", m->type.at, "signatures", "publicKey",
				 body_pem(r, leaf, key), "sig", base64_twice(m->signature), "hash",
				 "algorithm", "sha256", "value", json_hex(digest), "payloadHash",
				 "algorithm", "sha256", "value", json_hex(payload));
		if (!r->body_plain)
			json_object_set_new(json_object_get(json_object_get(spec, "content"),
							    "envelope"),
					    "payload", base64_twice(m->payload));
		return spec;
	}
	if (!strcmp(kind, "dsse") && r->body == 1)
		return json_pack("{s:{s:s,s:o},s:{s:s,s:o},s:[{s:o,s:o}]}", "envelopeHash",
				 "algorithm", "sha256", "value", json_hex(digest), "payloadHash",
				 "algorithm", "sha256", "value", json_hex(payload), "signatures",
				 "signature", json_base64(m->signature), "verifier",
				 body_pem(r, leaf, key));
	if (!strcmp(kind, "dsse"))
		return json_pack("{s:{s:{s:s,s:o},s:[{s:o,s:o}]}}", "dsseV002", "payloadHash",
				 "algorithm", "SHA2_256", "digest", json_base64(payload),
				 "signatures", "content", json_base64(m->signature), "verifier",
				 body_verifier(r, leaf, key));
	if (r->body == 2)
		return json_pack("{s:{s:{s:s,s:o},s:{s:o,s:o}}}", "hashedRekordV002", "data",
				 "algorithm", hash_name(md, true), "digest", json_base64(digest),
				 "signature", "content", json_base64(m->signature), "verifier",
				 body_verifier(r, leaf, key));
	return json_pack("{s:{s:{s:s,s:o}},s:{s:o,s:{s:o}}}", "data", "hash", "algorithm",
			 hash_name(md, false), "value", json_hex(digest), "signature", "content",
			 json_base64(m->signature), "publicKey", "content", body_pem(r, leaf, key));
}

static inline struct str make_body(const struct world *w, const struct recipe *r,
				   const struct made *m)
{
	EVP_PKEY *key = r->body_signer ? r->body_signer : m->signer;
	X509 *leaf = r->body_signer && !r->by_key ? make_leaf(w, r, key) : NULL;
	json_t *body = json_pack("{s:s,s:s,s:o}", "apiVersion", r->body == 2 ||
				 (r->kind && !strcmp(r->kind, "intoto")) ? "0.0.2" : "0.0.1",
				 "kind", r->kind ? r->kind : "hashedrekord", "spec",
				 make_spec(r, m, leaf ? leaf : m->leaf, key));
	char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	struct str s = keep(text, strlen(text));

	free(text);
	json_decref(body);
	X509_free(leaf);
	return s;
}

/* A note's key id: of name and key for Ed25519, of the key alone for others. */
static inline void note_id(EVP_PKEY *key, const char *name, uint8_t id[32])
{
	uint8_t raw[32];
	struct out o = OUT(malloc(512), 512);
	size_t len = sizeof(raw);

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) {
		MUST(EVP_PKEY_get_raw_public_key(key, raw, &len));
		out_text(&o, name);
		out_text(&o, "\n\x01");
		out_bytes(&o, raw, 32);
	} else {
		out_str(&o, spki_of(key));
	}
	sha256_str(out_written(&o), id);
	free(o.at);
}

static inline void note_line(struct out *o, EVP_PKEY *key, const char *name, struct str text,
			     bool wrong_hint)
{
	struct str sig = sign(key, md_of(key), text);
	uint8_t bytes[256];

	note_id(key, name, bytes);
	bytes[3] ^= wrong_hint;
	memcpy(bytes + 4, sig.at, sig.len);
	out_text(o, "\xe2\x80\x94 ");
	out_text(o, name);
	out_char(o, ' ');
	out_base64(o, bytes, sig.len + 4);
	out_char(o, '\n');
}

static inline json_t *make_checkpoint(const struct world *w, const struct recipe *r,
				      unsigned int size, const uint8_t root[32])
{
	EVP_PKEY *key = r->note_key ? r->note_key : r->tiles ? w->tiles_key : w->log_key;
	const char *name = r->note_name ? r->note_name : r->tiles ? TILES_ORIGIN : LOG_NAME;
	struct out o = OUT(malloc(4096), 4096);
	uint8_t told[32];
	json_t *j;
	size_t len;

	memcpy(told, root, sizeof(told));
	told[0] ^= r->other_root;
	out_text(&o, r->origin ? r->origin : r->tiles ? TILES_ORIGIN : LOG_ORIGIN);
	out_char(&o, '\n');
	out_number(&o, size + r->size_off);
	out_char(&o, '\n');
	out_base64(&o, told, 32);
	out_char(&o, '\n');
	len = o.len;
	out_char(&o, '\n');
	if (r->witness_first)
		note_line(&o, w->other, "witness.example.org", str_head(out_written(&o), len), false);
	note_line(&o, key, name, str_head(out_written(&o), len), r->wrong_hint);
	j = json_pack("{s:o}", "envelope", json_stringn(o.at, o.len));
	free(o.at);
	return j;
}

static inline json_t *make_proof(const struct world *w, const struct recipe *r, struct str body)
{
	unsigned int n = r->leaves ? r->leaves : 11, at = r->leaves ? r->index : 5, i, count;
	uint8_t leaf[64][32], path[8][32], root[32];
	json_t *hashes = json_array(), *proof;
	struct out o = OUT(malloc(body.len + 1), body.len + 1);

	for (i = 0; i < n; i++)
		sha256_str((struct str){ (char *)&i, sizeof(i) }, leaf[i]);
	out_char(&o, 0);
	out_str(&o, body);
	sha256_str(out_written(&o), leaf[at]);
	free(o.at);
	tree_hash(leaf, n, root);
	count = tree_path(leaf, n, at, path);
	for (i = 0; i < count; i++)
		json_array_append_new(hashes, json_base64((struct str){ (char *)path[i], 32 }));
	proof = json_pack("{s:o,s:o,s:o,s:o}", "logIndex", json_sprintf("%u", at), "treeSize",
			  json_sprintf("%u", n), "rootHash",
			  json_base64((struct str){ (char *)root, 32 }), "hashes", hashes);
	if (!r->no_checkpoint)
		json_object_set_new(proof, "checkpoint", make_checkpoint(w, r, n, root));
	return proof;
}

static inline json_t *make_promise(const struct world *w, const struct recipe *r,
				   struct str body, const uint8_t id[32])
{
	char hex[65], text[128];
	struct out o = OUT(malloc(2 * body.len + 512), 2 * body.len + 512);
	json_t *j;

	hex_encode(id, 32, hex);
	out_text(&o, "{\"body\":\"");
	out_base64(&o, body.at, body.len);
	snprintf(text, sizeof(text), "\",\"integratedTime\":%lld,\"logID\":\"",
		 (long long)(T0 + r->t_log));
	out_text(&o, text);
	out_text(&o, hex);
	out_text(&o, "\",\"logIndex\":1005}");
	j = json_pack("{s:o}", "signedEntryTimestamp",
		      json_base64(sign(w->log_key, EVP_sha256(), out_written(&o))));
	free(o.at);
	return j;
}

static inline json_t *make_entry(const struct world *w, const struct recipe *r,
				 const struct made *m)
{
	struct str body = make_body(w, r, m);
	json_t *entry;
	uint8_t id[32];

	note_id(r->tiles ? w->tiles_key : w->log_key, TILES_ORIGIN, id);
	entry = json_pack("{s:s,s:{s:o},s:{s:s,s:s},s:o}", "logIndex", "1005", "logId", "keyId",
			  json_base64((struct str){ (char *)id, 32 }), "kindVersion", "kind",
			  r->kind ? r->kind : "hashedrekord", "version", r->body == 2 ||
			  (r->kind && !strcmp(r->kind, "intoto")) ? "0.0.2" : "0.0.1",
			  "canonicalizedBody", json_base64(body));
	if (r->promise) {
		json_object_set_new(entry, "integratedTime",
				    json_sprintf("%lld", (long long)(T0 + r->t_log)));
		json_object_set_new(entry, "inclusionPromise", make_promise(w, r, body, id));
	}
	if (!r->no_proof)
		json_object_set_new(entry, "inclusionProof", make_proof(w, r, body));
	return entry;
}

/* --- bundle ------------------------------------------------------------------------------- */

static inline json_t *make_stamps(const struct world *w, const struct recipe *r, struct str about)
{
	struct str s = stamp(r->tsa ? r->tsa : w->tsa, r->tsa_key ? r->tsa_key : w->tsa_key, about,
			     T0 + r->t_stamp, !r->bare_stamp);

	return json_pack("{s:[{s:o}]}", "rfc3161Timestamps", "signedTimestamp", json_base64(s));
}

static inline json_t *make_material(const struct world *w, const struct recipe *r,
				    const struct made *m)
{
	json_t *material = json_object(), *cert;
	struct str about = r->stamp_about ? str_of(r->stamp_about) : m->signature;

	if (r->by_key) {
		json_object_set_new(material, "publicKey", json_pack("{s:s}", "hint", "h"));
	} else {
		cert = json_pack("{s:o}", "rawBytes", json_base64(der_of(m->leaf)));
		json_object_set_new(material, r->version == 1 || r->version == 2 ?
				    "x509CertificateChain" : "certificate",
				    r->version == 1 || r->version == 2 ?
				    json_pack("{s:[o]}", "certificates", cert) : cert);
	}
	json_object_set_new(material, "tlogEntries", json_pack("[o]", make_entry(w, r, m)));
	if (r->stamped)
		json_object_set_new(material, "timestampVerificationData", make_stamps(w, r, about));
	return material;
}

static inline json_t *make_log_row(const char *url, EVP_PKEY *key, const char *details,
				   const uint8_t id[32])
{
	return json_pack("{s:s,s:s,s:{s:o,s:s,s:{s:s}},s:{s:o}}", "baseUrl", url, "hashAlgorithm",
			 "SHA2_256", "publicKey", "rawBytes", json_base64(spki_of(key)),
			 "keyDetails", details, "validFor", "start", "2020-01-01T00:00:00Z",
			 "logId", "keyId", json_base64((struct str){ (const char *)id, 32 }));
}

static inline json_t *make_authority_row(X509 *first, X509 *second)
{
	json_t *list = json_array();

	if (first)
		json_array_append_new(list, json_pack("{s:o}", "rawBytes",
						      json_base64(der_of(first))));
	if (second)
		json_array_append_new(list, json_pack("{s:o}", "rawBytes",
						      json_base64(der_of(second))));
	return json_pack("{s:s,s:{s:o},s:{s:s}}", "uri", "https://a.example.org", "certChain",
			 "certificates", list, "validFor", "start", "2020-01-01T00:00:00Z");
}

/* With a key that cannot be read, and an authority without certificates, as real ones have. */
static inline json_t *make_root(const struct world *w)
{
	uint8_t log[32], tiles[32], ct[32];
	json_t *ctlogs;

	note_id(w->log_key, "", log);
	note_id(w->tiles_key, TILES_ORIGIN, tiles);
	note_id(w->ct_key, "", ct);
	ctlogs = json_pack("[{s:{s:s,s:s,s:{s:s}},s:{s:o}},o]", "publicKey", "rawBytes",
			   "MAoCAwCAAQIDAQAB", "keyDetails", "PKCS1_RSA_PKCS1V5", "validFor", "start",
			   "2020-01-01T00:00:00Z", "logId", "keyId",
			   json_base64((struct str){ (char *)tiles, 32 }),
			   make_log_row("https://ct.example.org", w->ct_key,
					"PKIX_ECDSA_P256_SHA_256", ct));
	return json_pack("{s:s,s:[o,o],s:o,s:[o],s:[o,o]}", "mediaType",
			 "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs",
			 make_log_row("https://log.example.org", w->log_key,
				      "PKIX_ECDSA_P256_SHA_256", log),
			 make_log_row("https://tiles.example.org", w->tiles_key, "PKIX_ED25519",
				      tiles),
			 "ctlogs", ctlogs, "certificateAuthorities",
			 make_authority_row(w->ca, w->root), "timestampAuthorities",
			 make_authority_row(NULL, NULL), make_authority_row(w->tsa, w->tsa_root));
}

static inline void make(const struct world *w, const struct recipe *r, struct made *m)
{
	static const char *const types[] = {
		"application/vnd.dev.sigstore.bundle.v0.3+json",
		"application/vnd.dev.sigstore.bundle+json;version=0.1",
		"application/vnd.dev.sigstore.bundle+json;version=0.2",
		"application/vnd.dev.sigstore.bundle+json;version=0.3",
	};
	const EVP_MD *md;
	json_t *content;

	*m = (struct made){ .signer = w->signer };
	make_message(r, m);
	md = r->message_md ? r->message_md : md_for(r, m->signer);
	if (!r->by_key)
		m->leaf = make_leaf(w, r, m->signer);
	if (r->envelope)
		content = json_pack("{s:o,s:s,s:[{s:o,s:s}]}", "payload", json_base64(m->payload),
				    "payloadType", m->type.at, "signatures", "sig",
				    json_base64(m->signature), "keyid", "");
	else
		content = json_pack("{s:{s:s,s:o},s:o}", "messageDigest", "algorithm",
				    hash_name(md, true), "digest",
				    json_base64(digest_of(STR(ARTEFACT), md)), "signature",
				    json_base64(m->signature));
	m->bundle = json_pack("{s:s,s:o,s:o}", "mediaType",
			      r->media_type ? r->media_type : types[r->version],
			      "verificationMaterial", make_material(w, r, m),
			      r->envelope ? "dsseEnvelope" : "messageSignature", content);
	m->root = make_root(w);
	MUST(m->bundle && m->root);
}

static inline void made_free(struct made *m)
{
	json_decref(m->bundle);
	json_decref(m->root);
	X509_free(m->leaf);
	forget();
}

#endif /* TESTS_SIGSTORE_MAKE_H */
