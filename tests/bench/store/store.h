/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store beside plain SQLite: the same file format, settings and amount of
 * data, without our rooms in between.
 */
#ifndef BENCH_STORE_H
#define BENCH_STORE_H

#include <sqlite3.h>

#include "../../../user/skyd/store.h"
#include "../../../user/tools/skybench/bench.h"

#define ROUNDS	7

/* What a small object's row holds, as the store's callers would fill it. */
#define NAME_FORMAT	"photos/2024/%02u/img-%08u.jpg"
#define ETAG		"9b2cf535f27731c974343645a3985328"
#define HEADERS		"content-type:image/jpeg"
#define KEY_BYTES	60
#define RECORD_BYTES	76

/* --- peer.c: plain SQLite ---------------------------------------------------- */

struct peer {
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *insert, *get, *list;
	unsigned int next;
};

void peer_open(struct peer *p, const char *path);
void peer_close(struct peer *p);
/* @count rows, @batch of them in each commit. */
void peer_insert(struct peer *p, unsigned int count, unsigned int batch);
void peer_get(struct peer *p, unsigned int number);
/* A thousand rows from a name on, in a store's own table. */
void peer_list(struct peer *p, const char *from);

/* --- shop.c: a store with a team and a bucket ----------------------------------- */

struct shop {
	char path[4096];
	struct store *store;
	u64 team, bucket;
	unsigned int next;		/* atomic: the next name */
};

void shop_open(struct shop *s, const char *dir, const char *name);
void shop_close(struct shop *s);
void shop_put(struct shop *s, unsigned int number);
/* @count objects by @threads threads. */
void shop_put_many(struct shop *s, unsigned int count, unsigned int threads);
/* Many objects at once, by a statement: names of @format with two numbers below @fan. */
void shop_fill(struct shop *s, unsigned int fan, const char *format);

void fatal(const char *what, int err);

/* --- rpc.c ------------------------------------------------------------------------ */
void bench_rpc(struct bench_report *report);

#endif /* BENCH_STORE_H */
