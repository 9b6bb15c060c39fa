// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "log.h"
#include "traffic.h"

#define ROOM_FIRST	64u

struct traffic {
	struct link *backend;
	u8 gateway[META_GATEWAY_BYTES];
	u64 number;			/* of the batch that is told */
	u64 lost;			/* requests */

	struct meta_used *row;		/* a hash table: a power of two of places, half empty */
	u32 rows, room;			/* team 0: an empty place */

	struct meta_used *told;		/* that the backend may lack: @teams of them */
	u32 teams;
};

struct traffic *traffic_open(struct link *backend)
{
	struct traffic *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->backend = backend;
	t->room = ROOM_FIRST;
	t->row = calloc(t->room, sizeof(*t->row));
	if (t->row && !random_bytes(t->gateway, sizeof(t->gateway)))
		return t;
	traffic_close(t);
	return NULL;
}

void traffic_close(struct traffic *t)
{
	if (!t)
		return;
	free(t->row);
	free(t->told);
	free(t);
}

u64 traffic_lost(const struct traffic *t)
{
	return t->lost;
}

static struct meta_used *place_of(struct meta_used *row, u32 room, u64 team)
{
	/* Fibonacci hashing; numbers are given one after the other. */
	u32 at = (team * 0x9e3779b97f4a7c15ull >> 32) & (room - 1);

	while (row[at].team && row[at].team != team)
		at = (at + 1) & (room - 1);
	return &row[at];
}

static int grow(struct traffic *t)
{
	u32 room = 2 * t->room, i;
	struct meta_used *row = calloc(room, sizeof(*row));

	if (!row)
		return -ENOMEM;
	for (i = 0; i < t->room; i++)
		if (t->row[i].team)
			*place_of(row, room, t->row[i].team) = t->row[i];
	free(t->row);
	t->row = row;
	t->room = room;
	return 0;
}

static void add(struct traffic *t, const struct meta_used *used)
{
	struct meta_used *row = place_of(t->row, t->room, used->team);

	if (!row->team) {
		/* One place stays empty, or a search would not end. */
		if (2 * (t->rows + 1) > t->room && grow(t) && t->rows + 1 == t->room) {
			if (!t->lost)
				log_line(LEVEL_ERROR, "no memory: not all requests are metered");
			t->lost += used->requests;
			return;
		}
		row = place_of(t->row, t->room, used->team);
		row->team = used->team;
		t->rows++;
	}
	row->requests += used->requests;
	row->received += used->received;
	row->sent += used->sent;
}

void traffic_count(struct traffic *t, u64 team, u64 received, u64 sent)
{
	if (team)
		add(t, &(struct meta_used){ team, 1, received, sent });
}

/* The rows become what is told; counting goes on with new ones. */
static int take(struct traffic *t)
{
	struct meta_used *fresh;
	u32 i, n = 0;

	if (!t->rows)
		return 0;
	fresh = calloc(t->room, sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	for (i = 0; i < t->room; i++)
		if (t->row[i].team)
			t->row[n++] = t->row[i];
	free(t->told);
	t->told = t->row;
	t->teams = n;
	t->row = fresh;
	t->rows = 0;
	t->number++;
	return 0;
}

/* A batch at a time, the last rows first: what is left is a list still. */
int traffic_tell(struct traffic *t, int64_t deadline)
{
	struct meta_traffic ask = { .number = 0 };
	const struct link_call call = {
		META_TRAFFIC, &meta_traffic_schema, &ask, -1, NULL, NULL, 0,
	};
	int rc = 0;

	memcpy(ask.gateway, t->gateway, sizeof(ask.gateway));
	/* What was told before and not acknowledged, in the same batches; then what came since. */
	for (bool taken = false; !rc; taken = true) {
		while (t->teams) {
			CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;

			ask.number = t->number;
			ask.teams = (t->teams - 1) % META_USED_MAX + 1;
			ask.used = t->told + t->teams - ask.teams;
			rc = link_do(t->backend, &call, &answer, deadline);
			if (rc)
				return rc;
			t->teams -= ask.teams;
			t->number += t->teams != 0;
		}
		if (taken)
			break;
		rc = take(t);
	}
	return rc;
}
