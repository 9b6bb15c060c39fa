// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any k of n, and never an older state for the newest: a volume is written by sets
 * of its members, and every set of them is tried to be activated.
 *
 *	rlnc-any-k -k K -n N [OPTION...] SCENARIO...
 *	-s BYTES	symbol (4096)
 *	-q COUNT	one of so many sets is tried, by chance (1); of up to six members
 *			each set of those that were all written is
 *	-D 1		a dense volume
 *	-B 1		no rebuild comes to its end, and no set profits from one
 *	-S SEED		of the choice
 *
 * A scenario is a name of the table at the end; without one, all are played.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "dm/dm.h"
#include "history.h"

#define DISK_BYTES	(4u << 20)
#define FAILURES_SHOWN	20
#define SMALL		6		/* members */

struct play {
	struct volume volume;
	struct disks disks;
	struct trace trace;
	struct history fresh;		/* written once by all members */
	uint32_t all;			/* a bit for each member */
	uint32_t one_in;		/* chance that a set is tried */
	uint64_t random;
	int kmsg;
	const char *scenario;
	uint32_t tried;
	uint32_t accepted;
	uint32_t refused;
	uint32_t failed;
};

static uint32_t draw(struct play *p)
{
	p->random = p->random * 6364136223846793005u + 1442695040888963407u;
	return p->random >> 33;
}

static bool chosen(struct play *p)
{
	return draw(p) % p->one_in == 0;
}

static unsigned int size_of(uint32_t members)
{
	return __builtin_popcount(members);
}

static void wrong(struct play *p, uint32_t members, const char *option, const char *what, int value)
{
	if (p->failed++ < FAILURES_SHOWN)
		printf("FAILED: %u/%u %s: members %04x, %s: %s (%d)\n", p->volume.k, p->volume.n,
		       p->scenario, members, option ?: "no option", what, value);
}

/* --- the kernel's log ----------------------------------------------------------- */

/* Which of the members are named as missing or stale since the last call. */
static uint32_t named_in_log(struct play *p)
{
	char line[1024], *at;
	uint32_t named = 0;
	unsigned int member;
	ssize_t got;

	while ((got = read(p->kmsg, line, sizeof(line) - 1)) > 0 || (got < 0 && errno == EPIPE)) {
		if (got < 0)
			continue;
		line[got] = 0;
		at = strstr(line, ": member ");
		if (at && sscanf(at, ": member %u is", &member) == 1 && member < 32)
			named |= 1u << member;
	}
	return named;
}

/* --- one set ---------------------------------------------------------------------- */

/* A set that a rebuild may have made whole meanwhile may be accepted or refused. */
static bool may_be_whole(struct play *p, const struct history *h, uint32_t members, int shown)
{
	return history_shown(h, p->volume.k, members) == HISTORY_NONE &&
	       history_may_show(h, p->volume.k, members) == shown;
}

static void try_accepted(struct play *p, const struct history *h, uint32_t members,
			 const char *option, int want)
{
	int shown = history_match(h, NULL);

	p->accepted++;
	if (want == HISTORY_NONE && shown != HISTORY_NONE && may_be_whole(p, h, members, shown))
		want = shown;
	if (want == HISTORY_NONE)
		wrong(p, members, option, "accepted, and shows state", shown);
	else if (shown != want)
		wrong(p, members, option, "shows another state than it has to", shown);
	volume_down();
}

static void try_refused(struct play *p, const struct history *h, uint32_t members,
			const char *option, int want, int err)
{
	uint32_t needed = history_needed(h, p->volume.k, members);
	uint32_t named = named_in_log(p);
	bool knows = members & h->wrote[h->sessions - 1];

	p->refused++;
	if (want != HISTORY_NONE)
		wrong(p, members, option, "refused", err);
	else if (knows && size_of(members) >= p->volume.k && (needed & named) != needed)
		wrong(p, members, option, "the log does not name all that it needs", named);
}

/* Activate a set, which has to show state @want or to be refused. */
static void try_one(struct play *p, const struct history *h, uint32_t members,
		    const char *option, int want)
{
	int ret;

	history_restore(h, &p->volume);
	named_in_log(p);
	p->tried++;
	ret = volume_up(&p->volume, members, option);
	if (ret)
		try_refused(p, h, members, option, want, ret);
	else
		try_accepted(p, h, members, option, want);
}

/* Every way that there is to give a set; what is expected follows from the history. */
static void try_set(struct play *p, const struct history *h, uint32_t members)
{
	struct volume *v = &p->volume;
	int shown = history_shown(h, v->k, members);
	bool sure = size_of(members) > v->n - v->writes_min;
	int newest = shown == (int)h->sessions - 1 ? shown : HISTORY_NONE;
	char min_epoch[40];

	snprintf(min_epoch, sizeof(min_epoch), "min_epoch=%llu", (unsigned long long)h->epoch);
	if (sure) {
		try_one(p, h, members, NULL, shown);
	} else {
		if (shown != HISTORY_NONE)
			try_one(p, h, members, NULL, HISTORY_NONE);
		try_one(p, h, members, "accept_older", shown);
	}
	try_one(p, h, members, min_epoch, newest);
}

static void try_sets(struct play *p, const struct history *h)
{
	uint32_t members;

	for (members = 0; members <= p->all; members++)
		if (members == p->all || chosen(p))
			try_set(p, h, members);
}

/* --- scenarios ---------------------------------------------------------------------- */

/* Fully written: every set of k or more shows it.  No set of a small volume is left out. */
static void play_present(struct play *p)
{
	uint32_t members, one_in = p->one_in;
	char min_epoch[40];

	if (p->volume.n <= SMALL)
		p->one_in = 1;
	for (members = 0; members <= p->all; members++)
		if (chosen(p))
			try_set(p, &p->fresh, members);
	p->one_in = one_in;
	snprintf(min_epoch, sizeof(min_epoch), "min_epoch=%llu",
		 (unsigned long long)p->fresh.epoch + 1);
	try_one(p, &p->fresh, p->all, min_epoch, HISTORY_NONE);
}

static void kill_disks(struct play *p, uint32_t members, bool dead)
{
	unsigned int i;

	for (i = 0; i < p->volume.n; i++)
		if (members & 1u << i)
			p->disks.disk[i].dead = dead;
}

/* Members lost while the volume is open: reading, and writing if enough are left. */
static void lose(struct play *p, uint32_t lost)
{
	struct volume *v = &p->volume;
	unsigned int left = v->n - size_of(lost);
	struct history h;
	uint32_t errors;
	int ret, shown;

	history_copy(&h, &p->fresh, v);
	p->tried++;
	ret = volume_up(v, p->all, NULL);
	if (ret) {
		wrong(p, p->all, NULL, "refused", ret);
		goto out;
	}
	kill_disks(p, lost, true);
	shown = history_match(&h, &errors);
	if (shown != 0)
		wrong(p, p->all & ~lost, "lost in flight", "wrong data", shown);
	if (left >= v->k && errors)
		wrong(p, p->all & ~lost, "lost in flight", "unreadable sectors", errors);
	ret = history_fill(&h);
	if (left >= v->writes_min && ret)
		wrong(p, p->all & ~lost, "lost in flight", "cannot be written", ret);
	else if (left < v->writes_min && !ret)
		wrong(p, p->all & ~lost, "lost in flight", "written by too few members", left);
	volume_down();
	kill_disks(p, lost, false);
	if (!ret) {
		history_add(&h, p->all & ~lost);
		history_take_image(&h, v);
		if (history_shown(&h, v->k, p->all) != HISTORY_NONE)
			try_one(p, &h, p->all, NULL, history_shown(&h, v->k, p->all));
	}
out:
	history_free(&h, v);
}

static void play_lost(struct play *p)
{
	uint32_t lost;

	for (lost = 1; lost <= p->all; lost++)
		if (size_of(lost) <= p->volume.n - p->volume.k + 1 && chosen(p))
			lose(p, lost);
}

/* Written by some members while others were away. */
static void away(struct play *p, enum history_end end)
{
	struct volume *v = &p->volume;
	struct history h;
	uint32_t wrote;
	int ret;

	for (wrote = 1; wrote < p->all; wrote++) {
		if (size_of(wrote) < v->writes_min || !chosen(p))
			continue;
		history_copy(&h, &p->fresh, v);
		ret = history_write(&h, v, wrote, NULL, end);
		if (ret)
			wrong(p, wrote, NULL, "cannot be written", ret);
		else
			try_sets(p, &h);
		history_free(&h, v);
	}
}

static void play_away(struct play *p)
{
	away(p, END_CLEAN);
}

static void play_away_crashed(struct play *p)
{
	away(p, END_CRASH);
}

/* Two sets one after the other; the second may only go on from what the first left. */
static void play_in_turn(struct play *p)
{
	struct volume *v = &p->volume;
	struct history h;
	uint32_t a, b;
	int ret, must, may;

	for (a = 1; a < p->all; a++) {
		for (b = 1; b < p->all; b++) {
			if (a == b || size_of(a) < v->writes_min || size_of(b) < v->writes_min ||
			    !chosen(p) || !chosen(p))
				continue;
			history_copy(&h, &p->fresh, v);
			ret = history_write(&h, v, a, NULL, a & 1 ? END_CRASH : END_CLEAN);
			must = history_shown(&h, v->k, b);
			may = history_may_show(&h, v->k, b);
			if (!ret)
				ret = history_write(&h, v, b, NULL, END_CLEAN);
			if (!ret && may == HISTORY_NONE)
				wrong(p, b, NULL, "written without what others had written", a);
			else if (ret && must != HISTORY_NONE)
				wrong(p, b, NULL, "cannot be written", ret);
			try_sets(p, &h);
			history_free(&h, v);
		}
	}
}

/* Too few to commit: with the owner's word they show what they have, and no more. */
static void play_disjoint(struct play *p)
{
	struct volume *v = &p->volume;
	struct history h, other;
	uint32_t a, b;

	for (a = 1; a < p->all; a++) {
		b = p->all & ~a;
		if (size_of(a) < v->writes_min || !chosen(p))
			continue;
		history_copy(&h, &p->fresh, v);
		if (history_write(&h, v, a, NULL, END_CLEAN)) {
			wrong(p, a, NULL, "cannot be written", a);
		} else if (size_of(b) >= v->k) {
			history_copy(&other, &h, v);
			if (!history_write(&other, v, b, "accept_older", END_CLEAN))
				wrong(p, b, "accept_older", "written beside the others", a);
			history_free(&other, v);
			/* Whatever that left must not count. */
			history_take_image(&h, v);
			if (size_of(a) >= v->k)
				try_one(p, &h, p->all, NULL, history_shown(&h, v->k, p->all));
		}
		history_free(&h, v);
	}
}

/* Enough members to write, of which fewer than k are among the first, too; or 0. */
static uint32_t other_side(struct play *p, uint32_t first)
{
	struct volume *v = &p->volume;
	unsigned int tries;
	uint32_t second;

	if (size_of(first) < v->writes_min)
		return 0;
	for (tries = 0; tries < 200; tries++) {
		second = draw(p) & p->all;
		if (size_of(second) >= v->writes_min && size_of(first & second) < v->k &&
		    first & ~second)
			return second;
	}
	return 0;
}

/* Which states of a fork are accepted from any set, a bit for each. */
static uint32_t sides_accepted(struct play *p, const struct history *h, uint32_t first,
			       uint32_t second)
{
	uint32_t members, seen = 0;
	int shown;

	for (members = 1; members <= p->all; members++) {
		if (size_of(members) <= p->volume.n - p->volume.writes_min)
			continue;
		history_restore(h, &p->volume);
		p->tried++;
		if (volume_up(&p->volume, members, NULL)) {
			p->refused++;
			continue;
		}
		p->accepted++;
		shown = history_match(h, NULL);
		if (shown == HISTORY_NONE)
			wrong(p, members, NULL, "a mixture", second);
		else if (!shown && members & (first | second))
			wrong(p, members, NULL, "an older state", shown);
		else
			seen |= 1u << shown;
		volume_down();
	}
	return seen;
}

/*
 * The members that both sets share were rewound between, so that each set wrote
 * without the other.  Both of them must not be taken for the newest, as long as
 * there are fewer than k that were rewound.
 */
static void play_fork(struct play *p)
{
	struct volume *v = &p->volume;
	struct history a, b;
	uint32_t first, second, seen;
	unsigned int i;

	for (first = 1; first < p->all; first++) {
		second = other_side(p, first);
		if (!second || !chosen(p))
			continue;
		history_copy(&a, &p->fresh, v);
		history_copy(&b, &p->fresh, v);
		if (history_write(&a, v, first, NULL, END_CLEAN) ||
		    history_write(&b, v, second, NULL, END_CLEAN))
			wrong(p, first, NULL, "cannot be written", second);
		for (i = 0; i < v->n; i++)
			if (!(second & 1u << i))
				memcpy(b.image[i], a.image[i], p->disks.bytes);
		/* Three states: of all, of the second set, of the first. */
		memcpy(b.id[2], a.id[1], sizeof(b.id[2]));
		b.sessions = 3;
		seen = sides_accepted(p, &b, first, second);
		if ((seen & 6) == 6)
			wrong(p, first, NULL, "both sides of a fork were accepted, the other", second);
		history_free(&a, v);
		history_free(&b, v);
	}
}

static const struct {
	const char *name;
	void (*play)(struct play *p);
} scenarios[] = {
	{ "present", play_present },
	{ "lost", play_lost },
	{ "away", play_away },
	{ "away-crashed", play_away_crashed },
	{ "in-turn", play_in_turn },
	{ "disjoint", play_disjoint },
	{ "fork", play_fork },
};

/* --- the whole -------------------------------------------------------------------------- */

static bool wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

static void play_all(struct play *p, char **names)
{
	unsigned int i;
	double began;

	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		if (!wanted(scenarios[i].name, names))
			continue;
		p->scenario = scenarios[i].name;
		p->tried = 0;
		p->accepted = 0;
		p->refused = 0;
		began = seconds_now();
		scenarios[i].play(p);
		printf("%u/%u %s: %u tried, %u accepted, %u refused, %.0f s\n", p->volume.k,
		       p->volume.n, scenarios[i].name, p->tried, p->accepted, p->refused,
		       seconds_now() - began);
		fflush(stdout);
	}
	printf("%u/%u: %u failed\n", p->volume.k, p->volume.n, p->failed);
}

static int set_up(struct play *p)
{
	int ret = disks_start(&p->disks, p->volume.n, DISK_BYTES, &p->trace);

	if (!ret)
		ret = volume_format(&p->volume);
	if (ret)
		return ret;
	history_init(&p->fresh, &p->volume);
	ret = history_write(&p->fresh, &p->volume, p->all, NULL, END_CLEAN);
	return ret ? fail(-ret, "the new volume: %s", strerror(-ret)) : 0;
}

static struct play play = {
	.volume = { .symbol = 4096, .disks = &play.disks },
	.trace.lock = PTHREAD_MUTEX_INITIALIZER,
	.one_in = 1,
	.random = 1,
};

static int set_option(struct play *p, int letter, uint32_t value)
{
	switch (letter) {
	case 'k':
		p->volume.k = value;
		return 0;
	case 'n':
		p->volume.n = value;
		return 0;
	case 's':
		p->volume.symbol = value;
		return 0;
	case 'D':
		p->volume.dense = value;
		return 0;
	case 'B':
		p->volume.no_rebuild = value;
		return 0;
	case 'q':
		p->one_in = value ?: 1;
		return 0;
	case 'S':
		p->random = value;
		return 0;
	default:
		return -EINVAL;
	}
}

int main(int argc, char **argv)
{
	struct play *p = &play;
	int opt, ret;

	report_init(argv[0]);
	dm_start();
	while ((opt = getopt(argc, argv, "k:n:s:q:D:B:S:")) != -1)
		if (set_option(p, opt, strtoul(optarg ?: "0", NULL, 0)))
			die(2, "usage: rlnc-any-k -k K -n N [-s BYTES] [-q COUNT] [-D 1] [-B 1] [-S SEED] [SCENARIO]...");
	if (!p->volume.k || p->volume.n < p->volume.k || p->volume.n > DISKS_MAX)
		die(2, "-k and -n are needed, 16 at most");
	p->all = (1u << p->volume.n) - 1;
	p->kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (p->kmsg < 0)
		die(1, "/dev/kmsg: %s", strerror(errno));
	lseek(p->kmsg, 0, SEEK_END);
	ret = set_up(p);
	if (!ret)
		play_all(p, argv + optind);
	disks_stop(&p->disks);
	return ret || p->failed;
}
