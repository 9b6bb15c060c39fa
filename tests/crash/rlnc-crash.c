// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Power failures of a volume: a workload over disks whose every request is traced,
 * then thousands of states in which a failure could have left those disks.  Each is
 * activated, and must hold every record that was acknowledged before the cut.
 *
 * Logs of single members would not do: what one member may have follows from what
 * others had before, and six logs have no common clock.
 *
 *	rlnc-crash [OPTION...]
 *	-k K -n N -s BYTES -m MIB	shape: 4, 6, 4096, 8
 *	-D 1				a dense volume
 *	-x 1				a spare disk that may be added as a member
 *	-z MIB				the volume is as small as that to begin with
 *	-o OPERATIONS			of each of four threads: 150
 *	-O 1				sector after sector, and seldom flushed
 *	-p POINTS			cuts behind a flush, spread evenly; 0: every one
 *	-r POINTS			cuts anywhere, with torn subsets
 *	-d PERCENT			cuts with a second one in recovery: 10
 *	-f PERCENT			cuts activated from fewer members: 30
 *	-S SEED				of everything random
 *	-w COMMAND -c COMMAND		another workload, and what checks it: the first
 *					prints "ack I" for what is durable, the second
 *					finds I in $ACKED
 *	-l				the disks lie about flushes: some cuts must fail
 *	-K FOLDER			keep the disks of the first cut that fails
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/report.h"
#include "cut.h"
#include "dm/dm.h"
#include "volume.h"
#include "workload.h"

#define THREADS		4
#define PLACES		64		/* sectors of each thread */
#define FAILURES_SHOWN	10

struct options {
	uint32_t operations;
	uint32_t streams;		/* 0 or 1 */
	uint32_t prefixes;
	uint32_t torn;
	uint32_t twice;			/* percent */
	uint32_t fewer;			/* percent */
	uint32_t seed;
	uint32_t mib;
	const char *work;
	const char *check;
	const char *keep;
	bool lying;
};

struct point {
	uint32_t at;
	enum cut_kind kind;
	uint64_t seed;
};

struct run {
	struct options opt;
	struct record_plan plan;
	struct volume volume;
	struct disks disks;
	struct trace trace;
	struct trace again;		/* of a recovery */
	uint8_t **formatted;		/* the disks before the workload */
	struct point *point;
	uint32_t points;
	uint8_t *area;			/* what was read */
	double *recovery;		/* seconds, of each activation */
	uint32_t recoveries;
	uint32_t count[3];		/* cuts by kind */
	uint32_t twice;
	uint32_t fewer;
	uint32_t failed;
};

/* --- the workload ---------------------------------------------------------------- */

static void told(void *arg, enum trace_kind kind, uint32_t thread, uint32_t number)
{
	trace_told(arg, kind, thread, number);
}

/* A command's own acknowledgements. */
static int run_command(struct run *r)
{
	FILE *from = popen(r->opt.work, "r");
	char line[64];
	uint32_t number;

	if (!from)
		return fail_errno("%s", r->opt.work);
	while (fgets(line, sizeof(line), from))
		if (sscanf(line, "ack %u", &number) == 1)
			trace_told(&r->trace, TRACE_ACK, 0, number);
	return pclose(from) ? fail(EIO, "the workload failed") : 0;
}

static int record(struct run *r)
{
	int ret;

	r->formatted = disks_copy(&r->disks);
	trace_start(&r->trace);
	ret = volume_up(&r->volume, ~0u, NULL);
	if (ret)
		return fail(-ret, "the new volume: %s", strerror(-ret));
	if (r->opt.work)
		ret = run_command(r);
	else
		ret = workload_run(&r->plan, VOLUME_PATH, NULL, r->opt.operations, told, &r->trace);
	volume_down();
	trace_stop(&r->trace);
	return ret;
}

/* --- where to cut --------------------------------------------------------------------- */

static bool is_barrier(const struct trace *t, uint32_t i)
{
	const struct trace_event *of = &t->event[t->event[i].number];

	return t->event[i].kind == TRACE_DONE && (of->kind == TRACE_FLUSH || of->fua);
}

static int by_place(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	return p->at < q->at ? -1 : p->at > q->at;
}

static void choose_points(struct run *r)
{
	const struct trace *t = &r->trace;
	uint32_t i, barriers = 0, step, seen = 0;
	uint64_t random = r->opt.seed + 1;

	for (i = 0; i < t->count; i++)
		barriers += is_barrier(t, i);
	step = r->opt.prefixes && barriers > r->opt.prefixes ? barriers / r->opt.prefixes : 1;
	r->point = calloc(2 * (size_t)barriers + r->opt.torn + 1, sizeof(*r->point));
	if (!r->point)
		die(1, "out of memory for cuts");
	for (i = 0; i < t->count; i++) {
		if (!is_barrier(t, i) || seen++ % step)
			continue;
		r->point[r->points++] = (struct point){ i + 1, CUT_NOTHING, cut_draw(&random) };
		if (cut_draw(&random) % 4 == 0)
			r->point[r->points++] =
				(struct point){ i + 1, CUT_ALL, cut_draw(&random) };
	}
	for (i = 0; i < r->opt.torn; i++)
		r->point[r->points++] = (struct point){
			cut_draw(&random) % (t->count + 1), CUT_RANDOM, cut_draw(&random),
		};
	qsort(r->point, r->points, sizeof(*r->point), by_place);
	printf("traced %u events, %u of them barriers\n", t->count, barriers);
}

/* --- one cut ------------------------------------------------------------------------------ */

static int activate(struct run *r, uint32_t members, const char *option)
{
	double began = seconds_now();
	int ret = volume_up(&r->volume, members, option);

	r->recovery[r->recoveries++] = seconds_now() - began;
	return ret;
}

static int check_command(struct run *r, const struct record_mark *mark)
{
	const char *const argv[] = { "/bin/sh", "-c", r->opt.check, NULL };
	char acked[16];

	snprintf(acked, sizeof(acked), "%u", mark[0].acked);
	setenv("ACKED", acked, 1);
	return run_program(argv);
}

/* Return: 0 when all is there that must be. */
static int check(struct run *r, const struct record_mark *mark)
{
	size_t bytes = (size_t)r->plan.places * RECORD_BYTES;
	uint32_t t, wrong = 0;
	int ret;

	if (r->opt.check)
		return check_command(r, mark);
	ret = volume_read(0, r->area, bytes * r->plan.threads);
	if (ret)
		printf("cannot be read: %s\n", strerror(-ret));
	for (t = 0; t < r->plan.threads && !ret; t++)
		wrong += record_check(&r->plan, t, &mark[t], r->area + bytes * t);
	return ret ? ret : wrong ? -EBADMSG : 0;
}

/* All members, or by chance only some of them, k at least. */
static uint32_t choose_members(struct run *r, uint64_t *random)
{
	uint32_t n = r->volume.n, k = r->volume.k, members = (1u << n) - 1, left = n;

	if (cut_draw(random) % 100 >= r->opt.fewer || n == k)
		return members;
	left -= 1 + cut_draw(random) % (n - k);
	while ((uint32_t)__builtin_popcount(members) > left)
		members &= ~(1u << cut_draw(random) % n);
	return members;
}

static void keep_disks(struct run *r)
{
	char path[256];
	unsigned int i;
	FILE *f;

	for (i = 0; i < r->disks.n; i++) {
		snprintf(path, sizeof(path), "%s/member%u", r->opt.keep, i);
		f = fopen(path, "w");
		if (!f || fwrite(r->disks.disk[i].mem, r->disks.bytes, 1, f) != 1)
			fail_errno("%s", path);
		if (f)
			fclose(f);
	}
	r->opt.keep = NULL;
}

/* Another failure while the first one is being recovered from. */
static int cut_recovery(struct run *r, const struct record_mark *mark, uint32_t members,
			const char *option, uint64_t *random)
{
	uint8_t **first = disks_copy(&r->disks);
	struct cut cut;
	int ret;

	r->disks.trace = &r->again;
	trace_start(&r->again);
	ret = activate(r, members, option);
	if (!ret)
		volume_down();
	trace_stop(&r->again);
	if (!ret) {
		cut_start(&cut, &r->disks, &r->again, first);
		cut_move(&cut, cut_draw(random) % (r->again.count + 1));
		cut_apply(&cut, CUT_RANDOM, cut_draw(random));
		cut_end(&cut);
		ret = activate(r, members, option);
	}
	if (!ret) {
		ret = check(r, mark);
		volume_down();
	}
	trace_clear(&r->again);
	r->disks.trace = &r->trace;
	disks_copy_free(&r->disks, first);
	disks_all_dirty(&r->disks);
	r->twice++;
	return ret;
}

static int try_point(struct run *r, struct cut *cut, const struct point *p)
{
	uint64_t random = p->seed;
	uint32_t members = choose_members(r, &random);
	const char *option = members + 1 == 1u << r->volume.n ? NULL : "accept_older";
	bool twice = cut_draw(&random) % 100 < r->opt.twice;
	int ret;

	cut_move(cut, p->at);
	cut_apply(cut, p->kind, p->seed);
	r->count[p->kind]++;
	r->fewer += !!option;
	if (twice) {
		ret = cut_recovery(r, cut->mark, members, option, &random);
	} else {
		ret = activate(r, members, option);
		if (!ret) {
			ret = check(r, cut->mark);
			volume_down();
		}
	}
	if (ret && r->failed++ < FAILURES_SHOWN)
		printf("FAILED (%d): cut at event %u of %u, kind %u, seed %llx, members %x%s\n",
		       ret, p->at, r->trace.count, p->kind, (unsigned long long)p->seed, members,
		       twice ? ", cut again in recovery" : "");
	return ret;
}

/* --- the whole -------------------------------------------------------------------------------- */

static void try_all(struct run *r)
{
	struct cut cut;
	uint32_t i;

	cut_start(&cut, &r->disks, &r->trace, r->formatted);
	cut.no_flush = r->opt.lying;
	for (i = 0; i < r->points; i++) {
		if (try_point(r, &cut, &r->point[i]) && r->opt.keep) {
			cut_apply(&cut, r->point[i].kind, r->point[i].seed);
			keep_disks(r);
		}
		if (i % 250 == 249)
			printf("%u of %u cuts, %u failed\n", i + 1, r->points, r->failed);
		fflush(stdout);
	}
	cut_end(&cut);
}

static int by_time(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;

	return p < q ? -1 : p > q;
}

static void summarize(struct run *r)
{
	qsort(r->recovery, r->recoveries, sizeof(*r->recovery), by_time);
	printf("%u/%u: %u cuts: %u prefixes, %u with all that was sent, %u torn subsets; %u cut again in recovery, %u from fewer members\n",
	       r->volume.k, r->volume.n, r->points, r->count[CUT_NOTHING], r->count[CUT_ALL],
	       r->count[CUT_RANDOM], r->twice, r->fewer);
	if (r->recoveries)
		printf("recovery: median %.0f ms, longest %.0f ms\n",
		       1e3 * r->recovery[r->recoveries / 2], 1e3 * r->recovery[r->recoveries - 1]);
	printf("%u cuts lost something\n", r->failed);
}

static struct run run = {
	.opt = { .operations = 150, .torn = 100, .twice = 10, .fewer = 30, .mib = 8, .seed = 1 },
	.volume = { .k = 4, .n = 6, .symbol = 4096, .disks = &run.disks },
	.trace.lock = PTHREAD_MUTEX_INITIALIZER,
	.again.lock = PTHREAD_MUTEX_INITIALIZER,
};

/* Options that are numbers. */
static const struct {
	char letter;
	uint32_t *value;
} numbers[] = {
	{ 'k', &run.volume.k }, { 'n', &run.volume.n }, { 's', &run.volume.symbol },
	{ 'm', &run.opt.mib }, { 'o', &run.opt.operations }, { 'p', &run.opt.prefixes },
	{ 'r', &run.opt.torn }, { 'd', &run.opt.twice }, { 'f', &run.opt.fewer },
	{ 'S', &run.opt.seed }, { 'z', &run.volume.mib },
	{ 'x', &run.volume.spare }, { 'D', &run.volume.dense }, { 'O', &run.opt.streams },
};

static int set_option(int letter)
{
	unsigned int i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].letter != letter)
			continue;
		*numbers[i].value = strtoul(optarg, NULL, 0);
		return 0;
	}
	switch (letter) {
	case 'w':
		run.opt.work = optarg;
		return 0;
	case 'c':
		run.opt.check = optarg;
		return 0;
	case 'K':
		run.opt.keep = optarg;
		return 0;
	case 'l':
		run.opt.lying = true;
		return 0;
	default:
		return -EINVAL;
	}
}

static int parse(int argc, char **argv)
{
	static const char letters[] = "k:n:s:m:x:z:o:O:p:r:d:f:D:S:w:c:K:l";
	int letter;

	while ((letter = getopt(argc, argv, letters)) != -1)
		if (set_option(letter))
			return -EINVAL;
	return optind == argc && run.volume.n + run.volume.spare <= DISKS_MAX ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct run *r = &run;
	int ret;

	report_init(argv[0]);
	dm_start();
	if (parse(argc, argv))
		die(2, "usage: rlnc-crash [-k K] [-n N] [-s BYTES] [-m MIB] [-D 1] [-x 1] [-z MIB] [-o OPERATIONS] [-O 1] [-p POINTS] [-r POINTS] [-d PERCENT] [-f PERCENT] [-S SEED] [-w COMMAND -c COMMAND] [-l] [-K FOLDER]");
	r->plan = (struct record_plan){ r->opt.seed, THREADS, PLACES, r->opt.streams };
	r->area = aligned_alloc(RECORD_BYTES, (size_t)THREADS * PLACES * RECORD_BYTES);
	ret = disks_start(&r->disks, r->volume.n + r->volume.spare,
			  (size_t)r->opt.mib << 20, &r->trace);
	if (!ret)
		ret = volume_format(&r->volume);
	if (!ret)
		ret = record(r);
	if (!ret) {
		choose_points(r);
		r->recovery = calloc(2 * (size_t)r->points + 1, sizeof(*r->recovery));
		if (!r->area || !r->recovery)
			die(1, "out of memory");
		try_all(r);
		summarize(r);
	}
	disks_stop(&r->disks);
	return ret || r->failed;
}
