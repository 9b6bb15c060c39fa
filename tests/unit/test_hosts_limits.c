// SPDX-License-Identifier: GPL-2.0-or-later
/* Machines that attest: what hosts and processes that retire can not bring about. */
#include <sys/mman.h>

#include "hosts_util.h"

/* Reasons that alternate are told eight times at once, and what is told is what is kept. */
static int refusals(void *arg)
{
	struct attest_enrol ask;
	struct machine a;
	struct site s;
	unsigned int i;
	u64 kept;

	(void)arg;
	site_open(&s);
	machine_open(&a, &s, "a", "A");
	kept = s.h.b.hosts->kept;
	for (i = 0; i < 20; i++) {
		ask = enrolment(&a);
		if (i % 2)
			ask.ek.len--;
		must_equal(enrol_with(&a, &ask, &a), i % 2 ? -EINVAL : -EPERM);
	}
	must_equal(s.h.b.hosts->kept - kept, 2 * 8);
	/* It may enrol all the same. */
	expect_host(&s, "a", &a.ek_name);
	must_equal(enrol(&a), 0);
	device_close(a.device);
	site_close(&s);
	return 0;
}

/* What has been logged since, of @line. */
static unsigned int logged(int fd, const char *line)
{
	char text[4096], *at = text;
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	unsigned int count = 0;

	must(got >= 0);
	text[got] = '\0';
	for (; (at = strstr(at, line)); at++)
		count++;
	return count;
}

/* Evidence that comes after the end, before anybody has looked: the lapse is told first. */
static int late(void *arg)
{
	int old = dup(2), heard = memfd_create("log", 0);
	struct machine a;
	struct site s;

	(void)arg;
	must(old >= 0 && heard >= 0);
	site_open(&s);
	end_ticking(&s);
	enrolled(&s, &a, "a", "A");
	s.h.config.attest_lease_ms = 300;
	must(attest(&a, ENTRIES));
	must_equal(io_sleep_until(io_after_ms(350)), 0);
	must(dup2(heard, 2) == 2);
	put_policy("a", BAD_POLICY);
	must(!attest(&a, ENTRIES));
	must(dup2(old, 2) == 2);
	must_equal(logged(heard, "host.lapse a: "), 1);
	must_equal(logged(heard, "host.revoke a: "), 0);
	put_policy("a", GOOD_POLICY);
	close(old);
	close(heard);
	device_close(a.device);
	site_close(&s);
	return 0;
}

/* One that retires still hears what another process has judged, and does not undo it. */
static int retires(void *arg)
{
	STORE_ARENA arena = { 0 };
	struct store_host row, was;
	int64_t end = SOON;
	struct machine a;
	struct site s;

	(void)arg;
	site_open(&s);
	enrolled(&s, &a, "a", "A");
	must(attest(&a, ENTRIES));
	s.h.run.stopping = true;
	must_equal(io_sleep_until(io_after_ms(1100)), 0);
	must(holds(&s, "a"));
	row_of(&s, "a", &arena, &row);
	was = row;
	row.state = STORE_HOST_REVOKED;
	row.lease = 0;
	must_equal(store_host_put(s.h.b.store, &row), 0);
	/* Whoever judges from what it was hears at once. */
	must_equal(host_keep(s.h.b.hosts, host_of(s.h.b.hosts, STR("a")), &was), -EKEYREJECTED);
	must(!holds(&s, "a"));
	row.state = STORE_HOST_ENROLLED;
	row.lease = backend_now() + LEASE_MS * 1000;
	row.named = true;
	must_equal(store_host_put(s.h.b.store, &row), 0);
	while (!holds(&s, "a")) {
		must(io_now() < end);
		must_equal(io_sleep_until(io_after_ms(5)), 0);
	}
	row.state = STORE_HOST_REVOKED;
	row.lease = 0;
	must_equal(store_host_put(s.h.b.store, &row), 0);
	while (holds(&s, "a")) {
		must(io_now() < end);
		must_equal(io_sleep_until(io_after_ms(5)), 0);
	}
	device_close(a.device);
	store_arena_free(&arena);
	site_close(&s);
	return 0;
}

static int begin_one(void *arg)
{
	must_equal(begin(arg), 0);
	return 0;
}

/* Its own questions wait in a short row, with the administrator behind them. */
static int crowds(void *arg)
{
	struct machine a;
	struct host *h;
	struct site s;
	unsigned int i;

	(void)arg;
	site_open(&s);
	enrolled(&s, &a, "a", "A");
	h = host_of(s.h.b.hosts, STR("a"));
	must_equal(io_acquire(&h->one, 1, 0), 0);
	for (i = 0; i < 4; i++)
		must_equal(io_spawn(&s.serving, begin_one, &a, NULL), 0);
	must_equal(io_sleep_until(io_after_ms(100)), 0);
	must_equal(begin(&a), -EBUSY);
	io_release(&h->one, 1);
	must(attest(&a, ENTRIES));
	device_close(a.device);
	site_close(&s);
	return 0;
}

#define CASE(name) \
	static void test_##name(void **state) \
	{ \
		assert_int_equal(on_loop(state, name, NULL), 0); \
	}

CASE(refusals)
CASE(late)
CASE(retires)
CASE(crowds)

#define ON_EPOLL(fn)	{ #fn, fn, NULL, NULL, (void *)"epoll" }

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_EPOLL(test_refusals), ON_EPOLL(test_late), ON_EPOLL(test_retires),
		ON_EPOLL(test_crowds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
