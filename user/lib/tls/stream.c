// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One connection.  Records come in to one buffer and go out from another; each is there only
 * while there is something in it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include "base/cleanup.h"
#include "io/sync.h"
#include "tls_private.h"

#define RECORD		(SSL3_RT_MAX_PLAIN_LENGTH + 512u)	/* with what encryption adds */
#define IN_BYTES	(32u << 10)
#define OUT_BYTES	(4 * RECORD)

struct buffer {
	char *at;
	size_t size;		/* to be made with */
	size_t start, end;	/* what is in it */
};

struct tls_stream {
	struct io_stream stream;
	struct io_stream *below;
	SSL *ssl;
	struct buffer in, out;
	struct io_semaphore sender;	/* whose turn it is to empty @out */
	char *host;			/* of a client's server */
	int error;			/* that has ended it; 0: none yet */

	/* That has ended sending, as half a record may have gone; what comes can be read still. */
	int send_error;
};

/* --- buffers --------------------------------------------------------------------------------- */

static size_t buffer_used(const struct buffer *b)
{
	return b->end - b->start;
}

static bool buffer_make(struct buffer *b)
{
	if (!b->at)
		b->at = malloc(b->size);
	return b->at;
}

static void buffer_drop(struct buffer *b)
{
	free(b->at);
	b->at = NULL;
	b->start = 0;
	b->end = 0;
}

static void buffer_use(struct buffer *b, size_t n)
{
	b->start += n;
	if (b->start == b->end) {
		b->start = 0;
		b->end = 0;
	}
}

/* OpenSSL takes what has come in. */
static int bio_read(BIO *bio, char *to, int len)
{
	struct buffer *b = &((struct tls_stream *)BIO_get_data(bio))->in;
	size_t n = buffer_used(b);

	BIO_clear_retry_flags(bio);
	if (!n) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (n > (size_t)len)
		n = len;
	memcpy(to, b->at + b->start, n);
	buffer_use(b, n);
	return n;
}

/* And leaves what is to go out.  Nothing moves: what is there may be on its way. */
static int bio_write(BIO *bio, const char *from, int len)
{
	struct buffer *b = &((struct tls_stream *)BIO_get_data(bio))->out;
	size_t n = buffer_make(b) ? b->size - b->end : 0;

	BIO_clear_retry_flags(bio);
	if (!n) {
		BIO_set_retry_write(bio);
		return -1;
	}
	if (n > (size_t)len)
		n = len;
	memcpy(b->at + b->end, from, n);
	b->end += n;
	return n;
}

static long bio_ctrl(BIO *bio, int command, long number, void *arg)
{
	(void)bio;
	(void)number;
	(void)arg;
	return command == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static void make_method(void)
{
	method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "fiber");
	if (!method)
		return;
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
	BIO_meth_set_create(method, bio_create);
}

/* --- what goes between the buffers and the stream below --------------------------------------- */

static int empty_out(struct tls_stream *t, bool more, int64_t deadline)
{
	int rc = 0;

	while (!rc && buffer_used(&t->out)) {
		size_t n = buffer_used(&t->out);

		rc = io_stream_send(t->below, t->out.at + t->out.start, n, more, deadline);
		if (!rc)
			buffer_use(&t->out, n);
		else
			t->send_error = rc;
	}
	io_release(&t->sender, 1);
	return rc;
}

/* Send what is in @out.  Another fiber's sending may leave nothing to do. */
static int flush(struct tls_stream *t, bool more, int64_t deadline)
{
	int rc;

	if (!buffer_used(&t->out))
		return 0;
	rc = io_acquire(&t->sender, 1, deadline);
	if (!rc && t->send_error) {
		io_release(&t->sender, 1);
		rc = t->send_error;
	}
	return rc ? rc : empty_out(t, more, deadline);
}

/*
 * The same for who receives: a fiber that is sending sends this as well, and may itself wait for
 * a peer that waits for us to receive.
 */
static int flush_answers(struct tls_stream *t, int64_t deadline)
{
	if (t->send_error || !buffer_used(&t->out) || !io_try_acquire(&t->sender, 1))
		return 0;
	return empty_out(t, false, deadline);
}

/* Receive something, when nothing is left in @in: 1, 0 at the end, -errno. */
static int fill(struct tls_stream *t, int64_t deadline)
{
	ssize_t n;

	if (!buffer_make(&t->in))
		return -ENOMEM;
	n = io_stream_recv(t->below, t->in.at + t->in.end, t->in.size - t->in.end, deadline);
	if (n <= 0)
		return n;
	t->in.end += n;
	return 1;
}

/*
 * OpenSSL returned @rc, which was no success: do what it needs.  0: call it again; 1: the end
 * that the peer has signed; or -errno.
 */
static int serve(struct tls_stream *t, int rc, int64_t deadline, char *why)
{
	const char *peer = t->host ? t->host : "the client";
	int want = SSL_get_error(t->ssl, rc), sent;

	if (want == SSL_ERROR_ZERO_RETURN)
		return 1;
	if (want == SSL_ERROR_SSL) {
		t->error = tls_explain(t->ssl, peer, why);
		flush_answers(t, deadline);	/* the alert that tells the peer */
		return t->error;
	}
	if (want == SSL_ERROR_WANT_WRITE)
		sent = flush(t, false, deadline);
	else
		sent = flush_answers(t, deadline);
	if (sent || want == SSL_ERROR_WANT_WRITE)
		return sent ? tls_fail(why, -sent, "TLS with %s: %s", peer, strerror(-sent)) : 0;
	if (want != SSL_ERROR_WANT_READ)
		return tls_fail(why, EPROTO, "TLS with %s: %s", peer, tls_first_error());
	rc = fill(t, deadline);
	if (rc > 0)
		return 0;
	if (!rc)
		rc = -ECONNRESET;
	return tls_fail(why, -rc, "TLS with %s: %s; is it TLS that it speaks?", peer,
			rc == -ECONNRESET ? "it has hung up" : strerror(-rc));
}

/* --- the calls of a stream -------------------------------------------------------------------- */

static struct tls_stream *of(const struct io_stream *s)
{
	return (struct tls_stream *)s;
}

static ssize_t read_or_peek(struct tls_stream *t, void *buf, size_t len, bool peek,
			    int64_t deadline)
{
	size_t n;
	int rc;

	while (!t->error) {
		ERR_clear_error();
		rc = peek ? SSL_peek_ex(t->ssl, buf, len, &n) : SSL_read_ex(t->ssl, buf, len, &n);
		if (rc == 1)
			return n;
		rc = serve(t, rc, deadline, NULL);
		if (rc)
			return rc == 1 ? 0 : rc;
	}
	return t->error;
}

/* Records that are there already are put together: each is only 16 KiB. */
static ssize_t tls_recv(struct io_stream *s, void *buf, size_t len, int64_t deadline)
{
	struct tls_stream *t = of(s);
	ssize_t n;
	size_t done, more;

	if (!len)
		return 0;
	n = read_or_peek(t, buf, len, false, deadline);
	if (n <= 0)
		return n;
	for (done = n; done < len && (buffer_used(&t->in) || SSL_pending(t->ssl)); done += more) {
		ERR_clear_error();
		/* What is wrong comes up again with the next call. */
		if (SSL_read_ex(t->ssl, (char *)buf + done, len - done, &more) != 1)
			break;
	}
	return done;
}

static int tls_sendv(struct io_stream *s, struct iovec *iov, unsigned int count, bool more,
		     int64_t deadline)
{
	struct tls_stream *t = of(s);
	unsigned int i;
	size_t done, n;
	int rc;

	for (i = 0; i < count; i++) {
		for (done = 0; done < iov[i].iov_len; done += n) {
			n = 0;
			if (t->error || t->send_error)
				return t->error ? t->error : t->send_error;
			if (t->out.size - t->out.end < RECORD) {
				rc = flush(t, true, deadline);
				if (rc)
					return rc;
			}
			ERR_clear_error();
			rc = SSL_write_ex(t->ssl, (char *)iov[i].iov_base + done,
					  iov[i].iov_len - done, &n);
			if (rc != 1)
				rc = serve(t, rc, deadline, NULL);
			else
				rc = 0;
			if (rc)
				return rc == 1 ? -EPIPE : rc;
		}
	}
	return flush(t, more, deadline);
}

/* Buffers go while it waits: a thousand idle connections have none. */
static int tls_wait_readable(struct io_stream *s, int64_t deadline)
{
	struct tls_stream *t = of(s);
	size_t n;
	char c;
	int rc;

	for (;;) {
		ERR_clear_error();
		if (t->error || SSL_peek_ex(t->ssl, &c, 1, &n) == 1)
			return 0;
		/* An end or an error is for recv to tell. */
		if (SSL_get_error(t->ssl, -1) != SSL_ERROR_WANT_READ)
			return 0;
		rc = flush_answers(t, deadline);
		if (rc)
			return rc;
		if (!buffer_used(&t->in))
			buffer_drop(&t->in);
		if (!buffer_used(&t->out))
			buffer_drop(&t->out);
		rc = io_stream_wait_readable(t->below, deadline);
		if (rc)
			return rc;
		rc = fill(t, deadline);
		if (rc <= 0) {
			t->error = rc ? rc : -ECONNRESET;
			return 0;
		}
	}
}

static int tls_shutdown(struct io_stream *s, int64_t deadline)
{
	struct tls_stream *t = of(s);
	int rc = t->error ? t->error : t->send_error;

	if (!rc) {
		ERR_clear_error();
		SSL_shutdown(t->ssl);
		ERR_clear_error();
		rc = flush(t, false, deadline);
	}
	return rc ? rc : io_stream_shutdown(t->below, deadline);
}

static void free_stream(struct tls_stream *t)
{
	SSL_free(t->ssl);
	buffer_drop(&t->in);
	buffer_drop(&t->out);
	free(t->host);
	free(t);
}

static void tls_close(struct io_stream *s)
{
	struct tls_stream *t = of(s);

	/* Else OpenSSL takes the session for one that has failed, and does not resume it. */
	if (!t->error && !t->send_error)
		SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	io_stream_close(t->below);
	free_stream(t);
}

/* --- handshakes ------------------------------------------------------------------------------- */

static struct tls_stream *make_stream(struct tls_context *c, struct io_stream *below,
				      const char *host)
{
	static const struct io_stream_ops ops = {
		.recv = tls_recv,
		.sendv = tls_sendv,
		.wait_readable = tls_wait_readable,
		.shutdown = tls_shutdown,
		.close = tls_close,
	};
	struct tls_stream *t = calloc(1, sizeof(*t));
	BIO *bio;

	pthread_once(&method_once, make_method);
	if (!t || !method) {
		free(t);
		return NULL;
	}
	t->stream = (struct io_stream){ .ops = &ops, .fd = below->fd };
	t->below = below;
	t->in.size = IN_BYTES;
	t->out.size = OUT_BYTES;
	io_semaphore_init(&t->sender, 1);
	t->host = host ? strdup(host) : NULL;
	t->ssl = host && !t->host ? NULL : tls_context_new(c, host);
	bio = t->ssl ? BIO_new(method) : NULL;
	if (!bio) {
		free_stream(t);
		return NULL;
	}
	BIO_set_data(bio, t);
	SSL_set_bio(t->ssl, bio, bio);
	SSL_set_app_data(t->ssl, t->host);
	return t;
}

static int shake_hands(struct tls_stream *t, int64_t deadline, char *why)
{
	int rc;

	do {
		ERR_clear_error();
		rc = SSL_do_handshake(t->ssl);
		if (rc == 1)
			return flush(t, false, deadline);
		rc = serve(t, rc, deadline, why);
	} while (!rc);
	return rc == 1 ? tls_fail(why, ECONNRESET, "TLS: the peer has hung up") : rc;
}

static int start(struct tls_context *c, struct io_stream *below, const char *host,
		 int64_t deadline, struct io_stream **stream, char *why)
{
	struct tls_stream *t = make_stream(c, below, host);
	int rc;

	if (!t)
		return tls_fail(why, ENOMEM, "TLS: no memory");
	if (host)
		SSL_set_connect_state(t->ssl);
	else
		SSL_set_accept_state(t->ssl);
	rc = shake_hands(t, deadline, why);
	if (rc) {
		free_stream(t);
		return rc;
	}
	*stream = &t->stream;
	return 0;
}

int tls_accept(struct tls_context *context, struct io_stream *below, int64_t deadline,
	       struct io_stream **stream, char *why)
{
	return start(context, below, NULL, deadline, stream, why);
}

int tls_connect(struct tls_context *context, struct io_stream *below, const char *host,
		int64_t deadline, struct io_stream **stream, char *why)
{
	return start(context, below, host, deadline, stream, why);
}

SSL *tls_stream_ssl(const struct io_stream *stream)
{
	return of(stream)->ssl;
}

bool tls_resumed(const struct io_stream *stream)
{
	return SSL_session_reused(of(stream)->ssl);
}

bool tls_is_http(const struct io_stream *stream)
{
	const unsigned char *name;
	unsigned int len;

	SSL_get0_alpn_selected(of(stream)->ssl, &name, &len);
	return len == 8 && !memcmp(name, "http/1.1", 8);
}

bool tls_peer_is(const struct io_stream *stream, const char *host)
{
	SSL *ssl = of(stream)->ssl;
	X509 *cert = SSL_get0_peer_certificate(ssl);

	return cert && SSL_get_verify_result(ssl) == X509_V_OK &&
	       X509_check_host(cert, host, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

size_t tls_buffered(const struct io_stream *stream)
{
	const struct tls_stream *t = of(stream);

	return (t->in.at ? t->in.size : 0) + (t->out.at ? t->out.size : 0);
}
