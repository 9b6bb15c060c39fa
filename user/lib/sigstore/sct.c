// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signed certificate timestamps inside a certificate (RFC 6962, 3.2 and 3.3).
 *
 * OpenSSL's SCT_validate() takes its logs from a CTLOG_STORE, which can be filled from a file
 * only, and knows nothing of when a log's key is good.  So the bytes that were signed are put
 * together here; the test compares the verdicts of both.
 */
#include <errno.h>

#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "private.h"

struct precert {
	unsigned char *tbs, *spki;
	int tbs_len, spki_len;
	uint8_t issuer[SIG_SHA256];
};

static void free_precert(struct precert *p)
{
	OPENSSL_free(p->tbs);
	OPENSSL_free(p->spki);
}

static void free_scts(struct stack_st_SCT **scts)
{
	SCT_LIST_free(*scts);
}

/* What the log has seen: the certificate's body without the SCTs, and whose key signs it. */
static bool make_precert(X509 *leaf, X509 *issuer, struct precert *p)
{
	X509 *copy = X509_dup(leaf);
	int at = copy ? X509_get_ext_by_NID(copy, NID_ct_precert_scts, -1) : -1;

	if (at >= 0) {
		X509_EXTENSION_free(X509_delete_ext(copy, at));
		p->tbs_len = i2d_re_X509_tbs(copy, &p->tbs);
	}
	X509_free(copy);
	p->spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(issuer), &p->spki);
	if (p->tbs_len <= 0 || p->tbs_len >= 1 << 24 || p->spki_len <= 0)
		return false;
	return sig_sha256(&(struct str){ (char *)p->spki, p->spki_len }, 1, p->issuer);
}

static char *put(char *to, uint64_t v, unsigned int bytes)
{
	while (bytes--)
		*to++ = v >> 8 * bytes;
	return to;
}

/* struct digitally-signed of a precertificate entry. */
static char *signed_bytes(const struct precert *p, const SCT *sct, size_t *len)
{
	unsigned char *extensions;
	size_t extra = SCT_get0_extensions(sct, &extensions);
	char *bytes = malloc(12 + SIG_SHA256 + 3 + p->tbs_len + 2 + extra), *to = bytes;

	if (!bytes)
		return NULL;
	to = put(to, SCT_VERSION_V1, 1);
	to = put(to, 0, 1);		/* certificate_timestamp */
	to = put(to, SCT_get_timestamp(sct), 8);
	to = put(to, 1, 2);		/* precert_entry */
	memcpy(to, p->issuer, SIG_SHA256);
	to = put(to + SIG_SHA256, p->tbs_len, 3);
	memcpy(to, p->tbs, p->tbs_len);
	to = put(to + p->tbs_len, extra, 2);
	if (extra)
		memcpy(to, extensions, extra);
	*len = to + extra - bytes;
	return bytes;
}

static bool is_signed(const struct sig_log *log, const struct precert *p, const SCT *sct)
{
	CLEANUP_FREE char *bytes = NULL;
	unsigned char *sig;
	size_t sig_len = SCT_get0_signature(sct, &sig), len = 0;
	int nid = SCT_get_signature_nid(sct);

	int kind = nid == NID_ecdsa_with_SHA256 ? EVP_PKEY_EC :
		   nid == NID_sha256WithRSAEncryption ? EVP_PKEY_RSA : EVP_PKEY_NONE;

	if (EVP_PKEY_get_base_id(log->key) != kind)
		return false;
	bytes = signed_bytes(p, sct, &len);
	return bytes && sig_key_verify_text(log->key, (struct str){ bytes, len },
					    (struct str){ (char *)sig, sig_len });
}

/* Return: 1 good, 0 of no log that is known, -1 not good. */
static int judge(const struct sigstore_trust *t, const struct precert *p, const SCT *sct)
{
	unsigned char *id;
	size_t id_len = SCT_get0_log_id(sct, &id);
	int verdict = 0;
	unsigned int i;

	if (SCT_get_version(sct) != SCT_VERSION_V1)
		return 0;
	for (i = 0; i < t->ctlogs; i++) {
		const struct sig_log *log = &t->ctlog[i];

		if (!log->key || log->why || !sig_is(log->id, id, id_len))
			continue;
		if (sig_in(&log->valid, SCT_get_timestamp(sct) / 1000) && is_signed(log, p, sct))
			return 1;
		verdict = -1;
	}
	return verdict;
}

int sig_check_sct(struct sig_case *c, X509 *issuer)
{
	CLEANUP(free_precert) struct precert p = { 0 };
	CLEANUP(free_scts) struct stack_st_SCT *scts = NULL;
	int i, good = 0, bad = 0, critical = 0;

	scts = X509_get_ext_d2i(c->b->leaf, NID_ct_precert_scts, &critical, NULL);
	ERR_clear_error();
	if (!scts && critical == -1)
		return sig_refuse(&c->r->fault, SIGSTORE_SCT_MISSING,
				  "the certificate has no signed certificate timestamp (SCT)");
	if (!scts || !sk_SCT_num(scts) || !make_precert(c->b->leaf, issuer, &p))
		return sig_refuse(&c->r->fault, SIGSTORE_SCT,
				  "the certificate's signed certificate timestamps (SCT) cannot be read");
	for (i = 0; i < sk_SCT_num(scts); i++) {
		int verdict = judge(c->w->trust, &p, sk_SCT_value(scts, i));

		good += verdict > 0;
		bad += verdict < 0;
	}
	if (good)
		return 0;
	return sig_refuse(&c->r->fault, SIGSTORE_SCT,
			  bad ? "the certificate's signed certificate timestamp (SCT) is not valid" :
				"the certificate's signed certificate timestamps (SCT) are of no log of the root");
}
