// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "control.h"
#include "dev.h"
#include "journal/journal.h"
#include "log.h"
#include "parent_private.h"
#include "role_run.h"

#define PATIENT		4u		/* of those: further ones are stopped, not only retired */
#define BACKOFF_MS	100
#define BACKOFF_MAX	10000
#define WELL_MS		10000		/* who lived so long has not failed to start */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* --- starting ------------------------------------------------------------------------ */

static void child(struct parent *p, struct place *place, int control)
{
	struct role_run run = {
		.role = place->role, .name = place->name, .config = p->config,
		.control = control,
	};
	sigset_t none;

	/* The terminal's ^C is for the parent, who says it on in order. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, place->name);
	_exit(role_run(&run));
}

static struct process *free_process(struct parent *p)
{
	unsigned int i;

	for (i = 0; i < PROCESSES; i++)
		if (!p->process[i].pid)
			return &p->process[i];
	return NULL;
}

static void start(struct parent *p, struct place *place)
{
	struct process *process = free_process(p);
	int pair[2];
	pid_t pid;

	place->start_at = now_ms() + BACKOFF_MAX;
	if (!process || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return;
	pid = fork();
	if (!pid)
		child(p, place, pair[1]);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return;
	}
	*process = (struct process){
		.pid = pid, .place = place, .control = pair[0], .started = now_ms(),
		.kill_at = now_ms() + p->config->start_ms,
	};
	parent_name_near(p, process);
	place->now = process;
	log_line(LEVEL_DEBUG, "%s is process %d", place->name, (int)pid);
}

static void leave(struct parent *p, struct process *process, enum control_type type)
{
	bool retires = type == CONTROL_RETIRE;

	process->leaving = true;
	process->stopped = !retires;
	process->kill_at = now_ms() + (retires ? p->config->retire_ms : p->config->stop_ms) + 1;
	if (p->stopping && process->kill_at > p->stop_at)
		process->kill_at = p->stop_at;
	if (parent_say(process, type, process->place, -1))
		kill(process->pid, SIGKILL);
}

static unsigned int processes_of(const struct parent *p, const struct place *place)
{
	unsigned int i, n = 0;

	for (i = 0; i < PROCESSES; i++)
		n += p->process[i].pid && p->process[i].place == place;
	return n;
}

/* One reload after another: who has retired longest has no more than `stop' left. */
static void stop_oldest(struct parent *p, const struct place *place)
{
	struct process *oldest = NULL;
	unsigned int i, patient = 0;

	for (i = 0; i < PROCESSES; i++) {
		struct process *q = &p->process[i];

		if (!q->pid || q->place != place || !q->leaving || q->stopped)
			continue;
		patient++;
		if (!oldest || q->started < oldest->started)
			oldest = q;
	}
	if (patient > PATIENT)
		leave(p, oldest, CONTROL_STOP);
}

/*
 * An edge that does not start keeps nobody else from it: that is what the others are for.  Nor does
 * an attester: what a machine may do without a lease is for the backend to say.
 */
static bool may_fail(const struct place *place)
{
	return place->role == ROLE_EDGE || place->role == ROLE_ATTESTER;
}

static void look_if_up(struct parent *p)
{
	unsigned int i;

	for (i = 0; i < p->places; i++) {
		const struct place *place = &p->place[i];
		bool ready = place->now && place->now->ready;

		if (place->wanted && !ready && !(may_fail(place) && place->failures))
			return;
	}
	p->up = true;
	service_ready();
	log_line(LEVEL_INFO, "ready");
	if (p->options->dev)
		log_line(LEVEL_INFO, "`. %s/config-hint` has aws-cli and rclone find it at %s",
			 p->options->dev, p->config->gateway_listen);
}

static void is_ready(struct parent *p, struct process *process)
{
	unsigned int i;

	/* One that a reload has overtaken replaces nobody. */
	if (process->ready || process->leaving)
		return;
	process->ready = true;
	process->place->was_ready = true;
	process->kill_at = 0;
	parent_connect(p, process);
	if (process->place->role == ROLE_BACKEND && p->control >= 0)
		parent_say(process, CONTROL_LISTEN, NULL, p->control);
	if (process->place->listens >= 0)
		parent_say(process, CONTROL_LISTEN, process->place, process->place->listens);
	/*
	 * Now that it is there, the one before it may go.  A relay's streams have moved, but for
	 * those of peers that are let in no more.
	 */
	for (i = 0; i < PROCESSES; i++) {
		struct process *old = &p->process[i];

		if (old->pid && old != process && old->place == process->place && !old->leaving)
			leave(p, old, old->place->role == ROLE_RELAY ? CONTROL_STOP :
			      CONTROL_RETIRE);
	}
	stop_oldest(p, process->place);
	look_if_up(p);
}

/* --- what children do --------------------------------------------------------------- */

static void hear(struct parent *p, struct process *process)
{
	struct control_buffer b;
	ssize_t got;
	int fd;

	control_in(&b);
	got = recvmsg(process->control, &b.msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (got <= 0 || control_check(&b, got, &fd)) {
		/* It ends, or talks nonsense; either way it is reaped. */
		if (got != -1 || errno != EAGAIN)
			kill(process->pid, SIGKILL);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (b.message.type == CONTROL_READY)
		is_ready(p, process);
	else if (process->place->role == ROLE_RELAY &&
		 (b.message.type == CONTROL_SERVE || b.message.type == CONTROL_CALL))
		parent_join(p, process, &b.message);
}

static bool only_edges(const struct parent *p)
{
	return p->options->roles == ROLE_BIT(ROLE_EDGE);
}

/*
 * Is a start that has failed one that another try would not mend?  Who has been ready before waits
 * for room on a disk.  With --dev all is on one: no other edges make up for one without room.
 */
static bool is_hopeless(const struct parent *p, const struct place *place, int status)
{
	bool full = status == EXIT_FULL && !place->was_ready;

	if (p->up || (status != EXIT_CONFIG && !full))
		return false;
	return !may_fail(place) || only_edges(p) || (full && p->options->dev);
}

/* The last line, below all that roles have said. */
static void tell_full(const struct parent *p)
{
	if (p->options->dev)
		log_line(LEVEL_ERROR, "there is no room on the disk of %s: make some, and start skyd again",
			 p->options->dev);
	else
		log_line(LEVEL_ERROR, "%s has no room on its disk: make some, and start skyd again",
			 p->full ? p->full->name : "skyd");
}

static void has_ended(struct parent *p, struct process *process, int status)
{
	struct place *place = process->place;
	int64_t wait;

	close(process->control);
	process->pid = 0;
	if (place->now == process)
		place->now = NULL;
	if (process->leaving || p->stopping)
		return;
	if (WIFSIGNALED(status))
		log_line(LEVEL_ERROR, "%s was ended by signal %d", place->name,
			 WTERMSIG(status));
	else
		log_line(LEVEL_ERROR, "%s ended with status %d", place->name,
			 WEXITSTATUS(status));
	if (WIFEXITED(status) && is_hopeless(p, place, WEXITSTATUS(status))) {
		p->status = WEXITSTATUS(status);
		p->full = place;
		kill(getpid(), SIGTERM);
		return;
	}
	place->failures = now_ms() - process->started > WELL_MS ? 0 : place->failures + 1;
	wait = BACKOFF_MS << (place->failures < 8 ? place->failures : 8);
	place->start_at = now_ms() + (wait > BACKOFF_MAX ? BACKOFF_MAX : wait);
	if (!p->up)
		look_if_up(p);
}

static void reap(struct parent *p)
{
	unsigned int i;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < PROCESSES; i++)
			if (p->process[i].pid == pid)
				has_ended(p, &p->process[i], status);
}

/* --- configuration ------------------------------------------------------------------ */

/*
 * It keeps the socket that it has, unless another address is wanted and can be had.  Where the
 * service manager's sockets listen is for their units to say.
 */
static int listen_for(struct place *place, const char *address)
{
	int fd;

	if (!address || place->inherited ||
	    (place->listens >= 0 && !strcmp(address, place->address)))
		return 0;
	fd = service_socket(place->name);
	if (fd >= 0) {
		log_line(LEVEL_INFO, "%s listens on the socket that the service manager has opened",
			 place->name);
		place->listens = fd;
		place->inherited = true;
		return 0;
	}
	fd = listen_on(address, place->listens < 0 ? LISTEN_PATIENCE_MS : 0);
	if (fd < 0) {
		log_line(LEVEL_ERROR, "%s cannot listen on %s: %s; see listen in skyd.conf(5)",
			 place->name, address, strerror(-fd));
		return fd;
	}
	if (place->listens >= 0)
		close(place->listens);
	free(place->address);
	place->listens = fd;
	place->address = strdup(address);
	return place->address ? 0 : -ENOMEM;
}

static void listen_no_more(struct place *place)
{
	/* It could not be had again. */
	if (place->inherited)
		return;
	if (place->listens >= 0)
		close(place->listens);
	place->listens = -1;
	free(place->address);
	place->address = NULL;
}

/*
 * The relay is wherever another machine is spoken of; the resolver, where somebody asks it; the
 * attester, where there is a TPM; the verifier beside the backend, where it has a key.
 */
static bool wants(const struct parent *p, enum role kind)
{
	const struct config *c = p->config;

	if (kind == ROLE_RELAY)
		return *c->link_listen || *c->link_backend || *c->link_vault;
	if (kind == ROLE_RESOLVER)
		return wants(p, ROLE_GATEWAY) || wants(p, ROLE_BACKEND) || wants(p, ROLE_RELAY);
	if (kind == ROLE_ATTESTER && !*c->attest_tpm)
		return false;
	if (kind == ROLE_VERIFIER)
		return *c->attest_verifier_key && wants(p, ROLE_BACKEND);
	if (kind == ROLE_RUNNER)
		return *c->workload_images && wants(p, ROLE_BACKEND);
	return p->options->roles & ROLE_BIT(kind);
}

/* @edge: its section, or NULL.  Return: 0 or the error of its socket. */
static int want(struct parent *p, enum role kind, const struct config_edge *edge)
{
	const char *address = kind == ROLE_GATEWAY ? p->config->gateway_listen :
			      kind == ROLE_RELAY ? p->config->link_listen : NULL;
	char name[80];
	unsigned int i;

	if (!wants(p, kind))
		return 0;
	snprintf(name, sizeof(name), "%s%s%s", role_name(kind), edge ? " " : "",
		 edge ? edge->name : "");
	for (i = 0; i < p->places; i++)
		if (!strcmp(p->place[i].name, name))
			break;
	if (i == PLACES) {
		log_line(LEVEL_ERROR, "%s has no place until the next start", name);
		return 0;
	}
	if (i == p->places) {
		p->places++;
		p->place[i] = (struct place){ .role = kind, .number = i, .listens = -1 };
		memcpy(p->place[i].name, name, sizeof(name));
	}
	p->place[i].wanted = true;
	if (kind == ROLE_RELAY && !*address) {
		listen_no_more(&p->place[i]);
		return 0;
	}
	return listen_for(&p->place[i], edge ? edge->listen : address);
}

static int tell_tools(const struct parent *p)
{
	const char *dir = p->options->dev;
	int rc = dir ? dev_write_hints(p->config, dir) : 0;

	if (rc)
		log_line(LEVEL_ERROR, "cannot write %s/config-hint: %s", dir, strerror(-rc));
	return rc;
}

/* Who asks would be handed from one to the other. */
static int check_once(const struct parent *p, enum role kind, const char *far)
{
	const char *where = config_where(p->config, "link", role_name(kind));

	if (!*far || !wants(p, kind))
		return 0;
	log_line(LEVEL_ERROR, "%s: the %s runs here, and is said to be at %s, too; use --role or remove this line",
		 where ? where : "[link]", role_name(kind), far);
	return -EINVAL;
}

/* With both here, a vault that waits for a verifier, or one that is not asked, is a mistake. */
static int check_verifier(const struct parent *p)
{
	const struct config *c = p->config;
	const bool signs = *c->attest_verifier_key, asks = *c->attest_verifier;
	const char *where = config_where(c, "attest", signs ? "verifier_key" : "verifier");

	if (signs == asks || !wants(p, ROLE_BACKEND) || !wants(p, ROLE_VAULT))
		return 0;
	if (signs)
		log_line(LEVEL_ERROR, "%s: the vault here would not ask for what is signed; add verifier = %s.pub",
			 where ? where : "[attest]", c->attest_verifier_key);
	else
		log_line(LEVEL_ERROR, "%s: nobody here signs leases, so that the vault would believe none; add verifier_key",
			 where ? where : "[attest]");
	return -EINVAL;
}

/* Return: 0 or the error of a socket. */
static int want_all(struct parent *p)
{
	unsigned int i;
	int rc;

	for (i = 0; i < p->places; i++)
		p->place[i].wanted = false;
	rc = check_once(p, ROLE_BACKEND, p->config->link_backend);
	rc = check_once(p, ROLE_VAULT, p->config->link_vault) ?: rc;
	if (p->options->roles == ROLE_BIT(ROLE_ATTESTER) && !*p->config->attest_tpm) {
		log_line(LEVEL_ERROR, "there is nothing to attest with; see tpm in [attest] of skyd.conf(5)");
		rc = -EINVAL;
	}
	rc = check_verifier(p) ?: rc;
	rc = want(p, ROLE_RESOLVER, NULL) ?: rc;
	rc = want(p, ROLE_VERIFIER, NULL) ?: rc;
	rc = want(p, ROLE_RUNNER, NULL) ?: rc;
	rc = want(p, ROLE_VAULT, NULL) ?: rc;
	rc = want(p, ROLE_BACKEND, NULL) ?: rc;
	rc = want(p, ROLE_GATEWAY, NULL) ?: rc;
	for (i = 0; i < p->config->edges; i++)
		rc = want(p, ROLE_EDGE, &p->config->edge[i]) ?: rc;
	rc = want(p, ROLE_ATTESTER, NULL) ?: rc;
	rc = want(p, ROLE_RELAY, NULL) ?: rc;
	for (i = 0; i < p->places; i++) {
		if (p->place[i].wanted)
			continue;
		listen_no_more(&p->place[i]);
		if (p->place[i].now)
			leave(p, p->place[i].now, CONTROL_STOP);
	}
	return rc;
}

static void tell_error(void *arg, const char *text)
{
	(void)arg;
	log_line(LEVEL_ERROR, "%s", text);
}

static bool read_again(struct parent *p)
{
	const struct parent_options *o = p->options;
	struct config *next = calloc(1, sizeof(*next));
	int rc = !next ? -ENOMEM : o->dev ? config_dev(next, o->dev, o->port, tell_error, NULL) :
		 config_read(next, o->file, tell_error, NULL);

	if (rc) {
		log_line(LEVEL_ERROR, "keeps the configuration that it has");
		if (next)
			config_free(next);
		free(next);
		return false;
	}
	config_free(p->config);
	free(p->config);
	p->config = next;
	log_start("parent", next);
	return true;
}

static bool crowded(const struct parent *p)
{
	unsigned int i;

	for (i = 0; i < p->places; i++)
		if (processes_of(p, &p->place[i]) >= EACH - 1)
			return true;
	return false;
}

/* A new process for each place, which takes over when it is ready. */
static void reload(struct parent *p)
{
	unsigned int i;

	p->reload_due = crowded(p);
	if (p->reload_due) {
		log_line(LEVEL_WARNING, "reloads when older processes have finished what is under way");
		return;
	}
	service_reloading();
	if (!read_again(p)) {
		service_notify("READY=1\nSTATUS=The configuration is wrong, and has not been taken.");
		return;
	}
	want_all(p);
	tell_tools(p);
	for (i = 0; i < p->places; i++) {
		struct place *place = &p->place[i];

		/* One that has not come up yet has the old configuration. */
		if (place->now && !place->now->ready)
			leave(p, place->now, CONTROL_STOP);
		if (place->wanted)
			start(p, place);
	}
}

/* --- the end --------------------------------------------------------------------------- */

static void stop(struct parent *p)
{
	if (p->stopping)
		return;
	p->stopping = true;
	p->stop_at = now_ms() + p->config->stop_ms + 1;
	service_notify("STOPPING=1");
	log_line(LEVEL_INFO, "stops");
}

/* Who asks goes before who answers.  Return: is anybody left? */
static bool stop_some(struct parent *p)
{
	static const unsigned int order[] = {
		ROLE_BIT(ROLE_GATEWAY), ROLE_BIT(ROLE_ATTESTER), ROLE_BIT(ROLE_BACKEND),
		ROLE_BIT(ROLE_EDGE), ROLE_BIT(ROLE_RUNNER), ROLE_BIT(ROLE_VAULT),
		ROLE_BIT(ROLE_VERIFIER), ROLE_BIT(ROLE_RELAY), ROLE_BIT(ROLE_RESOLVER),
	};
	bool some = false;
	unsigned int i, j;

	for (i = 0; i < sizeof(order) / sizeof(order[0]) && !some; i++) {
		for (j = 0; j < PROCESSES; j++) {
			struct process *q = &p->process[j];

			if (!q->pid || !(order[i] & ROLE_BIT(q->place->role)))
				continue;
			some = true;
			if (!q->leaving || q->kill_at > p->stop_at)
				leave(p, q, CONTROL_STOP);
		}
	}
	return some;
}

/* --- the loop ---------------------------------------------------------------------------- */

static void take_signals(struct parent *p)
{
	struct signalfd_siginfo info;

	while (read(p->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(p);
		else if (info.ssi_signo == SIGHUP && !p->stopping)
			reload(p);
		else if (info.ssi_signo != SIGHUP)
			stop(p);
	}
}

/* What is due; *@next becomes when something is due next. */
static void do_due(struct parent *p, int64_t *next)
{
	int64_t now = now_ms();
	unsigned int i;

	*next = now + BACKOFF_MAX;
	if (p->reload_due && !p->stopping && !crowded(p))
		reload(p);
	for (i = 0; !p->stopping && i < p->places; i++) {
		struct place *place = &p->place[i];

		if (!place->wanted || place->now)
			continue;
		if (place->start_at <= now)
			start(p, place);
		else if (place->start_at < *next)
			*next = place->start_at;
	}
	for (i = 0; i < PROCESSES; i++) {
		struct process *q = &p->process[i];

		if (!q->pid || !q->kill_at)
			continue;
		if (q->kill_at <= now) {
			log_line(LEVEL_WARNING, "%s took too long, and is ended", q->place->name);
			kill(q->pid, SIGKILL);
			q->kill_at = 0;
		} else if (q->kill_at < *next) {
			*next = q->kill_at;
		}
	}
	if (!p->watchdog)
		return;
	if (p->sign_at <= now) {
		service_notify("WATCHDOG=1");
		p->sign_at = now + p->watchdog;
	}
	*next = p->sign_at < *next ? p->sign_at : *next;
}

static void loop(struct parent *p)
{
	struct pollfd polls[PROCESSES + 1];
	struct process *who[PROCESSES + 1];
	int64_t next, wait;
	unsigned int i, n;

	while (!p->stopping || stop_some(p)) {
		do_due(p, &next);
		polls[0] = (struct pollfd){ .fd = p->signals, .events = POLLIN };
		for (i = 0, n = 1; i < PROCESSES; i++) {
			if (!p->process[i].pid)
				continue;
			who[n] = &p->process[i];
			polls[n] = (struct pollfd){ .fd = who[n]->control, .events = POLLIN };
			n++;
		}
		wait = next - now_ms();
		if (poll(polls, n, wait < 0 ? 0 : (int)wait) < 0)
			continue;
		for (i = 1; i < n; i++)
			if (polls[i].revents)
				hear(p, who[i]);
		take_signals(p);
	}
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int parent_run(struct config *config, const struct parent_options *options)
{
	struct parent *p = calloc(1, sizeof(*p));
	unsigned int i;
	int status, rc;

	if (!p)
		return EXIT_FAILURE;
	p->config = config;
	p->options = options;
	p->watchdog = service_watchdog() / 2000;
	p->control = -1;
	log_start("parent", config);
	p->signals = open_signals();
	if (options->roles & ROLE_BIT(ROLE_BACKEND))
		p->control = service_socket("control") >= 0 ? service_socket("control") :
			     listen_on(config->control, LISTEN_PATIENCE_MS);
	if (p->signals < 0 || (options->roles & ROLE_BIT(ROLE_BACKEND) && p->control < 0)) {
		log_line(LEVEL_ERROR, "cannot listen on %s: %s; see control in skyd.conf(5)",
			 config->control, strerror(-p->control));
		p->status = EXIT_CONFIG;
	} else {
		rc = want_all(p) ?: tell_tools(p);
		p->status = rc ? exit_of_start(rc) : EXIT_SUCCESS;
		if (!rc)
			loop(p);
	}
	if (p->status == EXIT_FULL)
		tell_full(p);
	for (i = 0; i < p->places; i++)
		listen_no_more(&p->place[i]);
	if (p->control >= 0)
		close(p->control);
	close(p->signals);
	status = p->status;
	config_free(p->config);
	free(p->config);
	free(p);
	return status;
}
