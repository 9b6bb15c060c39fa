// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups: waiting for some, for all, for any; cancelling the rest; nobody is left behind. */
#include <signal.h>

#include "io_util.h"

struct child {
	int64_t ms;		/* that it sleeps; -1: for ever */
	int result;
	int rc;			/* of its sleep */
	bool ended;
};

#define LASTS(milliseconds, returns)	{ .ms = (milliseconds), .result = (returns) }

static int child(void *arg)
{
	struct child *c = arg;

	c->rc = io_sleep_until(c->ms < 0 ? INT64_MAX : io_after_ms(c->ms));
	c->ended = true;
	return c->rc ? c->rc : c->result;
}

static void spawn(struct io_group *group, struct child *c, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		must_equal(io_spawn(group, child, &c[i], NULL), 0);
}

static int some(void *arg)
{
	struct child c[5] = {
		LASTS(300, 0), LASTS(1, -EIO), LASTS(20, 5), LASTS(-1, 0), LASTS(-1, 0),
	};
	struct io_group group = IO_GROUP(group);

	(void)arg;
	must_equal(io_group_wait(&group, 0, 0), 0);
	must_equal(io_group_wait(&group, 1, 0), -ECHILD);
	spawn(&group, c, 5);
	must_equal(io_group_wait(&group, 1, 0), 0);
	must(c[1].ended && c[2].ended && !c[0].ended);
	must_equal(io_group_wait(&group, 2, 0), 0);
	must(c[0].ended);
	must_equal(group.good, 2);
	must_equal(group.bad, 1);
	must_equal(group.running, 2);
	/* Two run, which would make four; a fifth cannot be. */
	must_equal(io_group_wait(&group, 5, 0), -EIO);
	must_equal(io_group_wait(&group, 4, io_after_ms(3)), -ETIMEDOUT);
	must(!c[3].ended);
	io_group_end(&group);
	must(c[3].ended && c[4].ended);
	must_equal(c[3].rc, -ECANCELED);
	must_equal(group.running, 0);
	io_group_end(&group);
	return 0;
}

static void the_first_k_that_succeed(void **state)
{
	assert_int_equal(on_loop(state, some, NULL), 0);
}

/* One that is too late gets a spare, as a hedged read does. */
static int hedge(void *arg)
{
	struct child c[3] = { LASTS(1, 0), LASTS(-1, 0), LASTS(1, 0) };
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);

	(void)arg;
	spawn(&group, c, 2);
	must_equal(io_group_wait(&group, 2, io_after_ms(5)), -ETIMEDOUT);
	spawn(&group, &c[2], 1);
	must_equal(io_group_wait(&group, 2, io_after_ms(5000)), 0);
	return 0;
}

static void more_may_be_spawned_after_a_wait(void **state)
{
	assert_int_equal(on_loop(state, hedge, NULL), 0);
}

static int all(void *arg)
{
	struct child good[3] = { LASTS(2, 0), LASTS(0, 1), LASTS(1, 2) };
	struct child bad[3] = { LASTS(-1, 0), LASTS(1, -ENOSPC), LASTS(2, -EIO) };
	struct io_group group = IO_GROUP(group);

	(void)arg;
	must_equal(io_group_wait_all(&group, 0), 0);
	must_equal(io_group_drain(&group, 0), 0);
	spawn(&group, good, 3);
	must_equal(io_group_wait_all(&group, 0), 0);
	must(good[0].ended && good[1].ended && good[2].ended);

	spawn(&group, bad, 3);
	must_equal(io_group_wait_all(&group, 0), -ENOSPC);
	must(!bad[0].ended);
	must_equal(io_group_drain(&group, io_after_ms(10)), -ETIMEDOUT);
	must(bad[2].ended);
	io_group_cancel(&group);
	must_equal(io_group_drain(&group, 0), 0);
	must(bad[0].ended);
	must_equal(bad[0].rc, -ECANCELED);
	must_equal(group.error, -ENOSPC);
	return 0;
}

static void all_of_them(void **state)
{
	assert_int_equal(on_loop(state, all, NULL), 0);
}

/* Children of children, each with a group that ends with its block. */
static int tree(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	unsigned int *alive = arg;
	int depth = *alive % 2 ? 1 : 2, i, rc;

	++*alive;
	if (*alive < 200)
		for (i = 0; i < depth; i++)
			must_equal(io_spawn(&group, tree, alive, NULL), 0);
	rc = io_sleep_until(INT64_MAX);
	must_equal(rc, -ECANCELED);
	must_equal(io_group_drain(&group, 0), group.running ? -ECANCELED : 0);
	io_group_end(&group);
	--*alive;
	return rc;
}

static int cut_tree(void *arg)
{
	struct io_group group = IO_GROUP(group);
	unsigned int alive = 0;

	(void)arg;
	must_equal(io_spawn(&group, tree, &alive, NULL), 0);
	while (alive < 200)
		io_yield();
	io_group_end(&group);
	must_equal(alive, 0);
	return 0;
}

static void a_tree_ends_with_its_root(void **state)
{
	assert_int_equal(on_loop(state, cut_tree, NULL), 0);
}

/* One that has been cancelled spawns more into the group that ends. */
static int stubborn(void *arg)
{
	struct io_group *group = arg;

	must_equal(io_sleep_until(INT64_MAX), -ECANCELED);
	if (group->bad < 10)
		must_equal(io_spawn(group, stubborn, group, NULL), 0);
	return -ECANCELED;
}

static int end_stubborn(void *arg)
{
	struct io_group group = IO_GROUP(group);

	(void)arg;
	must_equal(io_spawn(&group, stubborn, &group, NULL), 0);
	must_equal(io_spawn(&group, stubborn, &group, NULL), 0);
	io_yield();
	io_group_end(&group);
	must_equal(group.running, 0);
	must(group.bad >= 10);
	return 0;
}

static void who_comes_late_ends_too(void **state)
{
	assert_int_equal(on_loop(state, end_stubborn, NULL), 0);
}

static int cancel_one(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct child c[2] = { LASTS(-1, 0), LASTS(3, 0) };
	struct io_task *task[2] = { NULL };

	(void)arg;
	must_equal(io_spawn(&group, child, &c[0], &task[0]), 0);
	must_equal(io_spawn(&group, child, &c[1], &task[1]), 0);
	must(task[0] && task[1]);
	/* Before it has run at all. */
	io_cancel(task[0]);
	io_cancel(task[0]);
	must_equal(io_group_drain(&group, 0), 0);
	must(!task[0] && !task[1]);
	must_equal(c[0].rc, -ECANCELED);
	must_equal(c[1].rc, 0);
	io_cancel(task[0]);
	return 0;
}

static void one_of_them(void **state)
{
	assert_int_equal(on_loop(state, cancel_one, NULL), 0);
}

/* A shielded fiber hears of it afterwards. */
static int shielded(void *arg)
{
	int *steps = arg;

	io_shield();
	io_shield();
	must_equal(io_sleep_until(io_after_ms(3)), 0);
	must(io_cancelled());
	io_unshield();
	must_equal(io_sleep_until(io_after_ms(1)), 0);
	io_unshield();
	must_equal(io_sleep_until(io_after_ms(1)), -ECANCELED);
	*steps = 3;
	return 0;
}

static int shield(void *arg)
{
	struct io_group group = IO_GROUP(group);
	int steps = 0;

	(void)arg;
	must_equal(io_spawn(&group, shielded, &steps, NULL), 0);
	io_yield();
	io_group_end(&group);
	must_equal(steps, 3);
	return 0;
}

static void a_shield_holds_until_it_is_lowered(void **state)
{
	assert_int_equal(on_loop(state, shield, NULL), 0);
}

/* Cancelled while it waits for its children: it is told, and they end with its block. */
static int parent(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct child *c = arg;

	spawn(&group, c, 3);
	must_equal(io_group_wait_all(&group, 0), -ECANCELED);
	must(!c[0].ended);
	return 0;
}

static int cancel_parent(void *arg)
{
	struct child c[3] = { LASTS(-1, 0), LASTS(-1, 0), LASTS(-1, 0) };
	struct io_group group = IO_GROUP(group);

	(void)arg;
	must_equal(io_spawn(&group, parent, c, NULL), 0);
	must_equal(io_sleep_until(io_after_ms(2)), 0);
	io_group_end(&group);
	must(c[0].ended && c[1].ended && c[2].ended);
	return 0;
}

static void cancelling_reaches_the_children(void **state)
{
	assert_int_equal(on_loop(state, cancel_parent, NULL), 0);
}

/* Three thousand short lives in one group: nothing is kept of them. */
static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int short_lives(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	unsigned int i;

	(void)arg;
	for (i = 0; i < 3000; i++) {
		must_equal(io_spawn(&group, nothing, NULL, NULL), 0);
		if (i % 50 == 0)
			io_yield();
	}
	must_equal(io_group_wait(&group, 3000, 0), 0);
	return 0;
}

static void children_come_and_go(void **state)
{
	assert_int_equal(on_loop(state, short_lives, NULL), 0);
}

static int spawn_without_memory(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct child c = LASTS(1, 0);
	unsigned int i;
	int rc = 0;

	(void)arg;
	no_more_memory();
	for (i = 0; !rc; i++)
		rc = io_spawn(&group, child, &c, NULL);
	must_equal(rc, -ENOMEM);
	must_equal(io_group_drain(&group, 0), 0);
	return 0;
}

static void run_without_memory(void *name)
{
	struct io_options options = { .backend = name };
	struct io_loop *loop;

	must_equal(io_loop_open(&loop, &options), 0);
	must_equal(io_loop_run(loop, spawn_without_memory, NULL), 0);
	io_loop_close(loop);
}

static void spawning_without_memory_is_an_error(void **state)
{
	io_loop_close(loop_of(state));
	not_under_tsan();
	assert_int_equal(in_child(run_without_memory, *state), 0);
}

static int leave_open(void *arg)
{
	struct io_group *group = arg;
	static struct child c = LASTS(-1, 0);

	return io_spawn(group, child, &c, NULL);
}

static void run_and_leave_open(void *name)
{
	struct io_options options = { .backend = name };
	struct io_group group = IO_GROUP(group);
	struct io_loop *loop;

	must_equal(io_loop_open(&loop, &options), 0);
	io_loop_run(loop, leave_open, &group);
}

static void a_group_that_is_left_open_ends_the_process(void **state)
{
	int status;

	io_loop_close(loop_of(state));
	status = in_child(run_and_leave_open, *state);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

struct spawn_post {
	struct io_post post;
	struct io_group *group;
	struct child child;
};

static void spawn_from_post(struct io_post *post)
{
	struct spawn_post *p = (struct spawn_post *)post;

	spawn(p->group, &p->child, 1);
}

static int spawned_by_post(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct spawn_post p = { { NULL, spawn_from_post }, &group, LASTS(1, 0) };

	(void)arg;
	io_post(io_loop_self(), &p.post);
	while (!p.child.ended)
		io_yield();
	must_equal(io_group_wait(&group, 1, 0), 0);
	return 0;
}

static void a_post_may_spawn(void **state)
{
	assert_int_equal(on_loop(state, spawned_by_post, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(the_first_k_that_succeed),
		ON_BOTH(more_may_be_spawned_after_a_wait),
		ON_BOTH(all_of_them),
		ON_BOTH(a_tree_ends_with_its_root),
		ON_BOTH(who_comes_late_ends_too),
		ON_BOTH(one_of_them),
		ON_BOTH(a_shield_holds_until_it_is_lowered),
		ON_BOTH(cancelling_reaches_the_children),
		ON_BOTH(children_come_and_go),
		ON_BOTH(spawning_without_memory_is_an_error),
		ON_BOTH(a_group_that_is_left_open_ends_the_process),
		ON_BOTH(a_post_may_spawn),
	};

	return cmocka_run_group_tests_name("io group", tests, NULL, NULL);
}
