// SPDX-License-Identifier: GPL-2.0-or-later
/* The gateway's data path over real HTTP servers that lie, stall, forget and vanish. */
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

/* --- moods ------------------------------------------------------------------------- */

static void set_mood(struct world *w, unsigned int i, enum mood mood)
{
	if (mood == DEAD)
		location_kill(&w->at[i]);
	else
		w->at[i].mood = mood;
}

/* With one and two locations in a mood everything works; with three nothing wrong is given. */
static void mood_case(enum mood mood, bool before)
{
	unsigned int bad, i;

	for (bad = 1; bad <= 3; bad++) {
		struct thing t = { .policy = world_policy(4, 6, 4) }, small = t;
		struct body b = body_of(3, 600000), s = body_of(4, 3000);
		int rc;

		t.put.patience = 3000000000ll;
		small.put.patience = t.put.patience;
		world_open(&world, 6, MEMORY);
		for (i = 0; i < bad && before; i++)
			set_mood(&world, i, mood);
		rc = thing_put(&world, &t, &b);
		must_equal(rc, before && bad == 3 && mood != SLOW ? -EIO : 0);
		if (!rc) {
			t.put.patience = 3000000000ll;
			for (i = 0; i < bad && !before; i++)
				set_mood(&world, i, mood);
			rc = thing_read(&world, &t);
			must(bad < 3 || mood == SLOW || mood == EXPIRED ? !rc :
			     rc == -EBADMSG || rc == -ENODATA);
		}
		if (bad < 3) {
			must_equal(before ? thing_put(&world, &small, &s) : 0, 0);
			must_equal(before ? thing_read(&world, &small) : 0, 0);
		}
		must_equal(world.replayed, 0);
		world_close(&world);
	}
}

static int moods_put(void *arg)
{
	(void)arg;
	mood_case(DEAD, true);
	mood_case(FULL, true);
	mood_case(BUSY, true);
	mood_case(SLOW, true);
	return 0;
}

static int moods_get(void *arg)
{
	(void)arg;
	mood_case(DEAD, false);
	mood_case(CORRUPT, false);
	mood_case(FORGED, false);
	mood_case(SHORT, false);
	mood_case(FORGETFUL, false);
	mood_case(EXPIRED, false);
	mood_case(SLOW, false);
	mood_case(BUSY, false);
	return 0;
}

static int moods_stopped(void *arg)
{
	(void)arg;
	mood_case(STOPPED, true);
	mood_case(STOPPED, false);
	return 0;
}

static void test_moods_put(void **state)
{
	assert_int_equal(on_loop(state, moods_put, NULL), 0);
}

static void test_moods_get(void **state)
{
	assert_int_equal(on_loop(state, moods_get, NULL), 0);
}

static void test_moods_stopped(void **state)
{
	assert_int_equal(on_loop(state, moods_stopped, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_moods_put),
		ON_BOTH(test_moods_get),
		ON_BOTH(test_moods_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
