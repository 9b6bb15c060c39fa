// SPDX-License-Identifier: GPL-2.0-or-later
/* Mistyped words: how far they are from others, and which command was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/typo.h"
#include "base/program.h"

static void distances(void **state)
{
	static const struct {
		const char *typed, *word;
		unsigned int far;
	} rows[] = {
		{ "", "", 0 }, { "list", "list", 0 }, { "lixt", "list", 1 }, { "lst", "list", 1 },
		{ "llist", "list", 1 }, { "lisp", "list", 1 }, { "stauts", "status", 1 },
		{ "crate", "create", 1 }, { "sttasu", "status", 2 }, { "bukcte", "bucket", 2 },
		{ "", "list", TYPO_NOT }, { "list", "", TYPO_NOT }, { "ls", "rm", TYPO_NOT },
		{ "cat", "cp", TYPO_NOT }, { "LIST", "list", TYPO_NOT },
		{ "sing", "list", TYPO_NOT },
		{ "pause", "resume", TYPO_NOT },
		/* Exactly as long as there is room for, and one more. */
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1 },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  TYPO_NOT },
		{ "\xff\xfe", "\xfe\xff", 1 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (typo_distance(rows[i].typed, rows[i].word) != rows[i].far ||
		    typo_distance(rows[i].word, rows[i].typed) != rows[i].far)
			fail_msg("\"%s\" and \"%s\": %u and %u", rows[i].typed, rows[i].word,
				 typo_distance(rows[i].typed, rows[i].word),
				 typo_distance(rows[i].word, rows[i].typed));
	}
}

static const struct command commands[] = {
	{ .verb = "list" }, { .verb = "status" }, { .verb = "key add" }, { .verb = "key remove" },
	{ .verb = "team list" },
};

static const struct program program = { .name = "x", .command = commands, .commands = 5 };

static void commands_meant(void **state)
{
	static const struct {
		const char *first, *second, *meant;
	} rows[] = {
		{ "lixt", NULL, "list" }, { "lixt", "web", "list" }, { "lixt", "--json", "list" },
		{ "kye", NULL, "key" }, { "key", "ad", "key add" }, { "kye", "add", "key add" },
		{ "kye", "remoev", "key remove" }, { "teem", "lst", "team list" },
		{ "kye", "sing", "key" },
		{ "key", "sing", NULL }, { "sing", NULL, NULL }, { "sing", "add", NULL },
		{ "", NULL, NULL }, { "", "", NULL }, { "key", "", NULL },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *argv[2];
		const char *got;
		int len = 0;

		argv[0] = (char *)rows[i].first;
		argv[1] = (char *)rows[i].second;
		got = program_nearest(&program, rows[i].second ? 2 : 1, argv, &len);
		if (!got != !rows[i].meant ||
		    (got && ((int)strlen(rows[i].meant) != len || memcmp(got, rows[i].meant, len))))
			fail_msg("\"%s %s\": %.*s", rows[i].first,
				 rows[i].second ? rows[i].second : "", len, got ? got : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances), cmocka_unit_test(commands_meant),
	};

	return cmocka_run_group_tests_name("typo", tests, NULL, NULL);
}
