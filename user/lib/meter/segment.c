// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of records: one a day, and more for a day that has more than a segment of them.  A shell
 * puts "*.jsonl" into the order that `skyctl meter verify` wants, in every locale: a letter that is
 * behind the j, and digits of one length.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "keeper_private.h"

#define PART	KEEPER_DAY		/* where ".p0001" is, in names that have it */
#define PARTS	9999u

/* As @picture, in which 0 is any digit. */
static bool fits(const char *name, const char *picture)
{
	for (; *name && *picture; name++, picture++)
		if (*picture == '0' ? !isdigit((unsigned char)*name) : *name != *picture)
			return false;
	return !*name && !*picture;
}

bool keeper_is_segment(const char *name)
{
	return fits(name, "0000-00-00.jsonl") || fits(name, "0000-00-00.p0000.jsonl");
}

static unsigned int part_of(const char *name)
{
	return !strncmp(name + PART, ".p", 2) ? strtoul(name + PART + 2, NULL, 10) : 0;
}

int keeper_segment(const struct meter_keeper *k, const char day[KEEPER_DAY + 1], bool full,
		   char name[KEEPER_NAME + 1])
{
	unsigned int part;

	if (!*k->name || strncmp(day, k->name, KEEPER_DAY) > 0) {
		snprintf(name, KEEPER_NAME + 1, "%.10s.jsonl", day);
		return 0;
	}
	/* A clock that was set back does not make files go back. */
	strcpy(name, k->name);
	if (!full)
		return 0;
	part = part_of(k->name) + 1;
	if (part > PARTS)
		return -EFBIG;
	snprintf(name, KEEPER_NAME + 1, "%.10s.p%04u.jsonl", k->name, part);
	return 0;
}
