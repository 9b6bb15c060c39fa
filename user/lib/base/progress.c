// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

#define BAR_WIDTH	40
#define INTERVAL_MS	100

static int64_t since_ms(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - then->tv_sec) * 1000 + (now.tv_nsec - then->tv_nsec) / 1000000;
}

/* A terminal that goes back in its line and erases it. */
static bool can_draw(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
}

/**
 * progress_start - begin a bar
 * @p:		filled in
 * @what:	label, kept by reference
 * @total:	units of work, at least 1
 */
void progress_start(struct progress *p, const char *what, uint64_t total)
{
	*p = (struct progress){ .what = what, .total = total ? total : 1 };
	p->shown = can_draw();
	progress_update(p, 0);
}

/**
 * progress_update - show how far the work is
 * @done:	units done, at most the total
 *
 * May be called as often as one likes: it draws ten times a second at most.
 */
void progress_update(struct progress *p, uint64_t done)
{
	char bar[BAR_WIDTH + 1];
	unsigned int fill, percent;

	if (!p->shown || (done && done < p->total && since_ms(&p->last) < INTERVAL_MS))
		return;
	clock_gettime(CLOCK_MONOTONIC, &p->last);
	if (done > p->total)
		done = p->total;
	fill = (unsigned int)((double)done * BAR_WIDTH / p->total);
	percent = (unsigned int)((double)done * 100 / p->total);
	memset(bar, ' ', BAR_WIDTH);
	memset(bar, '#', fill);
	bar[BAR_WIDTH] = 0;
	fprintf(stderr, "\r%s [%s] %3u %%", p->what, bar, percent);
	fflush(stderr);
}

/**
 * progress_end - take the bar off the screen
 */
void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
