// SPDX-License-Identifier: GPL-2.0-or-later
/* What skybench s3-report makes of a folder of rounds, and which files it does not believe. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before cmocka, which has a macro of the name of a function there. */
#include "base/report.h"

#include <cmocka.h>

#include <linux/kernel.h>

#include "skybench/s3_rows.h"

#define LIMIT	"{\"sha256\": 2, \"sha256_many\": 0.5, \"md5\": 1.5, \"md5_many\": 0.25, "	\
		"\"gcm\": 0.375, \"coding\": 0.125, \"send\": 0.25, \"receive\": 0.75}"

#define RUN	"{\"server\": \"%s\", \"op\": \"%s\", \"size\": %llu, \"concurrency\": %u, "	\
		"\"ops_s\": 10.5, \"mb_s\": 2, \"cpu_us_op\": %g, \"peak_kib\": 2048, "		\
		"\"failed\": %u, \"%s_us\": {\"p50\": 1500, \"p99\": 2000, \"p99_9\": 3000}}"

static char dir[32];
static char said[256];
static struct s3_rows rows;

static void hear(const char *level, const char *text)
{
	(void)level;
	snprintf(said, sizeof(said), "%s", text);
}

static int make_folder(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/sky-rows-XXXXXX");
	report_set_sink(hear);
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[64];

	(void)state;
	report_set_sink(NULL);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void put_file(const char *name, const char *text)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* One round, of which only the CPU time and the failures matter here. */
static void put_run(const char *name, const char *server, const char *op, uint64_t size,
		    unsigned int concurrency, double cpu, unsigned int failed)
{
	char text[512];

	snprintf(text, sizeof(text), RUN, server, op, (unsigned long long)size, concurrency, cpu,
		 failed, op);
	put_file(name, text);
}

static void medians(void **state)
{
	const struct s3_cell *c;

	(void)state;
	put_file("limit.json", LIMIT);
	put_file("notes.txt", "no JSON");
	put_run("a.json", "radosgw", "get", 4096, 16, 700, 0);
	put_run("b.json", "radosgw", "put", 1 << 20, 1, 6000, 0);
	put_run("c.json", "radosgw", "put", 4096, 16, 1500, 2);
	put_run("d.json", "radosgw", "put", 4096, 16, 100000, 3);
	put_run("e.json", "radosgw", "put", 4096, 16, 1400, 0);
	put_run("f.json", "skyd", "put", 4096, 16, 100, 0);
	put_run("g.json", "skyd", "put", 4096, 1, 120, 0);
	assert_int_equal(s3_rows_load(&rows, dir), 0);
	/* Puts first, then by size and concurrency. */
	assert_int_equal(rows.rows, 4);
	assert_int_equal(rows.row[0].concurrency, 1);
	assert_int_equal(rows.row[1].concurrency, 16);
	assert_int_equal(rows.row[2].size, 1 << 20);
	assert_true(rows.row[3].get && !rows.row[2].get);
	c = &rows.row[1].cell[S3_PEER];
	assert_int_equal(c->rounds, 3);
	assert_true(c->median[S3_CPU] == 1500);
	assert_true(c->median[S3_OPS] == 10.5 && c->median[S3_P50] == 1.5);
	assert_true(c->median[S3_P99_9] == 3 && c->median[S3_PEAK] == 2);
	/* No round's failure is lost in a median. */
	assert_int_equal(c->failed, 5);
	assert_int_equal(rows.row[1].cell[S3_OURS].rounds, 1);
	assert_int_equal(rows.row[0].cell[S3_PEER].rounds, 0);
}

static void limits(void **state)
{
	struct s3_row row = { .size = 1000000, .concurrency = 1 };

	(void)state;
	assert_true(fabs(s3_limit_us(&rows.limit, &row) - 4750) < 0.001);
	row.concurrency = 16;
	assert_true(fabs(s3_limit_us(&rows.limit, &row) - 2000) < 0.001);
	row.get = true;
	assert_true(fabs(s3_limit_us(&rows.limit, &row) - 625) < 0.001);
}

static void bad_files(void **state)
{
	static const struct { const char *name, *text; } bad[] = {
		{ "x.json", "" }, { "x.json", "{" }, { "x.json", "[]" }, { "x.json", "7" },
		{ "x.json", "{}" },
		{ "x.json", "{\"server\": \"minio\", \"op\": \"put\", \"concurrency\": 1}" },
		{ "x.json", "{\"server\": \"skyd\", \"op\": \"mix\", \"concurrency\": 1}" },
		{ "x.json", "{\"server\": \"skyd\", \"op\": \"put\"}" },
		{ "x.json", "{\"server\": 7, \"op\": \"put\", \"concurrency\": 1}" },
		{ "limit.json", "{\"sha256\": 2}" }, { "limit.json", "{\"sha256\": \"2\"}" },
	};
	char path[96], name[32];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		put_file("limit.json", LIMIT);
		put_file("x.json", "{\"server\": \"skyd\", \"op\": \"put\", \"concurrency\": 1}");
		assert_int_equal(s3_rows_load(&rows, dir), 0);
		put_file(bad[i].name, bad[i].text);
		*said = 0;
		assert_int_equal(s3_rows_load(&rows, dir), -EBADMSG);
		assert_non_null(strstr(said, bad[i].name));
	}
	put_file("limit.json", LIMIT);
	snprintf(path, sizeof(path), "%s/x.json", dir);
	unlink(path);
	/* More rounds than there is room for, and more rows. */
	for (i = 0; i < S3_ROUNDS; i++) {
		snprintf(name, sizeof(name), "y%u.json", i);
		put_run(name, "skyd", "get", 99, 5, 1, 0);
	}
	assert_int_equal(s3_rows_load(&rows, dir), 0);
	put_run("z.json", "skyd", "get", 99, 5, 1, 0);
	assert_int_equal(s3_rows_load(&rows, dir), -EBADMSG);
	snprintf(path, sizeof(path), "%s/z.json", dir);
	unlink(path);
	for (i = 0; i <= S3_ROWS; i++) {
		snprintf(name, sizeof(name), "z%u.json", i);
		put_run(name, "skyd", "get", 1000 + i, 5, 1, 0);
	}
	assert_int_equal(s3_rows_load(&rows, dir), -EBADMSG);
}

static void empty_folders(void **state)
{
	(void)state;
	assert_int_equal(s3_rows_load(&rows, dir), -ENODATA);
	put_file("limit.json", LIMIT);
	assert_int_equal(s3_rows_load(&rows, dir), -ENODATA);
	assert_int_equal(s3_rows_load(&rows, "/tmp/sky-rows-none"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(medians, make_folder, remove_folder),
		cmocka_unit_test(limits),
		cmocka_unit_test_setup_teardown(bad_files, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(empty_folders, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
