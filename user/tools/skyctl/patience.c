// SPDX-License-Identifier: GPL-2.0-or-later
/* How long a server is waited for: --timeout, and what holds without it. */
#include <time.h>

#include "base/report.h"
#include "patience.h"
#include "skyctl.h"

/* Bytes that buffers of both sides hold, at most, of what nobody has read. */
#define KERNEL_TAKES	(16u << 20)

static const unsigned int seconds[] = {
	[ASKED_SKYD] = 60, [ASKED_S3] = 300, [ASKED_LOG] = 30, [ASKED_WITNESS] = 10,
};

uint64_t patience_ms(const struct options *o, enum asked who)
{
	return 1000 * (o->timeout ? o->timeout : seconds[who]);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

void silence_begin(struct silence *s, uint64_t limit_ms)
{
	*s = (struct silence){ .limit_ms = limit_ms, .since = now_ms() };
}

bool silence_is_over(struct silence *s, uint64_t bytes)
{
	if (bytes > s->furthest || (bytes > s->moved && bytes > KERNEL_TAKES))
		s->since = now_ms();
	if (bytes > s->furthest)
		s->furthest = bytes;
	s->moved = bytes;
	return silence_left_ms(s) == 0;
}

uint64_t silence_left_ms(const struct silence *s)
{
	uint64_t passed = now_ms() - s->since;

	return passed < s->limit_ms ? s->limit_ms - passed : 0;
}

int patience_fail(const char *where, uint64_t limit_ms)
{
	return fail(ETIMEDOUT, "%s has said nothing for %llu seconds; --timeout SECONDS waits longer",
		    where, (unsigned long long)limit_ms / 1000);
}
