// SPDX-License-Identifier: GPL-2.0-or-later
/* The runner's parts: names, folders of what runs, processes that are others', programs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "io_util.h"
#include "shell.h"

#include "../../user/skyd/runner.h"
#include "../../user/skyd/starter.h"

static char top[64] = "/tmp/test_runner.XXXXXX";
static struct config config = { .workload_state = top };
static struct runner r = { .config = &config };

static void names(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", ".a", "-a", "a/b", "/", "a b", "a\n", "a|b", "\xc3\xb6",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(runner_name_ok(str_of(bad[i])));
	assert_true(runner_name_ok(str_of("a")));
	assert_true(runner_name_ok(str_of("A.b_c-9")));
	assert_false(runner_name_ok((struct str){ "a\0b", 3 }));
}

static struct runner_record mine(const char *name)
{
	struct runner_record w = {
		.image = "reg.example.org/a@sha256:0", .digest = { 1, 2 }, .team = 7, .tier = 4,
		.pid = getpid(), .ticks = runner_ticks(getpid()), .started = 1ull << 50,
		.up = 3, .spawn_us = 5,
	};

	snprintf(w.name, sizeof(w.name), "%s", name);
	return w;
}

static void records(void **state)
{
	struct runner_record w = mine("a"), got;
	int fd;

	(void)state;
	fd = runner_take(&r, "a");
	assert_true(fd >= 0);
	/* Somebody else is at it. */
	assert_int_equal(runner_take(&r, "a"), -EBUSY);
	assert_int_equal(runner_hold(&r, "a"), -EBUSY);
	assert_int_equal(runner_record_read(&r, "a", &got), -ENOENT);
	assert_int_equal(runner_record_write(&r, &w), 0);
	close(fd);
	assert_int_equal(runner_record_read(&r, "a", &got), 0);
	assert_memory_equal(&got, &w, sizeof(w));
	/* It runs. */
	assert_int_equal(runner_take(&r, "a"), -EEXIST);
	fd = runner_hold(&r, "a");
	assert_true(fd >= 0);
	runner_forget(&r, "a");
	close(fd);
	assert_int_equal(runner_hold(&r, "a"), -ENOENT);
}

/* The number of a process that has ended may be another's. */
static void others(void **state)
{
	struct runner_record w = mine("b"), got;
	int fd;

	(void)state;
	assert_true(runner_alive(&w));
	w.ticks++;
	assert_false(runner_alive(&w));
	w.pid = 0;
	assert_false(runner_alive(&w));
	w.pid = -1;
	assert_false(runner_alive(&w));
	fd = runner_take(&r, "b");
	assert_int_equal(runner_record_write(&r, &w), 0);
	RUN(0, "mkdir -p %s/b/rootfs/x && ln -s / %s/b/rootfs/x/away", top, top);
	close(fd);
	/* What is left of it is removed, and nothing that it points to. */
	fd = runner_take(&r, "b");
	assert_true(fd >= 0);
	assert_int_equal(runner_record_read(&r, "b", &got), -ENOENT);
	RUN(1, "test -e %s/b/rootfs", top);
	RUN(0, "test -e /bin/sh");
	close(fd);
	runner_forget(&r, "b");
}

/* A clock that is set back makes no guest one of before. */
static void clocks(void **state)
{
	struct runner_record w = mine("a");
	struct timespec up, day;
	int status;
	pid_t pid;

	(void)state;
	usleep(20000);
	clock_gettime(CLOCK_BOOTTIME, &up);
	clock_gettime(CLOCK_REALTIME, &day);
	pid = fork();
	if (!pid)
		_exit(pause());
	w.up = up.tv_sec * 1000000ull + up.tv_nsec / 1000;
	w.started = (day.tv_sec + 3600) * 1000000ull;
	assert_true(runner_began_since(&w, pid));
	assert_false(runner_began_since(&w, getpid()));
	/* One of before this was kept. */
	w.up = 0;
	assert_false(runner_began_since(&w, pid));
	w.started = day.tv_sec * 1000000ull;
	assert_true(runner_began_since(&w, pid));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(runner_began_since(&w, pid));
}

static void damaged(void **state)
{
	static const char *const bad[] = {
		"", "{", "[]", "{}", "{\"name\":\"c\"}",
		"{\"name\":\"d\",\"image\":\"\",\"digest\":\"00\"}",
		"{\"name\":\"c\",\"image\":\"\",\"digest\":\"00\"}",
	};
	struct runner_record got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		RUN(0, "mkdir -p %s/c && printf '%%s' '%s' >%s/c/workload.json", top, bad[i], top);
		assert_true(runner_record_read(&r, "c", &got) < 0);
	}
	RUN(0, "rm -rf %s/c && ln -s /etc %s/c", top, top);
	assert_true(runner_take(&r, "c") < 0);
	assert_true(runner_hold(&r, "c") < 0);
	RUN(0, "rm %s/c && test -e /etc/passwd", top);
}

/* No more than can be listed: nobody could end what nobody sees. */
static void many(void **state)
{
	int fd;

	(void)state;
	RUN(0, "cd %s && mkdir .hidden $(seq -f w%%g 1 %u)", top, RUNNER_ROWS - 1);
	fd = runner_take(&r, "last");
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(runner_take(&r, "more"), -ENOSPC);
	RUN(1, "test -e %s/more", top);
	/* A name that is there is no new one. */
	fd = runner_take(&r, "w7");
	assert_true(fd >= 0);
	close(fd);
	RUN(0, "mkdir %s/more", top);
	assert_int_equal(runner_take(&r, "w7"), -ENOSPC);
	RUN(0, "test -d %s/w7 && rm -r %s/more %s/w7", top, top, top);
	fd = runner_take(&r, "more");
	assert_true(fd >= 0);
	close(fd);
	RUN(0, "cd %s && rm -r .hidden last more w*", top);
}

static int spawn(const char *script, int fd, unsigned int seconds, char why[RUNNER_WHY])
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	char log[96];
	const struct runner_program p = {
		.argv = argv, .log = log, .fd = fd, .seconds = seconds, .file_max = 65536,
	};

	snprintf(log, sizeof(log), "%s/log", top);
	*why = 0;
	return runner_spawn(&p, why);
}

static void programs(void **state)
{
	char why[RUNNER_WHY];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC), other;

	(void)state;
	assert_int_equal(spawn("exit 0", -1, 20, why), 0);
	assert_int_equal(spawn("echo first; echo last word; exit 3", -1, 20, why), -EIO);
	assert_string_equal(why, "/bin/sh has ended with 3: last word");
	assert_int_equal(spawn("kill -KILL $$", -1, 20, why), -EIO);
	assert_non_null(strstr(why, "137"));
	assert_int_equal(spawn("sleep 60", -1, 1, why), -ETIMEDOUT);
	assert_non_null(strstr(why, "took more than 1 second"));
	/* It has what is meant for it, as 3, and nothing else. */
	other = fcntl(fd, F_DUPFD, 40);
	assert_int_equal(spawn("grep -q test_runner <&3", fd, 20, why), 0);
	assert_int_equal(spawn("test ! -e /proc/$$/fd/40", fd, 20, why), 0);
	assert_int_equal(spawn("test ! -e /proc/$$/fd/3", -1, 20, why), 0);
	/* It fills no disk with what it prints. */
	assert_int_equal(spawn("head -c 100000 /dev/zero; exit 0", -1, 20, why), 0);
	RUN(0, "test $(stat -c %%s %s/log) = 65536", top);
	assert_int_equal(spawn("ulimit -H -f | grep -qx unlimited", -1, 20, why), -EIO);
	close(other);
	close(fd);
}

static void footprints(void **state)
{
	(void)state;
	assert_true(runner_footprint(getpid()) > 0);
	assert_int_equal(runner_footprint(-1), 0);
}

/* --- a starter that takes its time over starts ------------------------------------------------ */

#define SLOW		(STARTER_CHANNELS + 4)

static atomic_uint begun;
static atomic_bool go_on;

static void *answer_slowly(void *fd)
{
	struct starter_ask ask;

	while (recv(*(int *)fd, &ask, sizeof(ask), MSG_WAITALL) == sizeof(ask)) {
		struct starter_answer head = { 0 };

		if (ask.verb == STARTER_START) {
			atomic_fetch_add(&begun, 1);
			head.rc = -EIO;
		}
		while (head.rc && !atomic_load(&go_on))
			usleep(1000);
		must_equal(send(*(int *)fd, &head, sizeof(head), MSG_NOSIGNAL), sizeof(head));
	}
	return NULL;
}

struct asking {
	struct link *link;
	struct runner *r;
	struct io_stream stream;
	int result;
};

static int serve(void *arg)
{
	struct asking *a = arg;
	struct link_service service;

	runner_service(a->r, ROLE_BACKEND, &service);
	must_equal(link_serve(&service, &a->stream), 0);
	io_stream_close(&a->stream);
	return 0;
}

static int ask_one(struct link *link, u16 operation, int64_t ms)
{
	const struct runner_ask ask = { .name = { "a", 1 }, .image = { "i", 1 }, .mem = 64 };
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct runner_answer give = { 0 };
	const struct link_call call = {
		operation, &runner_ask_schema, &ask, -1, &runner_answer_schema, &give, 0,
	};

	return link_do(link, &call, &answer, io_after_ms(ms));
}

static int ask_start(void *arg)
{
	struct asking *a = arg;

	a->result = ask_one(a->link, RUNNER_START, 20000);
	return 0;
}

static int slow_starts(void *arg)
{
	struct runner slow = { .starter = arg };
	struct io_group group = IO_GROUP(group), starts = IO_GROUP(starts);
	struct asking server = { .r = &slow }, start[SLOW];
	unsigned int i;
	int fd[2];

	must_equal(runner_open(&slow, &config, &group), 0);
	stream_pair(fd);
	io_stream_socket(&server.stream, fd[0]);
	must_equal(io_spawn(&group, serve, &server, NULL), 0);
	must_equal(link_open(&server.link, NULL, &group), 0);
	link_attach(server.link, fd[1]);
	for (i = 0; i < SLOW; i++) {
		start[i] = (struct asking){ .link = server.link };
		must_equal(io_spawn(&starts, ask_start, &start[i], NULL), 0);
	}
	while (atomic_load(&begun) < STARTER_CHANNELS - 2)
		io_sleep_until(io_after_ms(1));
	/* Who looks for what has to end, and who ends it, waits for none of them. */
	must_equal(ask_one(server.link, RUNNER_LIST, 5000), 0);
	must_equal(ask_one(server.link, RUNNER_STOP, 5000), 0);
	must_equal(atomic_load(&begun), STARTER_CHANNELS - 2);
	/* One that finds no room until nobody waits for it any more is not begun. */
	must_equal(ask_one(server.link, RUNNER_START, 50), -ETIMEDOUT);
	atomic_store(&go_on, true);
	must_equal(io_group_drain(&starts, io_after_ms(20000)), 0);
	must_equal(atomic_load(&begun), SLOW);
	for (i = 0; i < SLOW; i++)
		must_equal(start[i].result, -EIO);
	link_close(server.link);
	must_equal(io_group_drain(&group, io_after_ms(20000)), 0);
	runner_close(&slow);
	return 0;
}

static void starts_hold_nobody_up(void **state)
{
	struct starter starter = { .lock = PTHREAD_MUTEX_INITIALIZER, .life = -1 };
	pthread_t thread[STARTER_CHANNELS];
	int fd[STARTER_CHANNELS][2];
	unsigned int i;

	for (i = 0; i < STARTER_CHANNELS; i++) {
		stream_pair(fd[i]);
		starter.fd[i] = fd[i][0];
		assert_int_equal(pthread_create(&thread[i], NULL, answer_slowly, &fd[i][1]), 0);
	}
	assert_int_equal(on_loop(state, slow_starts, &starter), 0);
	starter_close(&starter);
	for (i = 0; i < STARTER_CHANNELS; i++) {
		pthread_join(thread[i], NULL);
		close(fd[i][1]);
	}
}

static int begin(void **state)
{
	(void)state;
	return !mkdtemp(top);
}

static int end(void **state)
{
	(void)state;
	return sh("rm -rf %s", top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names), cmocka_unit_test(records), cmocka_unit_test(others),
		cmocka_unit_test(damaged), cmocka_unit_test(many), cmocka_unit_test(programs),
		cmocka_unit_test(footprints), cmocka_unit_test(clocks),
		{ "starts hold nobody up", starts_hold_nobody_up, NULL, NULL, (void *)"epoll" },
	};

	return cmocka_run_group_tests(tests, begin, end);
}
