/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What members know of: sessions, each written by some of them.  Which sets of
 * members may be accepted follows from that alone, and so does what they show.
 */
#ifndef CRASH_HISTORY_H
#define CRASH_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "volume.h"

#define SESSIONS_MAX	4
#define HISTORY_SECTORS	48u
#define HISTORY_NONE	(-1)

struct history {
	uint32_t sessions;
	uint32_t wrote[SESSIONS_MAX];	/* the members of each: a bit for each */
	uint32_t rebuilt[SESSIONS_MAX];	/* those, and who may have got it since */
	uint32_t unsure[SESSIONS_MAX];	/* of those that wrote it, to who wrote the next */
	bool no_rebuild;		/* the volume's */
	bool crashed;			/* the end of the last one is only in the log */
	uint16_t id[SESSIONS_MAX][HISTORY_SECTORS];	/* contents after each */
	uint8_t **image;		/* the disks after the last */
	uint64_t epoch;			/* the highest that any of them has */
};

/* How a session ends. */
enum history_end {
	END_CLEAN,			/* the volume is closed */
	END_CRASH,			/* a power failure, some of it only in the log */
};

void history_init(struct history *h, const struct volume *v);
void history_copy(struct history *to, const struct history *from, const struct volume *v);
void history_free(struct history *h, const struct volume *v);
void history_restore(const struct history *h, const struct volume *v);
void history_take_image(struct history *h, const struct volume *v);
int history_fill(struct history *h);
int history_group(struct history *h, uint32_t members, uint32_t first, uint32_t step);
void history_add(struct history *h, uint32_t members);
int history_write(struct history *h, const struct volume *v, uint32_t members,
		  const char *option, enum history_end end);
int history_shown(const struct history *h, unsigned int k, uint32_t members);
int history_may_show(const struct history *h, unsigned int k, uint32_t members);
uint32_t history_needed(const struct history *h, unsigned int k, uint32_t members);
int history_match(const struct history *h, uint32_t *errors);
int history_between(const struct history *h, int from);

#endif /* CRASH_HISTORY_H */
