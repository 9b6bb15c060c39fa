// SPDX-License-Identifier: GPL-2.0-or-later
/* What hedge's files say, and what nobody's would. */
#include <errno.h>
#include <stdio.h>

#include "format_util.h"
#include "monitor/monitor.h"

static struct monitor_vm last;
static unsigned int count;

static int note_vm(const struct monitor_vm *vm, void *arg)
{
	last = *vm;
	count++;
	return arg && count == 2 ? 77 : 0;
}

static int walk(const char *text, void *arg)
{
	count = 0;
	return monitor_list_walk(text, note_vm, arg);
}

static void lists(void **state)
{
	(void)state;
	assert_int_equal(walk("ID NAME MODID MODNAME\n", NULL), 0);
	assert_int_equal(count, 0);
	assert_int_equal(walk("ID NAME MODID MODNAME\n7 a 1 /i\n12 b.c 3 /with space/i\n", NULL), 0);
	assert_int_equal(count, 2);
	assert_int_equal(last.id, 12);
	assert_string_equal(last.name, "b.c");
	assert_int_equal(last.image_id, 3);
	assert_string_equal(last.image, "/with space/i");
	assert_int_equal(walk("h\n1 a 1 /i\n2 b 1 /i\n3 c 1 /i", &count), 77);
	assert_int_equal(walk("h\n1 a 1 /i", NULL), 0);
	assert_int_equal(count, 1);
}

static void no_lists(void **state)
{
	char text[20000];

	(void)state;
	assert_int_equal(walk("", NULL), -EBADMSG);
	assert_int_equal(walk("h\nx a 1 /i\n", NULL), -EBADMSG);
	assert_int_equal(walk("h\n1 a\n", NULL), -EBADMSG);
	assert_int_equal(walk("h\n1 a x /i\n", NULL), -EBADMSG);
	assert_int_equal(walk("h\n\n", NULL), -EBADMSG);
	snprintf(text, sizeof(text), "h\n1 %0300d 1 /i\n", 5);
	assert_int_equal(walk(text, NULL), -EBADMSG);
	/* A path of any length is cut; control characters never come through. */
	snprintf(text, sizeof(text), "h\n1 a 1 /%015000d\n", 5);
	assert_int_equal(walk(text, NULL), 0);
	assert_int_equal(strlen(last.image), HEDGE_PATH_MAX);
	assert_int_equal(walk("h\n1 a 1 /\x1b[2J\xff\n", NULL), 0);
	assert_string_equal(last.image, "/?[2J?");
}

static void stats(void **state)
{
	static const char text[] = "id 5\nreason guest/host fault: \x1b[2J\nempty\n\nid 6\nlast 9";
	char value[32];

	(void)state;
	assert_true(monitor_stat(text, "id", value, sizeof(value)));
	assert_string_equal(value, "5");
	assert_true(monitor_stat(text, "reason", value, sizeof(value)));
	assert_string_equal(value, "guest/host fault: ?[2J");
	assert_true(monitor_stat(text, "empty", value, sizeof(value)));
	assert_string_equal(value, "");
	assert_true(monitor_stat(text, "last", value, sizeof(value)));
	assert_string_equal(value, "9");
	assert_false(monitor_stat(text, "i", value, sizeof(value)));
	assert_false(monitor_stat("", "id", value, sizeof(value)));
	assert_true(monitor_stat(text, "reason", value, 6));
	assert_string_equal(value, "guest");
}

static void refusals(void **state)
{
	static const char text[] =
		"3 0 NAME: too long\n4 1000 CPU: \x07 no\njunk\n5 0 BLK: in use\n6 1000 MEM_MB: odd";
	char why[64];
	uint64_t seq;

	(void)state;
	assert_true(monitor_last_error(text, 0, 0, &seq, why, sizeof(why)));
	assert_string_equal(why, "BLK: in use");
	assert_int_equal(seq, 6);
	assert_true(monitor_last_error(text, 1000, 0, &seq, why, sizeof(why)));
	assert_string_equal(why, "MEM_MB: odd");
	assert_true(monitor_last_error(text, 0, 4, &seq, why, sizeof(why)));
	assert_false(monitor_last_error(text, 0, 5, &seq, why, sizeof(why)));
	assert_int_equal(seq, 6);
	assert_false(monitor_last_error(text, 7, 0, &seq, why, sizeof(why)));
	assert_false(monitor_last_error("", 0, 0, &seq, why, sizeof(why)));
	assert_int_equal(seq, 0);
	/* Lines that are none, or out of order, do not count back. */
	assert_true(monitor_last_error("7 0 A: b\n3 0 C: d\n0\n", 0, 6, &seq, why, sizeof(why)));
	assert_int_equal(seq, 7);
	assert_string_equal(why, "A: b");
	assert_false(monitor_last_error("0 0 A: b\n", 0, 0, &seq, why, sizeof(why)));
	assert_int_equal(seq, 0);
	assert_true(monitor_last_error("4 1000 CPU: \x07 no", 1000, 0, &seq, why, sizeof(why)));
	assert_string_equal(why, "CPU: ? no");
	assert_true(monitor_last_error(text, 0, 0, &seq, why, 4));
	assert_string_equal(why, "BLK");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists), cmocka_unit_test(no_lists), cmocka_unit_test(stats),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
