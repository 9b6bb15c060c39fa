/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What places.c and place_http.c know of a location. */
#ifndef SKYD_PLACE_H
#define SKYD_PLACE_H

#include "data_path.h"
#include "location_http.h"

struct place_speed {
	int64_t mean, deviation;	/* ns; mean 0: nothing is known */
};

struct place {
	struct place *next;
	unsigned int users;		/* fibers that have it */
	bool gone;			/* not in the list any more: freed by the last of them */
	u16 id;
	bool edge;
	struct near *near;		/* the gateway's */
	char *url;
	const char *path;		/* the end of it; NUL, where there is none */
	char *ca;			/* PEM */
	size_t ca_len;
	struct location *location;

	struct place_speed speed[2];	/* up to DATA_UNIT bytes, and more */
	int64_t measured;		/* ns, as the backend has it; 0: not known */
	unsigned int strikes;
	int64_t down_ns, down_until;
	u64 late, blamed;
	int64_t blamed_at, refused_at;
};

/* A request has ended: 0 or -errno after so many ns. */
void place_told(struct place *place, size_t bytes, int64_t ns, int rc);

#endif /* SKYD_PLACE_H */
