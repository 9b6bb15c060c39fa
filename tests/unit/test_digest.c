// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hashes that fibers have computed together: each gets its own, whatever the others bring, with
 * workers and without, and when fibers are cancelled meanwhile.
 */
#include "crypto/hash.h"
#include "../../user/skyd/digest.h"
#include "io_util.h"

#define FIBERS	60u
#define ROUNDS	12u
#define LONGEST	200000u
#define BUFFERS	37u			/* more than a batch has */

static uint8_t bytes[LONGEST + FIBERS * ROUNDS];
static struct digests *digests;

static const enum hash_kind oracle[LANES_KINDS] = {
	[LANES_MD5] = HASH_MD5, [LANES_SHA256] = HASH_SHA256,
};

/* Small ones most of the time, as they come in pieces of any size. */
static size_t length_of(unsigned int i)
{
	static const size_t lengths[] = {
		0, 1, 63, 64, 65, 1088, 4096, 16384, 16385, 70000, LONGEST,
	};

	return lengths[i % (sizeof(lengths) / sizeof(lengths[0]))];
}

static void is_digest(enum lanes_kind kind, const uint8_t *data, size_t len, const uint8_t *found)
{
	uint8_t want[HASH_MAX_BYTES];

	must_equal(hash_once(oracle[kind], data, len, want), 0);
	must(!memcmp(found, want, hash_bytes(oracle[kind])));
}

/* --- streams --------------------------------------------------------------------------------- */

struct one {
	unsigned int number;
	unsigned int done;
};

static int hash_streams(void *arg)
{
	struct one *o = arg;
	enum lanes_kind kind = o->number % 3 ? LANES_SHA256 : LANES_MD5;
	uint8_t digest[HASH_MAX_BYTES], *to = digest;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		const uint8_t *data = bytes + o->number * ROUNDS + i;
		size_t len = length_of(o->number + i), cut = len / 3;
		struct lanes_stream s, *stream = &s;

		lanes_begin(&s, kind);
		digests_update(digests, &s, data, cut);
		digests_update(digests, &s, data + cut, len - cut);
		lanes_end(kind, &stream, &to, 1);
		is_digest(kind, data, len, digest);
		o->done++;
	}
	return 0;
}

static int many_streams(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct one one[FIBERS] = { 0 };
	unsigned int i;

	(void)arg;
	for (i = 0; i < FIBERS; i++) {
		one[i].number = i;
		must_equal(io_spawn(&group, hash_streams, &one[i], NULL), 0);
	}
	must_equal(io_group_wait_all(&group, 0), 0);
	for (i = 0; i < FIBERS; i++)
		must_equal(one[i].done, ROUNDS);
	return 0;
}

/* What has begun is finished: a worker may be reading what the fiber's stack has. */
static int cancelled_streams(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct one one[FIBERS] = { 0 };
	struct io_task *task[FIBERS];
	unsigned int i;

	(void)arg;
	for (i = 0; i < FIBERS; i++) {
		one[i].number = i;
		must_equal(io_spawn(&group, hash_streams, &one[i], &task[i]), 0);
	}
	for (i = 0; i < FIBERS; i += 2) {
		io_yield();
		io_cancel(task[i]);
	}
	must_equal(io_group_wait_all(&group, 0), 0);
	for (i = 0; i < FIBERS; i++)
		must_equal(one[i].done, ROUNDS);
	return 0;
}

/* --- buffers --------------------------------------------------------------------------------- */

static int hash_buffers(void *arg)
{
	unsigned int *number = arg, i;
	uint8_t digest[BUFFERS][HASH_MAX_BYTES], *to[BUFFERS];
	const void *data[BUFFERS];
	size_t lens[BUFFERS];

	for (i = 0; i < BUFFERS; i++) {
		data[i] = bytes + *number + i;
		lens[i] = length_of(*number + i);
		to[i] = digest[i];
	}
	digests_of(digests, LANES_SHA256, data, lens, to, *number % (BUFFERS + 1));
	for (i = 0; i < *number % (BUFFERS + 1); i++)
		is_digest(LANES_SHA256, data[i], lens[i], digest[i]);
	return 0;
}

static int many_buffers(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	unsigned int number[FIBERS], i;

	(void)arg;
	for (i = 0; i < FIBERS; i++) {
		number[i] = i;
		must_equal(io_spawn(&group, hash_buffers, &number[i], NULL), 0);
	}
	return io_group_wait_all(&group, 0);
}

/* --- all of that ----------------------------------------------------------------------------- */

static void try_all(void **state, struct io_pool *pool)
{
	assert_int_equal(digests_open(&digests, pool), 0);
	assert_int_equal(on_loop(state, many_streams, NULL), 0);
	assert_int_equal(on_loop(state, cancelled_streams, NULL), 0);
	assert_int_equal(on_loop(state, many_buffers, NULL), 0);
	digests_close(digests);
}

static void by_the_loop(void **state)
{
	try_all(state, NULL);
}

static void by_workers(void **state)
{
	struct io_pool *pool;
	unsigned int threads;

	for (threads = 1; threads <= 3; threads += 2) {
		assert_int_equal(io_pool_open(&pool, threads), 0);
		try_all(state, pool);
		io_pool_close(pool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { ON_BOTH(by_the_loop), ON_BOTH(by_workers) };
	unsigned int i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i * 2654435761u >> 24;
	digests_close(NULL);
	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
