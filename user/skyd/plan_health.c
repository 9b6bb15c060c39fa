// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which locations answer.  One that fails twice in a row gets nothing new until it has answered
 * again; what was seen is recorded as an outage, for who chooses and who pays.
 */
#include <errno.h>
#include <stdio.h>

#include "audit.h"
#include "log.h"
#include "plan_private.h"

#define FAILURES	2u

/* What says of the location itself that it is not well, and not of one request. */
static bool unwell(int rc)
{
	return rc < 0 && rc != -ENOENT && rc != -EEXIST && rc != -ECANCELED && rc != -ENOMEM &&
	       rc != -EMSGSIZE;
}

static void record(struct backend *b, u16 id, bool down, u64 at)
{
	char object[AUDIT_OBJECT];
	const struct ledger_event e = {
		AUDIT_BACKEND, down ? STR("location.lost") : STR("location.back"),
		audit_number(object, "location", id), AUDIT_OK, STR_NONE,
	};
	int rc = store_location_outage(b->store, id, down, at);

	audit_event(b, &e);
	if (rc)
		log_line(LEVEL_WARNING, "an outage of location %u cannot be recorded: %s", id,
			 store_s3_error(rc)->code);
}

void plan_note(struct backend *b, u16 id, int rc)
{
	struct plan_live *live = id < SKY_NO_LOCATION ? b->plan->live[id] : NULL;

	if (!live || rc == -ECANCELED)
		return;
	if (!unwell(rc)) {
		live->failures = 0;
		live->why[0] = 0;
		if (!live->down)
			return;
		live->down = false;
		log_line(LEVEL_INFO, "location %u is back", id);
		record(b, id, false, plan_now());
		return;
	}
	if (!live->failures++)
		live->down_since = plan_now();
	if (live->down || live->failures < FAILURES)
		return;
	live->down = true;
	if (!*live->why)
		plan_note_why(b, id, strerror(-rc));
	log_line(LEVEL_WARNING, "location %u does not answer: %s", id, live->why);
	record(b, id, true, live->down_since);
}

void plan_note_why(struct backend *b, u16 id, const char *why)
{
	struct plan_live *live = id < SKY_NO_LOCATION ? b->plan->live[id] : NULL;

	if (live)
		snprintf(live->why, sizeof(live->why), "%s", why);
}

const char *plan_why_down(const struct backend *b, u16 id)
{
	return plan_is_down(b, id) ? b->plan->live[id]->why : "";
}

bool plan_is_down(const struct backend *b, u16 id)
{
	return id < SKY_NO_LOCATION && b->plan->live[id] && b->plan->live[id]->down;
}
