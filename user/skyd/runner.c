// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "io/group.h"
#include "io/loop.h"
#include "io/sync.h"
#include "log.h"
#include "runner.h"
#include "runner_secret.h"
#include "vault_session.h"

#define THREADS		8u
#define BEGIN_MS	180000u		/* that a microVM's kernel has to begin with its command */
#define LOOK_MS		50

/* The answer of a question: what it points to. */
struct scratch {
	char why[RUNNER_TIERS][RUNNER_WHY];
	struct runner_tier tier[RUNNER_TIERS];
	struct runner_row row[RUNNER_ROWS];
	struct runner_record record[RUNNER_ROWS];
	unsigned int rows;
	struct runner *r;
};

static u64 now_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

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

static int look_at_host(void *arg)
{
	struct scratch *x = arg;
	unsigned int i;

	for (i = 0; i < RUNNER_TIERS; i++)
		runner_can(x->r, i, x->why[i]);
	return 0;
}

static int host(struct link_request *request, const void *ask, void *give)
{
	struct runner_answer *answer = give;
	struct scratch *x = link_scratch(request, sizeof(*x));
	unsigned int i;
	int rc;

	(void)ask;
	if (!x)
		return -ENOMEM;
	x->r = request->ctx;
	rc = io_work(x->r->pool, look_at_host, x, request->deadline);
	for (i = 0; i < RUNNER_TIERS; i++) {
		x->tier[i] = x->r->last[i];
		x->tier[i].why = bytes_of(x->why[i]);
	}
	answer->tier = x->tier;
	answer->tiers = RUNNER_TIERS;
	answer->status = 200;
	return rc;
}

static void add_row(struct scratch *x, const char *name)
{
	struct runner_record *w = &x->record[x->rows];
	struct runner_row *row = &x->row[x->rows];
	u64 guest;

	if (runner_record_read(x->r, name, w))
		return;
	*row = (struct runner_row){
		.name = bytes_of(w->name), .image = bytes_of(w->image), .team = w->team,
		.tier = w->tier, .running = runner_alive(w), .started = w->started,
		.spawn_us = w->spawn_us,
	};
	memcpy(row->digest, w->digest, sizeof(row->digest));
	if (row->running)
		row->footprint = runner_footprint(w->pid);
	/* What the guest has of its memory may be in no process's sum. */
	if (row->running && runner_kind(w->tier) == 2) {
		guest = runner_guest_bytes(w->name);
		row->footprint = guest > row->footprint ? guest : row->footprint;
	}
	x->rows++;
}

static int read_all(void *arg)
{
	struct scratch *x = arg;
	DIR *d = opendir(x->r->config->workload_state);
	struct dirent *e;

	while (d && x->rows < RUNNER_ROWS && (e = readdir(d)))
		if (runner_name_ok(str_of(e->d_name)))
			add_row(x, e->d_name);
	if (d)
		closedir(d);
	return 0;
}

static int list(struct link_request *request, const void *ask, void *give)
{
	struct runner_answer *answer = give;
	struct scratch *x = link_scratch(request, sizeof(*x));
	unsigned int i;
	int rc;

	(void)ask;
	if (!x)
		return -ENOMEM;
	x->r = request->ctx;
	rc = io_work(x->r->pool, read_all, x, request->deadline);
	for (i = 0; i < x->rows; i++)
		if (x->row[i].footprint)
			x->r->last[runner_kind(x->row[i].tier)].footprint = x->row[i].footprint;
	answer->row = x->row;
	answer->rows = x->rows;
	answer->status = 200;
	return rc;
}

/* --- starting ----------------------------------------------------------------------------- */

static int work(void *arg)
{
	return runner_do_start(arg);
}

/* A microVM: its kernel starts by itself, and the time until the command is what counts. */
struct watch {
	struct runner *r;
	struct runner_record record;
	u64 began;
	bool begun;
};

static int look(void *arg)
{
	struct watch *w = arg;
	struct runner_record now;

	w->begun = runner_has_begun(w->r, w->record.name);
	if (w->begun && !runner_record_read(w->r, w->record.name, &now) &&
	    now.pid == w->record.pid) {
		w->record.spawn_us = now_us(CLOCK_MONOTONIC) - w->began;
		runner_record_write(w->r, &w->record);
	}
	return !runner_alive(&w->record);
}

static int watch_begin(void *arg)
{
	struct watch *w = arg;
	const int64_t until = io_after_ms(BEGIN_MS);

	while (io_now() < until && !w->begun && !io_work(w->r->pool, look, w, 0))
		if (io_sleep_until(io_after_ms(LOOK_MS)))
			break;
	if (w->begun)
		w->r->last[1].spawn_us = w->record.spawn_us;
	free(w);
	return 0;
}

static void watch(struct runner *r, const struct runner_record *record, u64 began)
{
	struct watch *w = malloc(sizeof(*w));

	if (!w)
		return;
	*w = (struct watch){ .r = r, .record = *record, .began = began };
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
	return ask->tier <= 4 && ask->mem >= 2 && ask->mem <= 65536 &&
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
	struct runner_start *s = link_scratch(request, sizeof(*s));
	const u64 began = now_us(CLOCK_MONOTONIC);
	unsigned int kind;
	int rc;

	if (!s)
		return -ENOMEM;
	s->r = r;
	if (!read_ask(question, s))
		return -EINVAL;
	kind = runner_kind(s->record.tier);
	s->record.started = now_us(CLOCK_REALTIME);
	/* Once begun it is ended, or kept: who asked may go. */
	io_shield();
	rc = runner_secrets_get(r, question, s, answer, request->deadline);
	if (!rc)
		rc = io_work(r->pool, work, s, 0);
	runner_secrets_end(s);
	io_unshield();
	if (rc == -EINVAL && !s->status)
		return rc;
	answer->status = rc ? s->status : 201;
	answer->why = bytes_of(s->why);
	if (rc)
		log_line(LEVEL_WARNING, "workload %s: %s", s->record.name, s->why);
	if (rc)
		return 0;
	if (kind == 1) {
		watch(r, &s->record, began);
		return 0;
	}
	s->record.spawn_us = now_us(CLOCK_MONOTONIC) - began;
	r->last[kind].spawn_us = s->record.spawn_us;
	runner_record_write(r, &s->record);
	return 0;
}

/* --- ending ------------------------------------------------------------------------------- */

struct stopping {
	struct runner *r;
	char name[RUNNER_NAME_MAX + 1], why[RUNNER_WHY];
};

static int do_stop(void *arg)
{
	struct stopping *s = arg;

	return runner_do_stop(s->r, s->name, s->why);
}

static int stop(struct link_request *request, const void *question, void *give)
{
	const struct runner_ask *ask = question;
	struct runner_answer *answer = give;
	struct stopping *s = link_scratch(request, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	s->r = request->ctx;
	if (!put(ask->name, s->name, sizeof(s->name)) || !runner_name_ok(str_of(s->name)))
		return -EINVAL;
	io_shield();
	rc = io_work(s->r->pool, do_stop, s, 0);
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
	*r = (struct runner){ .config = config, .group = group };
	if (mkdir(config->workload_state, 0711) && errno != EEXIST) {
		log_line(LEVEL_ERROR, "%s: %s; see workloads.state in skyd.conf(5)",
			 config->workload_state, strerror(errno));
		return -errno;
	}
	return io_pool_open(&r->pool, THREADS);
}

void runner_close(struct runner *r)
{
	io_pool_close(r->pool);
}
