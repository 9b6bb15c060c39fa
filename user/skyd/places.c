// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Locations as the gateway sees them: where they are, how fast they have been, and which have
 * not answered lately.  The backend says what there is; its answers carry a revision, and a
 * new one has this list asked for anew.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "base/cleanup.h"
#include "log.h"
#include "near.h"
#include "place.h"

#define PLACES_MAX	1024u
#define ASK_MS		10000
#define AGAIN_NS	1000000000ll	/* between two questions that a revision alone asks for */
#define CONNECTIONS	64u
#define STRIKES		3u
#define DOWN_FIRST_NS	500000000ll
#define DOWN_MOST_NS	30000000000ll
#define PATIENCE_LEAST	2000000ll
#define PATIENCE_MOST	2000000000ll
#define PATIENCE_UNKNOWN	100000000ll
#define BLAME_NS	1000000000ll
#define REFUSED_NS	60000000000ll

struct gateway_places {
	struct place *first;
	u64 revision;
	int64_t asked_at;
	bool asking;
	struct io_event asked;
	int result;			/* of asking */
};

int places_open(struct gateway *g)
{
	g->places = calloc(1, sizeof(*g->places));
	if (!g->places)
		return -ENOMEM;
	io_event_init(&g->places->asked);
	return 0;
}

static void place_free(struct place *p)
{
	location_close(p->location);
	free(p->url);
	free(p->ca);
	free(p);
}

void place_put(struct place *p)
{
	if (p && !--p->users && p->gone)
		place_free(p);
}

/* Fibers that still use one let go of it. */
static void place_forget(struct place *p)
{
	p->gone = true;
	p->users++;
	place_put(p);
}

void places_close(struct gateway *g)
{
	struct gateway_places *all = g->places;
	struct place *p;

	if (!all)
		return;
	while ((p = all->first)) {
		all->first = p->next;
		place_forget(p);
	}
	free(all);
	g->places = NULL;
}

/* --- what there is ----------------------------------------------------------------- */

static struct place *find(const struct gateway_places *all, u16 id)
{
	struct place *p;

	for (p = all->first; p && p->id != id; p = p->next)
		;
	return p;
}

static int dial_near(void *arg)
{
	const struct place *p = arg;

	return near_dial(p->near, p->url);
}

static int place_open(struct place *p, struct link *resolver)
{
	struct location_config config = {
		.url = p->url, .ca = { p->ca, p->ca_len }, .edge = p->edge, .most = CONNECTIONS,
		.resolver = resolver, .near = p->edge && p->near ? dial_near : NULL, .near_arg = p,
	};
	char why[TLS_WHY] = "";
	int rc = location_open(&p->location, &config, why);

	if (rc)
		log_line(LEVEL_ERROR, "location %u (%s) cannot be used: %s", p->id, p->url,
			 *why ? why : strerror(-rc));
	return rc;
}

/* What is no URL at all location_open() refuses. */
static const char *path_of(const char *url)
{
	const char *authority = strstr(url, "://");

	return strchrnul(authority ? authority + 3 : url, '/');
}

static int place_make(struct gateway *g, const struct meta_location *l, struct place **made)
{
	struct place *p = calloc(1, sizeof(*p));
	int rc = -ENOMEM;

	if (!p)
		return rc;
	p->id = l->id;
	p->edge = l->edge;
	p->near = g->near;
	p->measured = l->latency_us * 1000ll;
	p->url = strndup(l->url.len ? l->url.data : "", l->url.len);
	p->ca = malloc(l->ca.len + 1);
	if (p->url && p->ca) {
		p->path = path_of(p->url);
		memcpy(p->ca, l->ca.len ? l->ca.data : "", l->ca.len);
		p->ca_len = l->ca.len;
		rc = place_open(p, g->resolver);
	}
	if (rc)
		place_free(p);
	else
		*made = p;
	return rc;
}

static bool is_same(const struct place *p, const struct meta_location *l)
{
	return p->id == l->id && p->edge == l->edge && l->url.len == strlen(p->url) &&
	       !memcmp(p->url, l->url.data, l->url.len) && l->ca.len == p->ca_len &&
	       (!l->ca.len || !memcmp(p->ca, l->ca.data, l->ca.len));
}

/* What has not changed keeps its connections and what is known of it. */
static void take_over(struct gateway *g, const struct meta_locations *l)
{
	struct gateway_places *all = g->places;
	struct place *old = all->first, **at, *p;
	u32 i;

	all->first = NULL;
	for (i = 0; i < l->count; i++) {
		for (at = &old; (p = *at) && !is_same(p, &l->location[i]); at = &p->next)
			;
		if (p)
			*at = p->next;
		else if (place_make(g, &l->location[i], &p))
			continue;
		p->next = all->first;
		all->first = p;
	}
	while ((p = old)) {
		old = p->next;
		place_forget(p);
	}
	all->revision = l->revision;
}

static int ask(struct gateway *g, int64_t deadline)
{
	struct gateway_places *all = g->places;
	const struct meta_key_ask question = { 0 };
	struct meta_locations locations = { 0 };
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct link_call call = {
		.operation = META_LOCATIONS, .ask = &meta_key_ask_schema, .question = &question,
		.fd = -1, .give = &meta_locations_schema, .reply = &locations,
		.room = PLACES_MAX * sizeof(struct meta_location),
	};
	int rc;

	if (all->asking)
		return io_event_wait(&all->asked, deadline) ?: all->result;
	all->asking = true;
	io_event_clear(&all->asked);
	rc = link_do(g->backend, &call, &answer, data_step(deadline, ASK_MS));
	if (!rc)
		take_over(g, &locations);
	all->asked_at = io_now();
	all->result = rc == -ECANCELED || rc == -ETIMEDOUT ? 0 : rc;
	all->asking = false;
	io_event_set(&all->asked);
	return rc;
}

int place_get(struct gateway *g, u16 id, u64 revision, int64_t deadline, struct place **place)
{
	struct gateway_places *all = g->places;
	struct place *p = find(all, id);
	int rc = 0;

	if (!p || (revision != all->revision && io_now() - all->asked_at > AGAIN_NS)) {
		rc = ask(g, deadline);
		p = find(all, id);
	}
	if (!p)
		return rc ? rc : -ENXIO;
	if (rc == -ECANCELED)
		return rc;
	p->users++;
	*place = p;
	return 0;
}

/* --- how they do ------------------------------------------------------------------- */

static struct place_speed *speed_of(struct place *p, size_t bytes)
{
	return &p->speed[bytes > DATA_UNIT];
}

bool place_down(struct gateway *g, u16 id)
{
	const struct place *p = find(g->places, id);

	return p && p->down_until > io_now();
}

/* As TCP has it for its round trips (RFC 6298). */
static void measured(struct place *p, size_t bytes, int64_t ns)
{
	struct place_speed *s = speed_of(p, bytes);
	const int64_t off = ns > s->mean ? ns - s->mean : s->mean - ns;

	if (!s->mean) {
		s->mean = ns;
		s->deviation = ns / 2;
		return;
	}
	s->deviation += (off - s->deviation) / 4;
	s->mean += (ns - s->mean) / 8;
}

int64_t place_patience(const struct place *p, size_t bytes)
{
	const struct place_speed *s = &p->speed[bytes > DATA_UNIT];
	int64_t ns = s->mean + 4 * s->deviation;

	if (!s->mean)
		ns = p->measured ? 3 * p->measured : PATIENCE_UNKNOWN;
	return min_t(int64_t, max_t(int64_t, ns, PATIENCE_LEAST), PATIENCE_MOST);
}

static void strike(struct place *p, unsigned int weight, const char *why)
{
	p->strikes += weight;
	if (p->strikes < STRIKES)
		return;
	p->down_ns = p->down_ns ? min_t(int64_t, 2 * p->down_ns, DOWN_MOST_NS) : DOWN_FIRST_NS;
	if (p->down_ns == DOWN_FIRST_NS)
		log_line(LEVEL_WARNING, "location %u (%s) does not answer: %s", p->id, p->url, why);
	p->down_until = io_now() + p->down_ns;
	/* The next failure is enough. */
	p->strikes = STRIKES - 1;
}

void place_late(struct place *p, int64_t after)
{
	p->late++;
	if (after >= PATIENCE_LEAST)
		strike(p, 1, "it takes longer than it used to");
}

/* It answers, but not to our liking: said again when it has done so for a minute. */
static void tell_refusal(struct place *p)
{
	if (p->refused_at && io_now() - p->refused_at < REFUSED_NS)
		return;
	p->refused_at = io_now();
	log_line(LEVEL_WARNING, "location %u (%s) refuses: %s", p->id, p->url,
		 location_why(p->location));
}

/* An answer, whatever it says, is a sign of life. */
void place_told(struct place *p, size_t bytes, int64_t ns, int rc)
{
	switch (rc) {
	case -ECANCELED:
		return;
	case -ECONNREFUSED:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -EKEYREJECTED:
		strike(p, STRIKES, location_why(p->location));
		return;
	case -ETIMEDOUT:
	case -ECONNRESET:
	case -EPIPE:
	case -EBADMSG:
	case -EBUSY:
	case -EDQUOT:
	case -EIO:
		strike(p, 1, location_why(p->location));
		return;
	}
	if (rc && rc != -ENOENT && rc != -EEXIST && rc != -EMSGSIZE)
		tell_refusal(p);
	if (p->down_ns)
		log_line(LEVEL_INFO, "location %u (%s) answers again", p->id, p->url);
	p->down_ns = 0;
	p->down_until = 0;
	p->strikes = 0;
	if (!rc)
		measured(p, bytes, ns);
}

void place_blame(struct place *p, const char *fragment, const char *what)
{
	p->blamed++;
	if (io_now() - p->blamed_at < BLAME_NS)
		return;
	p->blamed_at = io_now();
	log_line(LEVEL_WARNING, "location %u (%s): fragment %s %s; %llu like that so far", p->id,
		 p->url, fragment, what, (unsigned long long)p->blamed);
}
