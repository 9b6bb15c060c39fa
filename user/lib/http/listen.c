// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include <linux/kernel.h>

#include "io/file.h"
#include "io/hand.h"
#include "io/net.h"
#include "listen.h"

#define PAUSE_MS	50	/* before the next try when descriptors or memory have run out */

/* A connection, from its acceptance to its end. */
struct http_guest {
	struct http_listen *listen;
	struct http_guest *next;	/* in its street */
	struct io_task *task;
	struct tls_context *tls;
	struct io_stream socket;
	struct io_semaphore *room;	/* a place in it is this one's */
	uint64_t address;		/* whose connections are counted together */
	unsigned int street;
	bool idle;
};

/* A fiber that accepts. */
struct porter {
	struct http_listen *listen;
	struct http_door *door;
};

void http_listen_init(struct http_listen *l)
{
	io_event_init(&l->stop);
	io_event_init(&l->look);
	io_semaphore_init(&l->room, l->most);
	io_semaphore_init(&l->near_room, l->most);
	io_group_init(&l->connections);
}

static void stop_serving(struct http_listen *l)
{
	http_server_stop(l->server, min(l->quiet, l->patience / 4 * 3));
	io_event_set(&l->look);
}

void http_listen_stop(struct http_listen *l)
{
	io_event_set(&l->stop);
	stop_serving(l);
}

/* --- who comes from where -------------------------------------------------------------------- */

static uint64_t address_of(const struct sockaddr_storage *from)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
	uint64_t net = 0;
	uint32_t four;

	if (from->ss_family == AF_INET)
		return ((const struct sockaddr_in *)from)->sin_addr.s_addr;
	if (from->ss_family != AF_INET6)
		return 0;
	if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		memcpy(&four, &six->sin6_addr.s6_addr[12], sizeof(four));
		return four;
	}
	memcpy(&net, &six->sin6_addr, sizeof(net));
	return net;
}

/* The multiplier is the golden ratio's: neighbours in number are none in the street. */
static unsigned int street_of(uint64_t address)
{
	return address * 0x9e3779b97f4a7c15ull >> 56;
}

static bool too_many(const struct http_listen *l, const struct sockaddr_storage *from)
{
	uint64_t address = address_of(from);
	const struct http_guest *g;
	unsigned int count = 0;

	if (!l->most_each || (l->exempt && l->exempt(from, l->exempt_arg)))
		return false;
	for (g = l->street[street_of(address)]; g; g = g->next)
		count += g->address == address;
	return count >= l->most_each;
}

static void move_in(struct http_guest *g)
{
	struct http_listen *l = g->listen;

	g->street = street_of(g->address);
	g->next = l->street[g->street];
	l->street[g->street] = g;
	l->open++;
}

static void move_out(struct http_guest *g)
{
	struct http_guest **at = &g->listen->street[g->street];

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	g->listen->open--;
	io_release(g->room, 1);
	if (!g->listen->open)
		io_event_set(&g->listen->look);
}

/* --- a connection ----------------------------------------------------------------------------- */

static int serve_guest(struct http_guest *g)
{
	struct http_server *server = g->listen->server;
	struct io_stream *stream = &g->socket;
	int rc;

	if (g->tls) {
		rc = tls_accept(g->tls, &g->socket, io_now() + server->limits.head, &stream, NULL);
		if (rc) {
			g->listen->refused++;
			io_stream_close(&g->socket);
			return rc;
		}
	}
	rc = http_serve(server, stream, &g->idle);
	io_stream_close(stream);
	return rc;
}

static int guest(void *arg)
{
	struct http_guest *g = arg;
	int rc = serve_guest(g);

	/* Until the fiber has ended, its group writes to @g->task. */
	move_out(g);
	g->next = g->listen->gone;
	g->listen->gone = g;
	return rc;
}

static void free_gone(struct http_listen *l)
{
	struct http_guest **at = &l->gone, *g;

	while ((g = *at)) {
		if (g->task) {
			at = &g->next;
			continue;
		}
		*at = g->next;
		free(g);
	}
}

/* The descriptor, and its place in @room, are taken over in any case. */
static int welcome(struct http_listen *l, struct io_semaphore *room, struct tls_context *tls,
		   int fd, const struct sockaddr_storage *from)
{
	struct http_guest *g = calloc(1, sizeof(*g));
	int rc, one = 1;

	free_gone(l);
	if (!g) {
		io_release(room, 1);
		io_close(fd);
		return -ENOMEM;
	}
	if (from->ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	io_stream_socket(&g->socket, fd);
	g->listen = l;
	g->room = room;
	g->tls = tls;
	g->address = address_of(from);
	move_in(g);
	rc = io_spawn(&l->connections, guest, g, &g->task);
	if (rc) {
		io_stream_close(&g->socket);
		move_out(g);
		free(g);
	}
	return rc;
}

/* --- accepting -------------------------------------------------------------------------------- */

/* What passes when others close something; not the fault of this socket. */
static bool passes(int rc)
{
	return rc == -EMFILE || rc == -ENFILE || rc == -ENOBUFS || rc == -ENOMEM;
}

/* A place for one more is the caller's, and goes with the connection. */
static int admit(struct porter *p)
{
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from);
	int fd = io_accept(p->door->fd, (struct sockaddr *)&from, &len, 0);
	int rc;

	if (fd >= 0 && !too_many(p->listen, &from)) {
		rc = welcome(p->listen, &p->listen->room, p->door->tls, fd, &from);
		return passes(rc) ? io_sleep_until(io_after_ms(PAUSE_MS)) : rc;
	}
	io_release(&p->listen->room, 1);
	if (fd >= 0) {
		p->listen->turned_away++;
		io_close(fd);
		return 0;
	}
	if (passes(fd))
		return io_sleep_until(io_after_ms(PAUSE_MS));
	/* One that has gone before it was accepted, and errors of its network (accept(2)). */
	return fd == -EBADF || fd == -EINVAL || fd == -ENOTSOCK || fd == -EOPNOTSUPP ||
	       fd == -ECANCELED ? fd : 0;
}

static int porter(void *arg)
{
	struct porter *p = arg;
	int rc;

	do {
		rc = io_acquire(&p->listen->room, 1, 0);
		if (!rc)
			rc = admit(p);
	} while (!rc);
	if (rc != -ECANCELED)
		io_event_set(&p->listen->stop);
	return rc;
}

/*
 * A connection is a pair of sockets.  Anything else is none, and might hold up who closes it: a
 * socket of the network, for as long as it was told to linger.
 */
static int only_a_pair(int fd)
{
	const struct linger now = { .l_onoff = 1 };
	socklen_t len = sizeof(int);
	int domain, type;

	if (!getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_UNIX &&
	    !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_STREAM)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	io_close(fd);
	return -EPROTOTYPE;
}

/* A place is asked for when somebody comes, so that those who hand over do not keep any free. */
static int admit_near(struct http_listen *l, int hand)
{
	const struct sockaddr_storage from = { .ss_family = AF_UNIX };
	int rc = io_wait_readable(hand, 0);
	int fd;

	if (!rc)
		rc = io_acquire(&l->near_room, 1, 0);
	if (rc)
		return rc;
	/* Who is not taken at a stop has not been heard, and may ask another. */
	fd = l->server->stopping ? -ECANCELED : io_handed(hand, 0);
	if (fd >= 0)
		fd = only_a_pair(fd);
	if (fd >= 0)
		rc = welcome(l, &l->near_room, NULL, fd, &from);
	else
		io_release(&l->near_room, 1);
	if (fd == -EPROTOTYPE)
		return 0;
	rc = fd < 0 ? fd : rc;
	return passes(rc) ? io_sleep_until(io_after_ms(PAUSE_MS)) : rc;
}

int http_listen_near(struct http_listen *l, int hand)
{
	int rc;

	do {
		rc = admit_near(l, hand);
	} while (!rc);
	return rc == -ENODATA || l->server->stopping ? 0 : rc;
}

/* Those that wait to be asked notice what has changed. */
static void hurry_idle(struct http_listen *l)
{
	struct http_guest *g;
	unsigned int i;

	for (i = 0; i < HTTP_STREETS; i++)
		for (g = l->street[i]; g; g = g->next)
			if (g->idle)
				io_hurry(g->task);
}

/* Until the last connection has ended, or patience has. */
static void see_out(struct http_listen *l)
{
	int rc = 0;

	while (!rc && l->open) {
		io_event_clear(&l->look);
		hurry_idle(l);
		rc = io_event_wait(&l->look, l->server->stopped + l->patience);
		if (rc && io_now() < l->server->stopped + l->patience)
			rc = 0;
	}
	io_group_end(&l->connections);
}

int http_listen_run(struct http_listen *l)
{
	CLEANUP_GROUP struct io_group porters = IO_GROUP(porters);
	struct porter at[HTTP_DOORS];
	unsigned int i;
	int rc = l->most && l->doors && l->doors <= HTTP_DOORS ? 0 : -EINVAL;

	for (i = 0; i < l->doors && !rc; i++) {
		at[i] = (struct porter){ l, &l->door[i] };
		rc = io_spawn(&porters, porter, &at[i], NULL);
	}
	if (!rc)
		io_event_wait(&l->stop, 0);
	if (!rc && porters.error)
		rc = porters.error;

	/* Who is cancelled stops in the same way. */
	io_shield();
	if (!l->server->stopping)
		stop_serving(l);
	/* Whom a porter lets in last is served as the others are. */
	io_group_end(&porters);
	see_out(l);
	free_gone(l);
	io_unshield();
	return rc;
}
