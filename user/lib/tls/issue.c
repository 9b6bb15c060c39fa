// SPDX-License-Identifier: GPL-2.0-or-later
/* A private authority, and the certificates that it signs (RFC 5280). */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/out.h"
#include "tls_private.h"

#define SERIAL_BITS	127	/* RFC 5280, 4.1.2.2: positive, up to 20 bytes */
#define PAST_S		300	/* clocks that are behind */
#define DAY_S		86400l
#define DAYS_MAX	36500u
#define NAMES_MAX	2048u

static void free_x509(X509 **cert)
{
	X509_free(*cert);
}

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}

#define CLEANUP_X509	CLEANUP(free_x509)
#define CLEANUP_KEY	CLEANUP(free_key)
#define CLEANUP_BIO	CLEANUP(free_bio)

/* --- what stands in it ----------------------------------------------------------------------- */

static bool add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = e && X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
	return ok;
}

static bool set_serial(X509 *cert)
{
	BIGNUM *number = BN_new();
	bool ok = number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
		  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));

	BN_free(number);
	return ok;
}

static X509 *begin(EVP_PKEY *key, const char *name, unsigned int days)
{
	CLEANUP_X509 X509 *cert = X509_new();
	const unsigned char *cn = (const unsigned char *)name;

	if (!cert || !X509_set_version(cert, X509_VERSION_3) || !set_serial(cert) ||
	    !X509_gmtime_adj(X509_getm_notBefore(cert), -PAST_S) ||
	    !X509_gmtime_adj(X509_getm_notAfter(cert), days * DAY_S) ||
	    !X509_set_pubkey(cert, key) ||
	    !X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8, cn, -1,
					-1, 0))
		return NULL;
	return TAKE_PTR(cert);
}

/* In OpenSSL's language commas part names: one with a comma would be two. */
static int names_text(const struct tls_subject *s, struct out *o)
{
	static const char *const none[] = { NULL };
	const char *const *uri = s->uri ? s->uri : none, *const *host = s->host ? s->host : none;
	unsigned char address[sizeof(struct in6_addr)];
	bool ip;

	for (; *uri; uri++) {
		if (!**uri || strpbrk(*uri, ", \t\n"))
			return -EINVAL;
		out_text(o, o->len ? ",URI:" : "URI:");
		out_text(o, *uri);
	}
	for (; *host; host++) {
		if (!**host || strpbrk(*host, ", \t\n/"))
			return -EINVAL;
		ip = inet_pton(AF_INET, *host, address) == 1 ||
		     inet_pton(AF_INET6, *host, address) == 1;
		out_text(o, o->len ? "," : "");
		out_text(o, ip ? "IP:" : "DNS:");
		out_text(o, *host);
	}
	out_char(o, 0);
	return o->err ? -EINVAL : 0;
}

static bool describe(X509 *cert, X509 *issuer, const struct tls_subject *s, const char *names)
{
	const char *use = s->client && s->server ? "serverAuth,clientAuth" :
			  s->server ? "serverAuth" : "clientAuth";

	return add(cert, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
	       add(cert, issuer, NID_key_usage, "critical,digitalSignature") &&
	       add(cert, issuer, NID_ext_key_usage, use) &&
	       add(cert, issuer, NID_subject_key_identifier, "hash") &&
	       add(cert, issuer, NID_authority_key_identifier, "keyid,issuer") &&
	       (!*names || add(cert, issuer, NID_subject_alt_name, names));
}

/* --- files ----------------------------------------------------------------------------------- */

static int write_bio(BIO *bio, const char *path, unsigned int mode, char *why)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	int rc;

	if (!access(path, F_OK))
		return tls_fail(why, EEXIST, "%s is there already; remove it first", path);
	rc = file_write_atomic(path, data, len, mode);
	return rc ? tls_fail(why, -rc, "cannot write %s: %s", path, strerror(-rc)) : 0;
}

static int save(X509 *cert, EVP_PKEY *key, const char *cert_file, const char *key_file, char *why)
{
	CLEANUP_BIO BIO *to = BIO_new(BIO_s_mem());
	CLEANUP_BIO BIO *secret = BIO_new(BIO_s_secmem());
	int rc;

	if (!to || !secret || !PEM_write_bio_X509(to, cert) ||
	    !PEM_write_bio_PKCS8PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL))
		return tls_fail(why, ENOMEM, "%s", tls_first_error());
	if (!access(cert_file, F_OK))
		return tls_fail(why, EEXIST, "%s is there already; remove it first", cert_file);
	rc = write_bio(secret, key_file, 0600, why);
	return rc ? rc : write_bio(to, cert_file, 0644, why);
}

static int load(const char *cert_file, const char *key_file, X509 **cert, EVP_PKEY **key, char *why)
{
	CLEANUP_BIO BIO *from = BIO_new_file(cert_file, "r");
	CLEANUP_BIO BIO *secret = BIO_new_file(key_file, "r");

	ERR_clear_error();
	if (!from || !secret)
		return tls_fail(why, ENOENT, "cannot read %s; is the authority made?",
				from ? key_file : cert_file);
	*cert = PEM_read_bio_X509(from, NULL, NULL, NULL);
	*key = PEM_read_bio_PrivateKey(secret, NULL, NULL, NULL);
	if (!*cert || !*key || !X509_check_private_key(*cert, *key))
		return tls_fail(why, EINVAL, "%s and %s are no certificate and its key", cert_file,
				key_file);
	return X509_check_ca(*cert) == 1 ? 0 :
	       tls_fail(why, EINVAL, "%s is no certificate of an authority", cert_file);
}

/* --- calls ----------------------------------------------------------------------------------- */

static int check(const char *name, unsigned int days, char *why)
{
	if (!*name || strlen(name) > 64)
		return tls_fail(why, EINVAL, "a name has 1 to 64 bytes");
	if (!days || days > DAYS_MAX)
		return tls_fail(why, EINVAL, "days go from 1 to %u", DAYS_MAX);
	return 0;
}

int tls_make_authority(const char *name, unsigned int days, const char *cert_file,
		       const char *key_file, char *why)
{
	CLEANUP_KEY EVP_PKEY *key = EVP_EC_gen("P-256");
	CLEANUP_X509 X509 *cert = NULL;
	int rc = check(name, days, why);

	if (rc)
		return rc;
	cert = key ? begin(key, name, days) : NULL;
	/* No authority is below it: pathlen 0. */
	if (!cert || !X509_set_issuer_name(cert, X509_get_subject_name(cert)) ||
	    !add(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
	    !add(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") ||
	    !add(cert, cert, NID_subject_key_identifier, "hash") ||
	    !X509_sign(cert, key, EVP_sha256()))
		return tls_fail(why, ENOMEM, "%s", tls_first_error());
	return save(cert, key, cert_file, key_file, why);
}

int tls_issue(const struct tls_subject *s, const char *ca_cert, const char *ca_key,
	      const char *cert_file, const char *key_file, char *why)
{
	CLEANUP_KEY EVP_PKEY *key = EVP_EC_gen("P-256"), *by_key = NULL;
	CLEANUP_X509 X509 *cert = NULL, *by = NULL;
	char names[NAMES_MAX];
	struct out o = OUT(names, sizeof(names));
	int rc = check(s->name, s->days, why);

	if (!rc && names_text(s, &o))
		rc = tls_fail(why, EINVAL, "a host or a URI is empty, too long or has a comma");
	if (!rc)
		rc = load(ca_cert, ca_key, &by, &by_key, why);
	if (rc)
		return rc;
	cert = key ? begin(key, s->name, s->days) : NULL;
	if (!cert || !X509_set_issuer_name(cert, X509_get_subject_name(by)) ||
	    !describe(cert, by, s, names) || !X509_sign(cert, by_key, EVP_sha256()))
		return tls_fail(why, EINVAL, "%s", tls_first_error());
	return save(cert, key, cert_file, key_file, why);
}
