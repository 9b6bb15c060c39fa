// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Members that failed and whose server may come back.
 *
 * Each attempt is a process of its own, since a server that is there but silent
 * holds it up for seconds: see to it that the kernel's device has a connection,
 * and ask the volume to take the member up again.  Attempts are made after 1, 2,
 * 4... seconds, up to a limit; a member that fails again soon after it returned goes
 * on where it was.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "dm/dm.h"
#include "monitor.h"
#include "rlnc_dm.h"
#include "rlncsetup.h"

#define STABLE_MS	60000	/* a member that lasted so long is as good as new */
#define ATTEMPT_SECONDS	120

/* How an attempt ends. */
enum outcome {
	OUTCOME_BACK,
	OUTCOME_NOT_YET,
	OUTCOME_NEVER,		/* not one that we can bring back */
};

struct lost {
	TAILQ_ENTRY(lost) next;
	uint64_t major, minor;	/* of the volume */
	uint64_t member;
	char name[128];		/* of the volume */
	char device[16];	/* of the member */
	bool wanted;		/* it has failed, and nobody wanted that */
	bool tried;		/* since it failed */
	int64_t due;		/* ms */
	int64_t returned;	/* ms; 0: never */
	unsigned int delay_s;
	pid_t attempt;		/* 0: none */
};

struct returns {
	const struct options *o;
	TAILQ_HEAD(, lost) list;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* === an attempt, in its own process === */

static int find_member(const struct lost *l, struct state *s)
{
	const struct state_member *m;
	char device[16];
	struct stat st;

	if (state_load(l->name, s) || l->member >= s->count)
		return -ENOENT;
	m = &s->member[l->member];
	if (m->remote.kind == REMOTE_NONE || stat(m->path, &st) || !S_ISBLK(st.st_mode))
		return -ENOENT;
	/* What is remembered may be of another volume of that name. */
	snprintf(device, sizeof(device), "%u:%u", major(st.st_rdev), minor(st.st_rdev));
	return strcmp(device, l->device) ? -ENOENT : 0;
}

static enum outcome attempt(const struct lost *l, const struct options *given)
{
	CLEANUP_STATE struct state s = { 0 };
	const struct state_member *m;
	struct options o = *given;
	char message[32];

	if (find_member(l, &s))
		return OUTCOME_NEVER;
	m = &s.member[l->member];
	state_options(m, &o);
	if (remote_revive(m->name, &m->remote, &o))
		return OUTCOME_NOT_YET;
	snprintf(message, sizeof(message), "%s %u", RLNC_MSG_RETURN, (unsigned int)l->member);
	return dm_device_message(l->name, message, NULL, 0) ? OUTCOME_NOT_YET : OUTCOME_BACK;
}

static void be_silent(const char *level, const char *text)
{
	(void)level;
	(void)text;
}

static void start_attempt(struct returns *r, struct lost *l)
{
	sigset_t none;

	l->attempt = fork();
	if (l->attempt) {
		if (l->attempt < 0)
			l->attempt = 0;
		return;
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(ATTEMPT_SECONDS);
	if (!report_verbose)
		report_set_sink(be_silent);
	_exit(attempt(l, r->o));
}

/* === who is lost === */

static struct lost *find(struct returns *r, const struct rlnc_notice *n)
{
	struct lost *l;

	TAILQ_FOREACH(l, &r->list, next)
		if (l->major == n->number[RLNC_ATTR_MAJOR] &&
		    l->minor == n->number[RLNC_ATTR_MINOR] &&
		    l->member == n->number[RLNC_ATTR_MEMBER])
			return l;
	return NULL;
}

static void want(struct returns *r, const struct rlnc_notice *n)
{
	const char *device = n->text[RLNC_ATTR_DEVICE], *name = n->text[RLNC_ATTR_NAME];
	struct lost *l = find(r, n);

	if (!device || !name)
		return;
	if (!l) {
		l = calloc(1, sizeof(*l));
		if (!l)
			return;
		l->major = n->number[RLNC_ATTR_MAJOR];
		l->minor = n->number[RLNC_ATTR_MINOR];
		l->member = n->number[RLNC_ATTR_MEMBER];
		TAILQ_INSERT_TAIL(&r->list, l, next);
	}
	snprintf(l->name, sizeof(l->name), "%s", name);
	snprintf(l->device, sizeof(l->device), "%s", device);
	if (l->wanted)
		return;
	l->wanted = true;
	l->tried = false;
	if (!l->returned || now_ms() - l->returned > STABLE_MS)
		l->delay_s = 1;
	l->due = now_ms() + l->delay_s * 1000ll;
}

static void unwant(struct returns *r, const struct rlnc_notice *n, bool returned)
{
	struct lost *l = find(r, n);

	if (!l)
		return;
	l->wanted = false;
	if (returned)
		l->returned = now_ms();
}

static void forget_volume(struct returns *r, const struct rlnc_notice *n)
{
	struct lost *l;

	TAILQ_FOREACH(l, &r->list, next)
		if (l->major == n->number[RLNC_ATTR_MAJOR] &&
		    l->minor == n->number[RLNC_ATTR_MINOR])
			l->wanted = false;
}

/* Has the owner taken it out? */
static bool on_purpose(const struct rlnc_notice *n)
{
	const char *reason = n->text[RLNC_ATTR_REASON];

	return reason && (!strcmp(reason, RLNC_REASON_REQUEST) ||
			  !strcmp(reason, RLNC_REASON_REPLACE));
}

static bool says_failed(const struct rlnc_notice *n)
{
	if (n->command == RLNC_CMD_MEMBER)
		return n->number[RLNC_ATTR_LETTER] == RLNC_LETTER_FAILED;
	return n->number[RLNC_ATTR_EVENT] == RLNC_EVENT_MEMBER_FAILED;
}

/**
 * returns_notice - learn of a member from an event, or from the state of a volume
 */
void returns_notice(struct returns *returns, const struct rlnc_notice *n)
{
	if (n->command == RLNC_CMD_EVENT && n->number[RLNC_ATTR_EVENT] == RLNC_EVENT_CLOSED) {
		forget_volume(returns, n);
		return;
	}
	if (!rlnc_notice_has(n, RLNC_ATTR_MEMBER))
		return;
	if (says_failed(n) && !on_purpose(n))
		want(returns, n);
	else
		unwant(returns, n, n->number[RLNC_ATTR_EVENT] == RLNC_EVENT_MEMBER_RETURNED);
}

/**
 * returns_forget - nobody is lost, before the state is looked at anew
 */
void returns_forget(struct returns *returns)
{
	struct lost *l;

	TAILQ_FOREACH(l, &returns->list, next)
		l->wanted = false;
}

/**
 * returns_run - make the attempts that are due
 *
 * Return: milliseconds until the next is due, or -1 when none is waiting.
 */
int returns_run(struct returns *returns)
{
	int64_t now = now_ms(), first = INT64_MAX;
	struct lost *l;

	TAILQ_FOREACH(l, &returns->list, next) {
		if (!l->wanted || l->attempt)
			continue;
		if (l->due <= now) {
			start_attempt(returns, l);
			if (l->attempt)
				continue;
			l->due = now + 1000;	/* no process to be had */
		}
		if (l->due < first)
			first = l->due;
	}
	return first == INT64_MAX ? -1 : (int)(first - now);
}

static void ended(struct returns *r, struct lost *l, int status)
{
	l->attempt = 0;
	l->tried = true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == OUTCOME_NEVER) {
		warn("%s: member %u (%s) is no device, any more, that `rlncsetup open` connected: return or replace it by hand",
		     l->name, (unsigned int)l->member, l->device);
		l->wanted = false;
		return;
	}
	/* After a success as well: that counts only once it has lasted. */
	l->delay_s = 2 * l->delay_s < r->o->max_delay ? 2 * l->delay_s : r->o->max_delay;
	l->due = now_ms() + l->delay_s * 1000ll;
}

/**
 * returns_reap - a child has ended
 *
 * Return: true if it was an attempt.
 */
bool returns_reap(struct returns *returns, pid_t pid, int status)
{
	struct lost *l;

	TAILQ_FOREACH(l, &returns->list, next) {
		if (l->attempt != pid)
			continue;
		ended(returns, l, status);
		return true;
	}
	return false;
}

/* Has everyone who is lost been tried, and is nobody being tried? */
bool returns_idle(const struct returns *returns)
{
	const struct lost *l;

	TAILQ_FOREACH(l, &returns->list, next)
		if (l->attempt || (l->wanted && !l->tried))
			return false;
	return true;
}

/**
 * returns_start - get ready to bring members back
 * @returns:	receives what the others want
 * @o:		time-outs, and certificates that are to be used for all; kept by reference
 *
 * Return: 0 or -ENOMEM, reported.
 */
int returns_start(struct returns **returns, const struct options *o)
{
	*returns = calloc(1, sizeof(**returns));
	if (!*returns)
		return fail(ENOMEM, "out of memory");
	(*returns)->o = o;
	TAILQ_INIT(&(*returns)->list);
	return 0;
}

/**
 * returns_stop - give up what is under way
 */
void returns_stop(struct returns **returns)
{
	struct lost *l;

	if (!*returns)
		return;
	while ((l = TAILQ_FIRST(&(*returns)->list))) {
		TAILQ_REMOVE(&(*returns)->list, l, next);
		if (l->attempt) {
			kill(l->attempt, SIGKILL);
			waitpid(l->attempt, NULL, 0);
		}
		free(l);
	}
	free(*returns);
	*returns = NULL;
}
