// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Workloads of tiers 3 and 4 run on a host that has shown what it is, and end with its lease.  One
 * that is started meanwhile is the start's to end: see api_workload.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "hosts.h"
#include "log.h"
#include "runner.h"
#include "workload_lease.h"

#define TICK_MS		500
#define AGAIN_MS	5000	/* until it is looked again whether any is left */
#define ASK_MS		60000

/* What runs, as the runner tells it. */
struct rows {
	struct link_answer answer;
	struct runner_answer give;
	struct runner_row room[RUNNER_ROWS];
};

static void rows_free(struct rows **p)
{
	if (*p)
		link_answer_free(&(*p)->answer);
	free(*p);
}

static int ask(struct backend *b, u16 operation, const struct runner_ask *question, struct rows *x)
{
	const struct link_call call = {
		operation, &runner_ask_schema, question, -1, &runner_answer_schema, &x->give,
		sizeof(x->room),
	};

	return link_do(b->run->to_runner, &call, &x->answer, io_after_ms(ASK_MS));
}

static struct rows *rows_new(void)
{
	struct rows *x = calloc(1, sizeof(*x));

	if (x)
		x->answer = LINK_ANSWER_NONE;
	return x;
}

static void tell(struct backend *b, struct str name, unsigned int tier)
{
	char why[HOST_LINE], object[AUDIT_OBJECT];
	const struct host_news news = {
		"host.workload", why, { 0 }, { 0 }, AUDIT_BACKEND,
	};

	snprintf(why, sizeof(why), "workload %.*s of tier %u was ended, as the host holds no lease",
		 (int)name.len, name.at, tier);
	audit_event(b, &(struct ledger_event){
		.actor = AUDIT_BACKEND, .action = STR("workload.stop"),
		.object = audit_object(object, "workload", name), .result = AUDIT_OK,
	});
	hosts_tell(b->hosts, b->config->attest_name, &news);
}

int workload_end(struct backend *b, struct str name, unsigned int tier)
{
	const struct runner_ask question = { .name = { name.at, name.len } };
	CLEANUP(rows_free) struct rows *x = rows_new();
	int rc = x ? ask(b, RUNNER_STOP, &question, x) : -ENOMEM;

	/* Somebody else was faster. */
	if (!rc && x->give.status == 404)
		return 0;
	if (!rc && x->give.status >= 400)
		rc = -EBUSY;
	if (rc)
		log_line(LEVEL_ERROR, "workload %.*s of tier %u goes on without a lease: %s",
			 (int)name.len, name.at, tier, strerror(-rc));
	else
		tell(b, name, tier);
	return rc;
}

/* Return: 0: there is none any more; -errno. */
static int end_all(struct backend *b)
{
	const struct runner_ask nothing = { 0 };
	CLEANUP(rows_free) struct rows *x = rows_new();
	int rc = x ? ask(b, RUNNER_LIST, &nothing, x) : -ENOMEM, one;
	u32 i;

	if (rc && rc != -ECANCELED)
		log_line(LEVEL_ERROR, "what runs without a lease is not known: %s", strerror(-rc));
	for (i = 0; !rc && i < x->give.rows; i++) {
		const struct runner_row *row = &x->give.row[i];

		if (!row->running || row->tier < RUNNER_ATTESTED)
			continue;
		one = workload_end(b, (struct str){ row->name.data, row->name.len }, row->tier);
		rc = one ? one : rc;
	}
	return rc;
}

/*
 * After a start there is no lease yet that could have ended, if the last one has: evidence comes
 * within the time that one would last.
 */
static int watch(void *arg)
{
	struct backend *b = arg;
	const int64_t patience = io_after_ms(b->config->attest_lease_ms);
	int64_t next = 0;
	bool held = false;

	do {
		if (host_holds_lease(b, str_of(b->config->attest_name))) {
			held = true;
			next = 0;
		} else if (!b->run->stopping && (held || io_now() >= patience) &&
			   io_now() >= next) {
			next = end_all(b) ? 0 : io_after_ms(AGAIN_MS);
		}
	} while (!io_sleep_until(io_after_ms(TICK_MS)));
	return 0;
}

int workload_lease_start(struct backend *b, struct io_group *group)
{
	if (!*b->config->workload_images || !b->config->workload_end)
		return 0;
	return io_spawn(group, watch, b, NULL);
}
