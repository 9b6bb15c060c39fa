// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "care.h"
#include "log.h"
#include "scrubs.h"
#include "plan_private.h"

#define GARBAGE_MS	5000
#define LIFECYCLE_MS	(900 * 1000)
#define EDGE_MS		5000
#define EDGE_FIRST_MS	100		/* until all that there are have been heard once */
#define HELLO_MS	2000
#define RELOAD_MS	(600 * 1000)	/* medians and availability move on */

/* --- fibers -------------------- */

/* Wait, but not when something is to be done at once.  Return: 0 or -ECANCELED. */
static int rest(struct io_event *wake, int64_t ms)
{
	int rc = io_event_wait(wake, io_after_ms(ms));

	io_event_clear(wake);
	return rc == -ECANCELED ? rc : 0;
}

static int garbage_fiber(void *arg)
{
	struct backend *b = arg;
	int rc;

	do {
		rc = care_collect(b);
		/* As long as there is some, it is taken. */
		if (rc <= 0)
			rc = rc == -ECANCELED ? rc : rest(&b->care->wake, GARBAGE_MS);
	} while (rc >= 0);
	return rc;
}

static int lifecycle_fiber(void *arg)
{
	struct backend *b = arg;
	int rc;

	do {
		rc = care_expire(b);
		if (rc < 0 && rc != -ECANCELED)
			log_line(LEVEL_WARNING, "lifecycles wait: %s", store_s3_error(rc)->code);
		rc = rc == -ECANCELED ? rc : rest(&b->care->again, LIFECYCLE_MS);
	} while (!rc);
	return rc;
}

/* Return: was it heard? */
static bool hear(struct backend *b, struct link *edge)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct edge_hello hello;
	int rc = edge_hello(edge, &hello, &answer, io_after_ms(HELLO_MS));

	if (!rc)
		rc = plan_learn_edge(b, &hello);
	if (rc && rc != -ETIMEDOUT && rc != -ECONNRESET && rc != -ECANCELED)
		log_line(LEVEL_WARNING, "an edge of this machine cannot be used: %s",
			 rc <= -STORE_ERROR_FIRST ? store_s3_error(rc)->code : strerror(-rc));
	return !rc;
}

static int edge_fiber(void *arg)
{
	struct backend *b = arg;
	int64_t reload = io_after_ms(RELOAD_MS);
	int rc;

	do {
		unsigned int i, there = 0, heard = 0;

		for (i = 0; i < ROLE_PLACES; i++) {
			if (!b->run->edges[i])
				continue;
			there++;
			heard += hear(b, b->run->edges[i]);
		}
		rc = io_sleep_until(io_after_ms(there && heard == there &&
						heard >= b->config->edges ? EDGE_MS :
						EDGE_FIRST_MS));
		if (!rc && io_now() > reload) {
			plan_reload(b);
			reload = io_after_ms(RELOAD_MS);
		}
	} while (!rc);
	return rc;
}

/* --- life -------------------- */

int care_open(struct backend *b)
{
	b->care = calloc(1, sizeof(*b->care));
	if (!b->care)
		return -ENOMEM;
	io_event_init(&b->care->wake);
	io_event_init(&b->care->again);
	b->care->remove = care_remove;
	b->care->now = plan_now;
	return store_alive(b->store, true) ?: moves_open(b) ?: scrubs_open(b);
}

int care_start(struct backend *b, struct io_group *group)
{
	int (*const fibers[])(void *arg) = {
		edge_fiber, care_probe_fiber, garbage_fiber, lifecycle_fiber, care_measure_fiber,
		care_move_fiber, care_scrub_fiber,
	};
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < sizeof(fibers) / sizeof(fibers[0]); i++)
		rc = io_spawn(group, fibers[i], b, NULL);
	return rc;
}

void care_close(struct backend *b)
{
	if (b->care) {
		if (b->care->scrubs)
			scrubs_close(b);
		moves_close(b);
		care_places_free(b->care);
	}
	free(b->care);
	b->care = NULL;
}

void care_counts(const struct backend *b, struct care_counts *counts)
{
	*counts = b->care ? b->care->counts : (struct care_counts){ 0 };
}

void care_wake(struct backend *b)
{
	if (!b->care)
		return;
	io_event_set(&b->care->wake);
	io_event_set(&b->care->again);
}
