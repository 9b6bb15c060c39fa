/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small sigstore for tests: a certificate authority with a log of certificates, an authority
 * for timestamps, and logs of signatures of both kinds.  Its keys are always the same, so that
 * what was signed in one run is good in another.
 */
#ifndef TESTS_SIGSTORE_WORLD_H
#define TESTS_SIGSTORE_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ct.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "base/hex.h"
#include "base/out.h"

#define MUST(what) must(!!(what), __FILE__, __LINE__, #what)

#define T0		1700000000	/* when signers sign */
#define T_LEAF		600		/* how long a signer's certificate is good */
#define IDENTITY	"https://example.org/flow@refs/heads/main"
#define OIDC_ISSUER	"https://issuer.example.org"

static inline void must(bool held, const char *file, int line, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

/* --- bytes -------------------------------------------------------------------------------- */

/* Kept until forget(). */
struct kept {
	struct kept *next;
	char data[];
};

static struct kept *kept;

static inline struct str keep(const void *at, size_t len)
{
	struct kept *k = malloc(sizeof(*k) + len + 1);
	char *copy = k->data;

	MUST(k);
	k->next = kept;
	kept = k;
	memcpy(copy, at, len);
	copy[len] = 0;
	return (struct str){ copy, len };
}

static inline void forget(void)
{
	struct kept *k;

	while ((k = kept)) {
		kept = k->next;
		free(k);
	}
}

static inline char *base64_of(struct str s)
{
	struct out o = OUT(malloc(s.len / 3 * 4 + 5), s.len / 3 * 4 + 4);

	MUST(o.at);
	out_base64(&o, s.at, s.len);
	o.at[o.len] = 0;
	return o.at;
}

static inline json_t *json_base64(struct str s)
{
	char *text = base64_of(s);
	json_t *j = json_string(text);

	free(text);
	return j;
}

static inline void sha256_str(struct str s, uint8_t to[32])
{
	MUST(EVP_Digest(s.at, s.len, to, NULL, EVP_sha256(), NULL));
}

/* --- keys --------------------------------------------------------------------------------- */

static inline EVP_PKEY *key_ed25519(const char *name)
{
	uint8_t seed[32];
	EVP_PKEY *key;

	sha256_str(str_of(name), seed);
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	MUST(key);
	return key;
}

/* On P-256 or P-384: a scalar of 32 bytes is below both orders. */
static inline EVP_PKEY *key_ec(const char *name, const char *curve)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve));
	EC_POINT *point = EC_POINT_new(group);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	uint8_t scalar[32], native[32], *public = NULL;
	OSSL_PARAM params[4];
	EVP_PKEY *key = NULL;
	BIGNUM *bn;
	size_t len;

	sha256_str(str_of(name), scalar);
	bn = BN_bin2bn(scalar, sizeof(scalar), NULL);
	MUST(EC_POINT_mul(group, point, bn, NULL, NULL, NULL));
	len = EC_POINT_point2buf(group, point, POINT_CONVERSION_UNCOMPRESSED, &public, NULL);
	MUST(BN_bn2nativepad(bn, native, sizeof(native)) == sizeof(native));
	params[0] = OSSL_PARAM_construct_utf8_string("group", (char *)curve, 0);
	params[1] = OSSL_PARAM_construct_BN("priv", native, sizeof(native));
	params[2] = OSSL_PARAM_construct_octet_string("pub", public, len);
	params[3] = OSSL_PARAM_construct_end();
	MUST(EVP_PKEY_fromdata_init(ctx) == 1);
	MUST(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) == 1);
	EVP_PKEY_CTX_free(ctx);
	OPENSSL_free(public);
	BN_free(bn);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return key;
}

static inline struct str spki_of(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	struct str s;

	MUST(len > 0);
	s = keep(der, len);
	OPENSSL_free(der);
	return s;
}

static inline struct str der_of(X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	struct str s;

	MUST(len > 0);
	s = keep(der, len);
	OPENSSL_free(der);
	return s;
}

static inline struct str pem_of(X509 *cert, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *at;
	struct str s;
	long len;

	MUST(cert ? PEM_write_bio_X509(bio, cert) : PEM_write_bio_PUBKEY(bio, key));
	len = BIO_get_mem_data(bio, &at);
	s = keep(at, len);
	BIO_free(bio);
	return s;
}

/* @md: NULL for Ed25519. */
static inline struct str sign(EVP_PKEY *key, const EVP_MD *md, struct str message)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[1024];
	size_t len = sizeof(sig);

	MUST(EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1);
	MUST(EVP_DigestSign(ctx, sig, &len, (const unsigned char *)message.at, message.len) == 1);
	EVP_MD_CTX_free(ctx);
	return keep(sig, len);
}

static inline const EVP_MD *md_of(EVP_PKEY *key)
{
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
}

/* --- certificates ------------------------------------------------------------------------- */

struct cert_spec {
	const char *name;		/* CN; NULL: an empty subject */
	EVP_PKEY *key;
	X509 *issuer;			/* NULL: itself */
	EVP_PKEY *issuer_key;
	int64_t from, to;
	const char *ca, *usage, *extended, *san;
	const char *oidc, *oidc_raw;	/* issuer: as DER, as it is */
	EVP_PKEY *sct_key;		/* NULL: no SCT */
	EVP_PKEY *sct_named;		/* its log's id is that of this key; NULL: of sct_key */
	int64_t sct_time;
	bool sct_bad;
};

static inline void add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	if (!value)
		return;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	MUST(ext && X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
}

static inline void add_raw(X509 *cert, const char *oid, struct str value)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(octets, (const unsigned char *)value.at, value.len);
	ext = X509_EXTENSION_create_by_OBJ(NULL, object, 0, octets);
	MUST(ext && X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(object);
}

static inline void add_utf8(X509 *cert, const char *oid, const char *text)
{
	uint8_t der[512] = { 12 };
	size_t len = strlen(text), head = len < 128 ? 2 : 4;

	MUST(len < sizeof(der) - 4);
	der[1] = len < 128 ? len : 0x82;
	if (len >= 128) {
		der[2] = len >> 8;
		der[3] = len;
	}
	memcpy(der + head, text, len);
	add_raw(cert, oid, (struct str){ (char *)der, head + len });
}

/* A log's promise to show a certificate (RFC 6962, 3.2). */
static inline void add_sct(X509 *cert, const struct cert_spec *s)
{
	struct str issuer = spki_of(s->issuer_key);
	struct str log = spki_of(s->sct_named ? s->sct_named : s->sct_key), sig;
	struct out o = OUT(malloc(65536), 65536);
	struct stack_st_SCT *list = sk_SCT_new_null();
	uint64_t ms = (uint64_t)s->sct_time * 1000;
	unsigned char *tbs = NULL;
	uint8_t digest[32];
	SCT *sct = SCT_new();
	int i, len = i2d_re_X509_tbs(cert, &tbs);

	out_bytes(&o, "\0", 2);
	for (i = 7; i >= 0; i--)
		out_char(&o, ms >> 8 * i);
	out_bytes(&o, "\0\1", 2);
	sha256_str(issuer, digest);
	out_bytes(&o, digest, 32);
	for (i = 2; i >= 0; i--)
		out_char(&o, len >> 8 * i);
	out_bytes(&o, tbs, len);
	out_bytes(&o, "\0", 2);
	sig = sign(s->sct_key, EVP_sha256(), out_written(&o));
	if (s->sct_bad)
		((char *)sig.at)[sig.len - 1] ^= 1;
	sha256_str(log, digest);
	MUST(SCT_set_version(sct, SCT_VERSION_V1) && SCT_set1_log_id(sct, digest, 32));
	SCT_set_timestamp(sct, ms);
	MUST(SCT_set_signature_nid(sct, NID_ecdsa_with_SHA256));
	MUST(SCT_set1_signature(sct, (const unsigned char *)sig.at, sig.len));
	sk_SCT_push(list, sct);
	MUST(X509_add1_ext_i2d(cert, NID_ct_precert_scts, list, 0, 0) == 1);
	SCT_LIST_free(list);
	OPENSSL_free(tbs);
	free(o.at);
}

static inline X509 *make_cert(const struct cert_spec *s)
{
	X509 *cert = X509_new(), *issuer = s->issuer ? s->issuer : cert;
	X509_NAME *name = X509_get_subject_name(cert);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), s->name ? 100 + strlen(s->name) : 7);
	ASN1_TIME_set(X509_getm_notBefore(cert), s->from);
	ASN1_TIME_set(X509_getm_notAfter(cert), s->to);
	if (s->name)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (unsigned char *)s->name, -1,
					   -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer));
	X509_set_pubkey(cert, s->key);
	add_ext(cert, issuer, NID_basic_constraints, s->ca);
	add_ext(cert, issuer, NID_key_usage, s->usage);
	add_ext(cert, issuer, NID_ext_key_usage, s->extended);
	add_ext(cert, issuer, NID_subject_key_identifier, "hash");
	add_ext(cert, issuer, NID_authority_key_identifier, s->issuer ? "keyid" : NULL);
	add_ext(cert, issuer, NID_subject_alt_name, s->san);
	if (s->oidc_raw)
		add_raw(cert, "1.3.6.1.4.1.57264.1.1", str_of(s->oidc_raw));
	if (s->oidc)
		add_utf8(cert, "1.3.6.1.4.1.57264.1.8", s->oidc);
	/* Signing sets the algorithm's name in the body, which the log's promise is over. */
	MUST(X509_sign(cert, s->issuer_key, md_of(s->issuer_key)));
	if (s->sct_key)
		add_sct(cert, s);
	MUST(X509_sign(cert, s->issuer_key, md_of(s->issuer_key)));
	return cert;
}

/* --- the world ---------------------------------------------------------------------------- */

struct world {
	EVP_PKEY *root_key, *ca_key, *ct_key, *log_key, *tiles_key, *tsa_root_key, *tsa_key;
	EVP_PKEY *signer, *other;	/* those who sign, and somebody else */
	X509 *root, *ca, *tsa_root, *tsa;
};

static inline void world_open(struct world *w)
{
	struct cert_spec s = { .from = T0 - 100000000, .to = T0 + 100000000, .ca = "critical,CA:TRUE",
			       .usage = "critical,keyCertSign,cRLSign" };

	w->root_key = key_ed25519("root");
	w->ca_key = key_ec("ca", "prime256v1");
	w->ct_key = key_ec("ct", "prime256v1");
	w->log_key = key_ec("log", "prime256v1");
	w->tiles_key = key_ed25519("tiles");
	w->tsa_root_key = key_ed25519("tsa root");
	w->tsa_key = key_ec("tsa", "prime256v1");
	w->signer = key_ec("signer", "prime256v1");
	w->other = key_ec("other", "prime256v1");
	s.name = "test root";
	s.key = w->root_key;
	s.issuer_key = w->root_key;
	w->root = make_cert(&s);
	s.name = "test ca";
	s.key = w->ca_key;
	s.issuer = w->root;
	w->ca = make_cert(&s);
	s.name = "tsa root";
	s.issuer = NULL;
	s.key = w->tsa_root_key;
	s.issuer_key = w->tsa_root_key;
	w->tsa_root = make_cert(&s);
	s.name = "tsa";
	s.key = w->tsa_key;
	s.issuer = w->tsa_root;
	s.ca = NULL;
	s.usage = "critical,digitalSignature";
	s.extended = "critical,timeStamping";
	w->tsa = make_cert(&s);
}

static inline void world_close(struct world *w)
{
	EVP_PKEY *keys[] = { w->root_key, w->ca_key, w->ct_key, w->log_key, w->tiles_key,
			     w->tsa_root_key, w->tsa_key, w->signer, w->other };
	X509 *certs[] = { w->root, w->ca, w->tsa_root, w->tsa };
	unsigned int i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		EVP_PKEY_free(keys[i]);
	for (i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
		X509_free(certs[i]);
}

/* --- timestamps --------------------------------------------------------------------------- */

static inline ASN1_INTEGER *stamp_serial(TS_RESP_CTX *ctx, void *arg)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();

	(void)ctx;
	(void)arg;
	ASN1_INTEGER_set(n, 1);
	return n;
}

static inline int stamp_time(TS_RESP_CTX *ctx, void *arg, long *seconds, long *us)
{
	(void)ctx;
	*seconds = *(int64_t *)arg;
	*us = 0;
	return 1;
}

/* An answer of RFC 3161 about some bytes. */
static inline struct str stamp(X509 *cert, EVP_PKEY *key, struct str about, int64_t t, bool embed)
{
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	TS_REQ *req = TS_REQ_new();
	X509_ALGOR *alg = X509_ALGOR_new();
	ASN1_OBJECT *policy = OBJ_txt2obj("1.3.6.1.4.1.57264.2", 1);
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	uint8_t digest[32];
	TS_RESP *resp;
	struct str s;
	int len;

	sha256_str(about, digest);
	X509_ALGOR_set0(alg, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
	TS_MSG_IMPRINT_set_algo(imprint, alg);
	TS_MSG_IMPRINT_set_msg(imprint, digest, sizeof(digest));
	TS_REQ_set_version(req, 1);
	TS_REQ_set_msg_imprint(req, imprint);
	TS_REQ_set_cert_req(req, embed);
	MUST(i2d_TS_REQ_bio(bio, req));
	MUST(TS_RESP_CTX_set_signer_cert(ctx, cert) && TS_RESP_CTX_set_signer_key(ctx, key));
	MUST(TS_RESP_CTX_set_def_policy(ctx, policy) && TS_RESP_CTX_add_md(ctx, EVP_sha256()));
	MUST(TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256()));
	MUST(TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256()));
	TS_RESP_CTX_set_serial_cb(ctx, stamp_serial, NULL);
	TS_RESP_CTX_set_time_cb(ctx, stamp_time, &t);
	resp = TS_RESP_create_response(ctx, bio);
	len = i2d_TS_RESP(resp, &der);
	MUST(len > 0 && TS_RESP_get_token(resp));
	s = keep(der, len);
	OPENSSL_free(der);
	TS_RESP_free(resp);
	BIO_free(bio);
	ASN1_OBJECT_free(policy);
	X509_ALGOR_free(alg);
	TS_REQ_free(req);
	TS_MSG_IMPRINT_free(imprint);
	TS_RESP_CTX_free(ctx);
	return s;
}

/* --- the log: a tree of RFC 9162, made in the plainest way --------------------------------- */

static inline void tree_hash(const uint8_t (*leaf)[32], unsigned int n, uint8_t to[32])
{
	uint8_t pair[65] = { 1 };
	unsigned int k = 1;

	if (n == 1) {
		memcpy(to, leaf, 32);
		return;
	}
	while (2 * k < n)
		k *= 2;
	tree_hash(leaf, k, pair + 1);
	tree_hash(leaf + k, n - k, pair + 33);
	sha256_str((struct str){ (char *)pair, 65 }, to);
}

/* Hashes from the leaf upwards; returns how many. */
static inline unsigned int tree_path(const uint8_t (*leaf)[32], unsigned int n, unsigned int m,
				     uint8_t (*to)[32])
{
	unsigned int k = 1, have;

	if (n == 1)
		return 0;
	while (2 * k < n)
		k *= 2;
	have = m < k ? tree_path(leaf, k, m, to) : tree_path(leaf + k, n - k, m - k, to);
	if (m < k)
		tree_hash(leaf + k, n - k, to[have]);
	else
		tree_hash(leaf, k, to[have]);
	return have + 1;
}

#endif /* TESTS_SIGSTORE_WORLD_H */
