/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rlncsetup monitor, in four parts: the loop (cmd_monitor.c), what is said of an
 * event and to whom (monitor_say.c, monitor_hook.c), bringing members back
 * (monitor_return.c), and renewing leases of epochs (monitor_anchor.c).
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "netlink/rlnc_events.h"

struct options;

/* === an event in words: monitor_say.c === */

#define WORDS_MAX	40

/* "RLNC_EVENT=member_failed", "RLNC_MEMBER=3", ...: for environments and journals. */
struct words {
	char *line[WORDS_MAX];
	unsigned int lines;
	const char *event;	/* "member_failed" */
	char *text;		/* a sentence */
	char *json;		/* one line */
	int priority;		/* of syslog */
};

int words_make(const struct rlnc_notice *n, struct words *w);
void words_free(struct words *w);

#define CLEANUP_WORDS	CLEANUP(words_free)

void say_to_journal(const struct words *w);

/* === the program that is run on every change: monitor_hook.c === */

struct hooks;

int hooks_start(struct hooks **hooks, const char *program);
void hooks_add(struct hooks *hooks, const struct rlnc_notice *n, const struct words *w);
int hooks_run(struct hooks *hooks);
bool hooks_reap(struct hooks *hooks, pid_t pid, int status);
bool hooks_idle(const struct hooks *hooks);
void hooks_stop(struct hooks **hooks);

/* === bringing members back: monitor_return.c === */

struct returns;

int returns_start(struct returns **returns, const struct options *o);
void returns_notice(struct returns *returns, const struct rlnc_notice *n);
void returns_forget(struct returns *returns);
int returns_run(struct returns *returns);
bool returns_reap(struct returns *returns, pid_t pid, int status);
bool returns_idle(const struct returns *returns);
void returns_stop(struct returns **returns);

/* === leases of epochs, renewed before they end: monitor_anchor.c === */

struct anchors;

int anchors_start(struct anchors **anchors, const struct options *o);
void anchors_notice(struct anchors *anchors, const struct rlnc_notice *n);
void anchors_stop(struct anchors **anchors);

#endif /* MONITOR_H */
