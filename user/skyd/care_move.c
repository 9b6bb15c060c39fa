// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which fragments leave a location.
 *
 * A job walks through all records to count, then to find what is to be moved, and then again
 * until a walk finds nothing.  Nothing of a walk is kept: a backend that is started again begins
 * a new one, and what has been moved is not found by it.
 *
 * What was reserved before the location was given up may be committed later.  So when nothing is
 * left, a job waits until all of that has ended, and walks once more.  A piece counts among it that
 * was opened later, too, as long as something is left that it could claim.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "care.h"
#include "log.h"
#include "moves.h"

#define CHUNK		64u		/* homes of one step */
#define TASKS		192u		/* of a job, that are found ahead */
#define IDLE_MS		5000
#define FULL_MS		200
#define WAIT_MS		5000		/* for what was begun before */
#define FAILED_MS	2000		/* before what has failed is tried again; the next time */
#define FAILED_MOST_MS	60000		/* twice as long, and so on */
#define STUCK_MS	5000		/* at least; a walk that takes long is not begun so often */
#define STUCK_WALKS	10
#define WINDOW_NS	2000000000ll

/* --- jobs ------------------------------------------------------------------- */

int moves_open(struct backend *b)
{
	struct moves *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	io_event_init(&m->wake);
	m->stale = true;
	/* One that a gateway has of a backend before this one is none of this one's. */
	m->next_id = plan_now();
	b->care->moves = m;
	return 0;
}

static void job_free(struct move_job *job)
{
	while (job->task)
		move_task_drop(job, job->task);
	free(job->only);
	free(job);
}

void moves_close(struct backend *b)
{
	struct moves *m = b->care->moves;
	struct move_job *job;

	while (m && (job = m->job)) {
		m->job = job->next;
		job_free(job);
	}
	free(m);
	b->care->moves = NULL;
}

struct move_job *moves_find(struct backend *b, u16 location)
{
	struct move_job *job = b->care && b->care->moves ? b->care->moves->job : NULL;

	while (job && (job->gone || job->stays || job->row.location != location))
		job = job->next;
	return job;
}

void moves_changed(struct backend *b)
{
	if (!b->care || !b->care->moves)
		return;
	b->care->moves->stale = true;
	io_event_set(&b->care->moves->wake);
}

static struct move_job *job_new(const struct store_repair *row)
{
	const u8 *at = row->targets.data;
	struct move_job *job = calloc(1, sizeof(*job));
	unsigned int i;

	if (!job)
		return NULL;
	job->row = *row;
	job->row.targets = (struct store_text){ 0 };
	job->onlys = row->targets.len / 2;
	job->only = calloc(job->onlys + 1, sizeof(*job->only));
	for (i = 0; job->only && i < job->onlys; i++)
		job->only[i] = at[2 * i] | at[2 * i + 1] << 8;
	if (!job->only) {
		free(job);
		return NULL;
	}
	return job;
}

static int take_row(struct moves *m, const struct store_repair *row)
{
	struct move_job *job;

	for (job = m->job; job; job = job->next)
		if (!job->gone && !job->stays && job->row.location == row->location)
			break;
	/* Begun again: another one. */
	if (job && job->row.began != row->began)
		job->gone = true;
	if (job && !job->gone) {
		job->row.state = row->state;
		/* There may be more places now. */
		job->rest = 0;
		return 0;
	}
	job = job_new(row);
	if (!job)
		return -ENOMEM;
	job->next = m->job;
	m->job = job;
	return 0;
}

/* What the store has; jobs that it has no more are called off. */
int moves_load(struct backend *b)
{
	STORE_ARENA a = { 0 };
	struct moves *m = b->care->moves;
	struct store_repair *rows;
	struct move_job *job;
	int n, i, rc = 0;
	u64 loads;

	m->stale = false;
	/* Another one may have taken over a newer list meanwhile. */
	do {
		loads = m->loads;
		n = store_repair_list(b->store, &a, &rows);
	} while (n >= 0 && loads != m->loads);
	m->loads += n >= 0;
	for (job = m->job; n >= 0 && job; job = job->next) {
		for (i = 0; i < n && rows[i].location != job->row.location; i++)
			;
		job->gone |= i == n && !job->stays;
	}
	for (i = 0; !rc && i < n; i++)
		rc = take_row(m, &rows[i]);
	if (n < 0 || rc)
		m->stale = true;
	return n < 0 ? n : rc;
}

static void free_gone(struct moves *m)
{
	struct move_job **at = &m->job, *job;

	while ((job = *at)) {
		if (!job->gone) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		job_free(job);
	}
}

/* --- tasks ------------------------------------------------------------------ */

struct move_task *move_task_find(struct backend *b, u64 id, struct move_job **job)
{
	struct move_job *j = b->care && b->care->moves ? b->care->moves->job : NULL;
	struct move_task *t;

	for (; j; j = j->next)
		for (t = j->gone ? NULL : j->task; t; t = t->next)
			if (t->id == id) {
				*job = j;
				return t;
			}
	return NULL;
}

void move_task_drop(struct move_job *job, struct move_task *task)
{
	struct move_task **at = &job->task;

	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	job->tasks--;
	free(task);
}

void move_why(struct move_job *job, const char *text)
{
	struct move_whys *w = &job->why;
	unsigned int i;

	for (i = 0; i < w->count && strcmp(w->why[i].text, text); i++)
		;
	if (i == w->count && i < MOVE_WHYS)
		snprintf(w->why[w->count++].text, MOVE_WHY_LEN, "%s", text);
	/* What there is no more room for counts with the last one. */
	w->why[i < MOVE_WHYS ? i : MOVE_WHYS - 1].generations++;
	w->generations++;
}

void move_done(struct backend *b, struct move_job *job, u64 bytes)
{
	const int64_t now = io_now();

	job->row.moved++;
	job->row.bytes += bytes;
	job->window_moved++;
	job->window_bytes += bytes;
	if (!job->since)
		job->since = now;
	if (now - job->since >= WINDOW_NS) {
		job->rate = job->window_moved * 1e9 / (now - job->since);
		job->byte_rate = job->window_bytes * 1e9 / (now - job->since);
		job->since = now;
		job->window_moved = 0;
		job->window_bytes = 0;
	}
	if (job->tasks <= TASKS / 2)
		io_event_set(&b->care->moves->wake);
}

bool move_find_record(struct store_text records, const u8 generation[STORE_GENERATION_BYTES],
		      u8 row, u16 from, struct record *r)
{
	uint64_t number, offset;
	struct page page;

	if (page_parse(&page, records.data, records.len))
		return false;
	while (page_next(&page, r, &number, &offset))
		if (!memcmp(r->generation, generation, sizeof(r->generation)))
			return row < r->n && r->location[row] == from;
	return false;
}

static struct move_task *task_of(const struct move_job *job, const struct record *r, u8 row)
{
	struct move_task *t = job->task;

	while (t && (t->row != row || memcmp(t->generation, r->generation, sizeof(t->generation))))
		t = t->next;
	return t;
}

int move_task_add(struct backend *b, struct move_job *job, const struct store_home *home,
		  const struct record *r, u8 row, bool wrong)
{
	struct move_task *t, **at;

	if (task_of(job, r, row))
		return 0;
	t = calloc(1, sizeof(*t) + home->name.len);
	if (!t)
		return -ENOMEM;
	t->wrong = wrong;
	t->id = b->care->moves->next_id++;
	t->row = row;
	memcpy(t->generation, r->generation, sizeof(t->generation));
	t->home = *home;
	t->home.records = (struct store_text){ 0 };
	if (home->name.len)
		memcpy(t->name, home->name.data, home->name.len);
	t->home.name.data = t->name;
	/* Those that were found first are given out first. */
	for (at = &job->task; *at; at = &(*at)->next)
		;
	*at = t;
	job->tasks++;
	return 0;
}

/* --- a walk ------------------------------------------------------------------ */

static int find_policy(struct backend *b, struct move_job *job, const struct store_home *home,
		       struct store_arena *a, const struct policy **policy)
{
	char text[MOVE_WHY_LEN];
	int rc = plan_policy(b, home->team, home->policy, home->revision, a, policy);

	if (rc && rc != -ECANCELED && rc != -ENOMEM) {
		snprintf(text, sizeof(text), "policy %llu, revision %llu, cannot be read",
			 (unsigned long long)home->policy, (unsigned long long)home->revision);
		if (!home->again)
			move_why(job, text);
	}
	return rc;
}

/* A fragment that is there: is there another place for it? */
static int consider(struct backend *b, struct move_job *job, const struct store_home *home,
		    const struct record *r, u8 row)
{
	STORE_ARENA a = { 0 };
	const struct plan_move move = {
		.from = job->row.location, .row = row, .only = job->only, .onlys = job->onlys,
	};
	struct policy_error err = { "" };
	const struct policy *policy;
	char text[MOVE_WHY_LEN];
	u16 target;
	int rc;

	if (task_of(job, r, row))
		return 0;
	rc = find_policy(b, job, home, &a, &policy);
	if (rc)
		return rc == -ECANCELED || rc == -ENOMEM ? rc : 0;
	if (job->gone)
		return 0;
	if (!plan_move(b, policy, r, &move, &target, &err)) {
		job->found = true;
		return move_task_add(b, job, home, r, row, false);
	}
	/* Those of the latest versions have been counted. */
	if (home->again)
		return 0;
	snprintf(text, sizeof(text), "policy %.40s: %.140s", policy->name, err.text);
	move_why(job, text);
	return 0;
}

static int look_at(struct backend *b, struct move_job *job, const struct store_home *home)
{
	CLEANUP_FREE struct record *r = malloc(sizeof(*r));
	uint64_t number, offset;
	struct page page;
	unsigned int i;
	int rc = 0;

	if (!r)
		return -ENOMEM;
	if (page_parse(&page, home->records.data, home->records.len)) {
		log_line(LEVEL_ERROR, "records of bucket %llu cannot be read: what they name is not moved",
			 (unsigned long long)home->bucket);
		return 0;
	}
	while (!rc && page_next(&page, r, &number, &offset))
		for (i = 0; !rc && i < r->n && !job->gone; i++) {
			if (r->location[i] != job->row.location)
				continue;
			if (job->phase == MOVE_COUNTS)
				job->counted += !home->again;
			else
				rc = consider(b, job, home, r, i);
		}
	return rc;
}

/* Return: 1, 0 at the end, or an error. */
static int walk_on(struct backend *b, struct move_job *job)
{
	STORE_ARENA a = { 0 };
	struct store_home *homes;
	struct store_walk next = job->walk;
	int n = store_walk(b->store, &next, CHUNK, &a, &homes), i, rc = 0;

	for (i = 0; !rc && i < n && !job->gone; i++)
		rc = look_at(b, job, &homes[i]);
	if (n < 0 || rc)
		return n < 0 ? n : rc;
	job->walk = next;
	return n > 0;
}

/* --- the end of a walk ------------------------------------------------------- */

static void tell_whys(struct move_job *job)
{
	unsigned int i;

	if (job->why.generations &&
	    memcmp(&job->why, &job->before, sizeof(job->why)))
		for (i = 0; i < job->why.count; i++)
			log_line(LEVEL_WARNING, "location %u: %llu generations cannot be moved: %s",
				 job->row.location,
				 (unsigned long long)job->why.why[i].generations,
				 job->why.why[i].text);
	job->before = job->why;
	memset(&job->why, 0, sizeof(job->why));
}

static void begin_walk(struct move_job *job)
{
	job->walk = (struct store_walk){ 0 };
	job->walk_began = io_now();
	job->walked = false;
	job->found = false;
	job->failed = false;
	job->again = false;
	job->phase = MOVE_MOVES;
}

static int counted(struct backend *b, struct move_job *job)
{
	const u64 total = job->row.moved + job->counted;
	int rc = store_repair_total(b->store, job->row.location, total);

	if (rc)
		return rc == -STORE_NO_SUCH_LOCATION ? 0 : rc;
	job->row.total = total;
	log_line(LEVEL_INFO, "location %u: %llu fragments are to be moved", job->row.location,
		 (unsigned long long)job->counted);
	begin_walk(job);
	return 0;
}

static int finished(struct backend *b, struct move_job *job)
{
	int rc = store_repair_set(b->store, job->row.location, STORE_REPAIR_DONE);

	if (rc)
		return rc == -STORE_NO_SUCH_LOCATION ? 0 : rc;
	job->row.state = STORE_REPAIR_DONE;
	job->row.ended = plan_now();
	job->row.total = job->row.moved;
	log_line(LEVEL_INFO, "location %u: all fragments have been moved, %llu in all",
		 job->row.location, (unsigned long long)job->row.moved);
	return 0;
}

/* Nothing is left, but for what others may commit still. */
static int look_for_unfinished(struct backend *b, struct move_job *job)
{
	int rc = store_unfinished(b->store, job->row.mark, &job->pieces, &job->until);

	if (rc < 0)
		return rc;
	if (rc || !job->last) {
		job->phase = MOVE_WAITS;
		job->row.total = job->row.moved;
		job->rest = rc ? io_after_ms(WAIT_MS) : 0;
		job->last = !rc;
		return 0;
	}
	return finished(b, job);
}

static int end_walk(struct backend *b, struct move_job *job)
{
	bool nothing = !job->found && !job->again;
	int rc = 0;

	/* New bodies would have it walk for ever if all pieces went on to count. */
	if (job->again && !job->pieces)
		rc = store_unfinished(b->store, job->row.mark, &job->pieces, &job->until);
	if (rc < 0)
		return rc;
	tell_whys(job);
	if (nothing && !job->before.generations)
		return look_for_unfinished(b, job);
	job->last = false;
	if (!job->failed || job->row.moved > job->moved_before)
		job->pause = 0;
	if (job->failed)
		job->pause = clamp(2 * job->pause, FAILED_MS, FAILED_MOST_MS);
	job->moved_before = job->row.moved;
	job->rest = io_after_ms(nothing ? STUCK_MS : job->pause);
	if (nothing)
		job->rest += STUCK_WALKS * (io_now() - job->walk_began);
	begin_walk(job);
	if (nothing)
		job->phase = MOVE_STUCK;
	return 0;
}

/* --- steps ------------------------------------------------------------------ */

/* Gateways that have died have them no more. */
static void take_back(struct move_job *job)
{
	struct move_task *t;

	for (t = job->task; t; t = t->next)
		if (t->until && t->until < io_now()) {
			t->until = 0;
			t->shared = true;
		}
}

/* Return: 1 when there is more to do at once. */
static int job_step(struct backend *b, struct move_job *job)
{
	int rc;

	take_back(job);
	if (job->row.state != STORE_REPAIR_RUNS || (job->rest > io_now() && !job->again))
		return 0;
	if (job->phase == MOVE_WAITS && !job->again && !job->last)
		return look_for_unfinished(b, job);
	if (job->phase == MOVE_WAITS || job->phase == MOVE_STUCK)
		begin_walk(job);
	if (!job->walked) {
		if (job->tasks >= TASKS)
			return 0;
		rc = walk_on(b, job);
		job->walked = !rc;
		return rc < 0 ? rc : 1;
	}
	if (job->tasks)
		return 0;
	rc = job->phase == MOVE_COUNTS ? counted(b, job) : end_walk(b, job);
	return rc ? rc : 1;
}

int64_t moves_step(struct backend *b)
{
	struct moves *m = b->care->moves;
	struct move_job *job;
	bool busy = false, runs = false;
	int rc = m->stale ? moves_load(b) : 0;

	if (rc)
		return rc;
	free_gone(m);
	for (job = m->job; job; job = job->next) {
		if (job->stays)
			take_back(job);
		rc = job->gone || job->stays ? 0 : job_step(b, job);
		if (rc == -ECANCELED)
			return rc;
		if (rc < 0) {
			log_line(LEVEL_WARNING, "the repair of location %u waits: %s",
				 job->row.location, store_s3_error(rc)->code);
			job->rest = io_after_ms(WAIT_MS);
		}
		busy |= rc > 0;
		runs |= job->row.state == STORE_REPAIR_RUNS && (!job->stays || job->tasks);
	}
	return busy ? 0 : runs ? FULL_MS : IDLE_MS;
}

int care_move_fiber(void *arg)
{
	struct backend *b = arg;
	struct moves *m = b->care->moves;
	int64_t ms;
	int rc = 0;

	do {
		ms = moves_step(b);
		if (ms == -ECANCELED)
			return ms;
		if (ms < 0)
			log_line(LEVEL_WARNING, "repairs of locations wait: %s",
				 store_s3_error(ms)->code);
		if (ms) {
			rc = io_event_wait(&m->wake, io_after_ms(ms < 0 ? WAIT_MS : ms));
			io_event_clear(&m->wake);
		}
	} while (rc != -ECANCELED);
	return rc;
}

static bool names(struct rpc_bytes records, u16 location)
{
	uint64_t number, offset;
	struct record r;
	struct page page;
	unsigned int i;

	if (!records.len || page_parse(&page, records.data, records.len))
		return false;
	while (page_next(&page, &r, &number, &offset))
		for (i = 0; i < r.n; i++)
			if (r.location[i] == location)
				return true;
	return false;
}

void moves_look(struct backend *b, struct rpc_bytes records, u64 piece)
{
	struct moves *m = b->care ? b->care->moves : NULL;
	struct move_job *job;

	for (job = m ? m->job : NULL; job; job = job->next) {
		if (job->gone || job->stays || job->row.state != STORE_REPAIR_RUNS)
			continue;
		if (!(piece && (!job->pieces || piece <= job->pieces)) &&
		    !names(records, job->row.location))
			continue;
		job->again = true;
		io_event_set(&m->wake);
	}
}
