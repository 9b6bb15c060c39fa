// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/tcp.h"
#include "ktls.h"

/*
 * TLS 1.2, of all: in TLS 1.3 either side may send tickets and new keys at any
 * time, and the kernel's NBD takes such a record for a broken connection.  Forward
 * secrecy and AEADs only; these the kernel has.
 */
#define CIPHERS	"ECDHE+AESGCM:ECDHE+CHACHA20"

static void free_context(SSL_CTX **ctx)
{
	SSL_CTX_free(*ctx);
}

static void free_session(SSL **ssl)
{
	SSL_free(*ssl);
}

#define CLEANUP_CONTEXT	CLEANUP(free_context)
#define CLEANUP_SESSION	CLEANUP(free_session)

/* OpenSSL's own words for what went wrong first: the rest follows from it. */
static const char *first_error(void)
{
	unsigned long e = ERR_peek_error();
	const char *reason = ERR_SYSTEM_ERROR(e) ? strerror(ERR_GET_REASON(e)) :
						   ERR_reason_error_string(e);

	ERR_clear_error();
	return reason ? reason : "unknown error";
}

/* A key that is encrypted is an error, not a question. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return 0;
}

static int load_files(SSL_CTX *ctx, const struct ktls_files *f)
{
	if (f->ca ? !SSL_CTX_load_verify_file(ctx, f->ca) :
		    !SSL_CTX_set_default_verify_paths(ctx))
		return fail(EINVAL, "TLS: authorities in %s: %s",
			    f->ca ? f->ca : "the system's store", first_error());
	if (!f->cert != !f->key)
		return fail(EINVAL, "TLS: a certificate and its key are needed together");
	if (!f->cert)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(ctx, f->cert) != 1)
		return fail(EINVAL, "TLS: certificate %s: %s", f->cert, first_error());
	if (SSL_CTX_use_PrivateKey_file(ctx, f->key, SSL_FILETYPE_PEM) != 1)
		return fail(EINVAL, "TLS: key %s: %s", f->key, first_error());
	return 0;
}

static int make_context(const struct ktls_files *f, SSL_CTX **ctx)
{
	*ctx = SSL_CTX_new(TLS_client_method());
	if (!*ctx || !SSL_CTX_set_min_proto_version(*ctx, TLS1_2_VERSION) ||
	    !SSL_CTX_set_max_proto_version(*ctx, TLS1_2_VERSION) ||
	    !SSL_CTX_set_cipher_list(*ctx, CIPHERS))
		return fail(EIO, "TLS: %s", first_error());
	SSL_CTX_set_options(*ctx, SSL_OP_ENABLE_KTLS | SSL_OP_NO_RENEGOTIATION |
				  SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(*ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(*ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_default_passwd_cb(*ctx, no_passphrase);
	return load_files(*ctx, f);
}

/* The certificate must name the host, or the address if that is what we have. */
static int expect_host(SSL *ssl, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) && SSL_set_tlsext_host_name(ssl, host);
}

static void hint_at_cert(const struct ktls_files *f)
{
	if (f->cert)
		hint("does the server believe our certificate, and has it TLS 1.2?");
	else
		hint("does the server want to know who we are (--tls-cert, --tls-key), or has it no TLS 1.2?");
}

static int explain(SSL *ssl, const char *host, const struct ktls_files *f)
{
	long verdict = SSL_get_verify_result(ssl);

	if (verdict == X509_V_OK) {
		fail(EPROTO, "TLS with %s: %s", host, first_error());
		hint_at_cert(f);
		return -EPROTO;
	}
	ERR_clear_error();
	fail(EKEYREJECTED, "TLS with %s: the server's certificate is not believed: %s", host,
	     X509_verify_cert_error_string(verdict));
	if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
		hint("if its name is another one: --tls-hostname NAME");
	else if (!f->ca)
		hint("if it is of an authority of your own: --tls-ca FILE");
	return -EKEYREJECTED;
}

static int shake_hands(SSL *ssl, int fd, const char *host, const struct ktls_files *f,
		       int64_t deadline)
{
	int rc, want;

	for (;;) {
		ERR_clear_error();
		errno = 0;
		rc = SSL_connect(ssl);
		if (rc == 1)
			return 0;
		want = SSL_get_error(ssl, rc);
		if (want == SSL_ERROR_WANT_READ || want == SSL_ERROR_WANT_WRITE)
			rc = tcp_wait(fd, want == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline);
		else if (want == SSL_ERROR_SYSCALL)
			rc = errno ? -errno : -ECONNRESET;
		else
			return explain(ssl, host, f);
		if (!rc)
			continue;
		fail(-rc, "TLS with %s: %s", host, strerror(-rc));
		if (rc != -ETIMEDOUT)
			hint_at_cert(f);
		return rc;
	}
}

/* Has OpenSSL handed both directions to the kernel? */
static int check_kernel(SSL *ssl)
{
	if (BIO_get_ktls_send(SSL_get_wbio(ssl)) && BIO_get_ktls_recv(SSL_get_rbio(ssl)) &&
	    !SSL_has_pending(ssl))
		return 0;
	fail(EOPNOTSUPP, "TLS: the kernel does not take over %s",
	     SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)));
	hint("modprobe tls");
	return -EOPNOTSUPP;
}

static int start(int fd, const char *host, const struct ktls_files *f, int64_t deadline)
{
	CLEANUP_CONTEXT SSL_CTX *ctx = NULL;
	CLEANUP_SESSION SSL *ssl = NULL;
	int rc = make_context(f, &ctx);

	if (rc)
		return rc;
	ssl = SSL_new(ctx);
	if (!ssl || !SSL_set_fd(ssl, fd) || !expect_host(ssl, host))
		return fail(EIO, "TLS with %s: %s", host, first_error());
	rc = shake_hands(ssl, fd, host, f, deadline);
	return rc ? rc : check_kernel(ssl);
}

/**
 * ktls_start - begin TLS on a connection
 * @fd:		a non-blocking TCP socket; afterwards what is sent and received
 *		is encrypted and decrypted by the kernel
 * @host:	that the server must prove to be, unless @files says another
 * @files:	certificates
 * @deadline:	of clock_ms()
 *
 * A record that is no data, such as the server's good-bye, is EIO to whoever
 * receives next.
 *
 * Return: 0, -EKEYREJECTED when the server is not believed, or another -errno;
 * reported.
 */
int ktls_start(int fd, const char *host, const struct ktls_files *files, int64_t deadline)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction before;
	int rc;

	/* OpenSSL writes without MSG_NOSIGNAL. */
	sigaction(SIGPIPE, &ignore, &before);
	rc = start(fd, files->host ? files->host : host, files, deadline);
	sigaction(SIGPIPE, &before, NULL);
	return rc;
}
