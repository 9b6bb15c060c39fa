// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Documents that are posted to a server of the administrator's, one after the other.  One that is
 * refused, or finds nobody, is tried again, later and later, and then given up: so a server that
 * is away for an hour misses nothing, and one that is away for good costs nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "hosts.h"
#include "location_http.h"
#include "log.h"

#define QUEUE_MAX	256u
#define TRIES		16u		/* an hour, about */
#define BACKOFF_MS	1000
#define BACKOFF_MAX	600000
#define CALL_MS		10000
#define CA_MAX		(1u << 20)

struct webhook_item {
	struct webhook_item *next;
	bool refusal;
	char *text;
};

struct webhook {
	struct location *location;
	char *url;
	struct webhook_item *first, **last;
	unsigned int queued;
	struct io_event wake;
	struct webhook_counts counts;
};

static struct webhook_item *take_first(struct webhook *w)
{
	struct webhook_item *i = w->first;

	w->first = i->next;
	if (!w->first)
		w->last = &w->first;
	w->queued--;
	return i;
}

static void item_free(struct webhook_item *i)
{
	free(i->text);
	free(i);
}

/* What any host can bring about does not push out what one has become. */
static struct webhook_item *take_least(struct webhook *w)
{
	struct webhook_item **at = &w->first, *i;

	while (*at && !(*at)->refusal)
		at = &(*at)->next;
	if (!*at)
		return take_first(w);
	i = *at;
	*at = i->next;
	if (w->last == &i->next)
		w->last = at;
	w->queued--;
	return i;
}

static bool is_refusal(const json_t *document)
{
	const char *event = json_string_value(json_object_get(document, "event"));

	return event && !strcmp(event, "refuse");
}

void webhook_post(struct webhook *w, json_t *document)
{
	struct webhook_item *i = calloc(1, sizeof(*i));

	if (i) {
		i->text = json_dumps(document, JSON_COMPACT);
		i->refusal = is_refusal(document);
	}
	json_decref(document);
	if (!i || !i->text) {
		free(i);
		w->counts.dropped++;
		return;
	}
	*w->last = i;
	w->last = &i->next;
	if (++w->queued > QUEUE_MAX) {
		item_free(take_least(w));
		w->counts.dropped++;
	}
	io_event_set(&w->wake);
}

/* Return: 0, -ECANCELED, or why it was given up. */
static int post(struct webhook *w, const char *text)
{
	const struct location_ask ask = {
		.url = str_of(w->url), .fields = STR("Content-Type: application/json\r\n"),
	};
	const struct iovec body = { (void *)text, strlen(text) };
	int64_t wait = BACKOFF_MS;
	unsigned int tries;
	int rc;

	for (tries = 1;; tries++) {
		struct location_ask one = ask;

		one.deadline = io_after_ms(CALL_MS);
		rc = location_post(w->location, &one, &body, 1);
		if (!rc || rc == -ECANCELED || tries == TRIES)
			return rc;
		if (tries == 1)
			log_line(LEVEL_WARNING, "webhook: %s; tries again", location_why(w->location));
		if (io_sleep_until(io_after_ms(wait)))
			return -ECANCELED;
		wait = wait * 2 > BACKOFF_MAX ? BACKOFF_MAX : wait * 2;
	}
}

static int post_fiber(void *arg)
{
	struct webhook *w = arg;
	struct webhook_item *i;
	int rc = 0;

	while (rc != -ECANCELED) {
		rc = io_event_wait(&w->wake, 0);
		io_event_clear(&w->wake);
		while (rc != -ECANCELED && w->first) {
			/* The queue may lose its head meanwhile, but not this one. */
			i = take_first(w);
			rc = post(w, i->text);
			if (!rc)
				w->counts.posted++;
			else if (rc != -ECANCELED)
				w->counts.failed++;
			if (rc && rc != -ECANCELED)
				log_line(LEVEL_ERROR, "webhook: %s was not told: %s", i->text,
					 strerror(-rc));
			item_free(i);
		}
	}
	return 0;
}

int webhook_open(struct webhook **to, const struct config *c, struct link *resolver,
		 struct io_group *group)
{
	CLEANUP_FREE char *ca = NULL;
	struct webhook *w = calloc(1, sizeof(*w));
	struct location_config config = { .url = c->attest_webhook, .edge = true, .most = 1,
					  .resolver = resolver };
	char why[TLS_WHY] = "";
	size_t len = 0;
	int rc;

	*to = w;
	if (!w)
		return -ENOMEM;
	w->last = &w->first;
	io_event_init(&w->wake);
	w->url = strdup(c->attest_webhook);
	rc = w->url ? 0 : -ENOMEM;
	if (!rc && c->attest_webhook_ca && *c->attest_webhook_ca)
		rc = file_read(c->attest_webhook_ca, CA_MAX, &ca, &len);
	config.ca = (struct str){ ca, len };
	if (!rc)
		rc = location_open(&w->location, &config, why);
	if (!rc)
		rc = io_spawn(group, post_fiber, w, NULL);
	if (rc)
		log_line(LEVEL_ERROR, "webhook %s: %s; see [attest] in skyd.conf(5)",
			 c->attest_webhook, *why ? why : strerror(-rc));
	return rc;
}

void webhook_close(struct webhook *w)
{
	if (!w)
		return;
	while (w->first)
		item_free(take_first(w));
	location_close(w->location);
	free(w->url);
	free(w);
}

void webhook_counts(const struct webhook *w, struct webhook_counts *counts)
{
	*counts = w ? w->counts : (struct webhook_counts){ 0 };
}
