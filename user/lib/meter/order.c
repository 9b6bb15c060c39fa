// SPDX-License-Identifier: GPL-2.0-or-later
/* What the numbers of records, their digests and boots say, once all have been seen. */
#include <inttypes.h>
#include <stdlib.h>

#include "chain_private.h"

static int by_number(const void *a, const void *b)
{
	const struct meter_seen *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static int by_order(const void *a, const void *b)
{
	const struct meter_seen *x = a, *y = b;

	return x->order < y->order ? -1 : 1;
}

static void stand_at(struct meter_chain *c, const struct meter_seen *s)
{
	c->file = s->file;
	c->line = s->line;
}

static void check_first(struct meter_chain *c, const struct meter_seen *s)
{
	static const uint8_t zeros[SHA256_BYTES];

	if (c->config.partial)
		return;
	stand_at(c, s);
	if (s->seq)
		meter_tell(c, METER_DROPPED, "records 0 to %" PRIu64 " are missing", s->seq - 1);
	else if (!s->bad && memcmp(s->prev, zeros, sizeof(zeros)))
		meter_tell(c, METER_FORKED, "record 0 says that another came before it");
}

/* Of one number with the one before. */
static void check_again(struct meter_chain *c, const struct meter_seen *was, struct meter_seen *s)
{
	/* What was altered took the place of this one. */
	if (was->bad || s->bad)
		return;
	s->doubled = true;
	stand_at(c, s);
	if (memcmp(was->digest, s->digest, sizeof(s->digest)))
		meter_tell(c, METER_FORKED, "this is another record %" PRIu64, s->seq);
	else
		meter_tell(c, METER_DOUBLED, "record %" PRIu64 " is there again", s->seq);
}

static void check_missing(struct meter_chain *c, const struct meter_seen *was,
			  const struct meter_seen *s)
{
	bool reboot = was->boot != s->boot && !was->bad && !s->bad;

	stand_at(c, s);
	meter_tell(c, reboot ? METER_REBOOT : METER_DROPPED,
		   "records %" PRIu64 " to %" PRIu64 " are missing%s", was->seq + 1, s->seq - 1,
		   reboot ? " around a reboot" : "");
}

static void check_next(struct meter_chain *c, const struct meter_seen *was,
		       const struct meter_seen *s)
{
	if (s->seq > was->seq + 1)
		check_missing(c, was, s);
	if (was->bad || s->bad)
		return;
	stand_at(c, s);
	if (s->seq == was->seq + 1 && memcmp(s->prev, was->digest, sizeof(s->prev)))
		meter_tell(c, METER_FORKED, "record %" PRIu64
			   " does not go on from the one before it", s->seq);
	if (s->boot < was->boot)
		meter_tell(c, METER_BACKWARDS, "boot %" PRIu64 " follows boot %" PRIu64, s->boot,
			   was->boot);
	if (s->boot > was->boot + 1)
		meter_tell(c, METER_REBOOT, "of boots %" PRIu64 " to %" PRIu64
			   " there are no records", was->boot + 1, s->boot - 1);
}

/* Behind one that comes later. */
static void check_places(struct meter_chain *c)
{
	uint64_t most = 0;
	size_t i;

	for (i = 0; i < c->seens; i++) {
		const struct meter_seen *s = &c->seen[i];

		if (s->bad || s->doubled)
			continue;
		stand_at(c, s);
		if (s->seq < most)
			meter_tell(c, METER_REORDERED, "record %" PRIu64 " stands behind record %"
				   PRIu64, s->seq, most);
		else
			most = s->seq;
	}
}

void meter_order_check(struct meter_chain *c)
{
	const struct meter_seen *was = NULL;
	size_t i;

	if (!c->seens)
		return;
	qsort(c->seen, c->seens, sizeof(*c->seen), by_number);
	for (i = 0; i < c->seens; i++) {
		struct meter_seen *s = &c->seen[i];

		if (!was)
			check_first(c, s);
		else if (s->seq == was->seq)
			check_again(c, was, s);
		else
			check_next(c, was, s);
		/* Of two histories, what follows goes on from the first. */
		if (!s->doubled && (!was || s->seq != was->seq || was->bad))
			was = s;
	}
	qsort(c->seen, c->seens, sizeof(*c->seen), by_order);
	check_places(c);
	qsort(c->seen, c->seens, sizeof(*c->seen), by_number);
}
