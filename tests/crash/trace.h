/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened, in one order: requests of the members, as their server received
 * and answered them, and what the workload had been told by then.
 */
#ifndef CRASH_TRACE_H
#define CRASH_TRACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum trace_kind {
	TRACE_WRITE,			/* a member has received a write */
	TRACE_FLUSH,			/* a member has received a flush */
	TRACE_DONE,			/* one of the two is about to be answered */
	TRACE_ISSUE,			/* a thread of the workload begins an operation */
	TRACE_ACK,			/* all up to this one are durable, it was told */
};

struct trace_event {
	enum trace_kind kind;
	uint8_t who;			/* member, or thread of the workload */
	bool fua;
	uint32_t number;		/* DONE: event; ISSUE, ACK: operation */
	uint32_t len;
	uint64_t offset;
	uint8_t *data;			/* of a write, owned */
};

struct trace {
	pthread_mutex_t lock;		/* protects all below while it is on */
	bool on;
	struct trace_event *event;
	uint32_t count;
	uint32_t room;
};

void trace_start(struct trace *t);
void trace_stop(struct trace *t);
void trace_clear(struct trace *t);
uint32_t trace_add(struct trace *t, const struct trace_event *event);
void trace_told(struct trace *t, enum trace_kind kind, uint8_t who, uint32_t number);

#endif /* CRASH_TRACE_H */
