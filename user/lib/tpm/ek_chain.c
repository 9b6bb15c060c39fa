// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/cleanup.h"
#include "ek_chain.h"

#define CHAIN_MAX	6	/* certificates between the key's and the root */
#define STRENGTH	2	/* OpenSSL's level: 112 bits, RSA-2048, no SHA-1 */

#define OID_EK_CERTIFICATE	"2.23.133.8.1"	/* tcg-kp-EKCertificate */
#define OID_MANUFACTURER	"2.23.133.2.1"	/* tcg-at-tpm... */
#define OID_MODEL		"2.23.133.2.2"
#define OID_VERSION		"2.23.133.2.3"

struct tpm_ek_roots {
	X509_STORE *trusted;
	STACK_OF(X509) *between;
};

static void free_x509(X509 **cert)
{
	X509_free(*cert);
}

static void free_context(X509_STORE_CTX **ctx)
{
	X509_STORE_CTX_free(*ctx);
}

static void free_roots(struct tpm_ek_roots **roots)
{
	tpm_ek_roots_free(*roots);
}

#define CLEANUP_X509	CLEANUP(free_x509)
#define CLEANUP_CONTEXT	CLEANUP(free_context)
#define CLEANUP_ROOTS	CLEANUP(free_roots)

/* --- makers ------------------------------------------------------------------------------ */

/* Each certificate of a PEM text; @trusted or else @between takes it.  Return: how many, or -1. */
static int read_pem(const char *text, size_t len, X509_STORE *trusted, STACK_OF(X509) *between)
{
	BIO *bio = len <= INT32_MAX ? BIO_new_mem_buf(text, (int)len) : NULL;
	X509 *cert;
	int count = 0;

	if (!bio)
		return -1;
	/* With a passphrase given, the empty one, nobody is asked for one. */
	while (count >= 0 && (cert = PEM_read_bio_X509(bio, NULL, NULL, ""))) {
		bool own = X509_check_issued(cert, cert) == X509_V_OK;
		bool ok = trusted ? own && X509_STORE_add_cert(trusted, cert) == 1 :
			  X509_add_cert(between, cert, X509_ADD_FLAG_UP_REF) == 1;

		X509_free(cert);
		count = ok ? count + 1 : -1;
	}
	/* The end shows as a missing start; what else stopped it is damage. */
	if (count >= 0 && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		count = -1;
	ERR_clear_error();
	BIO_free(bio);
	return count;
}

int tpm_ek_roots_new(const char *roots, size_t roots_len, const char *between, size_t between_len,
		     struct tpm_ek_roots **to, const char **why)
{
	CLEANUP_ROOTS struct tpm_ek_roots *r = calloc(1, sizeof(*r));

	*why = "no memory";
	*to = NULL;
	if (!r)
		return -ENOMEM;
	r->trusted = X509_STORE_new();
	r->between = sk_X509_new_null();
	if (!r->trusted || !r->between)
		return -ENOMEM;
	*why = "there is no certificate, or one that is damaged or not its own issuer";
	if (read_pem(roots, roots_len, r->trusted, NULL) <= 0)
		return -EBADMSG;
	*why = "a certificate that lies between is damaged";
	if (between && read_pem(between, between_len, NULL, r->between) < 0)
		return -EBADMSG;
	*why = NULL;
	*to = TAKE_PTR(r);
	return 0;
}

void tpm_ek_roots_free(struct tpm_ek_roots *roots)
{
	if (!roots)
		return;
	X509_STORE_free(roots->trusted);
	sk_X509_pop_free(roots->between, X509_free);
	free(roots);
}

/* --- the certificate --------------------------------------------------------------------- */

/* DER says how long it is; NV indexes are longer. */
static X509 *read_padded(const uint8_t *der, size_t len, const char **why)
{
	const uint8_t *at = der;
	X509 *cert = len <= TPM_EK_CERT_MAX ? d2i_X509(NULL, &at, (long)len) : NULL;
	size_t i, used = at - der;

	*why = "it is no certificate in DER";
	if (!cert)
		return NULL;
	for (i = used; i < len; i++) {
		if (der[i] == der[used] && (!der[i] || der[i] == 0xff))
			continue;
		*why = "bytes that are no padding follow the certificate";
		X509_free(cert);
		return NULL;
	}
	*why = NULL;
	return cert;
}

/*
 * OpenSSL does not read keys that are marked for OAEP (RFC 4055, 1.2), as some makers have them:
 * the same key is put in its place.  What is signed is the certificate as it came.
 */
static bool unmark_oaep(X509 *cert)
{
	const unsigned char *der;
	ASN1_OBJECT *kind;
	EVP_PKEY *key;
	bool ok;
	int len;

	if (X509_PUBKEY_get0_param(&kind, &der, &len, NULL, X509_get_X509_PUBKEY(cert)) != 1)
		return false;
	if (OBJ_obj2nid(kind) != NID_rsaesOaep)
		return true;
	key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &der, len);
	ok = key && X509_set_pubkey(cert, key) == 1;
	EVP_PKEY_free(key);
	return ok;
}

static const char *check_key(X509 *cert, const struct tpm_public *ek)
{
	EVP_PKEY *there = X509_get0_pubkey(cert), *here = NULL;
	bool same = there && !tpm_public_key(ek, &here) && EVP_PKEY_eq(there, here) == 1;

	EVP_PKEY_free(here);
	ERR_clear_error();
	return same ? NULL : "the certificate is of another key";
}

static bool is_for(X509 *cert, const char *oid)
{
	EXTENDED_KEY_USAGE *uses = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	bool found = false;
	char text[64];
	int i;

	for (i = 0; !found && i < sk_ASN1_OBJECT_num(uses); i++)
		found = OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(uses, i), 1) > 0 &&
			!strcmp(text, oid);
	EXTENDED_KEY_USAGE_free(uses);
	return found;
}

static const char *check_use(X509 *cert)
{
	if (X509_get_version(cert) != X509_VERSION_3)
		return "the certificate has no extensions";
	if (!is_for(cert, OID_EK_CERTIFICATE))
		return "the certificate is not for an endorsement key";
	if (X509_get_extension_flags(cert) & EXFLAG_CA || X509_check_ca(cert))
		return "the certificate is an authority's";
	if (!(X509_get_key_usage(cert) & (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)))
		return "the certificate's key does not encipher";
	return NULL;
}

/* One attribute of the name, that is there once.  Return: is it? */
static bool attribute(const X509_NAME *name, const char *oid, char to[TPM_EK_TEXT_MAX])
{
	ASN1_OBJECT *kind = OBJ_txt2obj(oid, 1);
	int i, at = kind ? X509_NAME_get_index_by_OBJ(name, kind, -1) : -1, len = -1;
	bool once = at >= 0 && X509_NAME_get_index_by_OBJ(name, kind, at) < 0;
	X509_NAME_ENTRY *entry = NULL;
	unsigned char *text = NULL;

	if (once)
		entry = X509_NAME_get_entry(name, at);
	if (entry)
		len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
	once = len > 0 && len < TPM_EK_TEXT_MAX;
	for (i = 0; once && i < len; i++) {
		once = text[i] >= 0x20 && text[i] < 0x7f;
		to[i] = text[i];
	}
	to[once ? len : 0] = 0;
	OPENSSL_free(text);
	ASN1_OBJECT_free(kind);
	return once;
}

/* The subjectAltName has a directoryName that says which TPM it is (profile, 3.2.9). */
static const char *read_tpm(X509 *cert, struct tpm_ek_info *info)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const char *why = "the certificate does not say which TPM it is of";
	int i, type;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		X509_NAME *name = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

		if (type != GEN_DIRNAME)
			continue;
		if (attribute(name, OID_MANUFACTURER, info->manufacturer) &&
		    attribute(name, OID_MODEL, info->model) &&
		    attribute(name, OID_VERSION, info->version))
			why = NULL;
		break;
	}
	GENERAL_NAMES_free(names);
	return why;
}

static bool read_time(const ASN1_TIME *from, int64_t *to)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(from, &tm) != 1)
		return false;
	*to = timegm(&tm);
	return true;
}

/* --- the chain ----------------------------------------------------------------------------- */

static const char *check_chain(const struct tpm_ek_roots *roots, X509 *cert, int64_t now)
{
	CLEANUP_CONTEXT X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;

	if (!ctx || X509_STORE_CTX_init(ctx, roots->trusted, cert, roots->between) != 1)
		return "no memory";
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, now);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, STRENGTH);
	if (X509_verify_cert(ctx) == 1)
		return NULL;
	return X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
}

int tpm_ek_verify(const struct tpm_ek_roots *roots, const void *cert, size_t cert_len,
		  const struct tpm_public *ek, int64_t now, struct tpm_ek_info *info,
		  const char **why)
{
	CLEANUP_X509 X509 *x = read_padded(cert, cert_len, why);

	*info = (struct tpm_ek_info){ 0 };
	if (!x) {
		ERR_clear_error();
		return -EBADMSG;
	}
	*why = unmark_oaep(x) ? check_chain(roots, x, now) : "the certificate has no key";
	if (!*why)
		*why = check_use(x);
	if (!*why)
		*why = read_tpm(x, info);
	if (!*why)
		*why = tpm_public_check_ek(ek);
	if (!*why)
		*why = check_key(x, ek);
	if (!*why && !read_time(X509_get0_notAfter(x), &info->not_after))
		*why = "the certificate's time is none";
	ERR_clear_error();
	return *why ? -EACCES : 0;
}
