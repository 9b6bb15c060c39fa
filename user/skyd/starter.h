/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The starter: a child of the runner, which has no rights, and the only process of skyd that has
 * what starting programs takes.  It does five things when the runner asks, and believes nothing of
 * it: a question has a fixed size, texts that end, numbers in their ranges, and names no path but
 * that of a device.  When the runner has gone it finishes what it is at, and ends.
 *
 *	starter.c		its life, its rights, and what is asked of it
 *	starter_ask.c		asking it
 *	runner_recover.c	what one that was killed has left
 *
 * Both ends are one program in one process tree: what is sent is what lies in memory.
 */
#ifndef SKYD_STARTER_H
#define SKYD_STARTER_H

#include <pthread.h>

#include "runner.h"

#define STARTER_CHANNELS	8u	/* questions at once */

enum starter_verb {
	STARTER_HOST, STARTER_START, STARTER_STOP, STARTER_LIST, STARTER_LOOK, STARTER_VERBS,
};

struct starter_ask {
	u32 verb;
	u32 secrets;			/* bytes behind this: a device of them; 0: none */
	struct runner_start start;	/* of a start; of others the record, or its name */
};

/* Before what is answered. */
struct starter_answer {
	s32 rc;				/* 0 or -errno */
	u32 len;
};

struct starter_host {
	char why[RUNNER_TIERS][RUNNER_WHY];	/* it cannot be run; "": it can */
};

struct starter_row {
	struct runner_record record;
	u64 footprint;
	u32 running;
	u32 reserved;
};

struct starter_look {
	u32 begun, alive, spawn_us, reserved;
};

/* The runner's end. */
struct starter {
	pthread_mutex_t lock;		/* of ->busy */
	int fd[STARTER_CHANNELS];	/* -1: there is none */
	bool busy[STARTER_CHANNELS];
	int life;			/* nothing comes, but its end; or -1 */
};

#define STARTER_FILES	(STARTER_CHANNELS + 1)

/* While the process has one thread and its rights.  Return: 0 or -errno. */
int starter_open(struct starter *s, const struct config *config);
/* What stays open; returns how many. */
unsigned int starter_files(const struct starter *s, int fd[STARTER_FILES]);
/* On a fiber: wait until it has gone, which it does not by itself. */
void starter_wait(struct starter *s);
/* Nobody asks any more. */
void starter_close(struct starter *s);

/**
 * starter_do - have it do something; blocks, on at most STARTER_CHANNELS threads at once
 * @ask:	with its verb
 * @secrets:	as many bytes as it says
 * @give:	receives the answer
 * @size:	bytes of that
 * @got:	receives how many came
 *
 * Return: 0 or -errno, of the starter's; -EPIPE: it has gone.
 */
int starter_do(struct starter *s, const struct starter_ask *ask, const void *secrets, void *give,
	       size_t size, size_t *got);

/* Is it a question?  For the starter, and for its test. */
bool starter_ask_ok(const struct starter_ask *ask);

/* --- runner_recover.c: before anything is asked; blocks --- */

/* Of starts that were cut off nothing runs any more, and nothing is left. */
void runner_recover(struct runner *r);

#endif /* SKYD_STARTER_H */
