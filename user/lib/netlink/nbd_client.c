// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/tcp.h"
#include "nbd_client.h"
#include "nbd_handshake.h"

/* One step: 0 or -errno. */
static int exchange(int fd, struct nbd_handshake *hs, int64_t deadline)
{
	uint8_t in[NBD_HS_IN_MAX];
	int rc = tcp_send(fd, hs->out, hs->out_len, deadline);

	if (!rc)
		rc = tcp_receive(fd, in, hs->need, deadline);
	if (!rc)
		nbd_handshake_step(hs, in);
	return rc;
}

static int negotiate(int fd, const struct nbd_url *url, const struct ktls_files *tls,
		     struct nbd_handshake *hs, int64_t deadline)
{
	const char *host = url->at.host, *port = url->at.port;
	int rc = 0;

	nbd_handshake_start(hs, url->export_name, url->tls ? NBD_TLS_DEMANDED : NBD_TLS_IF_ASKED);
	while (!rc && hs->state != NBD_HS_DONE && hs->state != NBD_HS_FAILED) {
		if (hs->state == NBD_HS_TLS) {
			rc = ktls_start(fd, host, tls, deadline);
			if (rc)
				return rc;
			nbd_handshake_secured(hs);
		}
		rc = exchange(fd, hs, deadline);
	}
	/* After NBD_OPT_EXPORT_NAME a refusal is a closed connection. */
	if (rc == -ECONNRESET && hs->state == NBD_HS_EXPORT)
		return fail(ENOENT, "NBD server %s port %s has no export \"%s\"", host, port,
			    url->export_name);
	if (rc)
		return fail(-rc, "NBD server %s port %s: %s while negotiating", host, port,
			    strerror(-rc));
	if (hs->state == NBD_HS_DONE)
		return 0;
	return fail(EPROTO, "NBD server %s port %s, export \"%s\": %s%s%s", host, port,
		    url->export_name, hs->why, *hs->server_says ? ": " : "", hs->server_says);
}

/**
 * nbd_client_connect - connect to a server and negotiate an export
 * @url:	which
 * @tls:	what to prove who is who with, where TLS is spoken
 * @timeout_s:	seconds for all of it
 * @session:	filled in; the caller closes its descriptor
 *
 * Return: 0, or -errno after the server and the reason have been reported.
 */
int nbd_client_connect(const struct nbd_url *url, const struct ktls_files *tls,
		       unsigned int timeout_s, struct nbd_session *session)
{
	int64_t deadline = clock_ms() + timeout_s * 1000ll;
	CLEANUP_FREE struct nbd_handshake *hs = malloc(sizeof(*hs));
	CLEANUP_CLOSE int fd = -1;
	int rc;

	if (!hs)
		return fail(ENOMEM, "out of memory");
	fd = tcp_connect("NBD server", &url->at, deadline);
	if (fd < 0)
		return fd;
	rc = negotiate(fd, url, tls, hs, deadline);
	if (rc)
		return rc;
	session->size = hs->size;
	session->flags = hs->flags;
	session->min_block = hs->min_block;
	session->fd = TAKE_FD(fd);
	return 0;
}
