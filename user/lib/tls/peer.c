// SPDX-License-Identifier: GPL-2.0-or-later
/* What certificates say: the peer's, our own, and those of whom we believe. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/x509v3.h>

#include "base/str.h"
#include "base/text.h"
#include "tls_private.h"

/* The bytes of a URI of a certificate.  Return: false for a name of another kind. */
static bool uri_of(const GENERAL_NAME *name, struct str *uri)
{
	if (name->type != GEN_URI)
		return false;
	uri->at = (const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier);
	uri->len = ASN1_STRING_length(name->d.uniformResourceIdentifier);
	return true;
}

/* All bytes count: one that has a NUL in it is not the same. */
static bool has_uri(const X509 *cert, const char *uri)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool found = false;
	struct str is;
	int i;

	for (i = 0; !found && i < sk_GENERAL_NAME_num(names); i++)
		found = uri_of(sk_GENERAL_NAME_value(names, i), &is) &&
			str_equal(is, str_of(uri));
	GENERAL_NAMES_free(names);
	return found;
}

static int64_t seconds(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) ? timegm(&tm) : 0;
}

/* --- the peer's ------------------------------------------------------------------------------ */

static X509 *believed(const struct io_stream *stream)
{
	SSL *ssl = tls_stream_ssl(stream);

	return SSL_get_verify_result(ssl) == X509_V_OK ? SSL_get0_peer_certificate(ssl) : NULL;
}

bool tls_peer_has_uri(const struct io_stream *stream, const char *uri)
{
	X509 *cert = believed(stream);

	return cert && has_uri(cert, uri);
}

int64_t tls_peer_expires(const struct io_stream *stream)
{
	X509 *cert = believed(stream);

	return cert ? seconds(X509_get0_notAfter(cert)) : 0;
}

void tls_peer_text(const struct io_stream *stream, char text[TLS_WHO])
{
	X509 *cert = SSL_get0_peer_certificate(tls_stream_ssl(stream));
	GENERAL_NAMES *names = NULL;
	char raw[TLS_WHO] = "";
	struct str uri;
	size_t len = 0;
	int i;

	if (cert)
		names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names) && len < sizeof(raw); i++)
		if (uri_of(sk_GENERAL_NAME_value(names, i), &uri))
			len += snprintf(raw + len, sizeof(raw) - len, "%s%.*s", len ? " " : "",
					STR_ARG(uri));
	GENERAL_NAMES_free(names);
	if (cert && !len)
		X509_NAME_oneline(X509_get_subject_name(cert), raw, sizeof(raw));
	text_printable(*raw ? raw : "nobody", text, TLS_WHO);
}

/* --- our own --------------------------------------------------------------------------------- */

bool tls_context_has_uri(struct tls_context *c, const char *uri)
{
	X509 *cert;
	bool found;

	pthread_mutex_lock(&c->lock);
	cert = SSL_CTX_get0_certificate(c->ssl);
	found = cert && has_uri(cert, uri);
	pthread_mutex_unlock(&c->lock);
	return found;
}

static int64_t expires(const X509 *cert)
{
	return cert ? seconds(X509_get0_notAfter(cert)) : INT64_MAX;
}

int64_t tls_context_expires(struct tls_context *c)
{
	X509_STORE *store;
	X509_OBJECT *one;
	int64_t first, then;
	int i;

	pthread_mutex_lock(&c->lock);
	store = SSL_CTX_get_cert_store(c->ssl);
	first = expires(SSL_CTX_get0_certificate(c->ssl));
	for (i = 0; c->ca && i < sk_X509_OBJECT_num(X509_STORE_get0_objects(store)); i++) {
		one = sk_X509_OBJECT_value(X509_STORE_get0_objects(store), i);
		then = expires(X509_OBJECT_get0_X509(one));
		first = then < first ? then : first;
	}
	pthread_mutex_unlock(&c->lock);
	return first;
}
