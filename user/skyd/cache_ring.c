// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "cache_ring.h"

#define SPARED_MOST	128u		/* entries for one that is added, */
#define MOVED_LEAST	(256u << 10)	/* and bytes that may be moved, besides as many as it has */
#define ROUNDS		2u

int ring_open(struct ring *r, u64 size, u32 least)
{
	u64 grain = least, entries;

	while (size / grain > RING_ENTRIES)
		grain *= 2;
	*r = (struct ring){ .size = size / grain * grain, .grain = grain, .streets = 64 };
	entries = size / grain;
	while (r->streets < entries / 2)
		r->streets *= 2;
	r->street = calloc(r->streets, sizeof(*r->street));
	r->place_street = calloc(r->streets, sizeof(*r->place_street));
	if (r->street && r->place_street)
		return 0;
	ring_close(r);
	return -ENOMEM;
}

void ring_close(struct ring *r)
{
	ring_drop_all(r);
	free(r->street);
	free(r->place_street);
	memset(r, 0, sizeof(*r));
}

static u64 span(const struct ring *r, u32 len)
{
	return (len + r->grain - 1) / r->grain * r->grain;
}

/* Ids are drawn at random, places are hashes under a key of our own. */
static struct ring_entry **street_of(const struct ring *r, const u8 id[RING_ID_BYTES])
{
	u64 first;

	memcpy(&first, id, sizeof(first));
	return &r->street[first & (r->streets - 1)];
}

static struct ring_entry **place_street(const struct ring *r, u64 place)
{
	return &r->place_street[place & (r->streets - 1)];
}

static struct ring_entry *find(const struct ring *r, const u8 id[RING_ID_BYTES])
{
	struct ring_entry *e = r->streets ? *street_of(r, id) : NULL;

	while (e && memcmp(e->id, id, RING_ID_BYTES))
		e = e->next;
	return e;
}

struct ring_entry *ring_find(struct ring *r, const u8 id[RING_ID_BYTES])
{
	struct ring_entry *e = find(r, id);

	if (!e || !e->filled)
		return NULL;
	e->uses += e->uses < RING_USES;
	return e;
}

bool ring_has(const struct ring *r, const u8 id[RING_ID_BYTES])
{
	return find(r, id);
}

/* --- who goes ---------------------------------------------------------------------- */

static void give_up(struct ring *r, struct ring_entry *e)
{
	*(e->before ? &e->before->after : &r->lowest) = e->after;
	*(e->after ? &e->after->before : &r->highest) = e->before;
	if (r->ahead == e)
		r->ahead = e->after;
	free(e);
}

void ring_hold(struct ring_entry *e)
{
	e->users++;
}

void ring_put(struct ring *r, struct ring_entry *e)
{
	if (!--e->users && !e->listed)
		give_up(r, e);
}

void ring_drop(struct ring *r, struct ring_entry *e)
{
	struct ring_entry **at = street_of(r, e->id);

	if (!e->listed)
		return;
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	*e->sibling_at = e->sibling;
	if (e->sibling)
		e->sibling->sibling_at = e->sibling_at;
	e->listed = false;
	r->used -= span(r, e->len);
	r->count--;
	if (!e->users)
		give_up(r, e);
}

void ring_drop_id(struct ring *r, const u8 id[RING_ID_BYTES])
{
	struct ring_entry *e = find(r, id);

	if (e)
		ring_drop(r, e);
}

void ring_drop_all(struct ring *r)
{
	struct ring_entry *e, *after;

	for (e = r->lowest; e; e = after) {
		after = e->after;
		ring_drop(r, e);
	}
}

void ring_drop_owned(struct ring *r, u64 bucket, u64 policy)
{
	struct ring_entry *e, *after;

	for (e = r->lowest; e; e = after) {
		after = e->after;
		if ((!bucket || e->bucket == bucket) && (!policy || e->policy == policy))
			ring_drop(r, e);
	}
}

void ring_drop_place(struct ring *r, u64 place, u64 body)
{
	struct ring_entry *e, *sibling;

	for (e = r->streets ? *place_street(r, place) : NULL; e; e = sibling) {
		sibling = e->sibling;
		if (e->place == place && e->body != body)
			ring_drop(r, e);
	}
}

bool ring_knows(const struct ring *r, u64 place)
{
	const struct ring_entry *e = r->streets ? *place_street(r, place) : NULL;

	while (e && e->place != place)
		e = e->sibling;
	return e;
}

/* --- who comes --------------------------------------------------------------------- */

static void pass(struct ring *r, struct ring_entry *e)
{
	r->head = e->at + span(r, e->len);
	r->ahead = e->after;
}

/* A fixed amount of work, besides that of entries that go for good. */
static bool make_room(struct ring *r, u64 bytes)
{
	const u64 most = MOVED_LEAST + 2 * bytes;
	unsigned int spared = 0, rounds = 0;
	struct ring_entry *e;
	u64 moved = 0;

	for (;;) {
		e = r->ahead;
		if ((e ? e->at : r->size) - r->head >= bytes)
			return true;
		if (!e && rounds++ == ROUNDS)
			return false;
		if (!e) {
			r->head = 0;
			r->ahead = r->lowest;
		} else if (e->users) {
			pass(r, e);
		} else if (r->move && e->uses && spared < SPARED_MOST && moved <= most) {
			if (e->at != r->head) {
				r->move(r->arg, r->head, e->at, e->len);
				moved += e->len;
				e->at = r->head;
			}
			e->uses--;
			spared++;
			pass(r, e);
		} else {
			ring_drop(r, e);
			r->evicted++;
		}
	}
}

static void enter_streets(struct ring *r, struct ring_entry *e)
{
	struct ring_entry **at = street_of(r, e->id);

	e->next = *at;
	*at = e;
	at = place_street(r, e->place);
	e->sibling = *at;
	e->sibling_at = at;
	if (e->sibling)
		e->sibling->sibling_at = &e->sibling;
	*at = e;
	e->listed = true;
	r->used += span(r, e->len);
	r->count++;
}

struct ring_entry *ring_add(struct ring *r, const u8 id[RING_ID_BYTES], u64 place, u64 body,
			    u32 len)
{
	struct ring_entry *e;
	u64 bytes;

	if (!len || len > r->size / 4 || find(r, id))
		return NULL;
	bytes = span(r, len);
	e = calloc(1, sizeof(*e));
	if (!e || !make_room(r, bytes)) {
		free(e);
		return NULL;
	}
	e->at = r->head;
	e->len = len;
	e->place = place;
	e->body = body;
	e->users = 1;
	memcpy(e->id, id, RING_ID_BYTES);
	e->after = r->ahead;
	e->before = e->after ? e->after->before : r->highest;
	*(e->before ? &e->before->after : &r->lowest) = e;
	*(e->after ? &e->after->before : &r->highest) = e;
	r->head += bytes;
	enter_streets(r, e);
	return e;
}
