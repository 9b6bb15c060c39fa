// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel target's lines: the table that is written, the status that is read. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "volume/target.h"

static const char line[] =
	"degraded 4 6 AAsF-A 1234 0123456789abcdef 77/4032 rebuild:5/400 1 2 3 4 none 5 6";

static void status(void **state)
{
	struct target_status s;

	(void)state;
	assert_int_equal(target_status_parse(line, &s), 0);
	assert_string_equal(s.health, "degraded");
	assert_int_equal(s.k, 4);
	assert_int_equal(s.n, 6);
	assert_string_equal(s.letters, "AAsF-A");
	assert_int_equal(s.epoch, 1234);
	assert_string_equal(s.root, "0123456789abcdef");
	assert_int_equal(s.used, 77);
	assert_int_equal(s.total, 4032);
	assert_string_equal(s.work, "rebuild");
	assert_int_equal(s.work_done, 5);
	assert_int_equal(s.work_total, 400);
	assert_int_equal(s.corrected, 1);
	assert_int_equal(s.unrecoverable, 2);
	assert_int_equal(s.authfail, 3);
	assert_int_equal(s.hedged, 4);
	assert_string_equal(s.scrubbed, "none");
	assert_int_equal(s.lost, 5);
	assert_int_equal(s.stale, 6);
}

/* Newer targets may say more; nothing of what is known may be missing. */
static void status_grows(void **state)
{
	struct target_status s;
	char text[256];
	size_t len;

	(void)state;
	strcpy(text, line);
	strcat(text, " 7 something:new/er");
	assert_int_equal(target_status_parse(text, &s), 0);
	for (len = 0; len < sizeof(line) - sizeof("6"); len++) {
		memcpy(text, line, len);
		text[len] = 0;
		assert_int_equal(target_status_parse(text, &s), -EINVAL);
	}
}

static void status_refused(void **state)
{
	static const char *const bad[] = {
		"optimal 1 2 A 1 0 0/0 idle 0 0 0 0 none 0",	/* letters for one of two */
		"optimal x 1 A 1 0 0/0 idle 0 0 0 0 none 0",
		"optimal 1 256 A 1 0 0/0 idle 0 0 0 0 none 0",
		"optimal 1 1 A -1 0 0/0 idle 0 0 0 0 none 0",
		"optimal 1 1 A 1 00000000000000000 0/0 idle 0 0 0 0 none 0",	/* 17 digits */
		"optimal 1 1 A 1 0 0 idle 0 0 0 0 none 0",
		"optimal 1 1 A 1 0 0/ idle 0 0 0 0 none 0",
		"optimal 1 1 A 1 0 0/0 idle:3 0 0 0 0 none 0",
		"optimal 1 1 A 1 0 0/0 idle 0 0 0 18446744073709551616 none 0",
		"optimal 1 1 A 1 0 0/0 idle 0 0 0 0 none -1",
		"a-health-that-is-longer-than-any-word-may-be 1 1 A 1 0 0/0 idle 0 0 0 0 none 0",
	};
	struct target_status s;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!target_status_parse(bad[i], &s))
			fail_msg("accepted: %s", bad[i]);
}

static void table(void **state)
{
	static const char *const options[] = { "allow_discards", "cache_mb=8" };
	struct target_table t = { .k = 2, .n = 3, .key = ":32:logon:rlnc:x", .option = options,
				  .options = 2, .device = { "1:0", NULL, "1:2" } };
	char text[128], copy[128];
	size_t size;

	(void)state;
	assert_int_equal(target_table_format(&t, text, sizeof(text)), 0);
	assert_string_equal(text, "2 3 :32:logon:rlnc:x 2 allow_discards cache_mb=8 1:0 - 1:2");
	for (size = 1; size <= strlen(text); size++)
		assert_int_equal(target_table_format(&t, copy, size), -ENOSPC);
	t.options = 0;
	assert_int_equal(target_table_format(&t, text, sizeof(text)), 0);
	assert_string_equal(text, "2 3 :32:logon:rlnc:x 0 1:0 - 1:2");
}

static void table_devices(void **state)
{
	static const struct {
		const char *text;
		int want;
	} cases[] = {
		{ "2 3 KEY 2 a b 1:0 - 1:2", 3 }, { "1 1 KEY 0 1:0", 1 },
		{ "2 3 KEY 0 1:0 -", -EINVAL }, { "2 3 KEY 0 1:0 - 1:2 1:3", -EINVAL },
		{ "2 x KEY 0 1:0", -EINVAL }, { "2 3 KEY x 1:0", -EINVAL }, { "", -EINVAL },
		{ "2 3 KEY", -EINVAL }, { "1 0 KEY 0", -EINVAL }, { "1 9 KEY 0 a", -EINVAL },
	};
	const char *device[8];
	char text[64];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(text, cases[i].text);
		assert_int_equal(target_table_devices(text, device, 8), cases[i].want);
	}
	strcpy(text, cases[0].text);
	target_table_devices(text, device, 8);
	assert_string_equal(device[0], "1:0");
	assert_string_equal(device[1], "-");
	assert_string_equal(device[2], "1:2");
}

static void table_deadlines(void **state)
{
	static const struct {
		const char *text;
		int want;
		u32 ms[3];
	} cases[] = {
		{ "2 3 key 0 1:0 - 1:2", 0, { 10000, 10000, 10000 } },
		{ "2 3 key 2 cache_mb=8 deadline_ms=500 1:0 - 1:2", 0, { 500, 500, 500 } },
		{ "2 3 key 2 member_deadline_ms=2:700 deadline_ms=500 1:0 - 1:2", 0, { 500, 500, 700 } },
		{ "2 3 key 2 member_deadline_ms=0:100 member_deadline_ms=1:600000 1:0 - 1:2", 0,
		  { 100, 600000, 10000 } },
		{ "2 3 deadline_ms=500 0 deadline_ms=500 - -", 0, { 10000, 10000, 10000 } },
		{ "2 3 key 1 member_deadline_ms=3:700 1:0 - 1:2", -EINVAL, { 0 } },
		{ "2 3 key 1 member_deadline_ms=:700 1:0 - 1:2", -EINVAL, { 0 } },
		{ "2 3 key 1 member_deadline_ms=1:99 1:0 - 1:2", -EINVAL, { 0 } },
		{ "2 3 key 1 member_deadline_ms=700 1:0 - 1:2", -EINVAL, { 0 } },
		{ "2 3 key 1 member_deadline_ms=0000000000000000000000000:700 1:0 - 1:2", -EINVAL, { 0 } },
		{ "2 3 key 1 deadline_ms= 1:0 - 1:2", -EINVAL, { 0 } },
		{ "2 3 key 2 deadline_ms=500", -EINVAL, { 0 } }, { "2 3 key x 1:0", -EINVAL, { 0 } },
		{ "2 3 key", -EINVAL, { 0 } }, { "", -EINVAL, { 0 } },
	};
	unsigned int i;
	u32 ms[3];

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(target_table_deadlines(cases[i].text, 3, ms), cases[i].want);
		if (!cases[i].want)
			assert_memory_equal(ms, cases[i].ms, sizeof(ms));
	}
}

/* As many options as there may be are read, and one more is not. */
static void table_many_options(void **state)
{
	char text[TARGET_OPTIONS_MAX * 12 + 64];
	const char *device[8];
	unsigned int more, i, at;

	(void)state;
	for (more = 0; more < 2; more++) {
		at = sprintf(text, "1 1 key %u", TARGET_OPTIONS_MAX + more);
		for (i = 0; i < TARGET_OPTIONS_MAX + more; i++)
			at += sprintf(text + at, " cache_mb=8");
		sprintf(text + at, " 7:0");
		assert_int_equal(target_table_has(text, "cache_mb=8"), !more);
		assert_int_equal(target_table_devices(text, device, 8), more ? -EINVAL : 1);
	}
}

/* Options are told from keys and devices of the same name. */
static void table_has(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
		{ "1 1 key 1 dense 7:0", true },
		{ "1 1 key 2 cache_mb=8 dense 7:0", true },
		{ "1 1 key 0 dense", false },
		{ "1 1 dense 0 7:0", false },
		{ "1 1 key 1 cache_mb=8 dense", false },
		{ "1 1 key 1 densely 7:0", false },
		{ "1 1 key 3 cache_mb=8", false },
		{ "1 1 key 272 dense 7:0", false },
		{ "1 1 key dense 7:0", false },
		{ "", false },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(target_table_has(cases[i].text, "dense"), cases[i].want);
}

static void words(void **state)
{
	(void)state;
	assert_string_equal(target_letter_word('A'), "in sync");
	assert_string_equal(target_letter_word('?'), "unknown");
	assert_string_equal(target_health_words("optimal"), "every member holds its fragments");
	assert_string_equal(target_work_words("idle"), "idle");
	assert_non_null(strstr(target_work_words("scrub"), "checked"));
	assert_string_equal(target_health_words("?"), "a state this program does not know");
}

/* A table that is read back has no key; one that is loaded needs it. */
static void rekey(void **state)
{
	static const char *const bad[] = { "", "4", "4 6", "4 6 ", "4 6 key", "123456789 6 key 0" };
	char text[64];
	unsigned int i;

	(void)state;
	assert_int_equal(target_table_rekey("4 6 :32:logon:x 1 cache_mb=8 7:0 -", "new", text,
					    sizeof(text)), 0);
	assert_string_equal(text, "4 6 new 1 cache_mb=8 7:0 -");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(target_table_rekey(bad[i], "new", text, sizeof(text)), -EINVAL);
	assert_int_equal(target_table_rekey("4 6 key 0 7:0", "new", text, 13), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status), cmocka_unit_test(status_grows),
		cmocka_unit_test(status_refused), cmocka_unit_test(table),
		cmocka_unit_test(table_devices), cmocka_unit_test(rekey),
		cmocka_unit_test(table_deadlines), cmocka_unit_test(table_many_options),
		cmocka_unit_test(table_has), cmocka_unit_test(words),
	};

	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
