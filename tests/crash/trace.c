// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "base/report.h"
#include "trace.h"

void trace_start(struct trace *t)
{
	pthread_mutex_lock(&t->lock);
	t->on = true;
	pthread_mutex_unlock(&t->lock);
}

void trace_stop(struct trace *t)
{
	pthread_mutex_lock(&t->lock);
	t->on = false;
	pthread_mutex_unlock(&t->lock);
}

void trace_clear(struct trace *t)
{
	uint32_t i;

	for (i = 0; i < t->count; i++)
		free(t->event[i].data);
	t->count = 0;
}

/**
 * trace_add - note an event
 * @t:		trace; nothing is noted unless it is on
 * @event:	copied; its data are taken over, or freed
 *
 * Return: its number.
 */
uint32_t trace_add(struct trace *t, const struct trace_event *event)
{
	uint32_t at = 0;

	pthread_mutex_lock(&t->lock);
	if (!t->on) {
		free(event->data);
		goto out;
	}
	if (t->count == t->room) {
		t->room = t->room ? 2 * t->room : 4096;
		t->event = realloc(t->event, t->room * sizeof(*t->event));
		if (!t->event)
			die(1, "out of memory for the trace");
	}
	at = t->count++;
	t->event[at] = *event;
out:
	pthread_mutex_unlock(&t->lock);
	return at;
}

/* What a thread of the workload does or has been told. */
void trace_told(struct trace *t, enum trace_kind kind, uint8_t who, uint32_t number)
{
	struct trace_event event = { .kind = kind, .who = who, .number = number };

	trace_add(t, &event);
}
