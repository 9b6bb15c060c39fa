// SPDX-License-Identifier: GPL-2.0-or-later
/* Which back end a loop gets where io_uring is forbidden, and what it says without descriptors. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "io_util.h"

/* As kernel.io_uring_disabled, container run-times and systemd's sandboxes do. */
static void forbid_io_uring(int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	must_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	must_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static int sleep_a_little(void *arg)
{
	(void)arg;
	return io_sleep_until(io_after_ms(1));
}

static void open_forbidden(void *error)
{
	struct io_options uring = { .backend = "uring" };
	struct io_loop *loop;

	forbid_io_uring(*(int *)error);
	must_equal(io_loop_open(&loop, &uring), -*(int *)error);
	must(!loop);
	must_equal(io_loop_open(&loop, NULL), 0);
	must(!strcmp(io_loop_backend(loop), "epoll"));
	must_equal(io_loop_run(loop, sleep_a_little, NULL), 0);
	io_loop_close(loop);
}

static void where_io_uring_is_forbidden(void **state)
{
	int error[] = { EPERM, ENOSYS }, i;

	(void)state;
	for (i = 0; i < 2; i++)
		assert_int_equal(in_child(open_forbidden, &error[i]), 0);
}

/* With as many descriptors left as there are: from none to enough. */
static void open_with_few_descriptors(void *name)
{
	struct io_options options = { .backend = name };
	struct rlimit few;
	struct io_loop *loop;
	int first, more, rc;

	first = dup(0);
	must(first >= 0);
	close(first);
	getrlimit(RLIMIT_NOFILE, &few);
	for (more = 0; more < 4; more++) {
		few.rlim_cur = first + more;
		must_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		rc = io_loop_open(&loop, &options);
		if (!rc)
			break;
		must_equal(rc, -EMFILE);
		must(!loop);
		/* Nothing is left open. */
		few.rlim_cur = first + 10;
		must_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		rc = dup(0);
		must_equal(rc, first);
		close(rc);
	}
	must(more > 0 && more < 4);
	must_equal(io_loop_run(loop, sleep_a_little, NULL), 0);
	io_loop_close(loop);
}

static void without_descriptors(void **state)
{
	io_loop_close(loop_of(state));
	assert_int_equal(in_child(open_with_few_descriptors, *state), 0);
}

static void open_without_memory(void *name)
{
	struct io_options options = { .backend = name };
	struct io_loop *loop;

	no_more_memory();
	/* epoll maps nothing, and what malloc() has left may do for either. */
	if (io_loop_open(&loop, &options))
		must(!loop);
	else
		io_loop_close(loop);
}

static void without_memory(void **state)
{
	io_loop_close(loop_of(state));
	not_under_tsan();
	assert_int_equal(in_child(open_without_memory, *state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_io_uring_is_forbidden),
		ON_BOTH(without_descriptors),
		ON_BOTH(without_memory),
	};

	return cmocka_run_group_tests_name("io probe", tests, NULL, NULL);
}
