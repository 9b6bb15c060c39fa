// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines: what a role here that asks another machine has to have a stream to it, again and again.
 * A new process in the role's place gets a line of its own; the older one ends with its stream.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/secret.h"
#include "io/file.h"
#include "io/net.h"
#include "relay_private.h"
#include "resolver.h"

#define BACKOFF_MS	100
#define BACKOFF_MAX	10000
#define WELL_MS		10000		/* who lived so long has not failed to start */
#define FRESH_MS	5000		/* that what a name stood for is believed */
#define DAY_S		86400

struct relay_line {
	struct relay *relay;
	struct relay_line *next;
	struct io_task *task;		/* written by the loop when it has ended */
	struct relay_target *target;
	struct relay_pump pump;
	enum role asker;
	unsigned int place;
	u32 generation;			/* not the target's of this place: another has taken over */
	bool joined;			/* the role has had its stream */
	bool over;
	int64_t since;			/* when that was */
	char why[TLS_WHY + RELAY_WHERE];	/* it has failed last */
};

static bool is_current(const struct relay_line *l)
{
	return !l->relay->stopping && l->target->generation[l->place] == l->generation;
}

__attribute__((__format__(__printf__, 3, 4)))
static int failed(struct relay_line *l, int rc, const char *fmt, ...)
{
	char text[sizeof(l->why)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* Each reason once, until there is another. */
	if (rc != -ECANCELED && strcmp(text, l->why)) {
		log_line(LEVEL_WARNING, "cannot ask the %s at %s: %s", role_name(l->target->role),
			 l->target->text, text);
		memcpy(l->why, text, sizeof(text));
	}
	return rc;
}

/* Each address has its part of the time, that of before first. */
static int dial(struct relay_line *l, int64_t deadline)
{
	struct relay_target *t = l->target;
	struct host_addresses to;
	char why[RESOLVER_WHY];
	unsigned int i, which = t->first;
	int fd = -EHOSTUNREACH, rc = 0;

	if (!host_is_number(t->host, t->port, &to))
		rc = host_find(l->relay->run->to_resolver, t->host, t->port, FRESH_MS, deadline,
			       &to, why);
	if (rc)
		return failed(l, rc, "%s", rc == -ECANCELED ? "" : why);
	for (i = 0; fd < 0 && fd != -ECANCELED && i < to.count; i++, which++) {
		int64_t now = io_now();

		which %= to.count;
		t->first = which;
		fd = io_dial((const struct sockaddr *)&to.address[which].at, to.address[which].len,
			     now + (deadline - now) / (to.count - i));
	}
	return fd < 0 ? failed(l, fd, "%s", strerror(-fd)) : fd;
}

static int ask(struct relay_line *l, struct io_stream *s, struct relay_head *h, int64_t deadline)
{
	struct out o = OUT(h->text, sizeof(h->text));
	struct str words;
	int rc;

	relay_ask_write(&o, l->asker, l->target->role, l->target->text);
	rc = o.err ? o.err : io_stream_send(s, h->text, o.len, false, deadline);
	rc = rc ? rc : relay_head_read(s, h, true, deadline);
	/* Who does not believe us says so only now. */
	if (rc)
		return failed(l, rc, "%s", rc == -EKEYREJECTED ?
			      "it does not believe our certificate" : strerror(-rc));
	if (relay_answer_good(&h->head))
		return 0;
	words = str_trim((struct str){ h->text + h->head.at, h->len - h->head.at });
	return failed(l, -EACCES, "it answers %u: %.*s", h->head.status, STR_ARG(words));
}

static void tell_expiry(const struct relay_line *l, const struct relay_peer *peer, int64_t until)
{
	int64_t left = until - time(NULL);

	if (left < (int64_t)l->relay->config->link_warn_ms / 1000)
		log_line(LEVEL_WARNING, "the certificate of %s/%.*s expires in %lld days",
			 role_name(peer->role), STR_ARG(peer->name), (long long)left / DAY_S);
}

/* Whom the role then asks, without knowing that it is far. */
static int join(struct relay_line *l, struct io_stream *s, struct relay_head *h,
		const struct relay_peer *peer)
{
	struct relay_pump *p = &l->pump;
	int rc;

	if (!is_current(l))
		return -ECANCELED;
	p->near = relay_join(l->relay, CONTROL_CALL, l->target->role, l->place, NULL);
	if (p->near < 0)
		return p->near;
	l->joined = true;
	l->since = io_now();
	l->why[0] = 0;
	log_line(LEVEL_INFO, "the %s asks %s/%.*s at %s", role_name(l->asker),
		 role_name(peer->role), STR_ARG(peer->name), l->target->text);
	p->far = s;
	p->ping = l->relay->config->link_ping_ms * 1000000ll;
	p->until = tls_peer_expires(s);
	p->early = h->text + h->head.at;
	p->early_len = h->len - h->head.at;
	tell_expiry(l, peer, p->until);
	rc = relay_run_pump(l->relay, p);
	io_close(p->near);
	if (rc)
		failed(l, rc, "%s", strerror(-rc));
	l->joined = false;
	return rc;
}

static int talk(struct relay_line *l, struct io_stream *s, struct relay_head *h, int64_t deadline)
{
	struct relay *r = l->relay;
	struct relay_peer peer;
	char who[TLS_WHO];
	int rc;

	if (!relay_judge(s, str_of(r->config->link_peers), l->target->role, &peer)) {
		tls_peer_text(s, who);
		return failed(l, -EACCES, "it is %s, which is no %s in the list of peers here", who,
			      role_name(l->target->role));
	}
	rc = ask(l, s, h, deadline);
	return rc ? rc : join(l, s, h, &peer);
}

static int try(struct relay_line *l)
{
	int64_t deadline = io_after_ms(l->relay->config->link_handshake_ms);
	struct relay_head *h = malloc(sizeof(*h));
	struct io_stream socket, *stream;
	char why[TLS_WHY] = "";
	int rc = h ? dial(l, deadline) : -ENOMEM;

	if (rc >= 0) {
		io_stream_socket(&socket, rc);
		rc = tls_connect(l->relay->client, &socket, l->target->text, deadline, &stream,
				 why);
		if (rc) {
			failed(l, rc, "%s", why);
			io_stream_close(&socket);
		} else {
			rc = talk(l, stream, h, deadline);
			io_stream_close(stream);
		}
	}
	free(h);
	return rc;
}

/* From half of it to the whole, so that not all come at the same moment. */
static int pause_for(int64_t ms)
{
	u16 random = 0;

	random_bytes(&random, sizeof(random));
	return io_sleep_until(io_after_ms(ms / 2 + ms * random / 2 / UINT16_MAX));
}

static int keep_line(void *arg)
{
	struct relay_line *l = arg;
	int64_t wait = BACKOFF_MS;
	int rc = 0;

	while (is_current(l)) {
		l->since = 0;
		rc = try(l);
		/* Who comes into the role's place gets a line of its own. */
		if (rc == -ENOENT || rc == -ECANCELED || !is_current(l))
			break;
		/* Somebody may be there who is not whom we want. */
		if (!l->since)
			l->target->first++;
		if (l->since && io_now() > l->since + WELL_MS * 1000000ll)
			wait = BACKOFF_MS;
		if (pause_for(wait))
			break;
		wait = 2 * wait < BACKOFF_MAX ? 2 * wait : BACKOFF_MAX;
	}
	l->over = true;
	relay_fiber_ended(l->relay);
	return 0;
}

/* --- which lines there are ---------------------------------------------------------------- */

static void free_past(struct relay *r)
{
	struct relay_line **at = &r->lines, *l;

	while ((l = *at)) {
		if (!l->over || l->task) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		free(l);
	}
}

static void go_elsewhere(struct relay_pump *pump);

static void begin(struct relay *r, struct relay_target *target, enum role asker, unsigned int place)
{
	struct relay_line *l;

	free_past(r);
	target->generation[place]++;
	for (l = r->lines; l; l = l->next)
		if (l->target == target && l->place == place && !l->joined && !l->over)
			io_cancel(l->task);
	l = calloc(1, sizeof(*l));
	if (l) {
		l->relay = r;
		l->target = target;
		l->asker = asker;
		l->place = place;
		l->generation = target->generation[place];
		l->pump.away = go_elsewhere;
		if (!io_spawn(&r->run->group, keep_line, l, &l->task)) {
			r->fibers++;
			l->next = r->lines;
			r->lines = l;
			return;
		}
	}
	log_line(LEVEL_ERROR, "no memory for a stream to another machine");
	free(l);
}

/* The older stream is used until the role has the new one. */
static void go_elsewhere(struct relay_pump *pump)
{
	struct relay_line *l = (void *)((char *)pump - offsetof(struct relay_line, pump));

	if (is_current(l))
		begin(l->relay, l->target, l->asker, l->place);
}

void relay_dial(struct relay *r, enum role asker, unsigned int place)
{
	unsigned int i;

	for (i = 0; i < RELAY_TARGETS && !r->stopping; i++)
		if (*r->target[i].text && role_asks(asker, r->target[i].role))
			begin(r, &r->target[i], asker, place);
}

void relay_dial_stop(struct relay *r)
{
	struct relay_line *l;

	for (l = r->lines; l; l = l->next)
		if (!l->joined && !l->over)
			io_cancel(l->task);
}

void relay_dial_free(struct relay *r)
{
	struct relay_line *l;

	while ((l = r->lines)) {
		r->lines = l->next;
		free(l);
	}
}
