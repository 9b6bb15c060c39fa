// SPDX-License-Identifier: GPL-2.0-or-later
/* What an edge says of itself: to who may not ask, too long, empty, and whole. */
#include "io_util.h"
#include "../../user/skyd/edge_link.h"
#include "../../user/skyd/role.h"

#define SOON	io_after_ms(20000)

/* What the edge of a test says. */
static struct edge_hello said;

static int hello(struct link_request *r, const void *ask, void *give)
{
	(void)r;
	(void)ask;
	*(struct edge_hello *)give = said;
	return 0;
}

static const struct link_operation operation = {
	EDGE_HELLO, "hello", NULL, &edge_hello_schema, 0, ROLE_BIT(ROLE_BACKEND), hello,
};

struct end {
	struct io_stream stream;
	enum role peer;
};

static int serve(void *arg)
{
	struct end *end = arg;
	const struct link_service service = {
		.operation = &operation, .operations = 1, .peer = end->peer,
	};

	link_serve(&service, &end->stream);
	io_stream_close(&end->stream);
	return 0;
}

/* Ask as @peer; compares the answer with what was said if there is one. */
static int ask_as(enum role peer)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct edge_hello got;
	struct end end = { .peer = peer };
	struct link *link;
	int fd[2], rc;

	stream_pair(fd);
	io_stream_socket(&end.stream, fd[0]);
	must_equal(io_spawn(&group, serve, &end, NULL), 0);
	must_equal(link_open(&link, NULL, &group), 0);
	link_attach(link, fd[1]);
	rc = edge_hello(link, &got, &answer, SOON);
	if (!rc) {
		must(!memcmp(got.id, said.id, sizeof(got.id)));
		must(!memcmp(got.point, said.point, sizeof(got.point)));
		must_equal(got.host.len, said.host.len);
		must(!said.host.len || !memcmp(got.host.data, said.host.data, said.host.len));
		must_equal(got.url.len, said.url.len);
		must_equal(got.name.len, said.name.len);
		must_equal(got.fragments, said.fragments);
		must_equal(got.bytes, said.bytes);
		must_equal(got.disk_total, said.disk_total);
		must_equal(got.disk_free, said.disk_free);
		must_equal(got.damaged, said.damaged);
		must_equal(got.failed, said.failed);
		must_equal(got.signer, said.signer);
	}
	link_close(link);
	return rc;
}

static int all_kinds(void *arg)
{
	static const char text[EDGE_TEXT_MAX + 1];

	(void)arg;
	said = (struct edge_hello){ 0 };
	must_equal(ask_as(ROLE_GATEWAY), -EACCES);
	must_equal(ask_as(ROLE_VAULT), -EACCES);
	must_equal(ask_as(ROLE_BACKEND), 0);
	said = (struct edge_hello){
		.id = "sixteen bytes...", .point = { 4, 1, 2 }, .host = { "host:9001", 9 },
		.url = { "http://host:9001", 16 }, .name = { text, EDGE_TEXT_MAX },
		.fragments = 1, .bytes = UINT64_MAX, .disk_total = 3, .disk_free = 2,
		.damaged = 5, .failed = true,
	};
	must_equal(ask_as(ROLE_BACKEND), 0);
	said.failed = false;
	said.signer = true;
	must_equal(ask_as(ROLE_BACKEND), 0);
	said.name.len = EDGE_TEXT_MAX + 1;
	must(ask_as(ROLE_BACKEND) < 0);
	return 0;
}

static void edge_says_who_it_is(void **state)
{
	assert_int_equal(on_loop(state, all_kinds, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(edge_says_who_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
