// SPDX-License-Identifier: GPL-2.0-or-later
/* Timestamps of RFC 3161 over the signature's bytes. */
#include <errno.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "private.h"

struct stamp {
	TS_RESP *resp;
	PKCS7 *token;			/* inside */
	TS_TST_INFO *info;		/* inside */
	int64_t time;
	uint8_t imprint[64];
	size_t imprint_len;
};

static void free_stamp(struct stamp *s)
{
	TS_RESP_free(s->resp);
}

int sig_add_time(struct sig_case *c, int64_t t)
{
	if (c->r->times < sizeof(c->r->time) / sizeof(c->r->time[0]))
		c->r->time[c->r->times++] = t;
	return 0;
}

static int malformed(struct sig_case *c, unsigned int i, const char *why)
{
	return sig_refuse(&c->r->fault, SIGSTORE_TIMESTAMP_MALFORMED, "timestamp %u: %s", i, why);
}

static bool read_time(const ASN1_GENERALIZEDTIME *t, int64_t *value)
{
	struct tm tm;

	if (!t || !ASN1_TIME_to_tm(t, &tm))
		return false;
	*value = timegm(&tm);
	return true;
}

static int open_stamp(struct sig_case *c, unsigned int i, struct stamp *s)
{
	const struct str der = c->b->timestamp[i];
	const unsigned char *at = (const unsigned char *)der.at;
	const ASN1_INTEGER *status;

	s->resp = der.len ? d2i_TS_RESP(NULL, &at, der.len) : NULL;
	if (!s->resp || at != (const unsigned char *)der.at + der.len)
		return malformed(c, i, "is not a response of RFC 3161 in DER");
	status = TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(s->resp));
	if (ASN1_INTEGER_get(status) != TS_STATUS_GRANTED &&
	    ASN1_INTEGER_get(status) != TS_STATUS_GRANTED_WITH_MODS)
		return malformed(c, i, "says that it was not granted");
	s->token = TS_RESP_get_token(s->resp);
	s->info = TS_RESP_get_tst_info(s->resp);
	/* OpenSSL takes the signature and the content for granted where it looks for signers. */
	if (!s->token || !s->info || !PKCS7_type_is_signed(s->token) || !s->token->d.sign ||
	    sk_PKCS7_SIGNER_INFO_num(s->token->d.sign->signer_info) != 1)
		return malformed(c, i, "has no token, or not one signer");
	if (!read_time(TS_TST_INFO_get_time(s->info), &s->time))
		return malformed(c, i, "has no time that can be read");
	return 0;
}

/* Is it about this signature? */
static int check_imprint(struct sig_case *c, unsigned int i, struct stamp *s)
{
	TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(s->info);
	const ASN1_OBJECT *algorithm;
	const ASN1_OCTET_STRING *value;
	struct str found;
	int h, nid;

	X509_ALGOR_get0(&algorithm, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
	nid = OBJ_obj2nid(algorithm);
	value = TS_MSG_IMPRINT_get_msg(imprint);
	for (h = 0; h < SIGSTORE_HASHES; h++)
		if (EVP_MD_get_type(sig_hash_md(h)) == nid)
			break;
	if (h == SIGSTORE_HASHES)
		return malformed(c, i, "has a digest that is not SHA-256, SHA-384 or SHA-512");
	s->imprint_len = sig_hash_bytes(h);
	if (!EVP_Digest(c->b->signature.at, c->b->signature.len, s->imprint, NULL,
			sig_hash_md(h), NULL))
		return sig_no_memory(&c->r->fault);
	found.at = (const char *)ASN1_STRING_get0_data(value);
	found.len = ASN1_STRING_length(value);
	if (!sig_is(found, s->imprint, s->imprint_len))
		return sig_refuse(&c->r->fault, SIGSTORE_TIMESTAMP_MISMATCH,
				  "timestamp %u is about other bytes than this signature", i);
	return 0;
}

/* The authority's own signer: the first certificate, unless that is a CA. */
static X509 *signer_of(const struct sig_authority *a)
{
	X509 *first = sk_X509_value(a->chain, 0);

	return first && X509_check_ca(first) <= 0 ? first : NULL;
}

static bool is_signed_by(const struct stamp *s, X509 *signer)
{
	const PKCS7_SIGNER_INFO *si = sk_PKCS7_SIGNER_INFO_value(s->token->d.sign->signer_info, 0);
	const PKCS7_ISSUER_AND_SERIAL *id = si->issuer_and_serial;

	return id && !X509_NAME_cmp(id->issuer, X509_get_issuer_name(signer)) &&
	       !ASN1_INTEGER_cmp(id->serial, X509_get0_serialNumber(signer));
}

/* Whose certificate was it?  Those that the token brings are only hints. */
static bool has_signer(const struct stamp *s, struct stack_st_X509 *certs, X509 *signer)
{
	struct stack_st_X509 *signers = PKCS7_get0_signers(s->token, certs, 0);
	bool same = signers && sk_X509_num(signers) == 1 &&
		    (!signer || !X509_cmp(sk_X509_value(signers, 0), signer));

	sk_X509_free(signers);
	return same;
}

/* The last one of the chain is trusted, at the time that is told. */
static X509_STORE *store_of(const struct sig_authority *a, int64_t t)
{
	X509 *root = sk_X509_value(a->chain, sk_X509_num(a->chain) - 1);
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *param = store ? X509_STORE_get0_param(store) : NULL;

	if (!store || !X509_STORE_add_cert(store, root)) {
		X509_STORE_free(store);
		return NULL;
	}
	X509_VERIFY_PARAM_set_time(param, t);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	return store;
}

static bool verify_by(const struct sig_authority *a, const struct stamp *s)
{
	TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
	struct stack_st_X509 *certs = X509_chain_up_ref(a->chain);
	X509_STORE *store = store_of(a, s->time);
	unsigned char *imprint = OPENSSL_memdup(s->imprint, s->imprint_len);
	bool good = false;

	if (ctx && certs && store && imprint && has_signer(s, certs, signer_of(a))) {
		/* The context owns all three from here on. */
		TS_VERIFY_CTX_set_flags(ctx, TS_VFY_SIGNATURE | TS_VFY_VERSION | TS_VFY_IMPRINT);
		TS_VERIFY_CTX_set_store(ctx, store);
		TS_VERIFY_CTX_set_certs(ctx, certs);
		TS_VERIFY_CTX_set_imprint(ctx, imprint, s->imprint_len);
		good = TS_RESP_verify_response(ctx, s->resp) == 1;
	} else {
		sk_X509_pop_free(certs, X509_free);
		X509_STORE_free(store);
		OPENSSL_free(imprint);
	}
	TS_VERIFY_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

/*
 * The authority that has signed must have been trusted then; that of another one does not
 * count.  A signer that no authority here has is passed over.
 */
static int check_authorities(struct sig_case *c, unsigned int i, const struct stamp *s)
{
	const struct sigstore_trust *t = c->w->trust;
	bool known = false, outside = false;
	unsigned int k;

	for (k = 0; k < t->tsas; k++) {
		const struct sig_authority *a = &t->tsa[k];
		X509 *signer;

		if (!sk_X509_num(a->chain))
			continue;
		signer = signer_of(a);
		known |= signer && is_signed_by(s, signer);
		if (!verify_by(a, s))
			continue;
		if (sig_in(&a->valid, s->time))
			return sig_add_time(c, s->time);
		outside = true;
	}
	if (outside)
		return sig_refuse(&c->r->fault, SIGSTORE_TIMESTAMP_OUTSIDE,
				  "timestamp %u is of a time at which its authority is not trusted", i);
	if (known)
		return sig_refuse(&c->r->fault, SIGSTORE_TIMESTAMP_SIGNATURE,
				  "timestamp %u: the authority's signature or certificate is not valid at that time",
				  i);
	return 0;
}

int sig_check_timestamps(struct sig_case *c)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < c->b->timestamps; i++) {
		CLEANUP(free_stamp) struct stamp s = { 0 };

		rc = open_stamp(c, i, &s);
		if (!rc)
			rc = check_imprint(c, i, &s);
		if (!rc)
			rc = check_authorities(c, i, &s);
		ERR_clear_error();
	}
	return rc;
}
