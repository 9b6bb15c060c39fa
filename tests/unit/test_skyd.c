// SPDX-License-Identifier: GPL-2.0-or-later
/* The program as it is run: roles that are killed, reloads, stops, and what stops a start. */
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/un.h>

#include "../../user/skyd/parent.h"
#include "../../user/skyd/role_run.h"
#include "skyd_util.h"

#define SOON	io_after_ms(20000)
#define KILLS	30
#define RELOADS	6

static char top[64], sock[128], conf[128];

static int setup(void **state)
{
	(void)state;
	find_skyd();
	strcpy(top, "/tmp/test_skyd.XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(sock, sizeof(sock), "%s/dev/control", top);
	snprintf(conf, sizeof(conf), "%s/skyd.conf", top);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", top);
	return system(command);
}

/* A new connection, one call.  On a fiber. */
static int ask(void)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct vault_counts counts = { 0 };
	const struct link_call call = {
		ADMIN_STATUS, NULL, NULL, -1, &vault_counts_schema, &counts, 0,
	};
	struct link *link;
	int fd, rc;

	strcpy(at.sun_path, sock);
	fd = io_dial((struct sockaddr *)&at, sizeof(at), SOON);
	if (fd < 0)
		return fd;
	must_equal(link_open(&link, NULL, &group), 0);
	link_attach(link, fd);
	rc = link_do(link, &call, &answer, SOON);
	link_close(link);
	if (!rc)
		must_equal(counts.masters, 1);
	return rc;
}

/* The socket is there from the start, so only its making has to be waited for. */
static void until_up(void)
{
	int64_t end = SOON;

	while (ask()) {
		must(io_now() < end);
		must_equal(io_sleep_until(io_after_ms(10)), 0);
	}
}

/* Others may run this test, too; below what connections are given. */
static unsigned int dev_port(void)
{
	return 10000 + getpid() % 2000 * 10;
}

static pid_t start_dev(void)
{
	char dev[128], port[16];
	char *const arguments[] = { program, "--dev", dev, "--port", port, NULL };

	snprintf(port, sizeof(port), "%u", dev_port());
	snprintf(dev, sizeof(dev), "%s/dev", top);
	return run_skyd(top, arguments);
}

/* --- the whole life ------------------------------------------------------------------- */

static pid_t child_of(pid_t parent, const char *name);

/* What the kernel says that a role has given up. */
static void check_given_up(pid_t pid)
{
	static const char *const lines[] = {
		"CapEff:\t0000000000000000\n", "CapPrm:\t0000000000000000\n",
		"CapBnd:\t0000000000000000\n", "NoNewPrivs:\t1\n", "Seccomp:\t2\n",
		"Groups:\t ",
	};
	CLEANUP_FREE char *text = NULL;
	char path[64];
	size_t i;

	must(pid);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	must_equal(file_read(path, 65536, &text, NULL), 0);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		/* Who is not root has neither a bounding set to empty nor groups to leave. */
		if (getuid() && (i == 2 || i == 5))
			continue;
		if (!strstr(text, lines[i]))
			printf("# no %s", lines[i]);
		must(strstr(text, lines[i]));
	}
}

/* One that cannot start, since another has the folder, leaves to it what tools are told. */
static void second_changes_nothing(void)
{
	char dev[128], path[160], url[64];
	char *const arguments[] = { program, "--dev", dev, "--port", "9990", NULL };
	CLEANUP_FREE char *before = NULL, *after = NULL;

	snprintf(dev, sizeof(dev), "%s/dev", top);
	snprintf(path, sizeof(path), "%s/config-hint", dev);
	must_equal(file_read(path, 4096, &before, NULL), 0);
	snprintf(url, sizeof(url), "export SKYD_URL='http://127.0.0.1:%u'", dev_port());
	must(strstr(before, url));
	must_equal(wait_for(run_skyd(top, arguments)), EXIT_CONFIG);
	must_equal(file_read(path, 4096, &after, NULL), 0);
	must(!strcmp(before, after));
}

static int live(void *arg)
{
	static const char *const names[] = { "vault", "backend", "gateway", "edge edge6" };
	pid_t pid = start_dev();
	size_t i;

	(void)arg;
	until_up();
	/* All of them, not only those that answer. */
	while (!log_says(top, "parent: ready"))
		must_equal(io_sleep_until(io_after_ms(5)), 0);
	for (i = 0; i < 4; i++)
		check_given_up(child_of(pid, names[i]));
	must(log_says(top, "/dev/config-hint` has aws-cli"));
	second_changes_nothing();
	must_equal(kill(pid, SIGTERM), 0);
	must_equal(wait_for(pid), 0);
	return 0;
}

static void test_life(void **state)
{
	CLEANUP_FREE char *text = NULL;
	char path[256];
	struct stat st;

	assert_int_equal(on_loop(state, live, NULL), 0);
	snprintf(path, sizeof(path), "%s/dev/credentials", top);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_read(path, 1000, &text, NULL), 0);
	assert_non_null(strstr(text, "aws_secret_access_key = "));
	snprintf(path, sizeof(path),
		 ". %s/dev/config-hint && cat \"$AWS_CONFIG_FILE\" \"$AWS_SHARED_CREDENTIALS_FILE\" >&2",
		 top);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s/dev/vault/keys", top);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* One of the parent's children; its name is where /proc has it. */
static pid_t child_of(pid_t parent, const char *name)
{
	char path[64], comm[32], list[1024] = "", *at = list;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	f = fopen(path, "r");
	must(f);
	must(fread(list, 1, sizeof(list) - 1, f) < sizeof(list));
	fclose(f);
	while (*at) {
		pid_t pid = strtol(at, &at, 10);

		at += strspn(at, " ");
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (!fgets(comm, sizeof(comm), f))
			comm[0] = 0;
		fclose(f);
		comm[strcspn(comm, "\n")] = 0;
		if (!strcmp(comm, name))
			return pid;
	}
	return 0;
}

/* Roles do not outlive a parent, however it ends. */
static int orphans(void *arg)
{
	pid_t pid = start_dev(), vault, edge;
	int64_t end = SOON;
	int status;

	(void)arg;
	until_up();
	do {
		must(io_now() < end);
		must_equal(io_sleep_until(io_after_ms(5)), 0);
		vault = child_of(pid, "vault");
		edge = child_of(pid, "edge edge2");
	} while (!vault || !edge);
	must_equal(kill(pid, SIGKILL), 0);
	must_equal(waitpid(pid, &status, 0), pid);
	while (!kill(vault, 0) || !kill(edge, 0)) {
		must(io_now() < end);
		must_equal(io_sleep_until(io_after_ms(5)), 0);
	}
	return 0;
}

static void test_orphans(void **state)
{
	assert_int_equal(on_loop(state, orphans, NULL), 0);
}

struct load {
	bool over;
	bool strict;		/* no call may fail */
	unsigned int good, bad;
};

static int ask_all_the_time(void *arg)
{
	struct load *load = arg;

	while (!load->over) {
		int rc = ask();

		if (rc)
			load->bad++;
		else
			load->good++;
		if (rc && load->strict)
			printf("# a call returned %d\n", rc);
		must(!rc || !load->strict);
	}
	return 0;
}

/* Whoever is killed, the others go on, and soon everything is answered again. */
static int kills(void *arg)
{
	static const char *const names[] = { "vault", "backend", "gateway", "edge edge3" };
	struct io_group group = IO_GROUP(group);
	struct load load = { 0 };
	pid_t pid = start_dev(), victim;
	unsigned int i, seed = 1;

	(void)arg;
	until_up();
	must_equal(io_spawn(&group, ask_all_the_time, &load, NULL), 0);
	must_equal(io_spawn(&group, ask_all_the_time, &load, NULL), 0);
	for (i = 0; i < KILLS; i++) {
		int64_t end = SOON;

		seed = seed * 1664525 + 1013904223;
		must_equal(io_sleep_until(io_after_ms((seed >> 16) % 40)), 0);
		victim = child_of(pid, names[i % 4]);
		if (!victim)
			continue;
		must_equal(kill(victim, SIGKILL), 0);
		/* Failing in a row makes the parent wait; not for long here. */
		while (i % 8 == 7 && !child_of(pid, names[i % 4])) {
			must(io_now() < end);
			must_equal(io_sleep_until(io_after_ms(5)), 0);
		}
	}
	load.over = true;
	must_equal(io_group_wait_all(&group, SOON), 0);
	printf("# %u calls answered, %u lost their backend\n", load.good, load.bad);
	until_up();
	must_equal(kill(pid, SIGTERM), 0);
	must_equal(wait_for(pid), 0);
	return 0;
}

static void test_kills(void **state)
{
	assert_int_equal(on_loop(state, kills, NULL), 0);
	assert_true(log_says(top, "was ended by signal 9"));
}

static void write_conf(unsigned int calls)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "[skyd]\nstate = %s/dev\ncontrol = unix:%s\nchroot =\ncalls = %u\n[gateway]\n"
		 "listen = 127.0.0.1:%u\nuser =\n[backend]\nuser =\n[vault]\nuser =\n"
		 "keys = %s/dev/vault/keys\n[edges]\nuser =\n[resolver]\nuser =\n",
		 top, sock, calls, dev_port(), top);
	assert_int_equal(file_write_atomic(conf, text, strlen(text), 0600), 0);
}

/* Processes are exchanged while they are asked, and no call is lost. */
static int reloads(void *arg)
{
	char *const arguments[] = { program, "--config", conf, NULL };
	struct io_group group = IO_GROUP(group);
	struct load load = { .strict = true };
	pid_t pid, vault, next;
	unsigned int i;

	(void)arg;
	write_conf(50);
	pid = run_skyd(top, arguments);
	until_up();
	must_equal(io_spawn(&group, ask_all_the_time, &load, NULL), 0);
	must_equal(io_spawn(&group, ask_all_the_time, &load, NULL), 0);
	for (i = 0; i < RELOADS; i++) {
		int64_t end = SOON;

		vault = child_of(pid, "vault");
		write_conf(60 + i);
		must_equal(kill(pid, SIGHUP), 0);
		do {
			must(io_now() < end);
			must_equal(io_sleep_until(io_after_ms(5)), 0);
			next = child_of(pid, "vault");
		} while (next == vault || !next);
	}
	/* One that cannot be read changes nothing. */
	must_equal(file_write_atomic(conf, "nonsense\n", 9, 0600), 0);
	vault = child_of(pid, "vault");
	must_equal(kill(pid, SIGHUP), 0);
	while (!log_says(top, "keeps the configuration"))
		must_equal(io_sleep_until(io_after_ms(5)), 0);
	must_equal(child_of(pid, "vault"), vault);
	load.over = true;
	must_equal(io_group_wait_all(&group, SOON), 0);
	printf("# %u calls answered during %u reloads, none lost\n", load.good, RELOADS);
	must_equal(kill(pid, SIGTERM), 0);
	must_equal(wait_for(pid), 0);
	return 0;
}

static void test_reloads(void **state)
{
	assert_int_equal(on_loop(state, reloads, NULL), 0);
}

/* --- what cannot be started ---------------------------------------------------------- */

static void test_refusals(void **state)
{
	char *const arguments[] = { program, "--config", conf, NULL };
	char *const check[] = { program, "--config", conf, "--check-config", NULL };
	char *const wrong[] = { program, "--role", "king", NULL };
	char *const file[] = { program, "--dev", conf, NULL };
	char *const port[] = { program, "--config", conf, "--port", "9000", NULL };
	char keys[128], command[PATH_MAX];

	(void)state;
	assert_int_equal(file_write_atomic(conf, "[skyd]\nstate\nx = 1\n", 18, 0600), 0);
	assert_int_equal(wait_for(run_skyd(top, check)), EXIT_CONFIG);
	assert_true(log_says(top, "skyd.conf:2: ") && log_says(top, "skyd.conf:3: "));
	assert_int_equal(wait_for(run_skyd(top, arguments)), EXIT_CONFIG);
	assert_int_equal(wait_for(run_skyd(top, wrong)), 2);
	assert_int_equal(wait_for(run_skyd(top, port)), 2);
	snprintf(command, sizeof(command), "%.4000s --print-config >/dev/full", program);
	assert_int_equal(WEXITSTATUS(system(command)), 1);
	assert_int_equal(wait_for(run_skyd(top, file)), EXIT_CONFIG);
	assert_true(log_says(top, ": Not a directory"));
	write_conf(5);
	assert_int_equal(wait_for(run_skyd(top, check)), 0);
	/* Keys that others could read. */
	snprintf(keys, sizeof(keys), "%s/dev/vault/keys", top);
	assert_int_equal(chmod(keys, 0644), 0);
	assert_int_equal(wait_for(run_skyd(top, arguments)), EXIT_CONFIG);
	assert_true(log_says(top, "cannot be used: Operation not permitted"));
	assert_int_equal(chmod(keys, 0600), 0);
}

/*
 * A port that somebody has: for a moment, as the kernel may for a predecessor that was killed,
 * and for good.
 */
static int held(void *arg)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(dev_port()) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	pid_t pid;

	(void)arg;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	must_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	must_equal(listen(fd, 1), 0);
	must_equal(wait_for(start_dev()), EXIT_CONFIG);
	must(log_says(top, "gateway cannot listen on 127.0.0.1:"));
	must(log_says(top, ": Address already in use; see listen in skyd.conf(5)"));
	pid = start_dev();
	must_equal(io_sleep_until(io_after_ms(LISTEN_PATIENCE_MS / 2)), 0);
	close(fd);
	until_up();
	must_equal(kill(pid, SIGTERM), 0);
	must_equal(wait_for(pid), 0);
	return 0;
}

static void test_held(void **state)
{
	assert_int_equal(on_loop(state, held, NULL), 0);
}

/* --- no room on the disk -------------------------------------------------------------- */

/* Of the folder, which has a disk of its own from now on. */
static int room(const char *how, const char *size)
{
	char command[256];

	snprintf(command, sizeof(command), "mount -t tmpfs -o %ssize=%s none '%s/dev'", how, size, top);
	return system(command);
}

/* How often the log says so; *text: all of it. */
static unsigned int told(const char *words, char **text)
{
	unsigned int n = 0;
	char path[128];
	const char *at;

	snprintf(path, sizeof(path), "%s/log", top);
	must_equal(file_read(path, 1 << 24, text, NULL), 0);
	for (at = *text; (at = strstr(at, words)); at++)
		n++;
	return n;
}

/* One line of each start, and the last one. */
static void check_told(unsigned int times)
{
	CLEANUP_FREE char *text = NULL;
	const char *at;

	assert_int_equal(told("there is no room on the disk of ", &text), times);
	at = strrchr(text, '\n');
	while (at > text && at[-1] != '\n')
		at--;
	assert_non_null(strstr(at, "make some, and start skyd again\n"));
}

static unsigned int backend_tries(void)
{
	CLEANUP_FREE char *text = NULL;

	return told("backend ended with status 73", &text);
}

static void fill(bool full)
{
	char path[128], page[4096] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/dev/junk", top);
	if (!full) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	fd = open(path, O_CREAT | O_WRONLY | O_APPEND, 0600);
	assert_true(fd >= 0);
	while (write(fd, page, sizeof(page)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static int full_and_killed(void *arg)
{
	pid_t pid = *(pid_t *)arg;
	int64_t end = SOON;
	unsigned int tries;

	until_up();
	fill(true);
	tries = backend_tries();
	must_equal(kill(child_of(pid, "backend"), SIGKILL), 0);
	/* Tried again and again, and nobody else ends for it. */
	while (backend_tries() < tries + 2) {
		must(io_now() < end);
		must_equal(waitpid(pid, NULL, WNOHANG), 0);
		must_equal(io_sleep_until(io_after_ms(20)), 0);
		/* What one that ends has freed. */
		fill(true);
	}
	fill(false);
	until_up();
	return 0;
}

/* It ends, with a word; with room it begins, and what has begun waits for room. */
static void test_full(void **state)
{
	static const char *const sizes[] = { "8k", "300k", "500k", "700k", "1000k" };
	char command[256];
	unsigned int i;
	pid_t pid;

	if (getuid() || unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		skip();
	snprintf(command, sizeof(command), "rm -rf '%s/dev' '%s/log' && mkdir -m 700 '%s/dev'", top,
		 top, top);
	assert_int_equal(system(command), 0);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(room("", sizes[i]), 0);
		assert_int_equal(wait_for(start_dev()), EXIT_FULL);
		check_told(i + 1);
		snprintf(command, sizeof(command), "%s/dev", top);
		if (i < sizeof(sizes) / sizeof(sizes[0]) - 1)
			assert_int_equal(umount(command), 0);
	}
	assert_int_equal(room("remount,", "64m"), 0);
	pid = start_dev();
	assert_int_equal(on_loop(state, full_and_killed, &pid), 0);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(wait_for(pid), 0);
	assert_int_equal(umount(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "test_life", test_life, NULL, NULL, (void *)"epoll" },
		{ "test_orphans", test_orphans, NULL, NULL, (void *)"epoll" },
		{ "test_kills", test_kills, NULL, NULL, (void *)"epoll" },
		{ "test_reloads", test_reloads, NULL, NULL, (void *)"epoll" },
		cmocka_unit_test(test_refusals),
		{ "test_held", test_held, NULL, NULL, (void *)"epoll" },
		{ "test_full", test_full, NULL, NULL, (void *)"epoll" },
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
