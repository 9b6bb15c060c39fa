// SPDX-License-Identifier: GPL-2.0-or-later
/* The cache's ring: against a list that knows what each entry has, and who has been used. */
#include "io_util.h"

#include "../../user/skyd/cache_ring.h"

#define SIZE	(1u << 20)
#define GRAIN	1024u
#define MOST	4096u		/* that the list has */

static u8 arena[SIZE];
static u64 seed;

static u64 draw(u64 below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % below;
}

static void move(void *arg, u64 to, u64 from, u32 len)
{
	assert_ptr_equal(arg, arena);
	assert_true(to < from && from + len <= SIZE);
	memmove(arena + to, arena + from, len);
}

static void open_ring(struct ring *r, bool moves)
{
	assert_int_equal(ring_open(r, SIZE, GRAIN), 0);
	if (moves) {
		r->move = move;
		r->arg = arena;
	}
}

static const u8 *id_of(u64 number)
{
	static u8 id[RING_ID_BYTES];

	memset(id, 0, sizeof(id));
	memcpy(id, &number, sizeof(number));
	return id;
}

static u8 byte_of(u64 number, u32 at)
{
	return (number * 0x9e3779b97f4a7c15ull >> 40) + at / 7;
}

static void write_bytes(const struct ring_entry *e, u64 number)
{
	u32 i;

	for (i = 0; i < e->len; i++)
		arena[e->at + i] = byte_of(number, i);
}

static void check_bytes(const struct ring_entry *e, u64 number)
{
	u32 i;

	for (i = 0; i < e->len; i++)
		assert_int_equal(arena[e->at + i], byte_of(number, i));
}

static struct ring_entry *add(struct ring *r, u64 number, u32 len)
{
	struct ring_entry *e = ring_add(r, id_of(number), number % 50, number, len);

	if (e) {
		write_bytes(e, number);
		e->filled = true;
		ring_put(r, e);
	}
	return e;
}

/* All in their order, apart, within the ring, and what is counted is there. */
static void check_all(const struct ring *r)
{
	const struct ring_entry *e;
	u64 end = 0, used = 0, count = 0;

	for (e = r->lowest; e; e = e->after) {
		const u64 span = (e->len + r->grain - 1) / r->grain * r->grain;

		assert_true(e->at >= end && !(e->at % r->grain));
		assert_true(!e->after || e->after->before == e);
		end = e->at + span;
		used += e->listed ? span : 0;
		count += e->listed;
	}
	assert_true(end <= r->size);
	assert_int_equal(used, r->used);
	assert_int_equal(count, r->count);
	assert_true(r->ahead ? r->ahead->at >= r->head : !r->highest || r->highest->at < r->head);
}

/* Any order of adding, using, holding and dropping: bytes are those that were written. */
static void test_any(void **state)
{
	struct ring_entry *held[16] = { NULL };
	u64 held_number[16], held_at[16], number = 0, wanted, i;
	struct ring_entry *e;
	struct ring r;
	unsigned int n;

	(void)state;
	for (seed = 1; seed <= 8; seed++) {
		u64 first = seed;

		open_ring(&r, seed % 2);
		for (n = 0; n < 1500; n++) {
			add(&r, ++number, 1 + draw(draw(10) ? 9000 : SIZE / 4));
			wanted = number - draw(number < 100 ? number : 100);
			e = ring_find(&r, id_of(wanted));
			if (e)
				check_bytes(e, wanted);
			i = draw(16);
			if (held[i]) {
				assert_int_equal(held[i]->at, held_at[i]);
				check_bytes(held[i], held_number[i]);
				ring_put(&r, held[i]);
				held[i] = NULL;
			} else if (e && e->len < 9000) {
				ring_hold(e);
				held[i] = e;
				held_number[i] = wanted;
				held_at[i] = e->at;
			}
			if (!draw(50))
				ring_drop_id(&r, id_of(number - draw(30) % number));
			if (!draw(500))
				ring_drop_all(&r);
			check_all(&r);
		}
		for (i = 0; i < 16; i++)
			if (held[i])
				ring_put(&r, held[i]);
		memset(held, 0, sizeof(held));
		ring_drop_all(&r);
		assert_null(r.lowest);
		ring_close(&r);
		seed = first;
	}
}

/* Who is used stays, who is not goes: in a stream of what is asked for once. */
static void test_used_stay(void **state)
{
	struct ring r;
	u64 i, j;

	(void)state;
	open_ring(&r, true);
	for (i = 1; i <= 20; i++)
		assert_non_null(add(&r, i, 4096));
	for (i = 1000; i < 4000; i++) {
		assert_non_null(add(&r, i, 4096));
		for (j = 1; j <= 10 && i % 50 == 0; j++)
			assert_non_null(ring_find(&r, id_of(j)));
	}
	for (j = 1; j <= 10; j++)
		assert_non_null(ring_find(&r, id_of(j)));
	for (; j <= 20; j++)
		assert_null(ring_find(&r, id_of(j)));
	assert_true(r.evicted > 2500);
	/* All of it is in use: nothing is scattered. */
	assert_int_equal(r.used, SIZE);
	ring_close(&r);
}

/* The least recently used of two goes first. */
static void test_order(void **state)
{
	struct ring r;
	u64 i;

	(void)state;
	open_ring(&r, true);
	for (i = 1; i <= 8; i++)
		assert_non_null(add(&r, i, SIZE / 8));
	assert_non_null(ring_find(&r, id_of(1)));
	assert_non_null(add(&r, 9, SIZE / 8));
	assert_non_null(ring_find(&r, id_of(1)));
	assert_null(ring_find(&r, id_of(2)));
	assert_non_null(ring_find(&r, id_of(3)));
	ring_close(&r);
}

/* What is held is in nobody's way: room is found around it, or there is none. */
static void test_held(void **state)
{
	struct ring_entry *held[4];
	struct ring r;
	u64 i;

	(void)state;
	open_ring(&r, true);
	for (i = 0; i < 4; i++) {
		held[i] = ring_add(&r, id_of(i + 1), 0, 1, SIZE / 4);
		assert_non_null(held[i]);
		assert_null(ring_find(&r, id_of(i + 1)));
		assert_true(ring_has(&r, id_of(i + 1)));
	}
	assert_null(ring_add(&r, id_of(9), 0, 1, 1));
	assert_null(ring_add(&r, id_of(1), 0, 1, 1));
	ring_drop(&r, held[2]);
	assert_false(ring_has(&r, id_of(3)));
	assert_null(ring_add(&r, id_of(9), 0, 1, 1));
	ring_put(&r, held[2]);
	held[2] = ring_add(&r, id_of(9), 0, 1, 5000);
	assert_non_null(held[2]);
	assert_null(ring_add(&r, id_of(10), 0, 1, SIZE / 4 + 1));
	assert_null(ring_add(&r, id_of(10), 0, 1, 0));
	for (i = 0; i < 4; i++) {
		check_all(&r);
		ring_put(&r, held[i]);
	}
	ring_close(&r);
}

static void test_places(void **state)
{
	struct ring r;
	u64 i;

	(void)state;
	open_ring(&r, true);
	assert_false(ring_knows(&r, 7));
	for (i = 0; i < 10; i++) {
		struct ring_entry *e = ring_add(&r, id_of(100 + i), i < 6 ? 7 : 7 + (64 << 20),
						i % 2, 10);

		assert_non_null(e);
		e->filled = true;
		ring_put(&r, e);
	}
	assert_true(ring_knows(&r, 7));
	ring_drop_place(&r, 7, 1);
	assert_int_equal(r.count, 7);
	assert_null(ring_find(&r, id_of(100)));
	assert_non_null(ring_find(&r, id_of(101)));
	assert_non_null(ring_find(&r, id_of(106)));
	ring_drop_place(&r, 7, 5);
	assert_false(ring_knows(&r, 7));
	assert_int_equal(r.count, 4);
	check_all(&r);
	ring_close(&r);
}

/* One that has no size has nothing, and says so. */
static void test_none(void **state)
{
	struct ring r = { 0 };

	(void)state;
	assert_false(ring_knows(&r, 1));
	assert_false(ring_has(&r, id_of(1)));
	assert_null(ring_find(&r, id_of(1)));
	ring_drop_place(&r, 1, 1);
	ring_drop_id(&r, id_of(1));
	assert_null(ring_add(&r, id_of(1), 1, 1, 1));
	ring_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_used_stay),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
