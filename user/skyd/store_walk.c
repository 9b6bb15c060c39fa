// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything that names fragments, in an order in which it can be gone on with: unfinished
 * uploads, latest versions, the others.  A transaction takes a row from one of these to the next,
 * or from the last but one and back (an object that is replaced, and whose successor is deleted),
 * so the latest versions are looked at again after the others.
 */
#include <errno.h>

#include "store_move.h"
#include "store_private.h"

/* Its columns, and those of the page or part that it may have. */
#define ROW(bucket, name, seq, revision, ref, parts) \
	"SELECT " bucket ", " name ", " seq ", " revision "," \
	" (SELECT team FROM bucket b WHERE b.id = " bucket ")," \
	" (SELECT policy FROM bucket b WHERE b.id = " bucket ")," \
	" " ref ", " parts ", coalesce(q.number, 0), coalesce(p.piece, 0)," \
	" coalesce(p.start, -1), "
#define OF_VERSION(table) \
	ROW("o.bucket", "o.name", "o.seq", "o.revision", "o.ref", "o.parts") \
	"coalesce(p.records, q.records, o.records) FROM " table " o" \
	" LEFT JOIN part q ON q.upload = CASE WHEN o.parts > 0 THEN o.ref ELSE 0 END" \
	" LEFT JOIN page p ON p.piece = CASE WHEN o.parts > 0 THEN q.ref ELSE o.ref END"
#define BEHIND	"(coalesce(q.number, 0), coalesce(p.start, -1)) > (?4, ?5)"

static const struct db_sql sql_objects = {
	"walk through objects",
	OF_VERSION("object")
	" WHERE (o.bucket, o.name) >= (?1, ?2) AND (o.bucket > ?1 OR o.name > ?2 OR " BEHIND ")"
	" AND ?3 = ?3 ORDER BY o.bucket, o.name, q.number, p.start LIMIT ?6",
};

static const struct db_sql sql_versions = {
	"walk through versions",
	OF_VERSION("version")
	" WHERE (o.bucket, o.name) >= (?1, ?2) AND (o.bucket > ?1 OR o.name > ?2 OR o.seq < ?3"
	" OR (o.seq = ?3 AND " BEHIND "))"
	" ORDER BY o.bucket, o.name, o.seq DESC, q.number, p.start LIMIT ?6",
};

static const struct db_sql sql_uploads = {
	"walk through uploads",
	ROW("u.bucket", "x''", "u.id", "(SELECT revision FROM bucket b WHERE b.id = u.bucket)",
	    "u.id", "1")
	"coalesce(p.records, q.records) FROM upload u LEFT JOIN part q ON q.upload = u.id"
	" LEFT JOIN page p ON p.piece = q.ref"
	" WHERE u.id >= ?3 AND (u.id > ?3 OR " BEHIND ") AND ?1 = ?1 AND ?2 = ?2"
	" ORDER BY u.id, q.number, p.start LIMIT ?6",
};

static const struct db_sql *const stages[STORE_WALK_END] = {
	[STORE_WALK_UPLOADS] = &sql_uploads, [STORE_WALK_OBJECTS] = &sql_objects,
	[STORE_WALK_VERSIONS] = &sql_versions, [STORE_WALK_AGAIN] = &sql_objects,
};

static const struct db_sql sql_object_records = {
	"read the records of an object",
	"SELECT records FROM object WHERE bucket = ?1 AND name = ?2 AND seq = ?3 AND ref = 0"
	" UNION ALL SELECT records FROM version WHERE bucket = ?1 AND name = ?2 AND seq = ?3"
	" AND ref = 0",
};

static const struct db_sql sql_part_records = {
	"read the records of a part",
	"SELECT records FROM part WHERE upload = ?1 AND number = ?2 AND ref = 0",
};

static const struct db_sql sql_page_records = {
	"read the records of a page", "SELECT records FROM page WHERE piece = ?1 AND start = ?2",
};

static const struct db_sql sql_unfinished = {
	"look for what was begun before",
	"SELECT coalesce(max(expires), 0) FROM (SELECT expires FROM reservation WHERE id <= ?1"
	" UNION ALL SELECT expires FROM piece WHERE ?2 = 0 OR id <= ?2) e",
};

/* No piece that is opened from now on can claim what was reserved before. */
static const struct db_sql sql_last_piece = {
	"look for the last piece of before",
	"SELECT CASE WHEN EXISTS (SELECT 1 FROM reservation WHERE id <= ?1) THEN 0"
	" ELSE (SELECT value FROM counter WHERE id = 1) END",
};

struct walk_call {
	struct store_walk *walk;
	unsigned int max, seen;
	struct store_arena *arena;
	struct store_home *homes;
	const struct store_home *home;
	struct store_text *records;
	u64 mark, pieces, until;
};

/* Stand behind this row. */
static void pass(struct store_walk *w, struct db_rows *rows)
{
	const struct db_bytes name = db_bytes(rows, 1);

	w->bucket = db_int(rows, 0);
	w->name_len = name.len < sizeof(w->name) ? name.len : sizeof(w->name);
	if (name.len)
		memcpy(w->name, name.data, w->name_len);
	w->seq = db_int(rows, 2);
	w->number = db_int(rows, 8);
	w->start = db_int(rows, 10);
}

static int take(struct walk_call *call, struct db_rows *rows, struct store_home *h)
{
	const u64 number = db_int(rows, 8), piece = db_int(rows, 9);
	int err = 0;

	*h = (struct store_home){
		.kind = piece ? STORE_IN_PAGE : number ? STORE_IN_PART : STORE_IN_OBJECT,
		.bucket = db_int(rows, 0), .name = store_column(call->arena, rows, 1, &err),
		.seq = db_int(rows, 2), .revision = db_int(rows, 3), .team = db_int(rows, 4),
		.policy = db_int(rows, 5), .ref = piece ? piece : db_int(rows, 6),
		.at = piece ? (u64)db_int(rows, 10) : number,
		.records = store_column(call->arena, rows, 11, &err),
		.again = call->walk->stage == STORE_WALK_AGAIN,
	};
	return err;
}

static int walk_tx(struct db_conn *c, void *arg)
{
	struct walk_call *call = arg;
	struct store_walk *w = call->walk;
	DB_ROWS rows = db_query(c, stages[w->stage],
				DB_ARGS(DB_INT(w->bucket), DB_BYTES(w->name, w->name_len),
					DB_INT(w->seq), DB_INT(w->number), DB_INT(w->start),
					DB_INT(call->max)));
	struct store_walk at = *w;
	int count = 0, more, err = 0;

	call->seen = 0;
	while (!err && (more = db_next(rows)) > 0) {
		call->seen++;
		pass(&at, rows);
		/* An object of no bytes, a marker, an upload without parts. */
		if (db_bytes(rows, 11).len)
			err = take(call, rows, &call->homes[count++]);
	}
	if (err || more < 0)
		return err ? err : more;
	*w = at;
	return count;
}

int store_walk(struct store *s, struct store_walk *walk, unsigned int max,
	       struct store_arena *a, struct store_home **homes)
{
	struct walk_call call = { .walk = walk, .max = store_page_max(max), .arena = a };
	int count;

	call.homes = store_alloc(a, call.max * sizeof(*call.homes));
	if (!call.homes)
		return -ENOMEM;
	*homes = call.homes;
	while (walk->stage < STORE_WALK_END) {
		count = store_read(s, walk_tx, &call);
		if (count < 0)
			return count;
		if (call.seen < call.max)
			*walk = (struct store_walk){ .stage = walk->stage + 1 };
		if (count)
			return count;
	}
	return 0;
}

static int read_tx(struct db_conn *c, void *arg)
{
	struct walk_call *call = arg;
	const struct store_home *h = call->home;
	const struct db_value place[] = { DB_INT(h->ref), DB_INT(h->at) };
	const struct db_value version[] = {
		DB_INT(h->bucket), STORE_ARG(h->name), DB_INT(h->seq),
	};
	DB_ROWS rows = h->kind == STORE_IN_OBJECT ?
		       db_query(c, &sql_object_records, (struct db_args){ version, 3 }) :
		       db_query(c, h->kind == STORE_IN_PART ? &sql_part_records : &sql_page_records,
				(struct db_args){ place, 2 });
	int more = db_next(rows), err = 0;

	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_KEY;
	*call->records = store_column(call->arena, rows, 0, &err);
	return err;
}

int store_home_read(struct store *s, const struct store_home *home, struct store_arena *a,
		    struct store_text *records)
{
	struct walk_call call = { .home = home, .arena = a, .records = records };

	return store_read(s, read_tx, &call);
}

static int unfinished_tx(struct db_conn *c, void *arg)
{
	struct walk_call *call = arg;
	int err = 0;

	if (!call->pieces)
		err = store_number(c, &sql_last_piece, DB_ARGS(DB_INT(call->mark)), EIO,
				   &call->pieces);
	return err ? err : store_number(c, &sql_unfinished,
					DB_ARGS(DB_INT(call->mark), DB_INT(call->pieces)), EIO,
					&call->until);
}

int store_unfinished(struct store *s, u64 mark, u64 *pieces, u64 *until)
{
	struct walk_call call = { .mark = mark, .pieces = *pieces };
	int rc = store_read(s, unfinished_tx, &call);

	if (!rc)
		*pieces = call.pieces;
	*until = call.until;
	return rc ? rc : call.until != 0;
}
