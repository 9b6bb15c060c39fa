// SPDX-License-Identifier: GPL-2.0-or-later
/* The backend: fragments that leave a location, as gateways see it, and what comes in between. */
#include "backend_util.h"

#include "../../user/skyd/care.h"
#include "../../user/skyd/moves.h"
#include "../../user/skyd/scrubs.h"

#define BYTES	64u

static struct home home;

/* --- what the tests have in common ------------------------------------------- */

static struct store_object object_of(struct home *h, const char *name, struct store_arena *a)
{
	STORE_ARENA mine = { 0 };
	struct store_bucket bucket;
	struct store_object o;

	must_equal(store_bucket_look(h->b.store, stext("b"), &mine, &bucket), 0);
	must_equal(store_object_get(h->b.store, h->team, bucket.id, stext(name), NULL, a, &o), 0);
	return o;
}

static struct record record_of(struct home *h, const char *name)
{
	STORE_ARENA a = { 0 };
	struct store_object o = object_of(h, name, &a);
	uint64_t number, offset;
	struct record r;
	struct page page;

	must_equal(page_parse(&page, o.data.records.data, o.data.records.len), 0);
	must(page_next(&page, &r, &number, &offset));
	return r;
}

static bool record_has(const struct record *r, u16 location)
{
	unsigned int i;

	for (i = 0; i < r->n; i++)
		if (r->location[i] == location)
			return true;
	return false;
}

static void steps(struct home *h)
{
	unsigned int i;

	for (i = 0; i < 1000 && !moves_step(&h->b); i++)
		;
	must(i < 1000);
}

static void set_state(struct home *h, u16 id, enum store_location_state state)
{
	STORE_ARENA a = { 0 };
	struct store_location l;

	must_equal(store_location_get(h->b.store, 0, id, &a, &l), 0);
	l.state = state;
	must_equal(store_location_update(h->b.store, 0, &l), 0);
	must_equal(plan_reload(&h->b), 0);
}

static void leave(struct home *h, u16 id, u16 only)
{
	const u8 to[] = { only, only >> 8 };
	const struct store_repair repair = {
		.location = id, .targets = { to, only ? sizeof(to) : 0 },
	};

	set_state(h, id, STORE_DRAINING);
	must_equal(store_repair_begin(h->b.store, &repair), 0);
	moves_changed(&h->b);
	steps(h);
}

static void begin(struct home *h, unsigned int edges)
{
	unsigned int i;

	home_open(h);
	for (i = EDGES; i < edges; i++)
		home_edge(h, i);
	must_equal(care_open(&h->b), 0);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	must_equal(put_simple(h, OWNER, "b", "o"), 0);
}

static struct meta_move next(struct home *h, struct link_answer *answer)
{
	const struct meta_key_ask ask = { 0 };
	struct meta_move give = { 0 };

	link_answer_free(answer);
	*answer = LINK_ANSWER_NONE;
	must_equal(ASK(h, META_MOVE, key_ask, &ask, move, &give, answer), 0);
	return give;
}

static int sign(struct home *h, u64 id, bool again, u16 *target)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_move_sign ask = { .id = id, .bytes = BYTES, .again = again };
	struct meta_signed give = { 0 };
	int rc = ask_by(h, META_MOVE_SIGN, &meta_move_sign_schema, &ask, &meta_signed_schema, &give,
			&answer, SOON);

	if (!rc) {
		must_equal(give.count, 1);
		must(give.url->query.len);
		*target = give.url->location;
	}
	return rc;
}

static int end(struct home *h, u64 id, enum meta_move_result result, u16 location)
{
	const struct meta_move_end ask = {
		.id = id, .result = result, .location = location, .bytes = BYTES,
	};

	return TELL(h, META_MOVE_END, move_end, &ask);
}

/* Rows of the table of moves for one fragment; *@open: how many are. */
static int known(struct home *h, const struct record *r, u8 row, int *open)
{
	STORE_ARENA a = { 0 };
	struct store_move *moves;
	int n = store_move_places(h->b.store, r->generation, row, &a, &moves), i;

	for (i = *open = 0; i < n; i++)
		*open += moves[i].open;
	return n;
}

/* --- one fragment ------------------------------------------------------------- */

static int moved(void *arg)
{
	struct home *h = &home;
	ANSWER answer = LINK_ANSWER_NONE;
	struct record before, now;
	struct meta_move task;
	u16 from, target;
	unsigned int i;
	int open;

	(void)arg;
	begin(h, 8);
	before = record_of(h, "o");
	from = before.location[2];
	must_equal(next(h, &answer).id, 0);
	leave(h, from, 0);
	must_equal(moves_find(&h->b, from)->row.total, 1);
	task = next(h, &answer);
	must(task.id && task.row == 2 && task.total == 1 && task.urls >= before.k);
	/* What is lost is not read. */
	for (i = 0; i < task.urls; i++)
		must(task.url[i].row != 2 && task.url[i].query.len);
	/* Nobody else is given it. */
	must_equal(next(h, &answer).id, 0);
	must_equal(sign(h, task.id, false, &target), 0);
	must(!record_has(&before, target) && target != from);
	must_equal(known(h, &before, 2, &open), 1);
	must_equal(open, 1);
	must_equal(end(h, task.id, META_MOVED, target), 0);
	now = record_of(h, "o");
	must_equal(now.location[2], target);
	now.location[2] = from;
	must(!memcmp(now.generation, before.generation, sizeof(now.generation)));
	must(!memcmp(now.location, before.location, before.n * sizeof(u16)));
	must_equal(known(h, &before, 2, &open), 1);
	must_equal(open, 0);
	/* Ended twice is ended once. */
	must_equal(end(h, task.id, META_MOVED, target), 0);
	must_equal(moves_find(&h->b, from)->row.moved, 1);
	steps(h);
	must_equal(moves_find(&h->b, from)->row.state, STORE_REPAIR_DONE);
	home_close(h);
	return 0;
}

static void test_moved(void **state)
{
	assert_int_equal(on_loop(state, moved, NULL), 0);
}

/* --- what comes in between ---------------------------------------------------- */

enum between { OVERWRITTEN, DELETED, GIVEN_UP, BETWEENS };

/* The new fragment is garbage, and nothing else has changed. */
static int between(void *arg)
{
	const enum between what = *(const enum between *)arg;
	struct home *h = &home;
	ANSWER answer = LINK_ANSWER_NONE;
	struct record before, then;
	struct meta_move task;
	u16 from, target;
	int open;

	begin(h, 8);
	before = record_of(h, "o");
	from = before.location[0];
	leave(h, from, 0);
	task = next(h, &answer);
	must_equal(sign(h, task.id, false, &target), 0);
	if (what == OVERWRITTEN)
		must_equal(put_simple(h, OWNER, "b", "o"), 0);
	else if (what == DELETED)
		must_equal(delete_object(h, OWNER, "b", "o"), 0);
	else
		must_equal(store_repair_drop(h->b.store, from), 0);
	if (what == GIVEN_UP) {
		moves_changed(&h->b);
		steps(h);
	}
	if (what == OVERWRITTEN)
		then = record_of(h, "o");
	must_equal(end(h, task.id, META_MOVED, target), 0);
	if (what == OVERWRITTEN) {
		struct record now = record_of(h, "o");

		must(!memcmp(now.location, then.location, now.n * sizeof(u16)));
		must(!record_has(&now, from));
	}
	must_equal(known(h, &before, task.row, &open), 1);
	/* Nobody knows a task of what was called off: its time runs out. */
	must_equal(open, what == GIVEN_UP);
	must_equal(sign(h, task.id, false, &target), -ENOENT);
	home_close(h);
	return 0;
}

static void test_between(void **state)
{
	enum between what;

	for (what = 0; what < BETWEENS; what++)
		assert_int_equal(on_loop(state, between, &what), 0);
}

/* Two locations are left at once: their rows do not meet in a third. */
static int two_at_once(void *arg)
{
	struct home *h = &home;
	ANSWER one_answer = LINK_ANSWER_NONE;
	ANSWER two_answer = LINK_ANSWER_NONE;
	struct meta_move one, two;
	struct record before, now;
	u16 first, second, from[2];

	(void)arg;
	begin(h, 8);
	before = record_of(h, "o");
	from[0] = before.location[0];
	from[1] = before.location[1];
	leave(h, from[0], 0);
	leave(h, from[1], 0);
	one = next(h, &one_answer);
	two = next(h, &two_answer);
	must(one.id && two.id && one.row != two.row);
	must_equal(sign(h, one.id, false, &first), 0);
	must_equal(sign(h, two.id, false, &second), 0);
	/* Whether they meet is chance; make them. */
	while (second != first)
		must_equal(sign(h, two.id, true, &second), 0);
	must_equal(end(h, one.id, META_MOVED, first), 0);
	must_equal(end(h, two.id, META_MOVED, second), 0);
	now = record_of(h, "o");
	must_equal(now.location[one.row], first);
	must_equal(now.location[two.row], from[two.row]);
	home_close(h);
	return 0;
}

static void test_two_at_once(void **state)
{
	assert_int_equal(on_loop(state, two_at_once, NULL), 0);
}

/* --- places --------------------------------------------------------------------- */

static int no_place(void *arg)
{
	struct home *h = &home;
	ANSWER answer = LINK_ANSWER_NONE;
	struct record before;
	const struct move_job *job;

	(void)arg;
	begin(h, 8);
	before = record_of(h, "o");
	leave(h, before.location[3], before.location[4]);
	job = moves_find(&h->b, before.location[3]);
	must(job->before.generations == 1 && job->phase == MOVE_STUCK);
	must(strstr(job->before.why[0].text, "with a fragment already"));
	must_equal(next(h, &answer).id, 0);
	must_equal(next(h, &answer).stuck, 1);
	home_close(h);
	return 0;
}

static void test_no_place(void **state)
{
	assert_int_equal(on_loop(state, no_place, NULL), 0);
}

/* One after the other refuses it; each may have it, and is not asked again before it is clear. */
static int refused(void *arg)
{
	struct home *h = &home;
	ANSWER answer = LINK_ANSWER_NONE;
	struct record before;
	struct meta_move task;
	u16 from, first, second, third;
	int open;

	(void)arg;
	begin(h, 8);
	before = record_of(h, "o");
	from = before.location[5];
	leave(h, from, 0);
	task = next(h, &answer);
	must_equal(sign(h, task.id, false, &first), 0);
	/* Asked again, without having tried: the same. */
	must_equal(sign(h, task.id, false, &second), 0);
	must_equal(second, first);
	must_equal(sign(h, task.id, true, &second), 0);
	must(second != first && !record_has(&before, second));
	must_equal(known(h, &before, 5, &open), 2);
	must_equal(open, 1);
	/* Who was sent to the first, and is late, commits nothing. */
	must_equal(end(h, task.id, META_MOVED, first), 0);
	must_equal(record_of(h, "o").location[5], from);
	must_equal(sign(h, task.id, true, &third), -ENOSPC);
	must_equal(known(h, &before, 5, &open), 2);
	must_equal(open, 0);
	must(moves_find(&h->b, from)->why.generations == 1);
	home_close(h);
	return 0;
}

static void test_refused(void **state)
{
	assert_int_equal(on_loop(state, refused, NULL), 0);
}

/* What a scrub is about to delete there is not taken for what was sent. */
static int doomed(void *arg)
{
	struct home *h = &home;
	ANSWER answer = LINK_ANSWER_NONE;
	static bool here[1u << 16];
	struct scrub_name left[2] = { { .row = 2 }, { .row = 3 } };
	struct scrub_step deletes = { .name = left, .count = 2, .here = here };
	struct scrub_job scrub = { .step = &deletes };
	struct record before;
	struct meta_move task;
	u16 from, target;
	int open;

	(void)arg;
	begin(h, 8);
	memset(here, 0, sizeof(here));
	before = record_of(h, "o");
	from = before.location[2];
	memcpy(left[0].generation, before.generation, sizeof(left[0].generation));
	memcpy(left[1].generation, before.generation, sizeof(left[1].generation));
	leave(h, from, 0);
	task = next(h, &answer);
	must_equal(task.row, 2);
	h->b.care->scrubs->job = &scrub;
	/* Of other places, and of other rows. */
	must_equal(sign(h, task.id, false, &target), 0);
	memset(here, 1, sizeof(here));
	left[0].row = 1;
	must_equal(sign(h, task.id, false, &target), 0);
	left[0].row = 2;
	must_equal(sign(h, task.id, false, &target), -ENOSPC);
	must_equal(known(h, &before, 2, &open), 1);
	must_equal(open, 0);
	must(strstr(moves_find(&h->b, from)->why.why[0].text, "is being scrubbed"));
	must_equal(record_of(h, "o").location[2], from);
	h->b.care->scrubs->job = NULL;
	home_close(h);
	return 0;
}

static void test_doomed(void **state)
{
	assert_int_equal(on_loop(state, doomed, NULL), 0);
}

/* --- death ------------------------------------------------------------------------ */

/* A backend that is started again knows no task, but where something may lie. */
static int started_again(void *arg)
{
	struct home *h = &home;
	ANSWER answer = LINK_ANSWER_NONE;
	struct record before;
	struct meta_move task, same;
	u16 from, first, second;
	int open;

	(void)arg;
	begin(h, 8);
	before = record_of(h, "o");
	from = before.location[1];
	leave(h, from, 0);
	task = next(h, &answer);
	must_equal(sign(h, task.id, false, &first), 0);
	moves_close(&h->b);
	must_equal(moves_open(&h->b), 0);
	must_equal(end(h, task.id, META_MOVED, first), 0);
	must_equal(record_of(h, "o").location[1], from);
	steps(h);
	same = next(h, &answer);
	must(same.id && same.id != task.id && same.row == 1);
	must_equal(sign(h, same.id, false, &second), 0);
	must_equal(second, first);
	must_equal(known(h, &before, 1, &open), 1);
	must_equal(end(h, same.id, META_MOVED, second), 0);
	must_equal(record_of(h, "o").location[1], first);
	home_close(h);
	return 0;
}

static void test_started_again(void **state)
{
	assert_int_equal(on_loop(state, started_again, NULL), 0);
}

int main(void)
{
	static const struct config config = { .level = LEVEL_ERROR };
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_moved), ON_BOTH(test_between), ON_BOTH(test_two_at_once),
		ON_BOTH(test_no_place), ON_BOTH(test_refused), ON_BOTH(test_doomed),
		ON_BOTH(test_started_again),
	};

	log_start("test", &config);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
