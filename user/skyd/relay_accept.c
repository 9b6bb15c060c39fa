// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections of other machines' relays.  A stranger gets little, and not for long. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "io/net.h"
#include "relay_private.h"

#define CROWDED_MS	100	/* until the next try when no descriptor is left */
#define TELL_MS		1000	/* between two lines of the log about who was refused */
#define CLOSE_MS	2000	/* for the last words */

struct relay_guest {
	struct relay *relay;
	struct relay_guest *next;
	struct io_task *task;		/* written by the loop when it has ended */
	struct io_stream socket;
	struct io_stream *stream;	/* above it, or NULL */
	char where[RELAY_WHERE];
	bool stranger;			/* counted as one */
	bool over;
};

/* Strangers can make any number of connections, but not of lines. */
static void tell_refused(struct relay_guest *g, const char *why)
{
	struct relay *r = g->relay;

	if (r->told && io_now() < r->told + TELL_MS * 1000000ll) {
		r->untold++;
		return;
	}
	if (r->untold)
		log_line(LEVEL_WARNING, "refused %u connections before the next", r->untold);
	log_line(LEVEL_WARNING, "refuses %s: %s", g->where, why);
	r->told = io_now();
	r->untold = 0;
}

static void is_known(struct relay_guest *g)
{
	if (g->stranger)
		g->relay->strangers--;
	g->stranger = false;
}

static int answer(struct relay_guest *g, unsigned int status, const char *text)
{
	char head[512];
	struct out o = OUT(head, sizeof(head));

	relay_answer_write(&o, status, text);
	return o.err ? o.err : io_stream_send(g->stream, head, o.len, false, io_after_ms(CLOSE_MS));
}

static void refuse(struct relay_guest *g, unsigned int status, const char *text)
{
	tell_refused(g, text);
	if (!answer(g, status, text))
		io_stream_shutdown(g->stream, io_after_ms(CLOSE_MS));
}

static int run(struct relay_guest *g, struct relay_head *h, enum role asked,
	       const struct relay_peer *peer, int near)
{
	struct relay_pump pump = {
		.far = g->stream, .near = near, .ping = g->relay->config->link_ping_ms * 1000000ll,
		.until = tls_peer_expires(g->stream), .early = h->text + h->head.at,
		.early_len = h->len - h->head.at, .asked = true,
	};
	char name[RELAY_NAME_MAX + 1];
	int rc = answer(g, 101, "");

	if (rc) {
		io_close(near);
		return rc;
	}
	str_copy(peer->name, name, sizeof(name));
	log_line(LEVEL_INFO, "%s/%s at %s asks the %s", role_name(peer->role), name, g->where,
		 role_name(asked));
	rc = relay_run_pump(g->relay, &pump);
	io_close(near);
	if (rc && rc != -ECANCELED)
		log_line(LEVEL_WARNING, "%s/%s at %s is given up: %s", role_name(peer->role), name,
			 g->where, strerror(-rc));
	return rc;
}

/* Who it is, what it wants, and whether that is there: in this order. */
static void meet(struct relay_guest *g, struct relay_head *h)
{
	struct relay *r = g->relay;
	struct str peers = str_of(r->config->link_peers);
	char who[TLS_WHO], text[TLS_WHO + 64];
	enum role asker = ROLES, asked = ROLES;
	struct relay_peer peer;
	unsigned int status = relay_ask_read(&h->head, &asker, &asked);
	int near;

	if (status == 403) {
		snprintf(text, sizeof(text), "a %s does not ask a %s", role_name(asker),
			 role_name(asked));
		refuse(g, status, text);
	} else if (status != 101) {
		refuse(g, status, "GET /link/ROLE with Upgrade: skyd-link/1 and Skyd-Role is spoken here");
	} else if (!relay_judge(g->stream, peers, asker, &peer)) {
		tls_peer_text(g->stream, who);
		snprintf(text, sizeof(text), "%s is no %s in the list of peers here", who,
			 role_name(asker));
		refuse(g, 403, text);
	} else if (r->stopping || r->asked >= r->config->link_connections) {
		refuse(g, 503, r->stopping ? "stops" : "has as many connections as it may");
	} else {
		near = relay_join(r, CONTROL_SERVE, asker, asked, &peer.name);
		if (near < 0) {
			snprintf(text, sizeof(text), "the %s is not here now", role_name(asked));
			refuse(g, 503, text);
			return;
		}
		is_known(g);
		run(g, h, asked, &peer, near);
	}
}

static void shake_hands(struct relay_guest *g)
{
	struct relay_head *h = malloc(sizeof(*h));
	int64_t deadline = io_after_ms(g->relay->config->link_handshake_ms);
	char why[TLS_WHY] = "";
	int rc;

	rc = h ? tls_accept(g->relay->server, &g->socket, deadline, &g->stream, why) : -ENOMEM;
	if (!rc) {
		rc = relay_head_read(g->stream, h, false, deadline);
		if (!rc)
			meet(g, h);
		else
			tell_refused(g, strerror(-rc));
		io_stream_close(g->stream);
	} else {
		tell_refused(g, *why ? why : strerror(-rc));
		io_stream_close(&g->socket);
	}
	free(h);
}

static int serve_guest(void *arg)
{
	struct relay_guest *g = arg;

	shake_hands(g);
	is_known(g);
	g->over = true;
	relay_fiber_ended(g->relay);
	return 0;
}

/* The loop writes to ->task when a fiber has ended. */
static void free_past(struct relay *r)
{
	struct relay_guest **at = &r->guests, *g;

	while ((g = *at)) {
		if (!g->over || g->task) {
			at = &g->next;
			continue;
		}
		*at = g->next;
		free(g);
	}
}

/* So one that means it needs to be quicker than all the others that come meanwhile. */
static void end_oldest(struct relay *r)
{
	struct relay_guest *g, *oldest = NULL;

	for (g = r->guests; g; g = g->next)
		if (g->stranger)
			oldest = g;
	if (!oldest)
		return;
	is_known(oldest);
	io_cancel(oldest->task);
}

static void begin(struct relay *r, int fd, const struct sockaddr_storage *address)
{
	struct relay_guest *g = calloc(1, sizeof(*g));
	int one = 1;

	free_past(r);
	if (r->strangers >= r->config->link_strangers)
		end_oldest(r);
	if (!g)
		goto out;
	if (address->ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	g->relay = r;
	g->stranger = true;
	relay_where(address, g->where);
	io_stream_socket(&g->socket, fd);
	if (io_spawn(&r->run->group, serve_guest, g, &g->task))
		goto out;
	r->strangers++;
	r->fibers++;
	g->next = r->guests;
	r->guests = g;
	return;
out:
	log_line(LEVEL_ERROR, "no memory for another machine");
	io_close(fd);
	free(g);
}

struct door {
	struct relay *relay;
	int fd;
};

static int accept_all(void *arg)
{
	struct door *door = arg;
	struct relay *r = door->relay;
	int rc = 0;

	while (rc != -ECANCELED) {
		struct sockaddr_storage address = { 0 };
		socklen_t len = sizeof(address);

		rc = io_accept(door->fd, (struct sockaddr *)&address, &len, 0);
		if (rc >= 0)
			begin(r, rc, &address);
		else if (rc != -ECONNABORTED && rc != -ECANCELED)
			rc = io_sleep_until(io_after_ms(CROWDED_MS));
	}
	io_close(door->fd);
	free(door);
	relay_fiber_ended(r);
	return 0;
}

void relay_accept(struct relay *r, int fd)
{
	struct door *door = r->stopping || r->accepting ? NULL : malloc(sizeof(*door));

	if (door) {
		*door = (struct door){ r, fd };
		if (!io_spawn(&r->run->group, accept_all, door, &r->accepting)) {
			r->fibers++;
			return;
		}
	}
	io_close(fd);
	free(door);
}

void relay_accept_free(struct relay *r)
{
	struct relay_guest *g;

	while ((g = r->guests)) {
		r->guests = g->next;
		free(g);
	}
}
