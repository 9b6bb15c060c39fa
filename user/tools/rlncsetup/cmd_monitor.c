// SPDX-License-Identifier: GPL-2.0-or-later
/* rlncsetup monitor: watch over all open volumes. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/report.h"
#include "journal/journal.h"
#include "monitor.h"
#include "rlncsetup.h"

struct monitor {
	const struct options *o;
	struct genl_watch *watch;
	struct hooks *hooks;
	struct returns *returns;
	struct anchors *anchors;
	int signals;
	bool out_of_step;	/* events were lost */
	bool stop;
};

static void monitor_end(struct monitor *m)
{
	anchors_stop(&m->anchors);
	returns_stop(&m->returns);
	hooks_stop(&m->hooks);
	genl_watch_close(&m->watch);
	if (m->signals >= 0)
		close(m->signals);
}

#define CLEANUP_MONITOR	CLEANUP(monitor_end)

static void say(struct monitor *m, const struct rlnc_notice *n)
{
	CLEANUP_WORDS struct words w;

	if (words_make(n, &w)) {
		warn("an event was lost: out of memory");
		return;
	}
	if (m->o->json)
		puts(w.json);
	else if (m->o->foreground || m->o->oneshot)
		puts(w.text);
	else
		say_to_journal(&w);
	hooks_add(m->hooks, n, &w);
}

static int on_event(const struct rlnc_notice *n, void *arg)
{
	struct monitor *m = arg;

	if (n->command != RLNC_CMD_EVENT)
		return 0;
	m->out_of_step |= rlnc_notice_has(n, RLNC_ATTR_LOST);
	anchors_notice(m->anchors, n);
	say(m, n);
	returns_notice(m->returns, n);
	return 0;
}

static int on_first_state(const struct rlnc_notice *n, void *arg)
{
	struct monitor *m = arg;

	if (n->command == RLNC_CMD_VOLUME)
		say(m, n);
	anchors_notice(m->anchors, n);
	returns_notice(m->returns, n);
	return 0;
}

static int on_state(const struct rlnc_notice *n, void *arg)
{
	struct monitor *m = arg;

	anchors_notice(m->anchors, n);
	returns_notice(m->returns, n);
	return 0;
}

static int look_anew(struct monitor *m)
{
	m->out_of_step = false;
	returns_forget(m->returns);
	return rlnc_watch_state(m->watch, on_state, m);
}

static int read_events(struct monitor *m)
{
	int rc = rlnc_watch_read(m->watch, on_event, m);

	if (rc == -ENOBUFS)
		warn("events were lost; looking at the state anew");
	if (rc == -ENOBUFS || rc == -EAGAIN)
		m->out_of_step = true;
	else if (rc)
		return rc;
	return m->out_of_step ? look_anew(m) : 0;
}

static void reap(struct monitor *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!hooks_reap(m->hooks, pid, status))
			returns_reap(m->returns, pid, status);
}

static void read_signals(struct monitor *m)
{
	struct signalfd_siginfo info;

	while (read(m->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(m);
		else
			m->stop = true;
	}
}

static bool done(const struct monitor *m)
{
	return m->stop ||
	       (m->o->oneshot && hooks_idle(m->hooks) && returns_idle(m->returns));
}

/* The nearer of two times; negative: never. */
static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Sleeps until there is an event, a signal, a member that is due, or a hook that is. */
static int watch_on(struct monitor *m)
{
	struct pollfd fd[2] = {
		{ .fd = genl_watch_fd(m->watch), .events = POLLIN },
		{ .fd = m->signals, .events = POLLIN },
	};
	int rc = 0;

	while (!rc && !done(m)) {
		int wait_ms = sooner(returns_run(m->returns), hooks_run(m->hooks));

		if (poll(fd, 2, wait_ms) < 0 && errno != EINTR)
			return fail(errno, "poll: %s", strerror(errno));
		if (fd[1].revents)
			read_signals(m);
		if (fd[0].revents)
			rc = read_events(m);
	}
	return rc;
}

static int catch_signals(struct monitor *m)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	m->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return m->signals < 0 ? fail(errno, "signalfd: %s", strerror(errno)) : 0;
}

/**
 * cmd_monitor - rlncsetup monitor
 */
int cmd_monitor(const struct options *o, int argc, char **argv)
{
	CLEANUP_MONITOR struct monitor m = { .o = o, .signals = -1 };
	int rc;

	(void)argc;
	(void)argv;
	setvbuf(stdout, NULL, _IOLBF, 0);
	rc = catch_signals(&m);
	if (!rc)
		rc = hooks_start(&m.hooks, o->program);
	if (!rc)
		rc = returns_start(&m.returns, o);
	if (!rc)
		rc = anchors_start(&m.anchors, o);
	/* Listen first: what happens while we look is told afterwards. */
	if (!rc)
		rc = rlnc_watch_open(&m.watch);
	if (!rc)
		rc = rlnc_watch_state(m.watch, on_first_state, &m);
	if (rc)
		return rc;
	service_ready();
	return watch_on(&m);
}
