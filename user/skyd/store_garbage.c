// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The garbage queue.  An item takes a body over as it was: inline records, a piece
 * with its pages, or an upload with its parts; so a transaction that lets go of a
 * terabyte writes one row.  The collector takes an item apart page by page, and
 * what is done stays done if it dies: a page goes when its fragments are gone.
 *
 * due is when an item may be taken.  A lease moves it into the future and is
 * proven by that very time, which no other lease of the item has.
 */
#include <errno.h>

#include "store_private.h"

static const struct db_sql sql_add = {
	"queue garbage",
	"INSERT INTO garbage (due, kind, ref, mask, records) VALUES (?1, ?2, ?3, ?4, ?5)",
};

static const struct db_sql sql_due = {
	"look for due garbage",
	"SELECT id FROM garbage WHERE due <= ?1 ORDER BY due, id LIMIT ?2",
};

static const struct db_sql sql_lease = {
	"lease garbage", "UPDATE garbage SET due = ?2 WHERE id = ?1",
};

static const struct db_sql sql_item = {
	"read garbage", "SELECT kind, ref, mask, records FROM garbage WHERE id = ?1 AND due = ?2",
};

static const struct db_sql sql_page = {
	"read a page of garbage",
	"SELECT start, length, generations, records FROM page WHERE piece = ?1"
	" ORDER BY start LIMIT 1",
};

static const struct db_sql sql_part = {
	"read a part of garbage",
	"SELECT number, ref, size, records FROM part WHERE upload = ?1 ORDER BY number LIMIT 1",
};

static const struct db_sql sql_page_done = {
	"remove a page of garbage",
	"DELETE FROM page WHERE piece = ?1 AND start = ?2 AND records = ?3",
};

static const struct db_sql sql_part_done = {
	"remove a part of garbage",
	"DELETE FROM part WHERE upload = ?1 AND number = ?2 AND (ref > 0 OR records = ?3)",
};

static const struct db_sql sql_records_done = {
	"empty an item of garbage", "UPDATE garbage SET mask = 0 WHERE id = ?1",
};

static const struct db_sql sql_done = {
	"end an item of garbage", "DELETE FROM garbage WHERE id = ?1 AND due = ?2",
};

static const struct db_sql sql_count = {
	"count garbage",
	"SELECT count(*), coalesce(sum(CASE WHEN due <= ?1 THEN 1 ELSE 0 END), 0) FROM"
	" (SELECT due FROM garbage UNION ALL SELECT due FROM move WHERE open = 0) g",
};

static const struct db_sql sql_reservation_left = {
	"look for expired reservations",
	"SELECT id, remaining, records FROM reservation WHERE expires <= ?1 ORDER BY expires"
	" LIMIT 1",
};

static const struct db_sql sql_reservation_done = {
	"drop an expired reservation", "DELETE FROM reservation WHERE id = ?1",
};

static const struct db_sql sql_piece_left = {
	"look for expired pieces",
	"SELECT id, length FROM piece WHERE expires <= ?1 ORDER BY expires LIMIT 1",
};

static const struct db_sql sql_piece_done = {
	"drop an expired piece", "DELETE FROM piece WHERE id = ?1",
};

int store_garbage_add(struct db_conn *c, u64 due, enum store_garbage_kind kind, u64 ref, u64 mask,
		      struct store_text records)
{
	return store_change(c, &sql_add, DB_ARGS(DB_INT(due), DB_INT(kind), DB_INT(ref),
						 DB_INT(mask), STORE_ARG(records)), EIO);
}

struct garbage_call {
	struct store *s;
	struct store_garbage item, *items;
	u64 now, lease_us;
	unsigned int max;
	struct store_arena *arena;
	struct store_garbage_page *page;
	struct store_text records;
	u64 count, due, mask;
};

/* --- leases -------------------------------------------------------------- */

static int find_due(struct db_conn *c, struct garbage_call *call)
{
	DB_ROWS rows = db_query(c, &sql_due, DB_ARGS(DB_INT(call->now), DB_INT(call->max)));
	int count = 0, more;

	while ((more = db_next(rows)) > 0)
		call->items[count++].id = db_int(rows, 0);
	return more < 0 ? more : count;
}

static int lease_tx(struct db_conn *c, void *arg)
{
	struct garbage_call *call = arg;
	int count = find_due(c, call), i, err = 0;

	for (i = 0; !err && i < count; i++) {
		call->items[i].lease = call->now + call->lease_us;
		err = store_change(c, &sql_lease, DB_ARGS(DB_INT(call->items[i].id),
							  DB_INT(call->items[i].lease)), EIO);
	}
	return err ? err : count;
}

int store_garbage_lease(struct store *s, u64 lease_us, unsigned int max,
			struct store_arena *a, struct store_garbage **items)
{
	struct garbage_call call = {
		.now = store_now(s), .lease_us = lease_us ? lease_us : 1,
		.max = store_page_max(max),
	};

	call.items = store_alloc(a, call.max * sizeof(*call.items));
	if (!call.items)
		return -ENOMEM;
	*items = call.items;
	return store_write(s, lease_tx, &call);
}

/* --- taking an item apart ------------------------------------------------ */

struct item {
	enum store_garbage_kind kind;
	u64 ref, mask;
	struct store_text records;
};

static int read_item(struct db_conn *c, struct garbage_call *call, struct item *item)
{
	DB_ROWS rows = db_query(c, &sql_item, DB_ARGS(DB_INT(call->item.id),
						      DB_INT(call->item.lease)));
	int more = db_next(rows), err = 0;

	if (more <= 0)
		return more ? more : -STORE_LEASE_LOST;
	*item = (struct item){
		.kind = db_int(rows, 0), .ref = db_int(rows, 1), .mask = db_int(rows, 2),
	};
	if (call->arena)
		item->records = store_column(call->arena, rows, 3, &err);
	return err;
}

/* Return: 1 and the first page that is left of a piece, or 0. */
static int piece_page(struct db_conn *c, struct garbage_call *call, u64 piece)
{
	struct store_garbage_page *out = call->page;
	DB_ROWS rows = db_query(c, &sql_page, DB_ARGS(DB_INT(piece)));
	int more = db_next(rows), err = 0;

	if (more <= 0)
		return more;
	out->piece = piece;
	out->mask = ~0ull;
	out->page = (struct store_page){
		.start = db_int(rows, 0), .length = db_int(rows, 1),
		.generations = db_int(rows, 2),
		.records = store_column(call->arena, rows, 3, &err),
	};
	return err ? err : 1;
}

/* A part without pages is a page without generations: it is ended like one. */
static int upload_page(struct db_conn *c, struct garbage_call *call, u64 upload)
{
	struct store_garbage_page *out = call->page;
	DB_ROWS rows = db_query(c, &sql_part, DB_ARGS(DB_INT(upload)));
	int more = db_next(rows), err = 0;
	u64 piece;

	if (more <= 0)
		return more;
	out->part = db_int(rows, 0);
	piece = db_int(rows, 1);
	if (piece) {
		more = piece_page(c, call, piece);
		return more ? more : 1;
	}
	out->page.length = db_int(rows, 2);
	out->page.records = store_column(call->arena, rows, 3, &err);
	out->page.generations = out->page.records.len ? 1 : 0;
	out->mask = out->page.generations;
	return err ? err : 1;
}

static int next_tx(struct db_conn *c, void *arg)
{
	struct garbage_call *call = arg;
	struct item item;
	int err = read_item(c, call, &item);

	if (err)
		return err;
	*call->page = (struct store_garbage_page){ 0 };
	if (item.kind == GARBAGE_UPLOAD)
		return upload_page(c, call, item.ref);
	if (item.kind == GARBAGE_PIECE)
		return piece_page(c, call, item.ref);
	call->page->mask = item.mask;
	call->page->page.records = item.records;
	if (!item.mask)
		return 0;
	call->page->page.generations = 64 - __builtin_clzll(item.mask);
	return 1;
}

int store_garbage_next(struct store *s, const struct store_garbage *item,
		       struct store_arena *a, struct store_garbage_page *page)
{
	struct garbage_call call = { .item = *item, .arena = a, .page = page };

	return store_read(s, next_tx, &call);
}

/* Return: 1, or 0 when the page is another one by now. */
static int page_done_tx(struct db_conn *c, void *arg)
{
	struct garbage_call *call = arg;
	const struct store_garbage_page *page = call->page;
	struct item item;
	int err = read_item(c, call, &item);

	if (err)
		return err;
	if (page->piece && page->page.generations)
		err = db_run(c, &sql_page_done, DB_ARGS(DB_INT(page->piece),
							DB_INT(page->page.start),
							STORE_ARG(page->page.records)));
	else if (page->part)
		err = db_run(c, &sql_part_done, DB_ARGS(DB_INT(item.ref), DB_INT(page->part),
							STORE_ARG(page->page.records)));
	else
		err = db_run(c, &sql_records_done, DB_ARGS(DB_INT(call->item.id)));
	return err;
}

int store_garbage_page_done(struct store *s, const struct store_garbage *item,
			    const struct store_garbage_page *page)
{
	struct store_garbage_page copy = *page;
	struct garbage_call call = { .item = *item, .page = &copy };
	int rc = store_write(s, page_done_tx, &call);

	return rc < 0 ? rc : 0;
}

static int later_tx(struct db_conn *c, void *arg)
{
	struct garbage_call *call = arg;
	int err = page_done_tx(c, arg);

	return err <= 0 ? err : store_garbage_add(c, call->due, GARBAGE_RECORDS, 0, call->mask,
					     call->records);
}

int store_garbage_later(struct store *s, const struct store_garbage *item,
			const struct store_garbage_page *page, struct store_text records,
			u64 mask, u64 due)
{
	struct store_garbage_page copy = *page;
	struct garbage_call call = {
		.item = *item, .page = &copy, .records = records, .mask = mask, .due = due,
	};

	if (!mask || !records.len || records.len > STORE_BLOB_MAX)
		return -STORE_INVALID;
	return store_write(s, later_tx, &call);
}

static int done_tx(struct db_conn *c, void *arg)
{
	struct garbage_call *call = arg;

	return store_change(c, &sql_done, DB_ARGS(DB_INT(call->item.id),
						  DB_INT(call->item.lease)), STORE_LEASE_LOST);
}

int store_garbage_done(struct store *s, const struct store_garbage *item)
{
	return store_write(s, done_tx, &(struct garbage_call){ .item = *item });
}

static int count_tx(struct db_conn *c, void *arg)
{
	struct garbage_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_count, DB_ARGS(DB_INT(call->now)));
	int more = db_next(rows);

	if (more < 0)
		return more;
	call->count = db_int(rows, 0);
	call->due = db_int(rows, 1);
	return 0;
}

int store_garbage_count(struct store *s, u64 *items, u64 *due)
{
	struct garbage_call call = { .now = store_now(s) };
	int err = store_read(s, count_tx, &call);

	*items = call.count;
	*due = call.due;
	return err;
}

/* --- leftovers ----------------------------------------------------------- */

/* Return: 1 if there was one, 0, or -errno.  No reader knows it: it is due at once. */
static int one_reservation(struct db_conn *c, u64 now, u64 *id)
{
	DB_ROWS rows = db_query(c, &sql_reservation_left, DB_ARGS(DB_INT(now)));
	int more = db_next(rows), err;

	if (more <= 0)
		return more;
	*id = db_int(rows, 0);
	err = store_garbage_add(c, now, GARBAGE_RECORDS, 0, db_int(rows, 1),
				store_bytes(db_bytes(rows, 2)));
	return err ? err : 1;
}

static int one_piece(struct db_conn *c, u64 now, u64 *id)
{
	DB_ROWS rows = db_query(c, &sql_piece_left, DB_ARGS(DB_INT(now)));
	int more = db_next(rows), err = 0;

	if (more <= 0)
		return more;
	*id = db_int(rows, 0);
	if (db_int(rows, 1))
		err = store_garbage_add(c, now, GARBAGE_PIECE, *id, ~0ull,
					(struct store_text){ 0 });
	return err ? err : 1;
}

static int leftovers_tx(struct db_conn *c, void *arg)
{
	struct garbage_call *call = arg;
	unsigned int count = 0;
	int more = 1, err;
	u64 id;

	while (more && count < call->max) {
		const struct db_sql *done = &sql_reservation_done;

		more = one_reservation(c, call->now, &id);
		if (!more) {
			done = &sql_piece_done;
			more = one_piece(c, call->now, &id);
		}
		err = more > 0 ? store_change(c, done, DB_ARGS(DB_INT(id)), EIO) : more;
		if (err)
			return err;
		count += more;
	}
	return count;
}

int store_leftovers(struct store *s, unsigned int max)
{
	struct garbage_call call = { .now = store_now(s), .max = max };

	return store_write(s, leftovers_tx, &call);
}
