/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS 1.2 and 1.3 as a stream above another stream (io/stream.h), for fibers.
 *
 * OpenSSL never sees a socket: it reads from one buffer and writes to another, and what lies
 * between those and the stream below is done between its calls.  So no fiber is ever suspended
 * within OpenSSL, whose queue of errors is one for each thread.
 */
#ifndef SKY_TLS_TLS_H
#define SKY_TLS_TLS_H

#include <stdbool.h>

#include "base/str.h"
#include "io/stream.h"

#define TLS_WHY		320u	/* bytes for the text of an error, its NUL included */
#define TLS_NAMES	64u	/* servers of which a client keeps a session */

/* Who is believed, and who we are.  PEM files; paths are copied. */
struct tls_config {
	const char *cert;	/* ours, with what links it to an authority; servers need one */
	const char *key;	/* of our certificate, not encrypted */

	/*
	 * Authorities.  Of a client: who vouches for servers; NULL: whom the system believes.
	 * Of a server: who vouches for clients, and each has to have a certificate; NULL: no
	 * client is asked for one.
	 */
	const char *ca;

	/* Of a client: the same as text, copied, for who opens no files; @ca is not looked at. */
	struct str ca_text;

	/*
	 * Both sides are peers of one private authority and have all three files: TLS 1.3 alone,
	 * no session is resumed, and no host is looked for in a server's certificate: who is
	 * there tells tls_peer_has_uri().
	 */
	bool peers;
};

struct tls_context;

/**
 * tls_context_open - read certificates and keys
 * @context:	receives the context; any number of threads may use it
 * @server:	for tls_accept(), else for tls_connect()
 * @why:	TLS_WHY bytes: receives what is wrong and what to do; or NULL
 *
 * Return: 0; -ENOENT, -EACCES for a file that cannot be read; -EINVAL for one with something
 * else in it; -ENOMEM.
 */
int tls_context_open(struct tls_context **context, bool server, const struct tls_config *config,
		     char *why);

/*
 * Read whom the system believes, for clients' contexts without authorities of their own that are
 * opened when its files are out of reach; without it they are read as they are needed.  While
 * there is one thread; called again, they are read again.  What cannot be read is not believed.
 *
 * Return: 0 or -ENOMEM.
 */
int tls_trust_load(void);
void tls_trust_forget(void);

/* After the last of its connections; NULL does nothing. */
void tls_context_close(struct tls_context *context);

/**
 * tls_context_reload - read the files again, for connections that begin from now on
 *
 * Sessions of before cannot be resumed: who is believed may have changed.
 *
 * Return: as tls_context_open(); after an error the context is as it was.
 */
int tls_context_reload(struct tls_context *context, char *why);

/**
 * tls_accept - shake hands with a client
 * @below:	belongs to the new stream when there is one, and is still the caller's after an
 *		error
 * @stream:	receives a stream of its own memory; to be closed
 *
 * The application protocol is http/1.1, for those that ask.
 *
 * Return: 0; -EKEYREJECTED when one side does not believe the other; -EPROTO when there is no
 * TLS that both understand; -ECONNRESET when the peer has gone; what @below returns.
 */
int tls_accept(struct tls_context *context, struct io_stream *below, int64_t deadline,
	       struct io_stream **stream, char *why);

/*
 * The same with a server, which must prove to be @host: a name or an address.  Among peers that
 * is for messages only.
 */
int tls_connect(struct tls_context *context, struct io_stream *below, const char *host,
		int64_t deadline, struct io_stream **stream, char *why);

/* What the handshake found; @stream is one of the two above. */
bool tls_resumed(const struct io_stream *stream);
bool tls_is_http(const struct io_stream *stream);	/* both have said http/1.1 */

/* Has the peer shown a certificate that was believed and stands for @host? */
bool tls_peer_is(const struct io_stream *stream, const char *host);

/*
 * What is to be done about a certificate that is not believed, in words; @verdict is OpenSSL's,
 * X509_V_...  NULL: its authority has to be named.
 */
const char *tls_verdict_advice(long verdict);

/* --- peer.c: certificates ------------------------------------------------------------------ */

#define TLS_WHO		256u	/* bytes for the text of tls_peer_text(), its NUL included */

/* The same, and one of its names is exactly @uri? */
bool tls_peer_has_uri(const struct io_stream *stream, const char *uri);

/* Who it says it is, for messages: its URIs, or else its subject; printable. */
void tls_peer_text(const struct io_stream *stream, char text[TLS_WHO]);

/* Until when it is valid, in seconds of time(2); 0: there is none. */
int64_t tls_peer_expires(const struct io_stream *stream);

/* Of our own certificate: has it this name?  When does it end, or one of our authorities? */
bool tls_context_has_uri(struct tls_context *context, const char *uri);
int64_t tls_context_expires(struct tls_context *context);

/* --- issue.c: a private authority ---------------------------------------------------------- */

/* Who is to have a certificate. */
struct tls_subject {
	const char *name;		/* its common name */
	const char *const *uri, *const *host;	/* ended by NULL, or NULL; names, addresses */
	bool client, server;		/* what it is for */
	unsigned int days;		/* 1 to 36500 */
};

/**
 * tls_make_authority - make a key, and a certificate by it for it, which signs others
 * @name:	its common name
 * @cert:	file that receives the certificate; must not be there, like @key
 * @why:	TLS_WHY bytes, or NULL
 *
 * Keys are P-256, files of keys have mode 0600.
 *
 * Return: 0; -EEXIST; -EINVAL for a name or a number that cannot be; -errno of a file.
 */
int tls_make_authority(const char *name, unsigned int days, const char *cert, const char *key,
		       char *why);

/* A key, and a certificate for it by the authority of two files; errors as above. */
int tls_issue(const struct tls_subject *subject, const char *ca_cert, const char *ca_key,
	      const char *cert, const char *key, char *why);

/*
 * Of the calls of io/stream.h, recv returns 0 only at an end that the peer has signed;
 * -ECONNRESET when the connection ended without, which may be somebody else's doing;
 * -EKEYREJECTED when the peer says only now that it does not believe us; -EPROTO for all else
 * that is not TLS.  shutdown signs our own end.
 */

/* Bytes of buffers that a stream holds now; none while it waits to be readable. */
size_t tls_buffered(const struct io_stream *stream);

#endif /* SKY_TLS_TLS_H */
