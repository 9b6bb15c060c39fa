// SPDX-License-Identifier: GPL-2.0-or-later
/* Fulcio's certificate: its chain at every time that was verified, and what it is for. */
#include <errno.h>
#include <inttypes.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "private.h"

struct way {
	struct stack_st_X509 *chain;		/* that was verified, leaf first */
	int error;			/* X509_V_ERR_*; 0: it was */
};

static void free_way(struct way *w)
{
	sk_X509_pop_free(w->chain, X509_free);
}

static X509_STORE *store_of(const struct sig_authority *a)
{
	X509 *root = sk_X509_value(a->chain, sk_X509_num(a->chain) - 1);
	X509_STORE *store = X509_STORE_new();

	if (store && !X509_STORE_add_cert(store, root)) {
		X509_STORE_free(store);
		store = NULL;
	}
	return store;
}

/* RFC 5280, 4.1.2.5: both ends belong to it; OpenSSL takes the last second for too late. */
static bool check_times(struct way *w, int64_t t)
{
	int i;

	for (i = 0; i < sk_X509_num(w->chain); i++) {
		const X509 *cert = sk_X509_value(w->chain, i);
		int from = ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert), t);
		int to = ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), t);

		if (from == -2 || from > 0)
			w->error = X509_V_ERR_CERT_NOT_YET_VALID;
		else if (to < 0)
			w->error = X509_V_ERR_CERT_HAS_EXPIRED;
	}
	return !w->error;
}

/* By one authority, whose chain alone leads to its root: names may be those of another. */
static bool verify_at(X509 *leaf, const struct sig_authority *a, int64_t t, struct way *w)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE *store = store_of(a);
	bool good = false;

	w->error = X509_V_ERR_OUT_OF_MEM;
	if (ctx && store && X509_STORE_CTX_init(ctx, store, leaf, a->chain)) {
		X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN |
						   X509_V_FLAG_NO_CHECK_TIME);
		good = X509_verify_cert(ctx) == 1;
		w->error = good ? 0 : X509_STORE_CTX_get_error(ctx);
		if (good)
			w->chain = X509_STORE_CTX_get1_chain(ctx);
		good = good && w->chain && sk_X509_num(w->chain) > 1 && check_times(w, t);
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return good;
}

static bool is_about_time(int error)
{
	return error == X509_V_ERR_CERT_NOT_YET_VALID || error == X509_V_ERR_CERT_HAS_EXPIRED;
}

/* The first authority that was trusted then and has issued the leaf; the issuer is kept once. */
static int check_time(struct sig_case *c, int64_t t, X509 **issuer)
{
	const struct sigstore_trust *trust = c->w->trust;
	const char *why = "no certificate authority of the root was trusted at that time";
	bool expired = false;
	unsigned int i;

	for (i = 0; i < trust->cas; i++) {
		CLEANUP(free_way) struct way w = { 0 };

		if (!sk_X509_num(trust->ca[i].chain) || !sig_in(&trust->ca[i].valid, t))
			continue;
		if (verify_at(c->b->leaf, &trust->ca[i], t, &w)) {
			if (!*issuer) {
				*issuer = sk_X509_value(w.chain, 1);
				X509_up_ref(*issuer);
			}
			return 0;
		}
		if (w.error == X509_V_ERR_OUT_OF_MEM)
			return sig_no_memory(&c->r->fault);
		if (!expired)
			why = X509_verify_cert_error_string(w.error);
		expired |= is_about_time(w.error);
	}
	return sig_refuse(&c->r->fault,
			  expired ? SIGSTORE_CERTIFICATE_EXPIRED : SIGSTORE_CERTIFICATE_UNTRUSTED,
			  "the certificate at the time %" PRId64 ": %s", t, why);
}

static int check_purpose(struct sig_case *c)
{
	X509 *leaf = c->b->leaf;
	uint32_t flags = X509_get_extension_flags(leaf);

	if (flags & EXFLAG_INVALID)
		return sig_refuse(&c->r->fault, SIGSTORE_CERTIFICATE_MALFORMED,
				  "the certificate has an extension that cannot be read");
	if (flags & EXFLAG_CA)
		return sig_refuse(&c->r->fault, SIGSTORE_CERTIFICATE_PURPOSE,
				  "the certificate is an authority's, not a signer's");
	if (!(flags & EXFLAG_XKUSAGE) || !(X509_get_extended_key_usage(leaf) & XKU_CODE_SIGN))
		return sig_refuse(&c->r->fault, SIGSTORE_CERTIFICATE_PURPOSE,
				  "the certificate is not for signing code (extended key usage)");
	if (!(X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE))
		return sig_refuse(&c->r->fault, SIGSTORE_CERTIFICATE_PURPOSE,
				  "the certificate's key is not for signatures (key usage)");
	return 0;
}

int sig_check_certificate(struct sig_case *c)
{
	X509 *issuer = NULL;
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < c->r->times; i++)
		rc = check_time(c, c->r->time[i], &issuer);
	if (!rc)
		rc = check_purpose(c);
	if (!rc)
		rc = sig_check_sct(c, issuer);
	X509_free(issuer);
	return rc;
}
