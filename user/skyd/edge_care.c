// SPDX-License-Identifier: GPL-2.0-or-later
/* What an edge does while nobody asks: space of deleted fragments, and data that decays. */
#include <errno.h>
#include <string.h>

#include "edge.h"
#include "io/loop.h"
#include "log.h"

#define SCRUB_STEP	(1u << 20)	/* bytes that are read at once */
#define BREATH_MS	100		/* between segments, so that requests come first */

static void tell(const char *what, int rc)
{
	if (rc != -ECANCELED && rc != -EROFS)
		log_line(LEVEL_WARNING, "%s: %s", what, strerror(-rc));
}

int edge_compact_care(void *arg)
{
	struct edge *e = arg;
	int rc = 0;

	while (!rc) {
		int done = edge_store_compact(e->http.store);

		if (done < 0)
			tell("space of deleted fragments cannot be given back", done);
		rc = io_sleep_until(io_after_ms(done > 0 ? BREATH_MS : e->config->edge_compact_ms));
	}
	return rc;
}

/* Each step has the time that it may take at that rate. */
static int scrub_all(struct edge *e)
{
	int64_t pause = SCRUB_STEP * 1000000000ull / e->config->edge_scrub_rate;
	struct edge_name last = { 0 };
	int rc, more;

	do {
		int64_t begin = io_now();

		more = edge_store_scrub(e->http.store, &last, SCRUB_STEP, 0);
		rc = io_sleep_until(begin + pause);
	} while (!rc && more > 0);
	if (more < 0)
		tell("fragments cannot be read again", more);
	return rc;
}

int edge_scrub_care(void *arg)
{
	struct edge *e = arg;
	int rc = 0;

	while (!rc && e->config->edge_scrub_rate) {
		rc = scrub_all(e);
		if (!rc)
			rc = io_sleep_until(io_after_ms(e->config->edge_scrub_ms));
	}
	return rc;
}
