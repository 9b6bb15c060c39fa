// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of hosts: servers that hang, change and lie; questions and answers without sense. */
#include "resolver_util.h"

#define SOON	io_after_ms(20000)

static char why[RESOLVER_WHY];

static int find(struct names *n, const char *name, u32 oldest_ms, struct host_addresses *to)
{
	why[0] = 0;
	return host_find(n->link, name, 443, oldest_ms, SOON, to, why);
}

static const char *text_of(const struct host_addresses *a, unsigned int which)
{
	static char text[INET6_ADDRSTRLEN];
	const struct sockaddr_in *four = (const struct sockaddr_in *)&a->address[which].at;

	must_equal(four->sin_family, AF_INET);
	must_equal(ntohs(four->sin_port), 443);
	must_equal(a->address[which].len, sizeof(*four));
	return inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text));
}

#define MUST_BE(a, which, text)	must_equal(strcmp(text_of(a, which), text), 0)

/* One look-up for a minute; the names of both are the same whatever the case. */
static int kept(void *arg)
{
	struct host_addresses a;
	struct names n;
	int64_t left;

	(void)arg;
	names_open(&n);
	names_are("10.1.2.3", "10.1.2.4", 0);
	must_equal(find(&n, "s3.example", 0, &a), 0);
	must_equal(a.count, 2);
	MUST_BE(&a, 0, "10.1.2.3");
	MUST_BE(&a, 1, "10.1.2.4");
	left = a.until - io_now();
	must(left > 50000000000ll && left <= 60000000000ll);
	names_are("10.9.9.9", NULL, 0);
	must_equal(find(&n, "S3.Example", 0, &a), 0);
	MUST_BE(&a, 0, "10.1.2.3");
	must_equal(names_count(), 1);
	/* Whoever has found that it is of no use waits for a newer one. */
	io_sleep_until(io_after_ms(30));
	must_equal(find(&n, "s3.example", 20, &a), 0);
	must_equal(a.count, 1);
	MUST_BE(&a, 0, "10.9.9.9");
	must_equal(names_count(), 2);
	names_close(&n);
	return 0;
}

/* What is not there is asked for again after some seconds, and not before. */
static int absent(void *arg)
{
	static const struct {
		int error, rc;
		const char *why;
	} cases[] = {
		{ EAI_NONAME, -ENXIO, "there is no such name" },
		{ EAI_AGAIN, -EHOSTUNREACH, "name servers do not answer" },
		{ EAI_FAIL, -EHOSTUNREACH, "name servers cannot" },
		{ EAI_SYSTEM, -EHOSTUNREACH, "cannot be looked up" },
	};
	struct host_addresses a = { .count = 7 };
	struct names n;
	char name[16];
	size_t i;

	(void)arg;
	names_open(&n);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int before = names_count();

		snprintf(name, sizeof(name), "no%zu.example", i);
		names_are(NULL, NULL, cases[i].error);
		n.resolver.failed_ms = 60000;
		must_equal(find(&n, name, 0, &a), cases[i].rc);
		must(strstr(why, cases[i].why) && strstr(why, name));
		must_equal(a.count, 7);
		names_are("10.0.0.1", NULL, 0);
		must_equal(find(&n, name, 0, &a), cases[i].rc);
		must_equal(names_count(), before + 1);
		n.resolver.failed_ms = 1;
		io_sleep_until(io_after_ms(5));
		must_equal(find(&n, name, 0, &a), 0);
		must_equal(names_count(), before + 2);
		a.count = 7;
	}
	names_close(&n);
	return 0;
}

struct asker {
	struct names *n;
	const char *name;
	struct host_addresses a;
	int rc;
	int64_t took;
};

static int one_asks(void *arg)
{
	struct asker *a = arg;
	char reason[RESOLVER_WHY];
	int64_t begin = io_now();

	a->rc = host_find(a->n->link, a->name, 80, 0, SOON, &a->a, reason);
	a->took = io_now() - begin;
	return 0;
}

/* Many ask for one name: it is looked up once.  That hangs: others are answered all the while. */
static int hangs(void *arg)
{
	struct io_group group = IO_GROUP(group);
	struct asker asker[40];
	struct host_addresses a;
	struct names n;
	unsigned int i;

	(void)arg;
	names_open(&n);
	n.resolver.patience_ms = 200;
	names_stall(true);
	for (i = 0; i < 40; i++) {
		asker[i] = (struct asker){ .n = &n, .name = i % 2 ? "hung.a" : "Hung.a" };
		must_equal(io_spawn(&group, one_asks, &asker[i], NULL), 0);
	}
	io_yield();
	for (i = 0; i < 20; i++)
		must_equal(find(&n, i % 2 ? "well.example" : "other.example", 1, &a), 0);
	must_equal(io_group_drain(&group, SOON), 0);
	for (i = 0; i < 40; i++)
		must_equal(asker[i].rc, -EHOSTUNREACH);
	/* Who comes later does not wait again. */
	asker[0] = (struct asker){ .n = &n, .name = "hung.a" };
	one_asks(&asker[0]);
	must_equal(asker[0].rc, -EHOSTUNREACH);
	must(asker[0].took < 150000000);
	must(resolver_busy(&n.resolver));
	i = names_count();
	names_stall(false);
	while (find(&n, "hung.a", 0, &a))
		io_sleep_until(io_after_ms(2));
	must_equal(names_count(), i);
	must(!resolver_busy(&n.resolver));
	io_group_end(&group);
	names_close(&n);
	return 0;
}

/* What was known is told while the next answer is looked for, and when none comes; for a while. */
static int stale(void *arg)
{
	struct host_addresses a;
	struct names n;

	(void)arg;
	names_open(&n);
	n.resolver.patience_ms = 200;
	n.resolver.found_ms = 1;
	n.resolver.failed_ms = 1;
	names_are("10.1.1.1", NULL, 0);
	must_equal(find(&n, "hung.example", 0, &a), 0);
	io_sleep_until(io_after_ms(5));
	names_stall(true);
	names_are("10.1.1.2", NULL, 0);
	must_equal(find(&n, "hung.example", 0, &a), 0);
	MUST_BE(&a, 0, "10.1.1.1");
	must(a.until - io_now() <= RESOLVER_AGAIN_MS * 1000000ll);
	/* So it is for who would not have it, after waiting. */
	must_equal(find(&n, "hung.example", 1, &a), 0);
	MUST_BE(&a, 0, "10.1.1.1");
	names_stall(false);
	while (resolver_busy(&n.resolver))
		io_sleep_until(io_after_ms(2));
	must_equal(find(&n, "hung.example", 0, &a), 0);
	MUST_BE(&a, 0, "10.1.1.2");
	while (resolver_busy(&n.resolver))
		io_sleep_until(io_after_ms(2));
	names_are(NULL, NULL, EAI_AGAIN);
	io_sleep_until(io_after_ms(5));
	must_equal(find(&n, "hung.example", 1, &a), 0);
	MUST_BE(&a, 0, "10.1.1.2");
	n.resolver.stale_ms = 0;
	io_sleep_until(io_after_ms(5));
	must_equal(find(&n, "hung.example", 0, &a), -EHOSTUNREACH);
	/* That there is no such name is no silence. */
	n.resolver.stale_ms = 60000;
	must_equal(find(&n, "hung.example", 1, &a), 0);
	names_are(NULL, NULL, EAI_NONAME);
	io_sleep_until(io_after_ms(5));
	must_equal(find(&n, "hung.example", 1, &a), -ENXIO);
	names_close(&n);
	return 0;
}

/* No more than so many are kept, and what is asked for again and again is. */
static int bounded(void *arg)
{
	struct host_addresses a;
	unsigned int i, before;
	struct names n;
	char name[32];

	(void)arg;
	names_open(&n);
	must_equal(find(&n, "often.example", 0, &a), 0);
	for (i = 0; i < RESOLVER_NAMES + 100; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		must_equal(find(&n, name, 0, &a), 0);
		must(n.resolver.names <= RESOLVER_NAMES);
		if (i % 100 == 0)
			must_equal(find(&n, "often.example", 0, &a), 0);
	}
	before = names_count();
	must_equal(find(&n, "often.example", 0, &a), 0);
	must_equal(names_count(), before);
	must_equal(find(&n, "n0.example", 0, &a), 0);
	must_equal(names_count(), before + 1);
	names_close(&n);
	return 0;
}

/* --- questions and answers that make no sense ------------------------------------------ */

static int questions(void *arg)
{
	static const char *const bad[] = {
		"", ".", "-h.example", "a b", "a\n127.0.0.1", "a/b", "h%eth0", "::1", "[::1]",
		"\xc3\xa4", "$(x)",
	};
	char longest[RESOLVER_NAME_MAX + 2];
	struct host_addresses a;
	struct names n;
	size_t i;

	(void)arg;
	names_open(&n);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		must_equal(find(&n, bad[i], 0, &a), -ENXIO);
	memset(longest, 'a', sizeof(longest));
	longest[RESOLVER_NAME_MAX + 1] = 0;
	must(find(&n, longest, 0, &a) < 0);
	must_equal(names_count(), 0);
	longest[RESOLVER_NAME_MAX] = 0;
	must_equal(find(&n, longest, 0, &a), 0);
	must_equal(host_find(NULL, "a", 1, 0, SOON, &a, why), -EHOSTUNREACH);
	names_close(&n);
	return 0;
}

/* Not everybody may ask. */
static void askers(void **state)
{
	struct resolver r = { 0 };
	struct link_service service;
	enum role role;

	(void)state;
	resolver_service(&r, ROLE_GATEWAY, &service);
	for (role = ROLE_PARENT; role < ROLES; role++)
		assert_int_equal(!!(service.operation->peers & ROLE_BIT(role)),
				 role_asks(role, ROLE_RESOLVER));
	assert_true(role_asks(ROLE_GATEWAY, ROLE_RESOLVER));
	assert_false(role_asks(ROLE_VAULT, ROLE_RESOLVER) || role_asks(ROLE_EDGE, ROLE_RESOLVER) ||
		     role_asks(ROLE_RESOLVER, ROLE_VAULT) ||
		     role_asks(ROLE_RESOLVER, ROLE_BACKEND));
}

static struct resolver_answer lie;

static int answer_lie(struct link_request *request, const void *ask, void *give)
{
	(void)request;
	(void)ask;
	*(struct resolver_answer *)give = lie;
	return 0;
}

static int serve_lies(void *arg)
{
	static const struct link_operation operation = {
		RESOLVER_FIND, "find", &resolver_question_schema, &resolver_answer_schema, 0, 1,
		answer_lie,
	};
	const struct link_service service = { .operation = &operation, .operations = 1 };

	return link_serve(&service, arg);
}

static int answers(void *arg)
{
	static const struct resolver_address good = { 1, { [15] = 1 }, 0 }, odd[2] = {
		{ 0, { 127, 0, 0, 1 }, 0 }, { 2, { 1 }, 0 },
	};
	struct io_group group = IO_GROUP(group);
	struct host_addresses a = { .count = 9 };
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a.address[0].at;
	struct io_stream stream;
	struct link *link;
	int fd[2];

	(void)arg;
	stream_pair(fd);
	io_stream_socket(&stream, fd[0]);
	must_equal(io_spawn(&group, serve_lies, &stream, NULL), 0);
	must_equal(link_open(&link, NULL, &group), 0);
	link_attach(link, fd[1]);
	lie = (struct resolver_answer){ 0 };
	must_equal(host_find(link, "a", 1, 0, SOON, &a, why), -EHOSTUNREACH);
	lie = (struct resolver_answer){ .address = odd, .count = 2 };
	must_equal(host_find(link, "a", 1, 0, SOON, &a, why), -EHOSTUNREACH);
	lie = (struct resolver_answer){ .error = 4000000000u };
	must_equal(host_find(link, "a", 1, 0, SOON, &a, why), -EHOSTUNREACH);
	must_equal(a.count, 9);
	lie = (struct resolver_answer){ .address = &good, .count = 1, .ms = UINT32_MAX };
	must_equal(host_find(link, "a", 1, 0, SOON, &a, why), 0);
	must(a.count == 1 && six->sin6_family == AF_INET6 && six->sin6_port == htons(1));
	link_close(link);
	io_group_end(&group);
	io_stream_close(&stream);
	return 0;
}

static void numbers(void **state)
{
	struct host_addresses a;

	(void)state;
	assert_true(host_is_number("127.0.0.1", 443, &a));
	assert_string_equal(text_of(&a, 0), "127.0.0.1");
	assert_true(host_is_number("2001:db8::1", 443, &a) && a.count == 1 && !a.until);
	assert_false(host_is_number("localhost", 443, &a) || host_is_number("127.1", 443, &a) ||
		     host_is_number("", 443, &a));
}

/* The real thing, as far as /etc/hosts goes. */
static void system_resolver(void **state)
{
	struct resolver_address a[RESOLVER_ADDRESSES];
	u32 count;

	(void)state;
	assert_int_equal(resolver_look_up("localhost", a, &count), 0);
	assert_true(count && (a[0].six ? a[0].bytes[15] == 1 : a[0].bytes[0] == 127));
}

#define ON_LOOP(fn)							\
	static void fn##_on_loop(void **state)				\
	{								\
		assert_int_equal(on_loop(state, fn, NULL), 0);		\
	}

ON_LOOP(kept)
ON_LOOP(absent)
ON_LOOP(hangs)
ON_LOOP(stale)
ON_LOOP(bounded)
ON_LOOP(questions)
ON_LOOP(answers)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(kept_on_loop), ON_BOTH(absent_on_loop), ON_BOTH(hangs_on_loop),
		ON_BOTH(stale_on_loop), ON_BOTH(bounded_on_loop), ON_BOTH(questions_on_loop),
		ON_BOTH(answers_on_loop), cmocka_unit_test(askers), cmocka_unit_test(numbers),
		cmocka_unit_test(system_resolver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
