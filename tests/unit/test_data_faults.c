// SPDX-License-Identifier: GPL-2.0-or-later
/* The gateway's data path: repair, errors, cancelled requests, little memory for many. */
#include "data_util.h"

#define MEMORY	(64u << 20)

/* In memory of its own: too large for a fiber's stack. */
static struct world world;

int gateway_lease(struct gateway *g, const struct meta_policy *policy, u8 key[32],
		  int64_t deadline)
{
	(void)g;
	(void)deadline;
	memset(key, policy->bucket, 32);
	return 0;
}

/* --- what is lost is written again ------------------------------------------------- */

static int lost_again(void *arg)
{
	struct thing t = { .policy = world_policy(4, 6, 6) };
	struct body b = body_of(3, 600000);
	unsigned int i, tries;

	(void)arg;
	world_open(&world, 6, MEMORY);
	must_equal(thing_put(&world, &t, &b), 0);
	for (i = 0; i < 2; i++) {
		must_equal(world.at[i].puts, 3);
		while (world.at[i].kept) {
			struct kept *k = world.at[i].kept;

			world.at[i].kept = k->next;
			free(k);
		}
	}
	/* Each read repairs what it came across. */
	for (tries = 0; tries < 20 && world.at[0].puts + world.at[1].puts < 12; tries++) {
		must_equal(thing_read(&world, &t), 0);
		must_equal(io_group_drain(&world.repairs, io_after_ms(20000)), 0);
	}
	must_equal(world.at[0].puts, 6);
	must_equal(world.at[1].puts, 6);
	/* They are what they were: now two others may vanish. */
	location_kill(&world.at[4]);
	location_kill(&world.at[5]);
	must_equal(thing_read(&world, &t), 0);
	world_close(&world);
	return 0;
}

static void test_lost_again(void **state)
{
	assert_int_equal(on_loop(state, lost_again, NULL), 0);
}

/* What a location has got wrong, with good sums or bad ones, goes, and is written again. */
static int wrong_again(void *arg)
{
	struct thing t = { .policy = world_policy(4, 6, 6) };
	struct body b = body_of(3, 600000);
	unsigned int i, tries;
	struct kept *k;

	(void)arg;
	world_open(&world, 6, MEMORY);
	must_equal(thing_put(&world, &t, &b), 0);
	for (k = world.at[0].kept; k; k = k->next)
		forge(&world.at[0], k, k->data);
	for (k = world.at[1].kept; k; k = k->next)
		k->data[k->len - 30] ^= 4;
	for (tries = 0; tries < 20 && world.at[0].puts + world.at[1].puts < 12; tries++) {
		must_equal(thing_read(&world, &t), 0);
		must_equal(io_group_drain(&world.repairs, io_after_ms(20000)), 0);
	}
	must_equal(world.at[0].puts, 6);
	must_equal(world.at[1].puts, 6);
	must_equal(world.dropped_wrong, 6);
	must_equal(world.at[0].repeated + world.at[1].repeated, 0);
	for (i = 4; i < 6; i++)
		location_kill(&world.at[i]);
	must_equal(thing_read(&world, &t), 0);
	world_close(&world);
	return 0;
}

static void test_wrong_again(void **state)
{
	assert_int_equal(on_loop(state, wrong_again, NULL), 0);
}

/* --- errors ------------------------------------------------------------------------ */

/* What the source and the sink say ends it, and nothing is committed or left. */
static int ends(void *arg)
{
	struct thing t = { .policy = world_policy(4, 6, 5) };
	struct body b = body_of(3, 600000);

	(void)arg;
	world_open(&world, 6, MEMORY);
	b.end = meta_status(S3_BAD_DIGEST);
	must_equal(thing_put(&world, &t, &b), meta_status(S3_BAD_DIGEST));
	b = body_of(3, 3000);
	b.end = -ECONNRESET;
	must_equal(thing_put(&world, &t, &b), -ECONNRESET);
	/* More than was announced. */
	b = body_of(3, 600000);
	t.put.size_hint = 300000;
	must_equal(thing_put(&world, &t, &b), -EMSGSIZE);
	t.put.size_hint = 0;
	b = body_of(3, 600000);
	must_equal(thing_put(&world, &t, &b), 0);
	b.sink_error = -EPIPE;
	b.sink_room = 300000;
	must_equal(thing_get(&world, &t, 0, 600000, &b), -EPIPE);
	/* One piece dropped. */
	t.put = (struct pipe_put){
		.caller = &world_caller, .bucket = BUCKET, .policy = &t.policy, .piece = 77,
	};
	pipe_put_drop(&world.g, &t.put);
	must_equal(world.dropped, 1);
	world_close(&world);
	return 0;
}

static void test_ends(void **state)
{
	assert_int_equal(on_loop(state, ends, NULL), 0);
}

/* The backend forgets reservations, answers late, or not at all. */
static int backend_fails(void *arg)
{
	struct thing t = { .policy = world_policy(4, 6, 5) };
	struct body b = body_of(3, 600000);

	(void)arg;
	world_open(&world, 6, MEMORY);
	world.sign_error = -ESTALE;
	world.sign_errors = 2;
	must_equal(thing_put(&world, &t, &b), 0);
	must_equal(world.slots, 3);
	must_equal(thing_read(&world, &t), 0);
	world.sign_errors = 100;
	b = body_of(3, 600000);
	must_equal(thing_put(&world, &t, &b), -ESTALE);
	world.sign_errors = 0;
	/* Reservations that are over when they come. */
	world.life_us = 0;
	world.revision++;
	t.policy.revision++;
	b = body_of(3, 600000);
	must_equal(thing_put(&world, &t, &b), -EBADMSG);
	link_close(world.g.backend);
	must_equal(link_open(&world.g.backend, NULL, &world.group), 0);
	t.put.patience = 100000000;
	b = body_of(3, 600000);
	must_equal(thing_put(&world, &t, &b), -ETIMEDOUT);
	world_close(&world);
	return 0;
}

static void test_backend_fails(void **state)
{
	assert_int_equal(on_loop(state, backend_fails, NULL), 0);
}

/* --- cancelled anywhere ------------------------------------------------------------ */

struct both_ways {
	struct thing t;
	struct body b;
	bool reads;
};

static int go(void *arg)
{
	struct both_ways *way = arg;

	return way->reads ? thing_read(&world, &way->t) : thing_put(&world, &way->t, &way->b);
}

static u64 memory_left(struct world *w)
{
	struct coder_use *coder;
	const struct shape shape = { 1, 1, SKY_SYSTEMATIC, 0 };
	struct work *work;
	u64 left;

	/* Whatever is kept makes way for who wants it all. */
	must_equal(coder_take(&w->g, &shape, &world_key, &coder), 0);
	must_equal(work_get(&w->g, coder, SKY_MAX_GENERATION, true, true, true,
			    io_after_ms(20000), &work), 0);
	left = work->units;
	work_put(work);
	coder_give(coder);
	return left;
}

/* After so many microseconds; all memory comes back. */
static int cancelled(void *arg)
{
	static struct both_ways way;
	unsigned int i;

	(void)arg;
	way = (struct both_ways){ .t.policy = world_policy(4, 6, 5) };
	world_open(&world, 6, MEMORY);
	for (i = 0; i < 120; i++) {
		struct io_group group = IO_GROUP(group);
		struct io_task *task;

		if (i == 60) {
			way.b = body_of(3, 2000000);
			must_equal(thing_put(&world, &way.t, &way.b), 0);
			way.reads = true;
		}
		way.b = body_of(3, 2000000);
		way.b.pause_ms = 1;
		must_equal(io_spawn(&group, go, &way, &task), 0);
		must_equal(io_sleep_until(io_now() + i % 60 * 400000), 0);
		io_cancel(task);
		io_group_end(&group);
	}
	must_equal(io_group_drain(&world.repairs, io_after_ms(20000)), 0);
	must_equal(memory_left(&world), MEMORY / DATA_UNIT);
	world_close(&world);
	return 0;
}

static void test_cancelled(void **state)
{
	assert_int_equal(on_loop(state, cancelled, NULL), 0);
}

/* --- many at once, little memory --------------------------------------------------- */

#define CLIENTS	24u

/* Memory for one generation at a time: everybody is served in turn. */
static int crowd(void *arg)
{
	static struct both_ways way[CLIENTS];
	struct io_group group = IO_GROUP(group);
	const enum mood *mood = arg;
	unsigned int i;

	world_open(&world, 6, 1500000);
	world.at[2].mood = *mood;
	for (i = 0; i < CLIENTS; i++) {
		way[i].t = (struct thing){ .policy = world_policy(4, 6, 5) };
		way[i].b = body_of(i, i % 3 ? 700000 + i : 5000 + i);
		must_equal(io_spawn(&group, go, &way[i], NULL), 0);
	}
	must_equal(io_group_wait_all(&group, io_after_ms(100000)), 0);
	/* The pages that are there are those of the last. */
	for (i = 0; i < CLIENTS; i++)
		if (way[i].t.size == world.page[0].length && world.pages == 1)
			must_equal(thing_read(&world, &way[i].t), 0);
	must_equal(world.replayed, 0);
	world_close(&world);
	return 0;
}

static void test_crowd(void **state)
{
	enum mood mood = GOOD;

	assert_int_equal(on_loop(state, crowd, &mood), 0);
	mood = STOPPED;
	assert_int_equal(on_loop(state, crowd, &mood), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_lost_again),
		ON_BOTH(test_wrong_again),
		ON_BOTH(test_ends),
		ON_BOTH(test_backend_fails),
		ON_BOTH(test_cancelled),
		ON_BOTH(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
