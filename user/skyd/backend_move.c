// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragments that leave a location, as gateways make them anew: META_MOVE says which one is next
 * and what it is made from, META_MOVE_SIGN where it goes, and META_MOVE_END commits it.
 *
 * Between these nothing is held.  Each looks at the records as they are then: an object may have
 * been deleted, and others of its fragments may have been moved.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "backend_private.h"
#include "care.h"
#include "log.h"
#include "scrubs.h"

#define LEASE_MS	20000		/* of a task, for a gateway; two at once do no harm */
#define OPEN_US		(15 * 60 * 1000000ull)	/* of what may have been sent */
#define LATE_US		(3 * 60 * 1000000ull)	/* a URL may still be used, and be slow */
#define IDLE_MS		2000u
#define BUSY_MS		200u
#define COMMITS		16u		/* when others change the same page */
#define TRIES		16u		/* tasks that are not needed any more, in one question */

/* What of a task lasts while one waits. */
struct moving {
	u64 id;
	u8 generation[STORE_GENERATION_BYTES];
	u8 row;
	u16 from, target;
	bool shared;
	struct store_home home;
	struct record record;		/* as it is now */
};

/* Return: 0; -ENOENT: there is nothing of it left to move; an error of the store. */
static int look_up(struct call *c, struct moving *m)
{
	int rc = store_home_read(c->b->store, &m->home, &c->arena, &m->home.records);

	if (rc)
		return rc == -STORE_NO_SUCH_KEY ? -ENOENT : rc;
	return move_find_record(m->home.records, m->generation, m->row, m->from, &m->record) ?
		       0 : -ENOENT;
}

static struct moving *moving_of(struct call *c, const struct move_job *job,
				const struct move_task *t)
{
	struct moving *m = store_alloc(&c->arena, sizeof(*m) + t->home.name.len);

	if (!m)
		return NULL;
	*m = (struct moving){
		.id = t->id, .row = t->row, .from = job->row.location, .target = t->target,
		.shared = t->shared, .home = t->home,
	};
	memcpy(m->generation, t->generation, sizeof(m->generation));
	if (t->home.name.len)
		memcpy(m + 1, t->home.name.data, t->home.name.len);
	m->home.name.data = m + 1;
	return m;
}

/* It may have ended meanwhile. */
static void drop(struct backend *b, u64 id)
{
	struct move_job *job;
	struct move_task *t = move_task_find(b, id, &job);

	if (t)
		move_task_drop(job, t);
}

static void give_up(struct backend *b, u64 id, const char *text)
{
	struct move_job *job;
	struct move_task *t = move_task_find(b, id, &job);

	if (!t)
		return;
	job->failed = true;
	move_why(job, text);
	move_task_drop(job, t);
}

/* --- META_MOVE --------------------------------------------------------------- */

/* Bytes of a row, but for its head. */
static u64 fragment_bytes(const struct record *r)
{
	return (r->stored_bytes + r->k - 1) / r->k;
}

/* Is there room in this second?  Else the ms until there is some. */
static unsigned int wait_for_room(struct backend *b)
{
	struct moves *m = b->care->moves;
	const double rate = b->config->repair_rate;
	const int64_t now = io_now();

	if (!rate)
		return 0;
	m->room += m->filled ? (now - m->filled) / 1e9 * rate : rate;
	m->room = m->room < rate ? m->room : rate;
	m->filled = now;
	return m->room > 0 ? 0 : (unsigned int)min_t(double, 1 - m->room / rate * 1e3, 10000);
}

static struct move_task *next_task(struct backend *b, struct move_job **of)
{
	struct move_job *job;
	struct move_task *t;

	for (job = b->care->moves->job; job; job = job->next) {
		if (job->gone || job->row.state != STORE_REPAIR_RUNS)
			continue;
		for (t = job->task; t; t = t->next)
			if (!t->until) {
				*of = job;
				return t;
			}
	}
	return NULL;
}

static int write_record(struct call *c, const struct record *r, struct rpc_bytes *to)
{
	u8 *page = store_alloc(&c->arena, SKY_PAGE_MAX_BYTES);
	struct page_writer w;

	if (!page)
		return -ENOMEM;
	page_begin(&w, page, 0, 0);
	if (page_add(&w, r))
		return -EUCLEAN;
	*to = (struct rpc_bytes){ page, (u32)page_end(&w) };
	return 0;
}

/* Return: 1 when it is given, 0 when there is nothing to do for it any more. */
static int give(struct call *c, struct move_job *job, struct move_task *t, struct meta_move *to)
{
	struct backend *b = c->b;
	struct moving *m = moving_of(c, job, t);
	const bool reads = job->row.reads && !plan_is_down(b, job->row.location) &&
			   !plan_is_removed(b, job->row.location);
	struct meta_url *url;
	int rc;

	if (!m)
		return -ENOMEM;
	t->until = io_after_ms(LEASE_MS);
	rc = look_up(c, m);
	if (rc == -ENOENT)
		drop(b, m->id);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = write_record(c, &m->record, &to->records);
	if (!rc)
		rc = plan_rows(b, &m->record, m->row, reads, c->url_life, &c->arena, &url,
			       &to->urls);
	if (rc)
		return rc;
	b->care->moves->room -= fragment_bytes(&m->record);
	to->id = m->id;
	to->row = m->row;
	to->revision = plan_revision(b);
	to->url = url;
	return 1;
}

static void give_counts(const struct backend *b, struct meta_move *to)
{
	const struct scrub_job *scrub = b->care->scrubs ? b->care->scrubs->job : NULL;
	const struct move_job *job;

	for (; scrub; scrub = scrub->next) {
		to->unnamed += scrub->row.counts.unnamed;
		to->deleted += scrub->row.counts.deleted;
		to->lost += scrub->row.counts.missing + scrub->row.counts.wrong;
		to->made += scrub->row.counts.made;
	}
	for (job = b->care->moves->job; job; job = job->next) {
		if (job->gone || job->stays || job->row.state == STORE_REPAIR_DONE)
			continue;
		to->total += job->row.total;
		to->moved += job->row.moved;
		to->stuck += max(job->before.generations, job->why.generations);
	}
}

static int answer_move(struct link_request *r, const void *question, void *answer)
{
	struct meta_move *to = answer;
	struct move_task *t;
	struct move_job *job;
	struct call *c;
	unsigned int tries = 0;
	int rc = call_plain(r, &c);

	(void)question;
	if (rc)
		return rc;
	to->wait_ms = IDLE_MS;
	if (!c->b->care)
		return 0;
	give_counts(c->b, to);
	if (!c->b->care->moves->job)
		return 0;
	to->wait_ms = wait_for_room(c->b);
	if (to->wait_ms)
		return 0;
	to->wait_ms = BUSY_MS;
	while (!rc && tries++ < TRIES && (t = next_task(c->b, &job)))
		rc = give(c, job, t, to);
	return rc < 0 ? backend_status(rc) : 0;
}

/* --- META_MOVE_SIGN ------------------------------------------------------------ */

/* What is known of where it may have been sent to already. */
struct places {
	u16 not[SKY_MAX_N];
	unsigned int nots;
	u16 open;			/* 0: nowhere */
};

static struct store_move move_of(const struct moving *m, u16 location, u64 due)
{
	struct store_move move = { .row = m->row, .location = location, .open = true, .due = due };

	memcpy(move.generation, m->generation, sizeof(move.generation));
	return move;
}

/* One that is open already is the first choice: nothing has to be deleted then. */
static int known_places(struct call *c, const struct moving *m, const struct meta_move_sign *ask,
			struct places *p)
{
	struct store_move *moves;
	int n = store_move_places(c->b->store, m->generation, m->row, &c->arena, &moves), i;

	for (i = 0; i < n && p->nots < SKY_MAX_N; i++) {
		if (moves[i].open && !p->open && !(ask->again && moves[i].location == m->target))
			p->open = moves[i].location;
		else
			p->not[p->nots++] = moves[i].location;
	}
	return n < 0 ? n : 0;
}

/*
 * It is to be deleted where it may be.  What was answered is there or is not: that can be done at
 * once, and it may go there again then.
 */
static int forget_place(struct backend *b, const struct moving *m, u16 location, bool late)
{
	const u64 after = late || m->shared ? LATE_US : 0;
	const struct store_move move = move_of(m, location, backend_now() + after);
	int rc = store_move_fail(b->store, &move);

	if (!late)
		io_event_set(&b->care->wake);
	return rc;
}

/* Where it goes.  What is open elsewhere is so no more.  -ENOSPC: @why not. */
static int choose(struct call *c, const struct moving *m, const struct move_job *job, bool late,
		  struct places *p, u16 *target, char why[MOVE_WHY_LEN])
{
	struct policy_error err = { "" };
	struct plan_move move = {
		.from = m->from, .row = m->row, .only = &p->open, .onlys = 1, .not = p->not,
	};
	u16 *only = store_alloc(&c->arena, (job->onlys + 1) * sizeof(*only));
	const unsigned int onlys = job->onlys;
	const struct policy *policy;
	unsigned int i;
	int rc;

	if (!only)
		return -ENOMEM;
	memcpy(only, job->only, onlys * sizeof(*only));
	rc = plan_policy(c->b, m->home.team, m->home.policy, m->home.revision, &c->arena, &policy);
	if (rc)
		return rc;
	if (p->open && !plan_move(c->b, policy, &m->record, &move, target, &err))
		return 0;
	if (p->open)
		p->not[p->nots++] = p->open;
	for (i = 0; !rc && i < p->nots; i++)
		rc = forget_place(c->b, m, p->not[i], late || p->not[i] != m->target);
	move.only = only;
	move.onlys = onlys;
	move.nots = p->nots;
	if (!rc)
		rc = plan_move(c->b, policy, &m->record, &move, target, &err);
	if (rc == -ENOSPC)
		snprintf(why, MOVE_WHY_LEN, "policy %.40s: %.140s", policy->name, err.text);
	return rc;
}

/* Written down, and then a URL for it.  -ENOSPC: a scrub deletes there just now. */
static int open_move(struct call *c, const struct moving *m, const struct meta_move_sign *ask,
		     u16 target, struct meta_url *url)
{
	char name[META_FRAGMENT_NAME_MAX];
	const struct str fragment = { name, meta_fragment_name(m->generation, m->row, name) };
	const struct store_move move = move_of(m, target, backend_now() + OPEN_US);
	struct plan_url made;
	char *query;
	int rc = store_move_open(c->b->store, &move);

	/* What lies there from before would be taken for it, and is about to be deleted. */
	if (!rc && scrub_dooms(c->b, target, m->generation, m->row))
		rc = forget_place(c->b, m, target, true) ?: -ENOSPC;
	if (rc)
		return rc;
	rc = plan_url(c->b, "PUT", target, fragment, ask->bytes, ask->sha256, c->url_life, &c->arena, &made);
	query = rc ? NULL : strchr(made.url, '?');
	*url = (struct meta_url){ .row = m->row, .location = target };
	if (query)
		url->query = bytes_of_str(str_of(query + 1));
	return rc == -ENOMEM || rc == -ECANCELED ? rc : 0;
}

/*
 * Of a scrub: it goes where the record says that it is, by META_REPAIR's rules.  Return: -ENOSPC:
 * not there, or not now.
 */
static int sign_here(struct call *c, const struct moving *m, const struct meta_move_sign *ask,
		     bool wrong, struct meta_url *url)
{
	struct meta_fragment fragment = { .row = m->row, .wrong = wrong, .bytes = ask->bytes };
	int rc;

	memcpy(fragment.sha256, ask->sha256, sizeof(fragment.sha256));
	rc = ask->again ? -ENOSPC : backend_repair_row(c, &m->record, &fragment, url);
	return rc ? rc : url->query.len ? 0 : -ENOSPC;
}

static int sign(struct call *c, const struct meta_move_sign *ask, struct meta_url *url)
{
	struct places *p = store_alloc(&c->arena, sizeof(*p));
	char why[MOVE_WHY_LEN] = "";
	struct move_job *job;
	struct move_task *t = move_task_find(c->b, ask->id, &job);
	struct moving *m = t && p ? moving_of(c, job, t) : NULL;
	u16 target;
	int rc;

	if (!m)
		return t ? -ENOMEM : -ENOENT;
	rc = look_up(c, m);
	if (!rc)
		rc = known_places(c, m, ask, p);
	if (!rc && !move_task_find(c->b, ask->id, &job))
		rc = -ENOENT;
	if (!rc && job->stays) {
		target = m->from;
		snprintf(why, sizeof(why), "location %u does not take them", target);
		rc = sign_here(c, m, ask, move_task_find(c->b, ask->id, &job)->wrong, url);
	} else if (!rc) {
		rc = choose(c, m, job, ask->late, p, &target, why);
		if (!rc) {
			rc = open_move(c, m, ask, target, url);
			snprintf(why, sizeof(why), "location %u is being scrubbed", target);
		}
	}
	if (rc == -ENOENT)
		drop(c->b, ask->id);
	if (rc == -ENOSPC)
		give_up(c->b, ask->id, why);
	t = rc ? NULL : move_task_find(c->b, ask->id, &job);
	if (t) {
		/* Of one that nobody has ended, whoever sends it. */
		t->shared |= target == p->open && target != m->target;
		t->target = target;
		t->until = io_after_ms(LEASE_MS);
	}
	return rc;
}

static int answer_sign(struct link_request *r, const void *question, void *answer)
{
	struct meta_signed *to = answer;
	struct meta_url *url;
	struct call *c;
	int rc = call_plain(r, &c);

	if (rc)
		return rc;
	url = store_alloc(&c->arena, sizeof(*url));
	if (!url)
		return -ENOMEM;
	rc = sign(c, question, url);
	*to = (struct meta_signed){ url, 1 };
	return rc == -ENOENT || rc == -ENOSPC ? rc : backend_status(rc);
}

/* --- META_MOVE_END -------------------------------------------------------------- */

static bool names(const struct record *r, u16 location)
{
	unsigned int i;

	for (i = 0; i < r->n; i++)
		if (r->location[i] == location)
			return true;
	return false;
}

/* The same page, where this row lies elsewhere. */
static int rewrite(struct call *c, const struct moving *m, struct store_text *to)
{
	u8 *buf = store_alloc(&c->arena, SKY_PAGE_MAX_BYTES);
	struct record *r = store_alloc(&c->arena, sizeof(*r));
	uint64_t number, offset;
	struct page_writer w;
	struct page page;

	if (!buf || !r)
		return -ENOMEM;
	if (page_parse(&page, m->home.records.data, m->home.records.len))
		return -EUCLEAN;
	page_begin(&w, buf, page.first, page.offset);
	while (page_next(&page, r, &number, &offset)) {
		if (!memcmp(r->generation, m->generation, sizeof(r->generation)))
			r->location[m->row] = m->target;
		if (page_add(&w, r))
			return -EUCLEAN;
	}
	*to = (struct store_text){ buf, page_end(&w) };
	return to->len == m->home.records.len ? 0 : -EUCLEAN;
}

/* Return: 0; -ENOENT: it is not needed, and has been given up; an error. */
static int commit(struct call *c, struct moving *m, u64 bytes)
{
	const struct store_move move = move_of(m, m->target, backend_now());
	struct store_move_commit commit = {
		.move = &move, .home = &m->home, .from = m->from, .bytes = bytes,
		.forget = plan_is_removed(c->b, m->from),
	};
	unsigned int tries;
	int rc = -STORE_PRECONDITION, failed;

	for (tries = 0; rc == -STORE_PRECONDITION && tries < COMMITS; tries++) {
		rc = look_up(c, m);
		/* Another row of it has come here meanwhile. */
		if (!rc && names(&m->record, m->target))
			rc = -ENOENT;
		if (!rc)
			rc = rewrite(c, m, &commit.records);
		if (!rc)
			rc = store_move_commit(c->b->store, &commit);
	}
	if (rc != -ENOENT)
		return rc;
	failed = store_move_fail(c->b->store, &move);
	return failed ? failed : -ENOENT;
}

static void tell_failure(struct call *c, const struct meta_move_end *ask, const struct moving *m)
{
	char text[MOVE_WHY_LEN] = "too few of their fragments can be read";

	if (ask->result == META_MOVE_UNLIKE)
		snprintf(text, sizeof(text), "their fragments do not fit together");
	else if (ask->result != META_MOVE_UNREADABLE)
		snprintf(text, sizeof(text), "location %u does not take them", m->target);
	give_up(c->b, ask->id, text);
}

static int end_moved(struct call *c, const struct meta_move_end *ask, struct moving *m)
{
	struct move_job *job;
	struct move_task *t = move_task_find(c->b, ask->id, &job);
	int rc = !ask->location ? -EINVAL : t && job->stays ? 0 : commit(c, m, ask->bytes);

	t = move_task_find(c->b, ask->id, &job);
	if (!rc && t) {
		move_task_drop(job, t);
		move_done(c->b, job, ask->bytes);
	} else if (rc == -ENOENT) {
		drop(c->b, ask->id);
		return 0;
	} else if (rc) {
		/* Somebody tries again, with what is there. */
		if (t)
			t->until = 0;
		log_line(LEVEL_WARNING, "a fragment that was moved cannot be committed: %s",
			 rc <= -STORE_ERROR_FIRST ? store_s3_error(rc)->code : strerror(-rc));
	}
	return backend_status(rc);
}

static int answer_end(struct link_request *r, const void *question, void *answer)
{
	const struct meta_move_end *ask = question;
	struct move_job *job;
	struct move_task *t;
	struct moving *m;
	struct call *c;
	bool stays;
	int rc = call_plain(r, &c);

	(void)answer;
	if (rc)
		return rc;
	t = move_task_find(c->b, ask->id, &job);
	/* What it has sent is deleted when its time is over. */
	if (!t)
		return 0;
	m = moving_of(c, job, t);
	if (!m)
		return -ENOMEM;
	/* Another gateway has it by now, and has been told another place. */
	if (ask->location && ask->location != m->target)
		return 0;
	if (ask->result == META_MOVED)
		return end_moved(c, ask, m);
	stays = job->stays;
	tell_failure(c, ask, m);
	if (!m->target || stays)
		return 0;
	return backend_status(forget_place(c->b, m, m->target, ask->late));
}

const struct link_operation backend_moves[] = {
	{ META_MOVE, "move", &meta_key_ask_schema, &meta_move_schema, 0, GATEWAY, answer_move },
	{ META_MOVE_SIGN, "move-sign", &meta_move_sign_schema, &meta_signed_schema, 0, GATEWAY,
	  answer_sign },
	{ META_MOVE_END, "move-end", &meta_move_end_schema, NULL, 0, GATEWAY, answer_end },
	{ 0 },
};
