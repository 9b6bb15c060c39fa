/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_BASE_PROGRESS_H
#define SKY_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A bar on standard error; prints nothing where that is no terminal. */
struct progress {
	const char *what;
	uint64_t total;
	bool shown;
	struct timespec last;
};

void progress_start(struct progress *p, const char *what, uint64_t total);
void progress_update(struct progress *p, uint64_t done);
void progress_end(struct progress *p);

#endif /* SKY_BASE_PROGRESS_H */
