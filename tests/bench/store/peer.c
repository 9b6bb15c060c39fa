// SPDX-License-Identifier: GPL-2.0-or-later
/* Plain SQLite, with the store's settings and a row of the same bytes. */
#include <stdio.h>
#include <string.h>

#include "store.h"

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fatal(sqlite3_errmsg(db), 0);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
		fatal(sqlite3_errmsg(db), 0);
	return stmt;
}

static void step(struct peer *p, sqlite3_stmt *stmt, int wanted)
{
	if (sqlite3_step(stmt) != wanted)
		fatal(sqlite3_errmsg(p->db), 0);
}

void peer_open(struct peer *p, const char *path)
{
	memset(p, 0, sizeof(*p));
	if (sqlite3_open_v2(path, &p->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
			    SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		fatal(path, 0);
	run(p->db, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;"
	    "PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST; PRAGMA cache_size = -65536;"
	    "PRAGMA wal_autocheckpoint = 2000;"
	    "CREATE TABLE IF NOT EXISTS plain (bucket INTEGER NOT NULL, name BLOB NOT NULL,"
	    " seq INTEGER NOT NULL, size INTEGER NOT NULL, etag BLOB NOT NULL,"
	    " headers BLOB NOT NULL, key BLOB NOT NULL, records BLOB NOT NULL,"
	    " PRIMARY KEY (bucket, name)) WITHOUT ROWID;");
	p->begin = prepare(p->db, "BEGIN IMMEDIATE");
	p->commit = prepare(p->db, "COMMIT");
	p->insert = prepare(p->db, "INSERT INTO plain VALUES (1, ?1, ?2, 4096, ?3, ?4, ?5, ?6)");
	p->get = prepare(p->db, "SELECT * FROM plain WHERE bucket = 1 AND name = ?1");
}

void peer_close(struct peer *p)
{
	sqlite3_finalize(p->begin);
	sqlite3_finalize(p->commit);
	sqlite3_finalize(p->insert);
	sqlite3_finalize(p->get);
	sqlite3_finalize(p->list);
	sqlite3_close(p->db);
}

static void insert(struct peer *p, unsigned int number)
{
	static const u8 bytes[KEY_BYTES + RECORD_BYTES];
	char name[64];
	int len = snprintf(name, sizeof(name), NAME_FORMAT, number % 12, number);

	sqlite3_bind_blob(p->insert, 1, name, len, SQLITE_STATIC);
	sqlite3_bind_int64(p->insert, 2, number);
	sqlite3_bind_blob(p->insert, 3, ETAG, sizeof(ETAG) - 1, SQLITE_STATIC);
	sqlite3_bind_blob(p->insert, 4, HEADERS, sizeof(HEADERS) - 1, SQLITE_STATIC);
	sqlite3_bind_blob(p->insert, 5, bytes, KEY_BYTES, SQLITE_STATIC);
	sqlite3_bind_blob(p->insert, 6, bytes, RECORD_BYTES, SQLITE_STATIC);
	step(p, p->insert, SQLITE_DONE);
	sqlite3_reset(p->insert);
}

void peer_insert(struct peer *p, unsigned int count, unsigned int batch)
{
	unsigned int i, j;

	for (i = 0; i < count; i += batch) {
		step(p, p->begin, SQLITE_DONE);
		sqlite3_reset(p->begin);
		for (j = 0; j < batch; j++)
			insert(p, p->next++);
		step(p, p->commit, SQLITE_DONE);
		sqlite3_reset(p->commit);
	}
}

static u64 read_row(sqlite3_stmt *stmt, int columns)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < columns; i++)
		sum += sqlite3_column_bytes(stmt, i);
	return sum;
}

void peer_get(struct peer *p, unsigned int number)
{
	char name[64];
	int len = snprintf(name, sizeof(name), NAME_FORMAT, number % 12, number);

	sqlite3_bind_blob(p->get, 1, name, len, SQLITE_STATIC);
	step(p, p->get, SQLITE_ROW);
	read_row(p->get, 8);
	sqlite3_reset(p->get);
}

void peer_list(struct peer *p, const char *from)
{
	unsigned int count = 0;

	if (!p->list)
		p->list = prepare(p->db, "SELECT name, seq, rand, size, etag FROM object"
				  " WHERE bucket = 1 AND name > ?1 ORDER BY name LIMIT 1000");
	sqlite3_bind_blob(p->list, 1, from, (int)strlen(from), SQLITE_STATIC);
	while (sqlite3_step(p->list) == SQLITE_ROW) {
		read_row(p->list, 5);
		count++;
	}
	sqlite3_reset(p->list);
	if (count != 1000)
		fatal("the peer's list is short", 0);
}
