// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-store JSON DISK MEMORY: the store beside plain SQLite in one run, in turns.
 * Commits are timed by the wall, in folder DISK; all else in CPU time of the whole
 * process, in folder MEMORY.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store.h"

#define COMMITS		256	/* a round */
#define WAITERS		64
#define PUTS		4096
#define GETS		20000
#define FAN		1000	/* a million objects */
#define PAGES		10

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double wall_us(void)
{
	return bench_wall_ns() / 1e3;
}

static void add(struct bench_report *report, const char *name, const char *unit, double *values,
		const char *peer, double *peers, double target, bool at_most)
{
	bench_report_add(report, &(struct bench_result){
		.name = name, .value = bench_median(values, ROUNDS), .unit = unit, .peer = peer,
		.peer_value = bench_median(peers, ROUNDS), .target = target, .at_most = at_most,
	});
}

static double per_second(double us, unsigned int count)
{
	return count / us * 1e6;
}

/* --- commits, on a disk ------------------------------------------------------ */

static void commits(struct bench_report *report, const char *dir)
{
	double alone[ROUNDS], waiters[ROUNDS], single[ROUNDS], batched[ROUNDS], t;
	char path[4096];
	struct shop shop;
	struct peer peer;
	int i;

	snprintf(path, sizeof(path), "%s/peer.db", dir);
	shop_open(&shop, dir, "commits.db");
	peer_open(&peer, path);
	for (i = 0; i < ROUNDS; i++) {
		t = wall_us();
		shop_put_many(&shop, COMMITS, 1);
		alone[i] = per_second(wall_us() - t, COMMITS);
		t = wall_us();
		peer_insert(&peer, COMMITS, 1);
		single[i] = per_second(wall_us() - t, COMMITS);
		t = wall_us();
		shop_put_many(&shop, COMMITS * WAITERS / 4, WAITERS);
		waiters[i] = per_second(wall_us() - t, COMMITS * WAITERS / 4);
		t = wall_us();
		peer_insert(&peer, COMMITS * WAITERS / 4, WAITERS);
		batched[i] = per_second(wall_us() - t, COMMITS * WAITERS / 4);
	}
	add(report, "puts/s, one alone", "/s", alone, "one insert a commit", single, 0.8, false);
	add(report, "puts/s, 64 wait", "/s", waiters, "one insert a commit", single, 10, false);
	add(report, "puts/s, 64 wait, batches", "/s", waiters, "64 inserts a commit", batched, 0.3, false);
	peer_close(&peer);
	shop_close(&shop);
}

/* --- CPU of put and get -------------------------------------------------------- */

static void get(struct shop *shop, struct store_arena *arena, unsigned int number)
{
	struct store_text name;
	struct store_object o;
	char text[64];

	name.data = text;
	name.len = snprintf(text, sizeof(text), NAME_FORMAT, number % 12, number);
	if (store_object_get(shop->store, shop->team, shop->bucket, name, NULL, arena, &o))
		fatal("get", 0);
	store_arena_reset(arena);
}

static void small_objects(struct bench_report *report, const char *dir)
{
	double put[ROUNDS], many[ROUNDS], got[ROUNDS], insert[ROUNDS], batch[ROUNDS];
	double select[ROUNDS], t;
	STORE_ARENA arena = { 0 };
	char path[4096];
	struct shop shop;
	struct peer peer;
	unsigned int n;
	int i;

	snprintf(path, sizeof(path), "%s/peer.db", dir);
	shop_open(&shop, dir, "objects.db");
	peer_open(&peer, path);
	for (i = 0; i < ROUNDS; i++) {
		t = cpu_us();
		shop_put_many(&shop, PUTS, 1);
		put[i] = (cpu_us() - t) / PUTS;
		t = cpu_us();
		peer_insert(&peer, PUTS, 1);
		insert[i] = (cpu_us() - t) / PUTS;
		t = cpu_us();
		shop_put_many(&shop, PUTS, WAITERS);
		many[i] = (cpu_us() - t) / PUTS;
		t = cpu_us();
		peer_insert(&peer, PUTS, WAITERS);
		batch[i] = (cpu_us() - t) / PUTS;
		t = cpu_us();
		for (n = 0; n < GETS; n++)
			get(&shop, &arena, n * 31 % (2 * PUTS));
		got[i] = (cpu_us() - t) / GETS;
		t = cpu_us();
		for (n = 0; n < GETS; n++)
			peer_get(&peer, n * 31 % (2 * PUTS));
		select[i] = (cpu_us() - t) / GETS;
	}
	add(report, "put, one alone", "us", put, "one insert a commit", insert, 3, true);
	add(report, "put, 64 wait", "us", many, "64 inserts a commit", batch, 6, true);
	add(report, "get", "us", got, "one select", select, 3, true);
	peer_close(&peer);
	shop_close(&shop);
}

/* --- listings of a million ------------------------------------------------------- */

static void list(struct shop *shop, struct store_arena *arena, const char *after,
		 const char *delimiter, unsigned int wanted)
{
	struct store_list l = {
		.team = shop->team, .bucket = shop->bucket,
		.after = { after, strlen(after) }, .delimiter = { delimiter, strlen(delimiter) },
		.max = STORE_LIST_MAX,
	};
	struct store_listing out;

	if (store_list_objects(shop->store, &l, arena, &out) || out.count != wanted)
		fatal("list", (int)out.count);
	store_arena_reset(arena);
}

static void listings(struct bench_report *report, const char *dir)
{
	double page[ROUNDS], groups[ROUNDS], plain[ROUNDS], t;
	STORE_ARENA arena = { 0 };
	struct shop shop;
	struct peer peer;
	char after[64];
	int i, n;

	shop_open(&shop, dir, "million.db");
	shop_fill(&shop, FAN, "folder%03u/deep/object%06u");
	peer_open(&peer, shop.path);
	for (i = 0; i < ROUNDS; i++) {
		t = cpu_us();
		for (n = 0; n < PAGES; n++) {
			snprintf(after, sizeof(after), "folder%03d/deep/object000500", n * 97);
			list(&shop, &arena, after, "", 1000);
		}
		page[i] = (cpu_us() - t) / PAGES;
		t = cpu_us();
		for (n = 0; n < PAGES; n++) {
			snprintf(after, sizeof(after), "folder%03d/deep/object000500", n * 97);
			peer_list(&peer, after);
		}
		plain[i] = (cpu_us() - t) / PAGES;
		t = cpu_us();
		for (n = 0; n < PAGES; n++)
			list(&shop, &arena, "", "/", FAN);
		groups[i] = (cpu_us() - t) / PAGES;
	}
	add(report, "list 1000 of 1000000", "us", page, "a select of 1000", plain, 3, true);
	add(report, "list 1000 folders of 1000", "us", groups, "a select of 1000", plain, 12, true);
	peer_close(&peer);
	shop_close(&shop);
}

int main(int argc, char **argv)
{
	struct bench_report *report;

	if (argc != 4) {
		fprintf(stderr, "usage: bench-store JSON DISK MEMORY\n");
		return 2;
	}
	report = bench_report_open(argv[1]);
	if (!report)
		return 1;
	commits(report, argv[2]);
	small_objects(report, argv[3]);
	listings(report, argv[3]);
	bench_rpc(report);
	return bench_report_close(report) ? 1 : 0;
}
