// SPDX-License-Identifier: GPL-2.0-or-later
/* What skybench counts with: latencies, usage of processes, data, and keys, beside naive ones. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include <linux/kernel.h>

#include "skybench/keys.h"
#include "skybench/latency.h"
#include "skybench/noise.h"
#include "skybench/usage.h"

/* --- latencies -------------------------------------------------------------------------------- */

/* Every bucket begins where the one before ends, and is narrow. */
static void buckets(void **state)
{
	uint64_t first = 0, last;
	unsigned int i;

	(void)state;
	for (i = 0; i < LATENCY_BUCKETS; i++) {
		last = latency_last(i);
		assert_int_equal(latency_bucket(first), i);
		assert_int_equal(latency_bucket(last), i);
		assert_true(last >= first && last - first <= first / 64);
		first = last + 1;
	}
	assert_int_equal(first, 1ull << LATENCY_LAST_BIT);
	assert_int_equal(latency_bucket(first), LATENCY_BUCKETS - 1);
	assert_int_equal(latency_bucket(UINT64_MAX), LATENCY_BUCKETS - 1);
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

#define VALUES	5000

/* Quantiles beside those of the sorted values, of loads of very different shape. */
static void quantiles(void **state)
{
	static const double shares[] = { 0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1 };
	static struct latency l;
	uint64_t v[VALUES], rank, got;
	unsigned int shape, i;
	size_t s;

	(void)state;
	for (shape = 0; shape < 40; shape++) {
		memset(&l, 0, sizeof(l));
		noise_fill(7, shape * sizeof(v), v, sizeof(v));
		for (i = 0; i < VALUES; i++) {
			v[i] >>= 24 + shape;
			latency_add(&l, v[i]);
		}
		qsort(v, VALUES, sizeof(v[0]), compare);
		for (s = 0; s < ARRAY_SIZE(shares); s++) {
			rank = ceil(shares[s] * VALUES);
			got = latency_quantile(&l, shares[s]);
			assert_in_range(got, v[rank ? rank - 1 : 0], v[VALUES - 1]);
			assert_true(got <= v[rank ? rank - 1 : 0] * 65 / 64 + 1);
		}
		assert_int_equal(latency_quantile(&l, 1), v[VALUES - 1]);
	}
}

static void few_values(void **state)
{
	static struct latency l;

	(void)state;
	memset(&l, 0, sizeof(l));
	assert_int_equal(latency_quantile(&l, 0.5), 0);
	assert_int_equal(latency_mean(&l), 0);
	latency_add(&l, 1000003);
	assert_int_equal(latency_quantile(&l, 0.001), 1000003);
	assert_int_equal(latency_quantile(&l, 0.999), 1000003);
	/* Longer than any bucket: the greatest is exact all the same. */
	latency_add(&l, UINT64_MAX / 4);
	assert_int_equal(latency_quantile(&l, 1), UINT64_MAX / 4);
	assert_int_equal(latency_quantile(&l, 0.5), latency_last(latency_bucket(1000003)));
	assert_true(fabs(latency_mean(&l) / (UINT64_MAX / 8) - 1) < 0.01);
}

/* --- data ------------------------------------------------------------------------------------- */

#define LEN	4096

/* Any part of an object is the same bytes, however it is cut. */
static void noise_in_parts(void **state)
{
	uint8_t whole[LEN], part[LEN];
	unsigned int at, len;

	(void)state;
	noise_fill(3, 0, whole, LEN);
	for (at = 0; at < 40; at++)
		for (len = 0; len < 70; len++) {
			noise_fill(3, at, part, len);
			assert_memory_equal(part, whole + at, len);
			assert_true(noise_check(3, at, whole + at, len));
		}
	assert_true(noise_check(3, 0, whole, LEN));
	assert_true(noise_check(3, 5, whole + 5, LEN - 5));
	for (at = 0; at < LEN; at += 97) {
		whole[at] ^= 0x10;
		assert_false(noise_check(3, 0, whole, LEN));
		whole[at] ^= 0x10;
	}
}

/* A far place of one object and the begin of the next one share nothing, and nothing shrinks. */
static void noise_is_distinct(void **state)
{
	static uint8_t data[64][LEN], packed[2 * sizeof(data)];
	uLongf n = sizeof(packed);
	unsigned int i, j;

	(void)state;
	for (i = 0; i < 64; i++)
		noise_fill(i / 2, i % 2 ? 0 : (1ull << 40) + i, data[i], LEN);
	for (i = 0; i < 64; i++)
		for (j = 0; j < i; j++)
			assert_memory_not_equal(data[i], data[j], 16);
	assert_int_equal(compress2(packed, &n, data[0], sizeof(data), 9), Z_OK);
	assert_true(n >= sizeof(data));
}

/* --- keys ------------------------------------------------------------------------------------- */

static void keys(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *access, *secret;
	} cases[] = {
		{ "[default]\naws_access_key_id = A\naws_secret_access_key = s/+=\n", 0, "A",
		  "s/+=" },
		{ "[other]\naws_access_key_id=X\naws_secret_access_key=Y\n[default]\r\n"
		  " aws_access_key_id=A \r\n;aws_access_key_id=Z\naws_secret_access_key=S", 0, "A",
		  "S" },
		{ "[ default ]\nregion=x\naws_access_key_id=A\nnonsense\naws_secret_access_key=S\n"
		  "[last]\naws_access_key_id=X\n", 0, "A", "S" },
		{ "[default]\naws_access_key_id = A\n", -ENOKEY, NULL, NULL },
		{ "[default]\naws_access_key_id =\naws_secret_access_key = s\n", -ENOKEY, NULL, NULL },
		{ "[other]\naws_access_key_id=A\naws_secret_access_key=S\n", -ENOENT, NULL, NULL },
		{ "aws_access_key_id=A\naws_secret_access_key=S\n", -ENOENT, NULL, NULL },
		{ "", -ENOENT, NULL, NULL },
		{ "[", -ENOENT, NULL, NULL },
		{ "[]", -ENOENT, NULL, NULL },
	};
	char text[400] = "[default]\naws_access_key_id = A\naws_secret_access_key = ";
	struct s3_keys k;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(keys_parse(str_of(cases[i].text), STR("default"), &k), cases[i].rc);
		assert_string_equal(k.access, cases[i].access ?: "");
		assert_string_equal(k.secret, cases[i].secret ?: "");
	}
	memset(text + strlen(text), 'x', S3_SECRET_MAX + 1);
	assert_int_equal(keys_parse(str_of(text), STR("default"), &k), -E2BIG);
	assert_string_equal(k.access, "");
}

/* --- processes -------------------------------------------------------------------------------- */

#define TAIL	" S 7 1 1 0 -1 4194304 10 20 0 0 100 30 5000 200 20 0 1 0 99\n"

static void stat_lines(void **state)
{
	static const char *const bad[] = {
		"", "1", "1 ", "1 (x", "1 (x)", "1 (x) ", "x (a)" TAIL, "1 (x) S 7 1 1 0 -1 4194304",
		"1 (x) S 7 1 1 0 -1 4194304 10 20 0 0 100 30 5000", "1 (x) S -7" TAIL,
		"1 (x) S 7 1 1 0 -1 4194304 10 20 0 0 100 -30 5000 200 20 0\n",
		"99999999999 (x)" TAIL, "1 (x)S" TAIL,
	};
	static const char *const good[] = {
		"12 (a)" TAIL, "12 (a b)" TAIL, "12 (a) S 9 (b)" TAIL, "12 ()))" TAIL,
		"12 (\n)" TAIL,
	};
	struct usage_stat s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(usage_parse_stat(str_of(good[i]), &s), 0);
		assert_int_equal(s.pid, 12);
		assert_int_equal(s.parent, 7);
		assert_int_equal(s.own, 130);
		assert_int_equal(s.reaped, 5200);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(usage_parse_stat(str_of(bad[i]), &s), -EBADMSG);
}

static void pid_lists(void **state)
{
	static const char *const bad[] = {
		"", ",", "1,", ",1", "0", "-1", "1 2", "1,x", "4294967296",
	};
	char text[4 * USAGE_PIDS + 8] = "";
	struct usage_of of;
	size_t i;

	(void)state;
	assert_int_equal(usage_parse_pids("1,22,333", &of), 0);
	assert_int_equal(of.pids, 3);
	assert_int_equal(of.pid[2], 333);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(usage_parse_pids(bad[i], &of), -EINVAL);
	for (i = 0; i <= USAGE_PIDS; i++)
		strcat(text, i ? ",5" : "5");
	assert_int_equal(usage_parse_pids(text, &of), -E2BIG);
}

/* As much processor time as that, by its own clock. */
static void burn(unsigned int ms)
{
	struct timespec t;
	volatile unsigned int x = 0;

	do {
		x++;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	} while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < ms);
}

static void touch(size_t bytes)
{
	char *p = malloc(bytes);

	memset(p, 1, bytes);
	__asm__ volatile("" : : "r"(p) : "memory");
	free(p);
}

/*
 * A process with a child that has a child: what any of the three uses, while they run and when
 * the youngest has been waited for, is its own; that of a stranger is not.
 */
static int family(int ready, int go)
{
	char c;
	pid_t child = fork(), grandchild;

	if (!child) {
		grandchild = fork();
		if (!grandchild) {
			burn(150);
			touch(32 << 20);
			_exit(0);
		}
		burn(100);
		waitpid(grandchild, NULL, 0);
		if (write(ready, "x", 1) != 1 || read(go, &c, 1) != 1)
			_exit(1);
		_exit(0);
	}
	if (read(go, &c, 1) != 1)
		return 1;
	return waitpid(child, NULL, 0) == child ? 0 : 1;
}

static void descendants(void **state)
{
	struct usage_of of = { .pids = 1, .proc = "/proc" }, self = of;
	struct usage before, after, mine;
	int ready[2], go[2], status;
	char c;

	(void)state;
	assert_int_equal(pipe(ready) | pipe(go), 0);
	of.pid[0] = fork();
	if (!of.pid[0])
		_exit(family(ready[1], go[0]));
	assert_int_equal(usage_read(&of, &before), 0);
	assert_int_equal(usage_reset(&of), 0);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(usage_read(&of, &after), 0);
	/* A tick for each of two figures of each of three. */
	assert_in_range(after.cpu_us - before.cpu_us, 250000 - 60000, 2000000);
	assert_true(after.peak_kib > 0);
	self.pid[0] = getpid();
	assert_int_equal(usage_read(&self, &mine), 0);
	assert_true(mine.cpu_us >= after.cpu_us && mine.peak_kib > after.peak_kib);
	assert_int_equal(write(go[1], "xx", 2), 2);
	assert_int_equal(waitpid(of.pid[0], &status, 0), of.pid[0]);
	assert_int_equal(status, 0);
	assert_int_equal(usage_read(&of, &after), -ESRCH);
	assert_int_equal(usage_reset(&of), -ESRCH);
}

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void cgroups(void **state)
{
	char dir[] = "/tmp/sky-cgroup-XXXXXX", path[64];
	struct usage_of of = { .cgroup = dir, .proc = "/none" };
	struct usage u;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(usage_read(&of, &u), -ENOENT);
	put_file(dir, "cpu.stat", "user_usec 5\nusage_usec 12345678\nsystem_usec 7\n");
	assert_int_equal(usage_read(&of, &u), 0);
	assert_int_equal(u.cpu_us, 12345678);
	assert_int_equal(u.peak_kib, 0);
	put_file(dir, "memory.peak", "4194304\n");
	assert_int_equal(usage_read(&of, &u), 0);
	assert_int_equal(u.peak_kib, 4096);
	put_file(dir, "cpu.stat", "usage_usecs 1\n");
	assert_int_equal(usage_read(&of, &u), -EBADMSG);
	snprintf(path, sizeof(path), "%s/cpu.stat", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/memory.peak", dir);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets),
		cmocka_unit_test(quantiles),
		cmocka_unit_test(few_values),
		cmocka_unit_test(noise_in_parts),
		cmocka_unit_test(noise_is_distinct),
		cmocka_unit_test(keys),
		cmocka_unit_test(stat_lines),
		cmocka_unit_test(pid_lists),
		cmocka_unit_test(descendants),
		cmocka_unit_test(cgroups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
