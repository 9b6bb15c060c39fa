/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of this room alone. */
#ifndef SKY_TLS_PRIVATE_H
#define SKY_TLS_PRIVATE_H

#include <pthread.h>
#include <stdarg.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls.h"

/* --- context.c ------------------------------------------------------------------------------- */

/* A session with one server, to be resumed; TLS 1.3 wants each used once. */
struct tls_session {
	char *host;
	SSL_SESSION *session;
};

struct tls_context {
	bool server, peers;
	char *cert, *key, *ca;		/* as in struct tls_config */
	char *ca_text;
	pthread_mutex_t lock;		/* protects all below; none is taken under it */
	SSL_CTX *ssl;
	struct tls_session session[TLS_NAMES];
	unsigned int next;		/* whose place is taken when all are full */
};

/* A connection's state, with a session to resume if there is one for @host, or NULL. */
SSL *tls_context_new(struct tls_context *context, const char *host);

/* --- trust.c --------------------------------------------------------------------------------- */

/* Have a client believe whom tls_trust_load() has found.  Return: false: it was not called. */
bool tls_trust_use(SSL_CTX *ctx);

/* --- stream.c -------------------------------------------------------------------------------- */

SSL *tls_stream_ssl(const struct io_stream *stream);

/* --- explain.c ------------------------------------------------------------------------------- */

/* Write to @why, which may be NULL.  Return: -@err. */
int tls_fail(char *why, int err, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

/* OpenSSL's own words for what went wrong first: the rest follows from it.  Clears the queue. */
const char *tls_first_error(void);

/* Why a handshake or a connection has failed with SSL_ERROR_SSL.  Return: -errno. */
int tls_explain(SSL *ssl, const char *peer, char *why);

#endif /* SKY_TLS_PRIVATE_H */
