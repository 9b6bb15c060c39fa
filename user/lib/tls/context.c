// SPDX-License-Identifier: GPL-2.0-or-later
/* Certificates, keys, and what both sides are told about protocols. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/cleanup.h"
#include "tls_private.h"

/* Of TLS 1.2: forward secrecy and AEADs only.  TLS 1.3 has nothing else. */
#define CIPHERS		"ECDHE+AESGCM:ECDHE+CHACHA20"
#define SESSION_SECONDS	3600

static const unsigned char protocols[] = "\x08http/1.1";

static void free_ssl_ctx(SSL_CTX **ctx)
{
	SSL_CTX_free(*ctx);
}

#define CLEANUP_SSL_CTX	CLEANUP(free_ssl_ctx)

/* A key that is encrypted is an error, not a question. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return 0;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			   const unsigned char *in, unsigned int in_len, void *arg)
{
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, protocols, sizeof(protocols) - 1, in,
				  in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* --- sessions of a client -------------------------------------------------------------------- */

static struct tls_session *find_session(struct tls_context *c, const char *host)
{
	unsigned int i;

	for (i = 0; i < TLS_NAMES; i++)
		if (c->session[i].host && !strcmp(c->session[i].host, host))
			return &c->session[i];
	return NULL;
}

static void forget(struct tls_session *s)
{
	SSL_SESSION_free(s->session);
	free(s->host);
	*s = (struct tls_session){ 0 };
}

static void forget_all(struct tls_context *c)
{
	unsigned int i;

	for (i = 0; i < TLS_NAMES; i++)
		forget(&c->session[i]);
}

/*
 * OpenSSL has a session that can be resumed.  Those of a context that has been reloaded since
 * are of no use any more.
 */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);
	struct tls_context *c = SSL_CTX_get_app_data(ctx);
	const char *host = SSL_get_app_data(ssl);
	struct tls_session *s;
	bool kept = false;

	if (!host)
		return 0;
	pthread_mutex_lock(&c->lock);
	if (c->ssl == ctx) {
		s = find_session(c, host);
		if (!s)
			s = &c->session[c->next++ % TLS_NAMES];
		forget(s);
		s->host = strdup(host);
		kept = s->host;
		s->session = kept ? session : NULL;
	}
	pthread_mutex_unlock(&c->lock);
	return kept;
}

/* --- SSL_CTX --------------------------------------------------------------------------------- */

static int bad_file(char *why, const char *what, const char *path)
{
	if (access(path, R_OK))
		return tls_fail(why, errno, "TLS: %s %s: %s", what, path, strerror(errno));
	return tls_fail(why, EINVAL, "TLS: %s %s: %s; it has to be a PEM file", what, path,
			tls_first_error());
}

/* All certificates of a text; one that is damaged spoils it, and none is not enough. */
static int load_text(SSL_CTX *ctx, const char *text, char *why)
{
	BIO *from = BIO_new_mem_buf(text, -1);
	X509 *cert;
	int n = 0;

	while (from && (cert = PEM_read_bio_X509(from, NULL, no_passphrase, NULL))) {
		n += X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert);
		X509_free(cert);
	}
	BIO_free(from);
	if (n && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return 0;
	}
	return tls_fail(why, EINVAL, "TLS: authorities: %s; certificates in PEM are wanted",
			tls_first_error());
}

static int load_files(const struct tls_context *c, SSL_CTX *ctx, char *why)
{
	if (c->ca_text && load_text(ctx, c->ca_text, why))
		return -EINVAL;
	if (c->ca && !c->ca_text && !SSL_CTX_load_verify_file(ctx, c->ca))
		return bad_file(why, "authorities in", c->ca);
	if (!c->ca && !c->ca_text && !c->server && !tls_trust_use(ctx) &&
	    !SSL_CTX_set_default_verify_paths(ctx))
		return tls_fail(why, EINVAL, "TLS: the system's authorities: %s; name a file",
				tls_first_error());
	if (!c->cert)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(ctx, c->cert) != 1)
		return bad_file(why, "certificate", c->cert);
	if (SSL_CTX_use_PrivateKey_file(ctx, c->key, SSL_FILETYPE_PEM) != 1)
		return bad_file(why, "key", c->key);
	return 0;
}

static int set_server(const struct tls_context *c, SSL_CTX *ctx)
{
	static const unsigned char id[] = "skyhold";

	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/*
	 * A ticket is used once, and a connection is kept: one is enough.  Peers are judged anew
	 * each time: who is resumed does not show its certificate.
	 */
	SSL_CTX_set_num_tickets(ctx, c->peers ? 0 : 1);
	if (!SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1))
		return -ENOMEM;
	if (!c->ca)
		return 0;
	SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(c->ca));
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return 0;
}

static int set_client(const struct tls_context *c, SSL_CTX *ctx)
{
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx, c->peers ? SSL_SESS_CACHE_OFF :
				       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	if (!c->peers)
		SSL_CTX_sess_set_new_cb(ctx, keep_session);
	return SSL_CTX_set_alpn_protos(ctx, protocols, sizeof(protocols) - 1) ? -ENOMEM : 0;
}

static int make(struct tls_context *c, SSL_CTX **made, char *why)
{
	CLEANUP_SSL_CTX SSL_CTX *ctx = NULL;
	int least = c->peers ? TLS1_3_VERSION : TLS1_2_VERSION;
	int rc;

	ERR_clear_error();
	ctx = SSL_CTX_new(c->server ? TLS_server_method() : TLS_client_method());
	if (!ctx || !SSL_CTX_set_min_proto_version(ctx, least) ||
	    !SSL_CTX_set_cipher_list(ctx, CIPHERS))
		return tls_fail(why, ENOMEM, "TLS: %s", tls_first_error());
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
			      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	SSL_CTX_set_timeout(ctx, SESSION_SECONDS);
	SSL_CTX_set_app_data(ctx, c);
	rc = load_files(c, ctx, why);
	if (rc)
		return rc;
	rc = c->server ? set_server(c, ctx) : set_client(c, ctx);
	if (rc)
		return tls_fail(why, -rc, "TLS: %s", tls_first_error());
	*made = TAKE_PTR(ctx);
	return 0;
}

/* --- contexts -------------------------------------------------------------------------------- */

static bool copy(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return *to || !from;
}

int tls_context_open(struct tls_context **context, bool server, const struct tls_config *config,
		     char *why)
{
	struct tls_context *c;
	int rc;

	if (!config->cert != !config->key || (server && !config->cert))
		return tls_fail(why, EINVAL, "TLS: a certificate and its key are needed%s",
				server ? "" : " together");
	if (config->peers && (!config->cert || !config->ca))
		return tls_fail(why, EINVAL, "TLS: peers need a certificate, its key and their authority");
	c = calloc(1, sizeof(*c));
	if (!c)
		return tls_fail(why, ENOMEM, "TLS: no memory");
	pthread_mutex_init(&c->lock, NULL);
	c->server = server;
	c->peers = config->peers;
	if (config->ca_text.len)
		c->ca_text = strndup(config->ca_text.at, config->ca_text.len);
	rc = copy(&c->cert, config->cert) && copy(&c->key, config->key) &&
	     copy(&c->ca, config->ca) && (c->ca_text || !config->ca_text.len) ?
	     make(c, &c->ssl, why) : tls_fail(why, ENOMEM, "TLS: no memory");
	if (rc) {
		tls_context_close(c);
		return rc;
	}
	*context = c;
	return 0;
}

void tls_context_close(struct tls_context *c)
{
	if (!c)
		return;
	forget_all(c);
	SSL_CTX_free(c->ssl);
	pthread_mutex_destroy(&c->lock);
	free(c->cert);
	free(c->key);
	free(c->ca);
	free(c->ca_text);
	free(c);
}

int tls_context_reload(struct tls_context *c, char *why)
{
	SSL_CTX *old, *made;
	int rc = make(c, &made, why);

	if (rc)
		return rc;
	pthread_mutex_lock(&c->lock);
	old = c->ssl;
	c->ssl = made;
	forget_all(c);
	pthread_mutex_unlock(&c->lock);
	SSL_CTX_free(old);
	return 0;
}

/* The certificate must name the host, or the address if that is what we have. */
static bool expect_host(SSL *ssl, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) && SSL_set_tlsext_host_name(ssl, host);
}

SSL *tls_context_new(struct tls_context *c, const char *host)
{
	struct tls_session *s;
	SSL *ssl;

	pthread_mutex_lock(&c->lock);
	ssl = SSL_new(c->ssl);
	s = ssl && host && !c->peers ? find_session(c, host) : NULL;
	if (s) {
		SSL_set_session(ssl, s->session);
		forget(s);
	}
	pthread_mutex_unlock(&c->lock);
	if (ssl && host && !c->peers && !expect_host(ssl, host)) {
		SSL_free(ssl);
		return NULL;
	}
	return ssl;
}
