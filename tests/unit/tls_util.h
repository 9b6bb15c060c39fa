/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Authorities and certificates for tests, made anew in each run. */
#ifndef TEST_TLS_UTIL_H
#define TEST_TLS_UTIL_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "io_util.h"
#include "tls/tls.h"

/* Somebody with a certificate and its key, both also as files in a folder of the test. */
struct party {
	X509 *cert;
	EVP_PKEY *key;
	char cert_file[64], key_file[64];
};

static char tls_dir[32];

static inline void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	must(e);
	X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
}

static inline void write_party(struct party *p, const char *name)
{
	FILE *f;

	snprintf(p->cert_file, sizeof(p->cert_file), "%s/%s.crt", tls_dir, name);
	snprintf(p->key_file, sizeof(p->key_file), "%s/%s.key", tls_dir, name);
	f = fopen(p->cert_file, "w");
	must(f && PEM_write_X509(f, p->cert));
	fclose(f);
	f = fopen(p->key_file, "w");
	must(f && PEM_write_PrivateKey(f, p->key, NULL, NULL, 0, NULL, NULL));
	fclose(f);
}

/* @by: NULL for an authority; @names: as in "DNS:host,IP:127.0.0.1"; @days: until it expires. */
static inline void make_party(struct party *p, const char *name, const struct party *by,
			      const char *names, int days)
{
	static long serial;
	X509_NAME *subject;

	p->key = EVP_EC_gen("P-256");
	p->cert = X509_new();
	must(p->key && p->cert);
	X509_set_version(p->cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(p->cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(p->cert), -10 * 86400);
	X509_gmtime_adj(X509_getm_notAfter(p->cert), days * 86400L);
	X509_set_pubkey(p->cert, p->key);
	subject = X509_get_subject_name(p->cert);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
				   -1, 0);
	X509_set_issuer_name(p->cert, by ? X509_get_subject_name(by->cert) : subject);
	add_extension(p->cert, by ? by->cert : p->cert, NID_basic_constraints,
		      by ? "critical,CA:FALSE" : "critical,CA:TRUE");
	if (names)
		add_extension(p->cert, by->cert, NID_subject_alt_name, names);
	must(X509_sign(p->cert, by ? by->key : p->key, EVP_sha256()));
	write_party(p, name);
}

static inline void free_party(struct party *p)
{
	unlink(p->cert_file);
	unlink(p->key_file);
	X509_free(p->cert);
	EVP_PKEY_free(p->key);
}

/* Those of most tests. */
static struct party authority, stranger, server_party, client_party, expired_party, foreign_party;

static inline int make_parties(void **state)
{
	(void)state;
	strcpy(tls_dir, "/tmp/sky-tls-XXXXXX");
	must(mkdtemp(tls_dir));
	make_party(&authority, "authority", NULL, NULL, 30);
	make_party(&stranger, "stranger", NULL, NULL, 30);
	make_party(&server_party, "server", &authority, "DNS:server.test,IP:127.0.0.1", 30);
	make_party(&client_party, "client", &authority, "DNS:client.test", 30);
	make_party(&expired_party, "expired", &authority, "DNS:server.test", -1);
	make_party(&foreign_party, "foreign", &stranger, "DNS:server.test,DNS:client.test", 30);
	return 0;
}

static inline int free_parties(void **state)
{
	(void)state;
	free_party(&authority);
	free_party(&stranger);
	free_party(&server_party);
	free_party(&client_party);
	free_party(&expired_party);
	free_party(&foreign_party);
	return rmdir(tls_dir);
}

static inline struct tls_context *context_of(bool server, const struct party *self, const char *ca)
{
	struct tls_config config = {
		.cert = self ? self->cert_file : NULL,
		.key = self ? self->key_file : NULL,
		.ca = ca,
	};
	struct tls_context *context = NULL;
	char why[TLS_WHY] = "";

	if (tls_context_open(&context, server, &config, why))
		printf("# %s\n", why);
	must(context);
	return context;
}

#endif /* TEST_TLS_UTIL_H */
