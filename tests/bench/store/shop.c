// SPDX-License-Identifier: GPL-2.0-or-later
/* A store to be measured. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

void fatal(const char *what, int err)
{
	fprintf(stderr, "bench-store: %s (%d)\n", what, err);
	exit(1);
}

static void must(int err, const char *what)
{
	if (err < 0)
		fatal(what, err);
}

void shop_open(struct shop *s, const char *dir, const char *name)
{
	struct store_config config = { .path = s->path, .cache_kib = 65536 };
	struct store_bucket bucket = { .name = STORE_TEXT("bucket"), .key = STORE_TEXT("key") };

	memset(s, 0, sizeof(*s));
	snprintf(s->path, sizeof(s->path), "%s/%s", dir, name);
	must(store_open(&config, &s->store), "open");
	must(store_team_create(s->store, STORE_TEXT("team"), &s->team), "team");
	must(store_policy_create(s->store, 0, STORE_TEXT("default"), STORE_TEXT("{}"),
				 &bucket.policy), "policy");
	bucket.team = s->team;
	must(store_bucket_create(s->store, &bucket), "bucket");
	s->bucket = bucket.id;
}

void shop_close(struct shop *s)
{
	store_close(s->store);
}

void shop_put(struct shop *s, unsigned int number)
{
	static const u8 bytes[KEY_BYTES + RECORD_BYTES];
	struct store_page page = {
		.length = 4096, .generations = 1, .records = { bytes, RECORD_BYTES },
	};
	struct store_put put = {
		.team = s->team, .bucket = s->bucket, .etag = STORE_TEXT(ETAG),
		.headers = STORE_TEXT(HEADERS), .key = { bytes, KEY_BYTES },
		.body = { .size = 4096, .page = &page },
	};
	struct store_result result;
	char name[64];

	put.name.data = name;
	put.name.len = snprintf(name, sizeof(name), NAME_FORMAT, number % 12, number);
	must(store_object_put(s->store, &put, &result), "put");
}

struct putter {
	pthread_t thread;
	struct shop *shop;
	unsigned int count;
};

static void *put_some(void *arg)
{
	struct putter *p = arg;

	while (p->count--)
		shop_put(p->shop, __atomic_fetch_add(&p->shop->next, 1, __ATOMIC_RELAXED));
	return NULL;
}

void shop_put_many(struct shop *s, unsigned int count, unsigned int threads)
{
	struct putter p[64];
	unsigned int i;

	for (i = 0; i < threads; i++) {
		p[i] = (struct putter){ .shop = s, .count = count / threads };
		if (threads == 1)
			put_some(&p[0]);
		else if (pthread_create(&p[i].thread, NULL, put_some, &p[i]))
			fatal("thread", 0);
	}
	for (i = 0; threads > 1 && i < threads; i++)
		pthread_join(p[i].thread, NULL);
}

/* The columns are those of table object; usage is not kept, and not read here. */
void shop_fill(struct shop *s, unsigned int fan, const char *format)
{
	char sql[1024];
	sqlite3 *db;

	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
		 "INSERT INTO object SELECT %u, CAST(printf('%s', i / %u, i %% %u) AS BLOB), i, i,"
		 " 1, 0, 4096, x'%s', x'', x'', x'0102030405060708', x'', x'', zeroblob(%u), 1, 0,"
		 " 0, zeroblob(%u) FROM n;", fan * fan - 1, (unsigned int)s->bucket, format, fan,
		 fan, "3962326366353335", KEY_BYTES, RECORD_BYTES);
	if (sqlite3_open(s->path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fatal(sqlite3_errmsg(db), 0);
	sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	sqlite3_close(db);
}
