/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the parent share: parent.c has its life, parent_stream.c who asks whom. */
#ifndef SKYD_PARENT_PRIVATE_H
#define SKYD_PARENT_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "control.h"
#include "parent.h"

#define PLACES		ROLE_PLACES
#define EACH		10u		/* processes of a place: its own, and those it replaces */
#define PROCESSES	(EACH * PLACES)

_Static_assert(PLACES == ROLES + CONFIG_EDGES, "a place for each");

/* What is to run, whether or not a process does. */
struct place {
	enum role role;
	uint8_t number;
	char name[80];
	int listens;			/* its socket, or -1 */
	bool inherited;			/* its socket is the service manager's, for good */
	char *address;			/* of that; NULL: @inherited, or none */
	struct process *now;
	bool wanted;
	bool was_ready;			/* one of its processes has been */
	unsigned int failures;		/* in a row */
	int64_t start_at;		/* ms; when the next process may be started */
};

struct process {
	pid_t pid;			/* 0: none */
	struct place *place;
	int control;
	bool ready;
	bool leaving;			/* has been told to */
	bool stopped;			/* and not only when all have gone who hold it */
	int64_t started;
	int64_t kill_at;		/* 0: never */
	char near[ROLE_HOST];		/* an edge that CONTROL_NEAR reaches */
};

struct parent {
	struct config *config;
	const struct parent_options *options;
	struct place place[PLACES];
	unsigned int places;
	struct process process[PROCESSES];
	int signals;
	int control;			/* the administrator's socket, which the backend serves */
	bool up;			/* all have been ready once */
	bool reload_due;		/* when there is room for more processes */
	bool stopping;
	int64_t stop_at;		/* nothing waits for longer than that */
	int status;
	const struct place *full;	/* who could not begin; its disk, if that is @status */
	int64_t watchdog;		/* ms between signs of life; 0: none wanted */
	int64_t sign_at;
};

/* --- parent_stream.c --- */

/* @about: whose stream or socket it is; NULL: the parent's.  Return: 0 or -errno. */
int parent_say(struct process *p, enum control_type type, const struct place *about, int fd);

/* How gateways call the edge that @process is, if they hand it their connections. */
void parent_name_near(const struct parent *p, struct process *process);

/* Streams between one that is ready now, and all that it asks or that ask it. */
void parent_connect(struct parent *p, struct process *process);

/* A relay has a peer for a role that is here: a stream between them, if it is. */
void parent_join(struct parent *p, struct process *relay, const struct control *m);

#endif /* SKYD_PARENT_PRIVATE_H */
