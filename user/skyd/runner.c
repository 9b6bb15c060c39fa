// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/group.h"
#include "io/loop.h"
#include "io/sync.h"
#include "log.h"
#include "runner.h"
#include "runner_secret.h"
#include "starter.h"
#include "vault_session.h"

#define BEGIN_MS	180000u		/* that a microVM's kernel has to begin with its command */
#define LOOK_MS		50
/* The others of the channels are for who lists and ends, which does not wait for starts. */
#define STARTS		(STARTER_CHANNELS - 2)

/* The answer of a question: what it points to. */
struct scratch {
	struct runner *r;
	struct starter_ask ask;
	struct starter_host host;
	struct runner_tier tier[RUNNER_LEVELS];
	struct starter_row from[RUNNER_ROWS];
	struct runner_row row[RUNNER_ROWS];
	size_t got;
	bool figures;
};

static struct rpc_bytes bytes_of(const char *s)
{
	return (struct rpc_bytes){ s, strlen(s) };
}

static bool put(struct rpc_bytes from, char *to, size_t size)
{
	if (from.len >= size || memchr(from.data ? from.data : "", 0, from.len))
		return false;
	if (from.len)
		memcpy(to, from.data, from.len);
	to[from.len] = 0;
	return true;
}

/* --- what there is ------------------------------------------------------------------------ */

static int ask_list(void *arg)
{
	struct scratch *x = arg;

	x->ask.verb = STARTER_LIST;
	return starter_do(x->r->starter, &x->ask, NULL, x->from, sizeof(x->from), &x->got);
}

static int ask_host(void *arg)
{
	struct scratch *x = arg;
	size_t got;
	int rc;

	x->ask.verb = STARTER_HOST;
	rc = starter_do(x->r->starter, &x->ask, NULL, &x->host, sizeof(x->host), &got);
	return rc || !x->figures ? rc : ask_list(x);
}

/* Of each tier the one that was begun last. */
static void keep_figures(struct runner *r, const struct starter_row *row, size_t rows)
{
	u64 newest[RUNNER_LEVELS] = { 0 };
	size_t i;

	for (i = 0; i < rows; i++) {
		const unsigned int tier = row[i].record.tier;

		if (tier >= RUNNER_LEVELS || row[i].record.started < newest[tier])
			continue;
		newest[tier] = row[i].record.started;
		if (row[i].record.spawn_us)
			r->last[tier].spawn_us = row[i].record.spawn_us;
		if (row[i].footprint)
			r->last[tier].footprint = row[i].footprint;
	}
}

static int host(struct link_request *request, const void *ask, void *give)
{
	struct runner_answer *answer = give;
	struct scratch *x = link_scratch(request, sizeof(*x));
	unsigned int i;
	int rc;

	if (!x)
		return -ENOMEM;
	x->r = request->ctx;
	/* Measuring all that runs takes its time, and who starts one more does not wait for it. */
	x->figures = !((const struct runner_ask *)ask)->name.len;
	rc = io_work(x->r->pool, ask_host, x, request->deadline);
	if (rc)
		return rc;
	keep_figures(x->r, x->from, x->got / sizeof(x->from[0]));
	for (i = 0; i < RUNNER_LEVELS; i++) {
		x->tier[i] = x->r->last[i];
		x->tier[i].why = bytes_of(x->host.why[runner_kind(i)]);
	}
	answer->tier = x->tier;
	answer->tiers = RUNNER_LEVELS;
	answer->status = 200;
	return 0;
}

static int list(struct link_request *request, const void *ask, void *give)
{
	struct runner_answer *answer = give;
	struct scratch *x = link_scratch(request, sizeof(*x));
	size_t i, rows;
	int rc;

	(void)ask;
	if (!x)
		return -ENOMEM;
	x->r = request->ctx;
	rc = io_work(x->r->pool, ask_list, x, request->deadline);
	rows = rc ? 0 : x->got / sizeof(x->from[0]);
	keep_figures(x->r, x->from, rows);
	for (i = 0; i < rows; i++) {
		const struct runner_record *w = &x->from[i].record;

		x->row[i] = (struct runner_row){
			.name = bytes_of(w->name), .image = bytes_of(w->image), .team = w->team,
			.tier = w->tier, .running = x->from[i].running, .started = w->started,
			.spawn_us = w->spawn_us, .footprint = x->from[i].footprint,
		};
		memcpy(x->row[i].digest, w->digest, sizeof(w->digest));
	}
	answer->row = x->row;
	answer->rows = rows;
	answer->status = 200;
	return rc;
}

/* --- starting ----------------------------------------------------------------------------- */

struct starting {
	struct runner *r;
	struct starter_ask ask;
	struct secret secrets;		/* the device of them, if there is one */
	struct runner_start start;
};

static int ask_start(void *arg)
{
	struct starting *x = arg;
	size_t got;

	x->ask.verb = STARTER_START;
	x->ask.secrets = x->secrets.len;
	return starter_do(x->r->starter, &x->ask, x->secrets.data, &x->start, sizeof(x->start),
			  &got);
}

/* Its secrets were: nobody else hears of it. */
static void refused(struct starting *x)
{
	x->start.status = x->ask.start.status;
	memcpy(x->start.why, x->ask.start.why, sizeof(x->start.why));
	log_line(LEVEL_WARNING, "workload %s: %s", x->ask.start.record.name, x->start.why);
}

/* A microVM: its kernel starts by itself, and the time until the command is what counts. */
struct watch {
	struct runner *r;
	struct starter_ask ask;
	struct starter_look look;
};

static int ask_look(void *arg)
{
	struct watch *w = arg;
	size_t got;

	w->ask.verb = STARTER_LOOK;
	return starter_do(w->r->starter, &w->ask, NULL, &w->look, sizeof(w->look), &got);
}

static int watch_begin(void *arg)
{
	struct watch *w = arg;
	const int64_t until = io_after_ms(BEGIN_MS);

	do {
		if (io_work(w->r->pool, ask_look, w, 0) || !w->look.alive || w->look.begun)
			break;
	} while (io_now() < until && !io_sleep_until(io_after_ms(LOOK_MS)));
	if (w->look.begun)
		w->r->last[w->ask.start.record.tier].spawn_us = w->look.spawn_us;
	free(w);
	return 0;
}

static void watch(struct runner *r, const struct runner_start *s)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return;
	w->r = r;
	w->ask.start.record = s->record;
	w->ask.start.began = s->began;
	if (io_spawn(r->group, watch_begin, w, NULL))
		free(w);
}

static bool read_ask(const struct runner_ask *ask, struct runner_start *s)
{
	const char *text = ask->command.data;
	struct rpc_bytes name = ask->name;

	s->record.tier = ask->tier;
	s->record.team = ask->team;
	s->mem = ask->mem;
	memcpy(s->record.digest, ask->digest, sizeof(ask->digest));
	if (ask->command.len && text[ask->command.len - 1])
		return false;
	if (ask->command.len)
		memcpy(s->command, text, ask->command.len);
	return ask->tier < RUNNER_LEVELS &&
	       ask->mem >= RUNNER_MEM_MIN && ask->mem <= RUNNER_MEM_MAX &&
	       put(name, s->record.name, sizeof(s->record.name)) &&
	       runner_name_ok(str_of(s->record.name)) &&
	       put(ask->image, s->record.image, sizeof(s->record.image)) &&
	       put(ask->block, s->block, sizeof(s->block)) &&
	       put(ask->net, s->net, sizeof(s->net));
}

static int start(struct link_request *request, const void *question, void *give)
{
	struct runner *r = request->ctx;
	struct runner_answer *answer = give;
	struct starting *x = link_scratch(request, sizeof(*x));
	const u64 began = runner_now_us(CLOCK_MONOTONIC);
	int rc;

	if (!x)
		return -ENOMEM;
	x->r = r;
	x->ask.start.began = began;
	x->ask.start.record.started = runner_now_us(CLOCK_REALTIME);
	if (!read_ask(question, &x->ask.start))
		return -EINVAL;
	rc = io_acquire(&r->starts, 1, request->deadline);
	if (rc)
		return rc;
	/* Once begun it is ended, or kept: who asked may go. */
	io_shield();
	rc = runner_secrets_get(r, question, &x->ask.start, &x->secrets, answer, request->deadline);
	if (rc)
		refused(x);
	else
		rc = io_work(r->pool, ask_start, x, 0);
	secret_free(&x->secrets);
	explicit_bzero(x->ask.start.command, sizeof(x->ask.start.command));
	io_unshield();
	io_release(&r->starts, 1);
	if (rc && !x->start.status)
		return rc;
	answer->status = rc ? x->start.status : 201;
	answer->why = bytes_of(x->start.why);
	if (rc)
		return 0;
	if (runner_kind(x->start.record.tier) == 1)
		watch(r, &x->start);
	else
		r->last[x->start.record.tier].spawn_us = x->start.record.spawn_us;
	return 0;
}

/* --- ending ------------------------------------------------------------------------------- */

struct stopping {
	struct runner *r;
	struct starter_ask ask;
	char why[RUNNER_WHY];
};

static int ask_stop(void *arg)
{
	struct stopping *s = arg;
	size_t got;

	s->ask.verb = STARTER_STOP;
	return starter_do(s->r->starter, &s->ask, NULL, s->why, sizeof(s->why), &got);
}

static int stop(struct link_request *request, const void *question, void *give)
{
	const struct runner_ask *ask = question;
	struct runner_answer *answer = give;
	struct stopping *s = link_scratch(request, sizeof(*s));
	char *name;
	int rc;

	if (!s)
		return -ENOMEM;
	s->r = request->ctx;
	name = s->ask.start.record.name;
	if (!put(ask->name, name, RUNNER_NAME_MAX + 1) || !runner_name_ok(str_of(name)))
		return -EINVAL;
	io_shield();
	rc = io_work(s->r->pool, ask_stop, s, 0);
	io_unshield();
	answer->status = !rc ? 204 : rc == -ENOENT ? 404 : rc == -EBUSY ? 409 : 500;
	answer->why = bytes_of(s->why);
	return 0;
}

/* --- its life ----------------------------------------------------------------------------- */

static const struct link_operation operations[] = {
	{ RUNNER_HOST, "host", &runner_ask_schema, &runner_answer_schema, 0,
	  ROLE_BIT(ROLE_BACKEND), host },
	{ RUNNER_START, "start", &runner_ask_schema, &runner_answer_schema,
	  SESSION_SECRETS * sizeof(struct vault_wrapped), ROLE_BIT(ROLE_BACKEND), start },
	{ RUNNER_STOP, "stop", &runner_ask_schema, &runner_answer_schema, 0,
	  ROLE_BIT(ROLE_BACKEND), stop },
	{ RUNNER_LIST, "list", &runner_ask_schema, &runner_answer_schema, 0,
	  ROLE_BIT(ROLE_BACKEND), list },
};

void runner_service(struct runner *r, enum role peer, struct link_service *service)
{
	*service = (struct link_service){
		.operation = operations, .operations = sizeof(operations) / sizeof(operations[0]),
		.ctx = r, .peer = peer,
	};
}

int runner_open(struct runner *r, const struct config *config, struct io_group *group)
{
	*r = (struct runner){ .config = config, .group = group, .starter = r->starter };
	io_semaphore_init(&r->starts, STARTS);
	return io_pool_open(&r->pool, STARTER_CHANNELS);
}

void runner_close(struct runner *r)
{
	io_pool_close(r->pool);
}
