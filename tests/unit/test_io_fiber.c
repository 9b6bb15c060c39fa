// SPDX-License-Identifier: GPL-2.0-or-later
/* Fibers without a loop: what a switch keeps, what a stack holds, and where it ends. */
#include <fenv.h>
#include <math.h>

#include "io/fiber.h"
#include "io_util.h"

#define STACK	(64u << 10)
#define MANY	1000u

struct walker {
	struct fiber fiber;
	struct fiber *back;
	uint64_t sum;
	unsigned int turns;
	unsigned int number;
	int rounding;
	bool ended;
};

static struct fiber_pool pool;
static struct fiber own;

static void pool_start(void)
{
	fiber_pool_init(&pool, STACK, sizeof(struct walker));
	fiber_thread(&own);
}

static struct walker *walker(fiber_fn *fn)
{
	struct walker *w = (struct walker *)fiber_get(&pool, fn, NULL);

	assert_non_null(w);
	w->fiber.arg = w;
	w->back = &own;
	return w;
}

static void end(struct walker *w)
{
	w->ended = true;
	fiber_exit(&w->fiber, w->back);
}

/* More values than there are registers, kept over switches. */
static void keep_values(void *arg)
{
	struct walker *w = arg;
	uint64_t v[20];
	double d = w->number;
	unsigned int i, turn;

	for (i = 0; i < 20; i++)
		v[i] = w->number * 1000ull + i;
	for (turn = 0; turn < w->turns; turn++) {
		fiber_switch(&w->fiber, w->back);
		for (i = 0; i < 20; i++)
			v[i] = v[i] * 3 + turn;
		d = d * 1.5 + 1;
	}
	for (i = 0; i < 20; i++)
		w->sum += v[i];
	w->sum += (uint64_t)d;
	end(w);
}

static uint64_t kept_values(unsigned int number, unsigned int turns)
{
	double d = number;
	uint64_t sum = 0, v;
	unsigned int i, turn;

	for (i = 0; i < 20; i++) {
		v = number * 1000ull + i;
		for (turn = 0; turn < turns; turn++)
			v = v * 3 + turn;
		sum += v;
	}
	for (turn = 0; turn < turns; turn++)
		d = d * 1.5 + 1;
	return sum + (uint64_t)d;
}

static void many_fibers_keep_what_is_theirs(void **state)
{
	static struct walker *w[MANY];
	unsigned int i, left = MANY, turn;

	(void)state;
	pool_start();
	for (i = 0; i < MANY; i++) {
		w[i] = walker(keep_values);
		w[i]->number = i;
		w[i]->turns = i % 7;
	}
	for (turn = 0; left; turn++) {
		assert_true(turn < 8);
		for (i = 0; i < MANY; i++) {
			if (w[i]->ended)
				continue;
			fiber_switch(&own, &w[i]->fiber);
			left -= w[i]->ended;
		}
	}
	for (i = 0; i < MANY; i++) {
		assert_true(w[i]->sum == kept_values(i, i % 7));
		fiber_put(&pool, &w[i]->fiber);
	}
	assert_int_equal(pool.idle_count, FIBER_IDLE_MAX);
	fiber_pool_free(&pool);
	assert_int_equal(pool.idle_count, 0);
}

static void keep_rounding(void *arg)
{
	struct walker *w = arg;
	volatile double one = 1, three = 3, third;
	volatile long double long_third;
	int i;

	fesetround(w->rounding);
	for (i = 0; i < 3; i++) {
		fiber_switch(&w->fiber, w->back);
		must_equal(fegetround(), w->rounding);
	}
	/* In both units: SSE and x87. */
	third = one / three;
	long_third = (long double)one / three;
	w->sum = (third * 3 > 1) + 2 * (long_third * 3 > 1);
	end(w);
}

/* Two fibers that round up and down, from one that rounds to the nearest. */
static void control_words_are_a_fibers_own(void **state)
{
	struct walker *up, *down;
	int i;

	(void)state;
	pool_start();
	up = walker(keep_rounding);
	up->rounding = FE_UPWARD;
	down = walker(keep_rounding);
	down->rounding = FE_DOWNWARD;
	for (i = 0; i < 4; i++) {
		fiber_switch(&own, &up->fiber);
		assert_int_equal(fegetround(), FE_TONEAREST);
		fiber_switch(&own, &down->fiber);
		assert_int_equal(fegetround(), FE_TONEAREST);
	}
	assert_true(up->ended && down->ended);
	assert_int_equal(up->sum, 3);
	assert_int_equal(down->sum, 0);
	fiber_put(&pool, &up->fiber);
	fiber_put(&pool, &down->fiber);
	fiber_pool_free(&pool);
}

/* What uses aligned vectors on the stack: printf() of doubles, deep in it. */
static void print(void *arg)
{
	struct walker *w = arg;
	char text[64];

	w->number = (uintptr_t)__builtin_frame_address(0) % 16;
	snprintf(text, sizeof(text), "%.3f %Lg", 1.5 + w->turns, 2.5L);
	w->sum = !strcmp(text, "1.500 2.5");
	end(w);
}

static void stacks_are_aligned(void **state)
{
	struct walker *w;

	(void)state;
	pool_start();
	w = walker(print);
	fiber_switch(&own, &w->fiber);
	assert_int_equal(w->sum, 1);
	assert_int_equal(w->number, 0);
	fiber_put(&pool, &w->fiber);
	fiber_pool_free(&pool);
}

static void fill_stack(void *arg)
{
	struct walker *w = arg;
	volatile char space[STACK / 2];
	size_t i;

	for (i = 0; i < sizeof(space); i++)
		space[i] = 0x5a;
	w->sum = space[17];
	end(w);
}

/* A stack that was let go of is the next one's, and clean in the sanitizer's books. */
static void stacks_are_used_again(void **state)
{
	struct walker *w, *first = NULL;
	int i;

	(void)state;
	pool_start();
	for (i = 0; i < 100; i++) {
		w = walker(fill_stack);
		assert_int_equal(w->sum, 0);
		assert_true(!first || w == first);
		first = w;
		fiber_switch(&own, &w->fiber);
		assert_int_equal(w->sum, 0x5a);
		fiber_put(&pool, &w->fiber);
	}
	/* One that never ran. */
	fiber_put(&pool, &walker(fill_stack)->fiber);
	fiber_pool_free(&pool);
}

/* Fiber to fiber, round the ring, and home. */
static void pass_on(void *arg)
{
	struct walker *w = arg;

	while (w->turns--)
		fiber_switch(&w->fiber, w->back);
	w->back = &own;
	end(w);
}

static void fibers_switch_to_each_other(void **state)
{
	struct walker *w[3];
	int i;

	(void)state;
	pool_start();
	for (i = 0; i < 3; i++) {
		w[i] = walker(pass_on);
		w[i]->turns = 1000;
	}
	for (i = 0; i < 3; i++)
		w[i]->back = &w[(i + 1) % 3]->fiber;
	/* Each ends when the ring has come to it once more. */
	for (i = 0; i < 3; i++)
		fiber_switch(&own, &w[i]->fiber);
	for (i = 0; i < 3; i++) {
		assert_true(w[i]->ended);
		fiber_put(&pool, &w[i]->fiber);
	}
	fiber_pool_free(&pool);
}

static int __attribute__((__noinline__)) recurse(volatile int depth)
{
	volatile char space[512];

	space[depth % 512] = depth;
	return depth ? recurse(depth - 1) + space[depth % 512] : 0;
}

static void overflow(void *arg)
{
	((struct walker *)arg)->sum = recurse(STACK / 256);
	end(arg);
}

/* One frame that steps over the first pages of the guard. */
static void step_over(void *arg)
{
	volatile char space[STACK + FIBER_GUARD / 2];

	space[0] = 1;
	((struct walker *)arg)->sum = space[0];
	end(arg);
}

static void run_alone(void *fn)
{
	struct walker *w;

	pool_start();
	w = walker((fiber_fn *)fn);
	fiber_switch(&own, &w->fiber);
}

static void overflow_dies(void **state)
{
	int status;

	(void)state;
	status = in_child(run_alone, fill_stack);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	status = in_child(run_alone, overflow);
	assert_false(WIFEXITED(status) && !WEXITSTATUS(status));
	status = in_child(run_alone, step_over);
	assert_false(WIFEXITED(status) && !WEXITSTATUS(status));
}

static void get_without_memory(void *arg)
{
	(void)arg;
	pool_start();
	fiber_put(&pool, fiber_get(&pool, fill_stack, NULL));
	no_more_memory();
	must(fiber_get(&pool, fill_stack, NULL));
	must(!fiber_get(&pool, fill_stack, NULL));
}

static void no_memory_is_an_error(void **state)
{
	(void)state;
	not_under_tsan();
	assert_int_equal(in_child(get_without_memory, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_fibers_keep_what_is_theirs),
		cmocka_unit_test(control_words_are_a_fibers_own),
		cmocka_unit_test(stacks_are_aligned),
		cmocka_unit_test(stacks_are_used_again),
		cmocka_unit_test(fibers_switch_to_each_other),
		cmocka_unit_test(overflow_dies),
		cmocka_unit_test(no_memory_is_an_error),
	};

	return cmocka_run_group_tests_name("io fiber", tests, NULL, NULL);
}
