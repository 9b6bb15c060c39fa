// SPDX-License-Identifier: GPL-2.0-or-later
/* trusted_root.json: logs, certificate authorities, and authorities for timestamps. */
#include <errno.h>

#include <openssl/err.h>

#include "private.h"

#define LOGS_MAX	64u
#define AUTHORITIES_MAX	64u

/* PublicKeyDetails, by number, as far as the kind of a key is told by them. */
static const char *const key_words[] = {
	"PUBLIC_KEY_DETAILS_UNSPECIFIED", "PKCS1_RSA_PKCS1V5", "PKCS1_RSA_PSS",
	"PKIX_RSA_PKCS1V5", "PKIX_RSA_PSS", "PKIX_ECDSA_P256_SHA_256",
	"PKIX_ECDSA_P256_HMAC_SHA_256", "PKIX_ED25519", "PKIX_ED25519_PH",
	"PKIX_RSA_PKCS1V15_2048_SHA256", "PKIX_RSA_PKCS1V15_3072_SHA256",
	"PKIX_RSA_PKCS1V15_4096_SHA256", "PKIX_ECDSA_P384_SHA_384", "PKIX_ECDSA_P521_SHA_512",
	"LMS_SHA256", "LMOTS_SHA256", NULL
};

enum {
	KEY_RSA_OLD	= 3,
	KEY_P256	= 5,
	KEY_ED25519	= 7,
	KEY_RSA_FIRST	= 9,
	KEY_RSA_LAST	= 11,
	KEY_P384	= 12,
	KEY_P521	= 13,
};

/* Logs sign with SHA-256 whatever their curve; other uses of a key are not known here. */
static bool fits(EVP_PKEY *key, int details)
{
	int base = EVP_PKEY_get_base_id(key);

	if (!details)
		return true;
	if (details == KEY_ED25519)
		return base == EVP_PKEY_ED25519;
	if (details == KEY_RSA_OLD || (details >= KEY_RSA_FIRST && details <= KEY_RSA_LAST))
		return base == EVP_PKEY_RSA;
	if (base != EVP_PKEY_EC)
		return false;
	return (details == KEY_P256 && sig_key_hash(key) == SIGSTORE_SHA256) ||
	       (details == KEY_P384 && sig_key_hash(key) == SIGSTORE_SHA384) ||
	       (details == KEY_P521 && sig_key_hash(key) == SIGSTORE_SHA512);
}

/* @period: nothing is in it when there is no beginning. */
static int read_period(const struct spot *s, struct sig_period *period)
{
	struct spot valid;
	int rc;

	*period = (struct sig_period){ INT64_MAX, INT64_MAX };
	rc = spot_object(s, "validFor", &valid);
	if (rc || !valid.at)
		return rc;
	rc = spot_time(&valid, "start", true, &period->from);
	return rc ? rc : spot_time(&valid, "end", false, &period->to);
}

static int read_key(const struct spot *s, struct sig_log *log)
{
	struct spot key;
	int details = 0, rc;
	bool known;

	rc = spot_object(s, "publicKey", &key);
	if (rc)
		return rc;
	rc = spot_bytes(&key, "rawBytes", &log->spki);
	if (!rc)
		rc = read_period(&key, &log->valid);
	if (rc)
		return rc;
	/* Kinds that come after this was written are no error of the root. */
	known = !spot_enum(&key, "keyDetails", key_words, &details);
	*s->doc->fault = (struct sigstore_fault){ 0 };
	log->key = known ? sig_key_der(log->spki) : NULL;
	if (!log->key)
		log->why = "its key is of a kind that is not taken";
	else if (!fits(log->key, details))
		log->why = "its key is not what keyDetails says";
	else if (log->valid.from == INT64_MAX)
		log->why = "its key has no validFor.start";
	return 0;
}

static int read_id(const struct spot *s, const char *name, struct str *id)
{
	struct spot sub;
	int rc = spot_object(s, name, &sub);

	return rc || !sub.at ? rc : spot_bytes(&sub, "keyId", id);
}

static int read_log(const struct spot *s, struct sig_log *log)
{
	char *digest;
	int rc = read_key(s, log);

	if (!rc)
		rc = read_id(s, "logId", &log->id);
	if (!rc && !log->id.at) {
		digest = doc_alloc(s->doc, SIG_SHA256);
		if (!digest || !sig_sha256(&log->spki, 1, (uint8_t *)digest))
			return -ENOMEM;
		log->id = (struct str){ digest, SIG_SHA256 };
	}
	if (!rc && log->id.len != SIG_SHA256)
		return spot_error(s, "logId.keyId", "is not 32 bytes");
	if (!rc)
		rc = read_id(s, "checkpointKeyId", &log->note_id);
	if (!rc && !log->note_id.at)
		log->note_id = log->id;
	if (!rc && log->note_id.len < 4)
		rc = spot_error(s, "checkpointKeyId.keyId", "is not 4 bytes");
	return rc;
}

static int read_logs(const struct spot *root, const char *name, struct sig_log **logs,
		     unsigned int *count)
{
	struct spot list, s;
	size_t i;
	int rc = spot_list(root, name, &list, LOGS_MAX);

	if (rc)
		return rc;
	*logs = doc_alloc(root->doc, spot_count(&list) * sizeof(**logs));
	if (!*logs)
		return -ENOMEM;
	for (i = 0; !rc && i < spot_count(&list); i++) {
		rc = spot_item(&list, i, &s);
		*count = i + 1;
		if (!rc)
			rc = read_log(&s, &(*logs)[i]);
	}
	return rc;
}

X509 *sig_certificate(struct str der)
{
	const unsigned char *at = (const unsigned char *)der.at;
	X509 *cert = der.len ? d2i_X509(NULL, &at, der.len) : NULL;

	if (cert && at != (const unsigned char *)der.at + der.len) {
		X509_free(cert);
		cert = NULL;
	}
	ERR_clear_error();
	return cert;
}

static int read_chain(const struct spot *s, struct stack_st_X509 *chain)
{
	struct str der = STR_NONE;
	struct spot list, one;
	struct spot outer;
	size_t i;
	int rc = spot_object(s, "certChain", &outer);

	if (!rc)
		rc = spot_list(&outer, "certificates", &list, SIG_CHAIN_MAX);
	for (i = 0; !rc && i < spot_count(&list); i++) {
		X509 *cert;

		rc = spot_item(&list, i, &one);
		if (!rc)
			rc = spot_bytes(&one, "rawBytes", &der);
		if (rc)
			break;
		cert = sig_certificate(der);
		if (!cert)
			return spot_error(&one, "rawBytes", "is not a certificate");
		if (!sk_X509_push(chain, cert)) {
			X509_free(cert);
			return sig_no_memory(s->doc->fault);
		}
	}
	return rc;
}

static int read_authorities(const struct spot *root, const char *name,
			    struct sig_authority **authorities, unsigned int *count)
{
	struct spot list, s;
	size_t i;
	int rc = spot_list(root, name, &list, AUTHORITIES_MAX);

	if (rc)
		return rc;
	*authorities = doc_alloc(root->doc, spot_count(&list) * sizeof(**authorities));
	if (!*authorities)
		return -ENOMEM;
	for (i = 0; !rc && i < spot_count(&list); i++) {
		struct sig_authority *a = &(*authorities)[i];

		*count = i + 1;
		rc = spot_item(&list, i, &s);
		if (rc)
			break;
		rc = read_period(&s, &a->valid);
		a->chain = sk_X509_new_null();
		if (!a->chain)
			return sig_no_memory(root->doc->fault);
		if (!rc)
			rc = read_chain(&s, a->chain);
	}
	return rc;
}

static int read_root(struct sigstore_trust *t)
{
	static const char *const types[] = {
		"application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"application/vnd.dev.sigstore.trustedroot+json;version=0.2",
		"application/vnd.dev.sigstore.trustedroot.v0.1+json",
		"application/vnd.dev.sigstore.trustedroot.v0.2+json",
	};
	struct spot root = doc_root(&t->doc);
	struct str type = STR_NONE;
	unsigned int i;
	int rc = spot_text(&root, "mediaType", &type);

	for (i = 0; i < sizeof(types) / sizeof(types[0]) && !str_is(type, types[i]); i++)
		;
	if (!rc && i == sizeof(types) / sizeof(types[0]))
		rc = spot_error(&root, "mediaType", "is not that of a trusted root that is known");
	if (!rc)
		rc = read_logs(&root, "tlogs", &t->tlog, &t->tlogs);
	if (!rc)
		rc = read_logs(&root, "ctlogs", &t->ctlog, &t->ctlogs);
	if (!rc)
		rc = read_authorities(&root, "certificateAuthorities", &t->ca, &t->cas);
	if (!rc)
		rc = read_authorities(&root, "timestampAuthorities", &t->tsa, &t->tsas);
	return rc;
}

int sigstore_trust_parse(struct str text, struct sigstore_trust **trust, struct sigstore_fault *f)
{
	struct sigstore_trust *t = calloc(1, sizeof(*t));
	int rc;

	*f = (struct sigstore_fault){ 0 };
	if (!t)
		return sig_no_memory(f);
	rc = doc_open(&t->doc, text, SIGSTORE_TRUST_JSON, SIGSTORE_TRUST_FIELD, f);
	if (rc) {
		free(t);
		return rc;
	}
	rc = read_root(t);
	if (rc) {
		if (!f->code)
			sig_no_memory(f);
		sigstore_trust_free(t);
		return rc;
	}
	*trust = t;
	return 0;
}

static void free_chains(struct sig_authority *a, unsigned int count)
{
	while (count--)
		sk_X509_pop_free(a[count].chain, X509_free);
}

static void free_keys(struct sig_log *log, unsigned int count)
{
	while (count--)
		EVP_PKEY_free(log[count].key);
}

void sigstore_trust_free(struct sigstore_trust *t)
{
	if (!t)
		return;
	free_keys(t->tlog, t->tlogs);
	free_keys(t->ctlog, t->ctlogs);
	free_chains(t->ca, t->cas);
	free_chains(t->tsa, t->tsas);
	doc_close(&t->doc);
	free(t);
}
