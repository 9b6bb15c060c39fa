// SPDX-License-Identifier: GPL-2.0-or-later
/* Who holds a lease, until when, and who needs one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../user/skyd/lease.h"

static struct config config_of(bool required, const char *hosts)
{
	return (struct config){ .attest_required = required, .attest_hosts = (char *)hosts };
}

/* To the nanosecond; one name is no other's; what was said last holds. */
static void test_held(void **state)
{
	const struct config c = config_of(true, "");
	struct leases l;

	(void)state;
	leases_init(&l, &c);
	assert_false(lease_held(&l, STR("a"), 0));
	assert_int_equal(lease_set(&l, STR("a"), 100), 0);
	assert_true(lease_held(&l, STR("a"), 99));
	assert_false(lease_held(&l, STR("a"), 100));
	assert_int_equal(lease_left(&l, STR("a"), 40), 60);
	assert_int_equal(lease_left(&l, STR("a"), 140), 0);
	assert_false(lease_held(&l, STR("aa"), 1));
	assert_false(lease_held(&l, STR("A"), 1));
	assert_false(lease_held(&l, STR(""), 1));
	assert_int_equal(lease_set(&l, STR("a"), 50), 0);
	assert_false(lease_held(&l, STR("a"), 50));
	assert_int_equal(lease_set(&l, STR("b"), 70), 0);
	assert_int_equal(lease_set(&l, STR("a"), 0), 0);
	assert_false(lease_held(&l, STR("a"), 0));
	assert_true(lease_held(&l, STR("b"), 50));
	leases_free(&l);
	assert_false(lease_held(&l, STR("b"), 50));
}

/* Names that are none, and more than there is room for. */
static void test_bounds(void **state)
{
	const struct config c = config_of(true, "");
	char name[ROLE_HOST + 1];
	struct leases l;
	unsigned int i;

	(void)state;
	leases_init(&l, &c);
	memset(name, 'x', sizeof(name));
	assert_int_equal(lease_set(&l, STR(""), 1), -EINVAL);
	assert_int_equal(lease_set(&l, (struct str){ name, ROLE_HOST }, 1), -EINVAL);
	for (i = 0; i < LEASE_HOSTS; i++) {
		snprintf(name, sizeof(name), "host%u", i);
		assert_int_equal(lease_set(&l, str_of(name), i + 1), 0);
	}
	assert_int_equal(lease_set(&l, STR("more"), 1), -ENOSPC);
	assert_false(lease_allows(&l, STR("more"), 0));
	for (i = 0; i < LEASE_HOSTS; i++) {
		snprintf(name, sizeof(name), "host%u", i);
		assert_int_equal(lease_left(&l, str_of(name), 0), i + 1);
	}
	leases_free(&l);
}

static void test_needed(void **state)
{
	struct config c = config_of(false, "a");
	struct leases l;

	(void)state;
	leases_init(&l, &c);
	assert_false(lease_needed(&l, STR("a")));
	assert_true(lease_allows(&l, STR("a"), 0));
	c = config_of(true, "");
	assert_true(lease_needed(&l, STR("a")) && lease_needed(&l, STR("")));
	c = config_of(true, "a, bc\td");
	assert_true(lease_needed(&l, STR("a")) && lease_needed(&l, STR("bc")) &&
		    lease_needed(&l, STR("d")));
	assert_false(lease_needed(&l, STR("b")) || lease_needed(&l, STR("")));
	assert_false(lease_allows(&l, STR("bc"), 0));
	assert_int_equal(lease_set(&l, STR("bc"), 5), 0);
	assert_true(lease_allows(&l, STR("bc"), 4));
	assert_false(lease_allows(&l, STR("bc"), 5));
	leases_free(&l);
}

static void test_url_life(void **state)
{
	struct config c = config_of(true, "a");
	const int64_t second = 1000000000;
	struct leases l;

	(void)state;
	c.attest_url_ms = 7000;
	leases_init(&l, &c);
	assert_int_equal(lease_url_life(&l, STR("b"), 0), 0);
	assert_int_equal(lease_set(&l, STR("a"), 100 * second), 0);
	assert_int_equal(lease_url_life(&l, STR("a"), 0), 7);
	assert_int_equal(lease_url_life(&l, STR("a"), 93 * second), 7);
	assert_int_equal(lease_url_life(&l, STR("a"), 93 * second + 1), 6);
	assert_int_equal(lease_url_life(&l, STR("a"), 99 * second + 1), 1);
	/* Nobody is asked who holds none; and 0 would be as long as usual. */
	assert_int_equal(lease_url_life(&l, STR("a"), 200 * second), 1);
	leases_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_needed),
		cmocka_unit_test(test_url_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
