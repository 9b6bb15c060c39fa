// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "priv/priv.h"
#include "runner.h"

#define IMAGE_FD	3
#define SECOND_FD	4
#define TAIL		256

/* In the child: nothing of the parent's but what is meant for it.  Does not return. */
static void become(const struct runner_program *p, int log, int nothing, pid_t starter)
{
	static char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
	const struct rlimit most = { p->file_max, p->file_max };
	int from = p->second ? SECOND_FD + 1 : p->fd >= 0 ? IMAGE_FD + 1 : IMAGE_FD;
	/* Where it is in nobody's way. */
	const int second = p->second ? fcntl(p->second, F_DUPFD_CLOEXEC, SECOND_FD + 1) : -1;

	if (p->prepare && p->prepare(p->prepare_arg))
		_exit(125);
	setsid();
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		_exit(126);
	if (p->fd == IMAGE_FD && fcntl(p->fd, F_SETFD, 0))
		_exit(126);
	if (p->fd >= 0 && p->fd != IMAGE_FD && dup2(p->fd, IMAGE_FD) < 0)
		_exit(126);
	if (p->second && dup2(second, SECOND_FD) < 0)
		_exit(126);
	syscall(SYS_close_range, from, ~0u, 0);
	signal(SIGXFSZ, p->file_max && !p->file_kill ? SIG_IGN : SIG_DFL);
	if (p->file_max && setrlimit(RLIMIT_FSIZE, &most))
		_exit(126);
	if (p->folder && chdir(p->folder))
		_exit(126);
	if (priv_lift() || (!geteuid() && priv_bound(p->capabilities)))
		_exit(126);
	if (p->id && (setgroups(0, NULL) || setresgid(p->id, p->id, p->id) ||
		      setresuid(p->id, p->id, p->id)))
		_exit(126);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(126);
	/* It does not outlive who waits for it; what it leaves running is not its own. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) || getppid() != starter)
		_exit(126);
	execve(p->argv[0], (char *const *)p->argv, env);
	_exit(127);
}

static void last_line(const char *log, char why[RUNNER_WHY], const char *program, int status)
{
	CLEANUP_CLOSE int fd = open(log, O_RDONLY | O_CLOEXEC);
	char tail[TAIL + 1] = "", *line, *end;
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t got = size > 0 ? pread(fd, tail, TAIL, size > TAIL ? size - TAIL : 0) : 0;

	tail[got > 0 ? got : 0] = 0;
	for (end = tail + strlen(tail); end > tail && end[-1] == '\n'; end--)
		end[-1] = 0;
	line = strrchr(tail, '\n');
	snprintf(why, RUNNER_WHY, "%.80s has ended with %d%s%.200s", program, status,
		 *tail ? ": " : "", line ? line + 1 : tail);
}

/* A pidfd tells when it ends, whoever else waits for children of this process. */
static int wait_for(pid_t pid, unsigned int seconds, int *status)
{
	CLEANUP_CLOSE int fd = syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	int rc = fd < 0 ? 1 : poll(&ended, 1, 1000 * seconds);

	if (!rc)
		kill(-pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return rc ? 0 : -ETIMEDOUT;
}

int runner_spawn(const struct runner_program *p, char why[RUNNER_WHY])
{
	CLEANUP_CLOSE int log = open(p->log ? p->log : "/dev/null",
				     O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CLEANUP_CLOSE int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int status = 0, rc;
	const pid_t starter = getpid();
	pid_t pid;

	if (log < 0 || nothing < 0) {
		snprintf(why, RUNNER_WHY, "%.200s: %s", p->log ? p->log : "/dev/null",
			 strerror(errno));
		return -EIO;
	}
	pid = fork();
	if (!pid)
		become(p, log, nothing, starter);
	if (pid < 0) {
		snprintf(why, RUNNER_WHY, "%.200s: %s", p->argv[0], strerror(errno));
		return -EIO;
	}
	rc = wait_for(pid, p->seconds, &status);
	if (rc == -ETIMEDOUT)
		snprintf(why, RUNNER_WHY, "%.80s took more than %u seconds, and was ended",
			 p->argv[0], p->seconds);
	if (rc)
		return rc;
	if (!status)
		return 0;
	last_line(p->log ? p->log : "/dev/null", why, p->argv[0], WIFEXITED(status) ? WEXITSTATUS(status) :
		  128 + WTERMSIG(status));
	return -EIO;
}
