/* SPDX-License-Identifier: GPL-2.0-or-later */
/* skyd as a process of the test: the program that stands beside it, and what it has logged. */
#ifndef TEST_SKYD_UTIL_H
#define TEST_SKYD_UTIL_H

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/file.h"
#include "io_util.h"

static char program[PATH_MAX];

static inline void find_skyd(void)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	must(len > 0);
	self[len] = 0;
	must(snprintf(program, sizeof(program), "%.4000s/skyd", dirname(self)) > 0);
	/* A role cannot look for leaks: that takes ptrace. */
	setenv("ASAN_OPTIONS", "detect_leaks=0:exitcode=99", 1);
}

/* It adds to DIR/log. */
static inline pid_t run_skyd(const char *dir, char *const arguments[])
{
	pid_t pid = fork();

	if (!pid) {
		char log[128];
		int fd;

		/* A test that fails leaves nobody behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(log, sizeof(log), "%s/log", dir);
		fd = open(log, O_CREAT | O_WRONLY | O_APPEND, 0600);
		dup2(fd, 2);
		execv(program, arguments);
		_exit(127);
	}
	must(pid > 0);
	return pid;
}

/* Return: its exit status; it was not killed. */
static inline int wait_for(pid_t pid)
{
	int status;

	must_equal(waitpid(pid, &status, 0), pid);
	must(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline bool log_says(const char *dir, const char *words)
{
	CLEANUP_FREE char *text = NULL;
	char log[128];

	snprintf(log, sizeof(log), "%s/log", dir);
	return !file_read(log, 1 << 20, &text, NULL) && strstr(text, words);
}

#endif /* TEST_SKYD_UTIL_H */
