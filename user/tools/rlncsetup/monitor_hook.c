// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The program that is run on every change: one at a time, in the order of the
 * events.  One that hangs is killed, so that those after it get their turn.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/report.h"
#include "base/tcp.h"
#include "monitor.h"

#define HOOK_MS		60000
#define HOOKS_WAITING	1024

struct job {
	STAILQ_ENTRY(job) next;
	char *argv[5];		/* program, event, volume, member's device */
	char *env[WORDS_MAX + 2];
};

struct hooks {
	const char *program;
	pid_t running;		/* 0: none; leads a process group of its own */
	int64_t deadline;	/* of clock_ms(), of the one that is running */
	unsigned int waiting;
	STAILQ_HEAD(, job) jobs;
};

static void job_free(struct job *job)
{
	unsigned int i;

	for (i = 0; i < 5; i++)
		free(job->argv[i]);
	for (i = 0; i < WORDS_MAX + 2; i++)
		free(job->env[i]);
	free(job);
}

static char *copy(const char *text)
{
	return strdup(text ? text : "");
}

static struct job *job_make(const char *program, const struct rlnc_notice *n,
			    const struct words *w)
{
	struct job *job = calloc(1, sizeof(*job));
	const char *path = getenv("PATH");
	bool whole = job;
	unsigned int i;

	if (!job)
		return NULL;
	job->argv[0] = copy(program);
	job->argv[1] = copy(w->event);
	job->argv[2] = copy(n->text[RLNC_ATTR_NAME]);
	if (n->text[RLNC_ATTR_DEVICE])
		job->argv[3] = copy(n->text[RLNC_ATTR_DEVICE]);
	for (i = 0; i < w->lines; i++) {
		job->env[i] = copy(w->line[i]);
		whole = whole && job->env[i];
	}
	if (asprintf(&job->env[i], "PATH=%s", path ? path : "/usr/sbin:/usr/bin:/sbin:/bin") < 0)
		job->env[i] = NULL;
	whole = whole && job->env[i] && job->argv[0] && job->argv[1] && job->argv[2];
	if (whole)
		return job;
	job_free(job);
	return NULL;
}

/*
 * The child: nothing of ours but standard input, output and error, and a process group
 * of its own, so that its time is up for whatever it has started as well.
 */
static void run(const struct job *job)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	close_range(3, ~0u, 0);
	/* Survives execve(): for when the monitor has ended by then. */
	alarm(HOOK_MS / 1000 + 1);
	execve(job->argv[0], job->argv, job->env);
	_exit(127);
}

static void start_next(struct hooks *hooks)
{
	struct job *job = STAILQ_FIRST(&hooks->jobs);

	while (job && !hooks->running) {
		STAILQ_REMOVE_HEAD(&hooks->jobs, next);
		hooks->waiting--;
		hooks->running = fork();
		if (!hooks->running)
			run(job);
		if (hooks->running < 0) {
			warn("%s was not run: %s", hooks->program, strerror(errno));
			hooks->running = 0;
		}
		/* Whoever of the two is first: it must be so before it is killed. */
		if (hooks->running)
			setpgid(hooks->running, hooks->running);
		hooks->deadline = clock_ms() + HOOK_MS;
		job_free(job);
		job = STAILQ_FIRST(&hooks->jobs);
	}
}

/**
 * hooks_start - get ready to run a program
 * @hooks:	receives what the others want
 * @program:	path, or NULL: nothing is ever run
 *
 * Return: 0 or -errno, reported.
 */
int hooks_start(struct hooks **hooks, const char *program)
{
	if (program && access(program, X_OK))
		return fail(errno, "%s cannot be run: %s", program, strerror(errno));
	*hooks = calloc(1, sizeof(**hooks));
	if (!*hooks)
		return fail(ENOMEM, "out of memory");
	(*hooks)->program = program;
	STAILQ_INIT(&(*hooks)->jobs);
	return 0;
}

/**
 * hooks_add - run the program for an event, when its turn comes
 */
void hooks_add(struct hooks *hooks, const struct rlnc_notice *n, const struct words *w)
{
	struct job *job;

	if (!hooks->program || n->number[RLNC_ATTR_EVENT] == RLNC_EVENT_WORK_PROGRESS)
		return;
	job = hooks->waiting < HOOKS_WAITING ? job_make(hooks->program, n, w) : NULL;
	if (!job) {
		warn("%s is not run for %s: too many wait already", hooks->program, w->event);
		return;
	}
	STAILQ_INSERT_TAIL(&hooks->jobs, job, next);
	hooks->waiting++;
	start_next(hooks);
}

/**
 * hooks_run - end the program, and what it has started, when its time is up
 *
 * It cannot do anything about that.
 *
 * Return: milliseconds until then, or -1 when none is running.
 */
int hooks_run(struct hooks *hooks)
{
	int64_t left = hooks->deadline - clock_ms();

	if (!hooks->running)
		return -1;
	if (left > 0)
		return (int)left;
	kill(-hooks->running, SIGKILL);
	hooks->deadline = clock_ms() + HOOK_MS;
	return HOOK_MS;
}

/**
 * hooks_reap - a child has ended
 *
 * Return: true if it was a hook.
 */
bool hooks_reap(struct hooks *hooks, pid_t pid, int status)
{
	if (!hooks->running || pid != hooks->running)
		return false;
	hooks->running = 0;
	if (WIFSIGNALED(status))
		warn("%s was killed by signal %d", hooks->program, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		warn("%s ended with status %d", hooks->program, WEXITSTATUS(status));
	start_next(hooks);
	return true;
}

/* Is nothing running, or waiting to be? */
bool hooks_idle(const struct hooks *hooks)
{
	return !hooks->running && STAILQ_EMPTY(&hooks->jobs);
}

/**
 * hooks_stop - forget what waits; what runs goes on
 */
void hooks_stop(struct hooks **hooks)
{
	struct job *job;

	if (!*hooks)
		return;
	while ((job = STAILQ_FIRST(&(*hooks)->jobs))) {
		STAILQ_REMOVE_HEAD(&(*hooks)->jobs, next);
		job_free(job);
	}
	free(*hooks);
	*hooks = NULL;
}
