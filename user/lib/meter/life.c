// SPDX-License-Identifier: GPL-2.0-or-later
/* What instances have used so far: their counters and their time only go forward. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "chain_private.h"
#include "crypto/hmac.h"

void meter_lives_free(struct meter_chain *c)
{
	size_t i;

	for (i = 0; i < c->lives_room; i++) {
		if (c->life[i])
			free(c->life[i]->text);
		free(c->life[i]);
	}
	free(c->life);
}

static struct meter_life **place_of(struct meter_life **table, size_t room, uint64_t instance)
{
	/* Fibonacci hashing; numbers are given one after the other. */
	size_t at = (instance * 0x9e3779b97f4a7c15ull >> 20) & (room - 1);

	while (table[at] && table[at]->instance != instance)
		at = (at + 1) & (room - 1);
	return &table[at];
}

static int make_room(struct meter_chain *c)
{
	size_t room = c->lives_room ? 2 * c->lives_room : 64, i;
	struct meter_life **table;

	if (2 * (c->lives + 1) <= c->lives_room)
		return 0;
	table = calloc(room, sizeof(struct meter_life *));
	if (!table)
		return -ENOMEM;
	for (i = 0; i < c->lives_room; i++)
		if (c->life[i])
			*place_of(table, room, c->life[i]->instance) = c->life[i];
	free(c->life);
	c->life = table;
	c->lives_room = room;
	return 0;
}

/* Each text with its NUL, so that no two of them are one. */
static void add_text(struct sha256_state *s, struct str text)
{
	sha256_add(s, text.at ? text.at : "", text.len);
	sha256_add(s, "", 1);
}

static void identify(const struct meter_record *r, uint8_t who[SHA256_BYTES])
{
	struct sha256_state s;

	sha256_begin(&s);
	add_text(&s, r->source);
	add_text(&s, r->tenant);
	add_text(&s, r->unit);
	sha256_add(&s, r->image.at, r->image.set ? sizeof(r->image.at) : 0);
	sha256_end(&s, who);
}

/* Counters as they are now; their names are copied. */
static int keep(struct meter_life *life, const struct meter_record *r)
{
	size_t len = 0;
	unsigned int i;
	char *text;

	for (i = 0; i < r->counters; i++)
		len += r->counter[i].name.len;
	text = malloc(len + 1);
	if (!text)
		return -ENOMEM;
	free(life->text);
	life->text = text;
	life->counters = r->counters;
	life->to = r->to;
	for (i = 0; i < r->counters; i++) {
		struct str name = r->counter[i].name;

		memcpy(text, name.at, name.len);
		life->counter[i] = (struct meter_counter){ { text, name.len },
							   r->counter[i].value };
		text += name.len;
	}
	return 0;
}

/* Both lists are in the order of their names. */
static void compare(struct meter_chain *c, const struct meter_life *life,
		    const struct meter_record *r, uint64_t used[METER_COUNTERS])
{
	unsigned int i = 0, j;

	for (j = 0; j < life->counters; j++) {
		const struct meter_counter *was = &life->counter[j];

		while (i < r->counters && str_compare(r->counter[i].name, was->name) < 0)
			i++;
		if (i == r->counters || !str_equal(r->counter[i].name, was->name)) {
			meter_tell(c, METER_BACKWARDS, "record %" PRIu64 ": %.*s is not counted any more",
				   r->seq, STR_ARG(was->name));
			continue;
		}
		if (r->counter[i].value < was->value)
			meter_tell(c, METER_BACKWARDS, "record %" PRIu64 ": %.*s goes back from %" PRIu64
				   " to %" PRIu64, r->seq, STR_ARG(was->name), was->value,
				   r->counter[i].value);
		used[i] = r->counter[i].value > was->value ? r->counter[i].value - was->value : 0;
	}
}

int meter_life_add(struct meter_chain *c, const struct meter_record *r,
		   uint64_t used[METER_COUNTERS])
{
	uint8_t who[SHA256_BYTES];
	struct meter_life **place;
	unsigned int i;
	int rc = make_room(c);

	if (rc)
		return rc;
	for (i = 0; i < r->counters; i++)
		used[i] = r->counter[i].value;
	if (r->to < r->from)
		meter_tell(c, METER_BACKWARDS, "record %" PRIu64 " ends before it begins", r->seq);
	identify(r, who);
	place = place_of(c->life, c->lives_room, r->instance);
	if (*place) {
		if (memcmp((*place)->who, who, sizeof(who)))
			meter_tell(c, METER_FORKED, "record %" PRIu64 ": instance %" PRIu64
				   " is of another unit, tenant or image than before", r->seq,
				   r->instance);
		if (r->from < (*place)->to)
			meter_tell(c, METER_BACKWARDS, "record %" PRIu64
				   " begins before the end of the one before", r->seq);
		compare(c, *place, r, used);
		return keep(*place, r);
	}
	*place = calloc(1, sizeof(**place));
	if (!*place)
		return -ENOMEM;
	c->lives++;
	(*place)->instance = r->instance;
	memcpy((*place)->who, who, sizeof(who));
	return keep(*place, r);
}
