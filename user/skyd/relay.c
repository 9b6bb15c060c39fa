// SPDX-License-Identifier: GPL-2.0-or-later
/* The relay's life. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/net.h"
#include "io/sync.h"
#include "relay_private.h"

#define LOOK_MS		3600000		/* between looks at when certificates expire */
#define DAY_S		86400

/* --- before the loop ---------------------------------------------------------------------- */

static int take_target(struct relay_target *t)
{
	struct authority at;
	uint64_t port;

	if (!*t->text)
		return 0;
	if (authority_parse(t->text, strlen(t->text), "", &at) ||
	    !str_number(str_of(at.port), UINT16_MAX, &port))
		return -EINVAL;
	memcpy(t->host, at.host, sizeof(t->host));
	t->port = port;
	return 0;
}

/* Files that root alone may read: before its rights are given up. */
static int open_tls(struct relay *r)
{
	const struct tls_config files = {
		.cert = r->config->link_certificate, .key = r->config->link_key,
		.ca = r->config->link_authority, .peers = true,
	};
	char why[TLS_WHY] = "";
	int rc = tls_context_open(&r->server, true, &files, why);

	rc = rc ? rc : tls_context_open(&r->client, false, &files, why);
	if (rc)
		log_line(LEVEL_ERROR, "%s; see [link] in skyd.conf(5)", why);
	return rc;
}

int relay_prepare(struct role_run *run)
{
	const struct config *c = run->config;
	struct relay *r = calloc(1, sizeof(*r));
	unsigned int i;
	int rc;

	run->relay = r;
	if (!r)
		return -ENOMEM;
	r->run = run;
	r->config = c;
	r->target[0] = (struct relay_target){ .role = ROLE_BACKEND, .text = c->link_backend };
	r->target[1] = (struct relay_target){ .role = ROLE_VAULT, .text = c->link_vault };
	rc = open_tls(r);
	for (i = 0; !rc && i < RELAY_TARGETS; i++)
		rc = take_target(&r->target[i]);
	return rc;
}

/* --- what the parent is asked for, and answers in order --------------------------------------- */

struct relay_join {
	struct relay_join *next;
	struct io_event answered;
	int fd;
	bool done;
	bool forgotten;		/* who has asked has been cancelled */
};

int relay_join(struct relay *r, enum control_type type, enum role role, unsigned int number,
	       const struct str *host)
{
	struct control message = { .type = type, .role = role, .number = number };
	struct relay_join *j, **at = &r->joins;
	struct control_buffer b;
	int rc;

	if (host && !str_copy(*host, message.host, sizeof(message.host)))
		return -EINVAL;
	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	io_event_init(&j->answered);
	control_out(&b, message, -1);
	/* At once, or two would not be in the order of the list. */
	if (sendmsg(r->run->control, &b.msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		free(j);
		return -EIO;
	}
	while (*at)
		at = &(*at)->next;
	*at = j;
	rc = io_event_wait(&j->answered, 0);
	if (rc && !j->done) {
		j->forgotten = true;
		return rc;
	}
	rc = j->fd < 0 ? -ENOENT : j->fd;
	free(j);
	return rc;
}

static void joined(struct relay *r, int fd)
{
	struct relay_join *j = r->joins;

	if (j)
		r->joins = j->next;
	if (j && !j->forgotten) {
		j->fd = fd;
		j->done = true;
		io_event_set(&j->answered);
		return;
	}
	free(j);
	if (fd >= 0)
		close(fd);
}

void relay_hear(struct relay *r, const struct control *m, int fd)
{
	if (m->type == CONTROL_SERVE || m->type == CONTROL_CALL)
		joined(r, fd);
	else if (m->type == CONTROL_LISTEN && fd >= 0)
		relay_accept(r, fd);
	else if (m->type == CONTROL_ASK && fd < 0)
		relay_dial(r, m->role, m->number);
	else if (fd >= 0)
		close(fd);
}

/* --- streams under way ---------------------------------------------------------------------- */

int relay_run_pump(struct relay *r, struct relay_pump *p)
{
	struct relay_pump **at;
	int rc;

	p->next = r->pumps;
	r->pumps = p;
	r->asked += p->asked;
	rc = relay_pump(p);
	r->asked -= p->asked;
	for (at = &r->pumps; *at != p;)
		at = &(*at)->next;
	*at = p->next;
	return rc;
}

/* --- its life -------------------------------------------------------------------------------- */

static void tell_expiry(struct relay *r)
{
	int64_t left = tls_context_expires(r->client) - time(NULL);
	const char *file = r->config->link_certificate;

	if (left <= 0)
		log_line(LEVEL_ERROR, "%s, or its authority, has expired: nobody believes it; issue another, and reload",
			 file);
	else if (left < (int64_t)r->config->link_warn_ms / 1000)
		log_line(LEVEL_WARNING, "%s, or its authority, expires in %lld days; issue another, and reload",
			 file, (long long)left / DAY_S);
}

/* Once a day is enough to be told. */
static int watch_expiry(void *arg)
{
	struct relay *r = arg;
	int64_t day = -1;

	do {
		int64_t now = time(NULL) / DAY_S;

		if (now != day)
			tell_expiry(r);
		day = now;
	} while (!io_sleep_until(io_after_ms(LOOK_MS)));
	return 0;
}

int relay_start(struct relay *r)
{
	int rc = io_spawn(&r->run->group, watch_expiry, r, NULL);

	r->run->listening = !rc;
	return rc;
}

void relay_fiber_ended(struct relay *r)
{
	if (!--r->fibers && r->stopping)
		role_ended(r->run, 0);
}

void relay_stop(struct relay *r)
{
	struct relay_pump *p;

	if (r->stopping)
		return;
	r->stopping = true;
	io_cancel(r->accepting);
	relay_dial_stop(r);
	for (p = r->pumps; p; p = p->next)
		if (p->asked)
			relay_pump_away(p);
	if (!r->fibers)
		role_ended(r->run, 0);
}

void relay_free(struct role_run *run)
{
	struct relay *r = run->relay;
	struct relay_join *j;

	if (!r)
		return;
	while ((j = r->joins)) {
		r->joins = j->next;
		free(j);
	}
	relay_accept_free(r);
	relay_dial_free(r);
	tls_context_close(r->server);
	tls_context_close(r->client);
	free(r);
	run->relay = NULL;
}
