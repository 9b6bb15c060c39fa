/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening sockets of a server, and the connections that come of them. */
#ifndef SKY_HTTP_LISTEN_H
#define SKY_HTTP_LISTEN_H

#include <sys/socket.h>

#include "io/group.h"
#include "io/sync.h"
#include "server.h"
#include "tls/tls.h"

#define HTTP_DOORS	16u	/* most listening sockets */
#define HTTP_STREETS	256u	/* lists of connections, by address */

/* One listening socket. */
struct http_door {
	int fd;				/* listens; the caller's */
	struct tls_context *tls;	/* NULL: plain */
};

struct http_guest;

/* Zeroed, with what stands above the line filled in. */
struct http_listen {
	struct http_server *server;
	struct http_door door[HTTP_DOORS];
	unsigned int doors;
	unsigned int most;		/* connections; more wait in the kernel's queue */
	unsigned int most_each;		/* of one address (IPv6: of one /64); 0: any number */
	/* Addresses that may have any number, as those of proxies; or NULL. */
	bool (*exempt)(const struct sockaddr_storage *from, void *arg);
	void *exempt_arg;
	int64_t patience;		/* ns that what is under way has when it stops */
	int64_t quiet;			/* ns of those in which connections may ask once more */

	/* --- of listen.c --- */
	struct io_event stop;
	struct io_event look;		/* it has stopped, and something has changed since */
	struct io_semaphore room;
	struct io_semaphore near_room;
	struct io_group connections;
	struct http_guest *street[HTTP_STREETS];
	struct http_guest *gone;	/* of connections that have ended */
	unsigned int open;		/* connections now */
	uint64_t turned_away;		/* for their address had too many */
	uint64_t refused;		/* whose handshake failed */
};

/* Before http_listen_run() and http_listen_stop(). */
void http_listen_init(struct http_listen *l);

/**
 * http_listen_run - accept connections and serve them
 *
 * Until http_listen_stop() is called or the fiber is cancelled.  Then nobody is accepted any
 * more.  Each connection ends with its next answer, and one that does not ask within @quiet ends
 * without; whoever has just been accepted has a second for it at least.  What has arrived is
 * answered in any case.  All have @patience to be done, of which @quiet is three quarters at most.
 *
 * Return: 0; -EINVAL for limits without sense; -ENOMEM; the error of a listening socket that
 * is none.
 */
int http_listen_run(struct http_listen *l);

/**
 * http_listen_near - serve connections that are handed over
 * @hand:	io/hand.h: streams that are connected; the caller's
 *
 * Beside http_listen_run(), until that stops, the other end of @hand closes, or the fiber is
 * cancelled.  As many as ->most may come so beside the others; they are from no address.  No TLS is
 * spoken on them.
 *
 * Return: 0; -ECANCELED; the error of @hand.
 */
int http_listen_near(struct http_listen *l, int hand);

/*
 * On the loop's own thread; from elsewhere with io_post().  It may be called again: ->quiet and
 * ->patience, which may have been changed, count anew from then on.
 */
void http_listen_stop(struct http_listen *l);

#endif /* SKY_HTTP_LISTEN_H */
