/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of user/lib/io share: each case is run on both back ends. */
#ifndef TEST_IO_UTIL_H
#define TEST_IO_UTIL_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/kernel.h>

#include "io/file.h"
#include "io/group.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/sync.h"
#include "io/work.h"

/* cmocka's way out of a failed test is a jump, which cannot be made off a fiber's stack. */
#define must(cond)		must_be((cond) ? 1 : 0, 1, #cond, __FILE__, __LINE__)
#define must_equal(a, b)	must_be((int64_t)(a), (int64_t)(b), #a, __FILE__, __LINE__)

static inline void must_be(int64_t found, int64_t wanted, const char *what, const char *file,
			   int line)
{
	if (found == wanted)
		return;
	printf("# %s:%d: %s is %lld, not %lld\n", file, line, what, (long long)found,
	       (long long)wanted);
	fflush(NULL);
	abort();
}

#define ON_BOTH(fn)						\
	{ #fn " on uring", fn, NULL, NULL, (void *)"uring" },	\
	{ #fn " on epoll", fn, NULL, NULL, (void *)"epoll" }

static inline struct io_loop *loop_of(void **state)
{
	struct io_options options = { .backend = *state };
	struct io_loop *loop;
	int rc = io_loop_open(&loop, &options);

	if (!strcmp(*state, "uring") && (rc == -ENOSYS || rc == -EPERM || rc == -EOPNOTSUPP)) {
		print_message("no io_uring here\n");
		skip();
	}
	assert_int_equal(rc, 0);
	return loop;
}

/* Run a function as the first fiber of a loop of its own. */
static inline int on_loop(void **state, io_fn *fn, void *arg)
{
	struct io_loop *loop = loop_of(state);
	int rc = io_loop_run(loop, fn, arg);

	io_loop_close(loop);
	return rc;
}

static inline void stream_pair(int fd[2])
{
	must_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
}

/* Run in a process of its own: how that ended, as waitpid() says. */
static inline int in_child(void (*fn)(void *arg), void *arg)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		fn(arg);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/*
 * Skip what ThreadSanitizer does not bear: it is the first to die of no_more_memory(), and it
 * puts off signal handlers until a call of the C library, of which a loop that sleeps makes none.
 */
static inline void not_under_tsan(void)
{
#ifdef __SANITIZE_THREAD__
	skip();
#endif
}

/* From here on this process gets no more memory of the kernel. */
static inline void no_more_memory(void)
{
	struct rlimit limit = { 1 << 20, 1 << 20 };

	must_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

#endif /* TEST_IO_UTIL_H */
