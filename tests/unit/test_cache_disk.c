// SPDX-License-Identifier: GPL-2.0-or-later
/* The cache's disk: wrong, full, slow, gone; objects are right, and nobody waits long. */
#include <fcntl.h>
#include <sys/stat.h>

#include "cache_util.h"

static char folder[64];

static struct cache *disk_world(void)
{
	config.cache_path = folder;
	config.cache_disk = config.cache_disk ? config.cache_disk : 16;
	config.cache_memory = config.cache_memory ? config.cache_memory : 8;
	strcpy(folder, "/tmp/test_cache_disk.XXXXXX");
	must(!!mkdtemp(folder));
	cache_world(6, cache_disk_prepare(&config));
	must(!world.g.cache->disk.off);
	world.g.cache->disk.patience_ms = 20000;
	return world.g.cache;
}

static void disk_world_end(void)
{
	rmdir(folder);
	cache_world_end();
}

/* Until nothing is on its way there. */
static void settle(struct cache *c)
{
	while (c->disk.writing)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
}

static u64 blocks(int fd)
{
	struct stat st;

	must_equal(fstat(fd, &st), 0);
	return st.st_blocks;
}

/* More than memory has is there, with no location; and the folder has been removed. */
static int holds(void *arg)
{
	struct aside *things[20];
	struct cache *c;
	unsigned int i;

	(void)arg;
	config.cache_memory = 2;
	c = disk_world();
	must_equal(rmdir(folder), 0);
	for (i = 0; i < ARRAY_SIZE(things); i++) {
		things[i] = set_aside(thing_of(i + 1, 250000, i + 1));
		settle(c);
	}
	must_equal(c->disk.ring.count, 20);
	must(c->ring.count < 10);
	for (i = 0; i < 6; i++)
		world.at[i].mood = FORGETFUL;
	for (i = 0; i < 2 * ARRAY_SIZE(things); i++)
		must_equal(read_aside(things[i % ARRAY_SIZE(things)]), 0);
	must(c->counts.disk_hits >= 20);
	must_equal(gets(), 0);
	cache_forget(&world.g, 3, 0);
	must_equal(c->disk.ring.count, 19);
	must(read_aside(things[2]) < 0);
	for (i = 0; i < ARRAY_SIZE(things); i++)
		free(things[i]);
	disk_world_end();
	return 0;
}

static void test_holds(void **state)
{
	assert_int_equal(on_loop(state, holds, NULL), 0);
}

/* Thrown out of memory and of the file; another policy's stays, until all goes. */
static int thrown_out(void *arg)
{
	struct cache *c = disk_world();
	struct thing t = { .policy = world_policy(4, 6, 6), .cache = OWNED(5, 1, 7) };
	struct body b = body_of(3, 100000);
	struct stat st;

	(void)arg;
	must_equal(thing_put(&world, &t, &b), 0);
	t.cache = OWNED(6, 1, 8);
	b = body_of(4, 100000);
	must_equal(thing_put(&world, &t, &b), 0);
	settle(c);
	must_equal(c->disk.ring.count, 2);
	cache_drop(&world.g, &(struct meta_cache_order){ .kind = META_CACHE_POLICY, .policy = 7 });
	must_equal(c->disk.ring.count, 1);
	must(!cache_knows(&world.g, 5) && cache_knows(&world.g, 6));
	/* Out of memory, back from the disk: it is still of that policy. */
	ring_drop_all(&c->ring);
	must_equal(thing_read(&world, &t), 0);
	must_equal(c->counts.disk_hits, 1);
	must_equal(gets(), 0);
	cache_drop(&world.g, &(struct meta_cache_order){ .kind = META_CACHE_POLICY, .policy = 8 });
	must_equal(c->disk.ring.count + c->ring.count, 0);
	/* What comes meanwhile is not cut off with it. */
	t.cache.dropped = c->dropped;
	must_equal(thing_read(&world, &t), 0);
	while (c->disk.emptying)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(fstat(c->disk.fd, &st), 0);
	must_equal(st.st_size, 0);
	must_equal(c->counts.wrong, 0);
	disk_world_end();
	return 0;
}

static void test_thrown_out(void **state)
{
	assert_int_equal(on_loop(state, thrown_out, NULL), 0);
}

/* Nothing of an object can be read there. */
static int encrypted(void *arg)
{
	struct cache *c = disk_world();
	struct thing t = { .policy = world_policy(4, 6, 6), .cache = USE(true, true, 5) };
	struct body b = body_of(3, 100000);
	u8 *found = malloc(1 << 20);
	ssize_t len;

	(void)arg;
	b.text = true;
	must_equal(thing_put(&world, &t, &b), 0);
	settle(c);
	len = pread(c->disk.fd, found, 1 << 20, 0);
	must(len >= 100000);
	must(!memmem(found, len, "etaoin", 6) && !memmem(found, len, "eeetttaaa", 9));
	free(found);
	disk_world_end();
	return 0;
}

static void test_encrypted(void **state)
{
	assert_int_equal(on_loop(state, encrypted, NULL), 0);
}

/* Each byte of it wrong, one after the other. */
static int flipped(void *arg)
{
	struct cache *c = disk_world();
	struct thing t = thing_of(3, 300, 5);
	unsigned int i, before;
	u8 byte;

	(void)arg;
	for (i = 0; i < 300; i++) {
		settle(c);
		ring_drop_all(&c->ring);
		must_equal(c->disk.ring.count, 1);
		must_equal(pread(c->disk.fd, &byte, 1, c->disk.ring.lowest->at + i), 1);
		byte ^= 0x10;
		must_equal(pwrite(c->disk.fd, &byte, 1, c->disk.ring.lowest->at + i), 1);
		before = gets();
		must_equal(thing_read(&world, &t), 0);
		must(gets() >= before + 4);
		must_equal(c->counts.wrong, i + 1);
	}
	settle(c);
	/* Cut off. */
	ring_drop_all(&c->ring);
	must_equal(ftruncate(c->disk.fd, c->disk.ring.lowest->at + 100), 0);
	before = gets();
	must_equal(thing_read(&world, &t), 0);
	must(gets() > before);
	must(!c->disk.off);
	disk_world_end();
	return 0;
}

static void test_flipped(void **state)
{
	assert_int_equal(on_loop(state, flipped, NULL), 0);
}

/* It stays within its size, and what is read is not what goes first. */
static int bounded(void *arg)
{
	struct aside *things[40];
	struct cache *c;
	unsigned int i;

	(void)arg;
	config.cache_memory = 1;
	config.cache_disk = 4;
	c = disk_world();
	for (i = 0; i < ARRAY_SIZE(things); i++) {
		things[i] = set_aside(thing_of(i + 1, 250000, i + 1));
		settle(c);
		must_equal(read_aside(things[0]), 0);
		settle(c);
		must(c->disk.ring.used <= 4 << 20);
		must(blocks(c->disk.fd) <= 4 << 11);
	}
	must(c->disk.ring.evicted > 20);
	must_equal(gets(), 0);
	for (i = 0; i < ARRAY_SIZE(things); i++)
		must_equal(read_aside(things[i]), 0);
	for (i = 0; i < ARRAY_SIZE(things); i++)
		free(things[i]);
	disk_world_end();
	return 0;
}

static void test_bounded(void **state)
{
	assert_int_equal(on_loop(state, bounded, NULL), 0);
}

/* Less is free than is to be left: nothing is written, and what is there is given back. */
static int leaves_space(void *arg)
{
	struct cache *c;
	struct thing t;
	int i;

	(void)arg;
	config.cache_disk_free = 1u << 30;
	c = disk_world();
	t = thing_of(3, 300000, 5);
	settle(c);
	must_equal(c->counts.refused[CACHE_DISK_SPACE], 2);
	must_equal(c->disk.ring.count, 0);
	must_equal(blocks(c->disk.fd), 0);
	must(!c->disk.off);
	must_equal(thing_read(&world, &t), 0);
	c->disk.leave = 0;
	t = thing_of(4, 300000, 6);
	settle(c);
	must_equal(c->disk.ring.count, 2);
	must(blocks(c->disk.fd) > 0);
	c->disk.leave = 1ull << 60;
	cache_sweep(&world.g);
	for (i = 0; i < 10000 && blocks(c->disk.fd); i++)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(blocks(c->disk.fd), 0);
	must_equal(c->disk.ring.count, 0);
	must_equal(thing_read(&world, &t), 0);
	disk_world_end();
	return 0;
}

static void test_leaves_space(void **state)
{
	assert_int_equal(on_loop(state, leaves_space, NULL), 0);
}

/* A disk that is full takes nothing, and is asked again; one that fails is not. */
static int fails(void *arg)
{
	static const struct { const char *path; int flags; bool off; } disk[] = {
		{ "/dev/full", O_RDWR, false }, { "/dev/null", O_RDONLY, true },
	};
	struct cache *c;
	struct thing t;
	unsigned int i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(disk); i++) {
		c = disk_world();
		close(c->disk.fd);
		c->disk.fd = open(disk[i].path, disk[i].flags | O_CLOEXEC);
		must(c->disk.fd >= 0);
		t = thing_of(3, 700000, 5);
		settle(c);
		must_equal(c->disk.ring.count, 0);
		must_equal(c->disk.off, disk[i].off);
		ring_drop_all(&c->ring);
		must_equal(thing_read(&world, &t), 0);
		settle(c);
		must_equal(thing_read(&world, &t), 0);
		must_equal(c->ring.count, 3);
		must_equal(!!c->counts.disk_errors, disk[i].off);
		disk_world_end();
	}
	return 0;
}

static void test_fails(void **state)
{
	assert_int_equal(on_loop(state, fails, NULL), 0);
}

/* Reads fail: the first one turns it off. */
static int unreadable(void *arg)
{
	struct cache *c = disk_world();
	struct thing t = thing_of(3, 700000, 5);
	int good = c->disk.fd;

	(void)arg;
	settle(c);
	ring_drop_all(&c->ring);
	c->disk.fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must_equal(thing_read(&world, &t), 0);
	must(c->disk.off);
	must(gets() >= 12);
	must(c->counts.disk_errors >= 1);
	close(good);
	disk_world_end();
	return 0;
}

static void test_unreadable(void **state)
{
	assert_int_equal(on_loop(state, unreadable, NULL), 0);
}

/* Who is too late is not waited for; again and again, and it is not used any more. */
static int late(void *arg)
{
	struct cache *c = disk_world();
	struct thing t = thing_of(3, 200000, 5);
	unsigned int i;

	(void)arg;
	c->disk.patience_ms = -1000;
	for (i = 0; i < 8; i++) {
		must(!c->disk.off);
		settle(c);
		ring_drop_all(&c->ring);
		must_equal(c->disk.ring.count, 1);
		must_equal(thing_read(&world, &t), 0);
		must_equal(c->counts.disk_late, i + 1);
		/* It comes in the end. */
		while (c->ring.count && !c->ring.lowest->filled)
			must_equal(io_sleep_until(io_after_ms(1)), 0);
	}
	must(c->disk.off);
	must_equal(thing_read(&world, &t), 0);
	disk_world_end();
	return 0;
}

static void test_late(void **state)
{
	assert_int_equal(on_loop(state, late, NULL), 0);
}

/* A folder that is not there is no reason not to start. */
static int no_folder(void *arg)
{
	char nowhere[] = "/nowhere/at/all";
	struct thing t;

	(void)arg;
	config.cache_path = nowhere;
	config.cache_disk = 16;
	config.cache_memory = 8;
	must_equal(cache_disk_prepare(&config), -1);
	cache_world(6, -1);
	t = thing_of(3, 200000, 5);
	must_equal(thing_read(&world, &t), 0);
	must_equal(gets(), 0);
	cache_world_end();
	return 0;
}

static void test_no_folder(void **state)
{
	assert_int_equal(on_loop(state, no_folder, NULL), 0);
}

/* Many readers of more than both have room for, and one who leaves in the middle. */
static int crowd_fiber(void *arg)
{
	struct aside *a = arg;
	struct body b = body_of(a->thing.seed, a->thing.size);
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < 8; i++)
		rc = thing_get(&world, &a->thing, i * 250007, 500000, &b);
	return rc;
}

static int crowd(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct aside *a;
	struct cache *c;
	unsigned int i;

	(void)arg;
	config.cache_memory = 2;
	config.cache_disk = 3;
	c = disk_world();
	a = set_aside(thing_of(3, 4000000, 0));
	for (i = 0; i < 16; i++)
		must_equal(io_spawn(&group, crowd_fiber, a, NULL), 0);
	must_equal(io_group_wait(&group, 8, io_after_ms(60000)), 0);
	cache_leave(&world.g);
	must_equal(io_group_wait_all(&group, io_after_ms(60000)), 0);
	settle(c);
	must_equal(c->disk.ring.count, 0);
	must_equal(c->counts.wrong, 0);
	free(a);
	disk_world_end();
	return 0;
}

static void test_crowd(void **state)
{
	assert_int_equal(on_loop(state, crowd, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_holds),
		ON_BOTH(test_thrown_out),
		ON_BOTH(test_encrypted),
		ON_BOTH(test_flipped),
		ON_BOTH(test_bounded),
		ON_BOTH(test_leaves_space),
		ON_BOTH(test_fails),
		ON_BOTH(test_unreadable),
		ON_BOTH(test_late),
		ON_BOTH(test_no_folder),
		ON_BOTH(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
