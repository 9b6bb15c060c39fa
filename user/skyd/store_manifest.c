// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where bodies are: reservations, pieces and pages.
 *
 * A generation is written down before its fragments are: in a reservation, or as
 * a page that claims from one.  A commit clears its bits of the reservation in the
 * transaction that makes the object visible, so at every moment each fragment is
 * named by exactly one of reservation, page, inline record or garbage.
 */
#include <errno.h>
#include <string.h>

#include "store_private.h"

static const struct db_sql sql_reserve = {
	"reserve generations", "INSERT INTO reservation VALUES (?1, ?2, ?3, ?4, ?5)",
};

static const struct db_sql sql_reserved = {
	"look up a reservation", "SELECT expires, remaining, records FROM reservation WHERE id = ?1",
};

static const struct db_sql sql_claim = {
	"claim generations",
	"UPDATE reservation SET remaining = remaining & ~?2"
	" WHERE id = ?1 AND team IN (0, ?3) AND remaining & ?2 = ?2 RETURNING remaining",
};

static const struct db_sql sql_used_up = {
	"drop a reservation that is used up", "DELETE FROM reservation WHERE id = ?1",
};

static const struct db_sql sql_open = {
	"open a piece", "INSERT INTO piece VALUES (?1, ?2, ?3, 0)",
};

static const struct db_sql sql_length = {
	"look up a piece", "SELECT length FROM piece WHERE id = ?1 AND team = ?2",
};

static const struct db_sql sql_grow = {
	"extend a piece", "UPDATE piece SET length = length + ?2, expires = ?3 WHERE id = ?1",
};

static const struct db_sql sql_close = { "close a piece", "DELETE FROM piece WHERE id = ?1" };

static const struct db_sql sql_page = {
	"write a page", "INSERT INTO page VALUES (?1, ?2, ?3, ?4, ?5)",
};

static const struct db_sql sql_find_page = {
	"find a page",
	"SELECT start, length, generations, records FROM page WHERE piece = ?1 AND start <= ?2"
	" ORDER BY start DESC LIMIT 1",
};

static const struct db_sql sql_find_part = {
	"find the part of an offset",
	"SELECT number, start, size, ref, records FROM part WHERE upload = ?1 AND start <= ?2"
	" ORDER BY start DESC LIMIT 1",
};

static bool page_ok(const struct store_page *page)
{
	return page->generations && page->generations <= STORE_PAGE_GENERATIONS &&
	       page->records.len && page->records.len <= STORE_BLOB_MAX &&
	       page->length && page->length <= STORE_OBJECT_MAX;
}

/* --- claims -------------------------------------------------------------- */

static int claim_one(struct db_conn *c, u64 team, const struct store_claim *claim)
{
	u64 remaining;
	int err = store_number(c, &sql_claim, DB_ARGS(DB_INT(claim->reservation),
						      DB_INT(claim->mask), DB_INT(team)),
			       STORE_EXPIRED, &remaining);

	if (!err && !remaining)
		err = store_change(c, &sql_used_up, DB_ARGS(DB_INT(claim->reservation)), EIO);
	return err;
}

static int claim_all(struct db_conn *c, u64 team, const struct store_claim *claim,
		     unsigned int claims)
{
	int err = 0;

	while (!err && claims--)
		err = claim_one(c, team, claim++);
	return err;
}

struct manifest_call {
	u64 team, id, expires;
	u64 mask;
	struct store_text records;
	const struct store_page *page;
	const struct store_claim *claim;
	unsigned int claims;
	u64 due, now;
};

static int reserve_tx(struct db_conn *c, void *arg)
{
	struct manifest_call *call = arg;
	int err = store_next_id(c, &call->id);

	if (!err)
		err = store_note_alive(c, call->now);
	if (err)
		return err;
	return store_change(c, &sql_reserve,
			    DB_ARGS(DB_INT(call->id), DB_INT(call->team), DB_INT(call->expires),
				    DB_INT(call->mask), STORE_ARG(call->records)), EIO);
}

int store_reserve(struct store *s, u64 team, u32 generations, struct store_text records,
		  u64 expires, u64 *reservation)
{
	struct manifest_call call = {
		.team = team, .records = records, .expires = expires, .now = store_now(s),
	};
	int err;

	if (!generations || generations > STORE_PAGE_GENERATIONS || !records.len ||
	    records.len > STORE_BLOB_MAX)
		return -STORE_INVALID;
	call.mask = ~0ull >> (STORE_PAGE_GENERATIONS - generations);
	err = store_write(s, reserve_tx, &call);
	*reservation = call.id;
	return err;
}

struct reserved_call {
	u64 id;
	struct store_arena *arena;
	struct store_reserved *found;
};

static int reserved_tx(struct db_conn *c, void *arg)
{
	struct reserved_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_reserved, DB_ARGS(DB_INT(call->id)));
	int more = db_next(rows), err = 0;

	if (more <= 0)
		return more ? more : -STORE_EXPIRED;
	*call->found = (struct store_reserved){
		.expires = db_int(rows, 0), .remaining = db_int(rows, 1),
		.records = store_column(call->arena, rows, 2, &err),
	};
	return err;
}

int store_reserved(struct store *s, u64 reservation, struct store_arena *a,
		   struct store_reserved *r)
{
	struct reserved_call call = { reservation, a, r };

	return store_read(s, reserved_tx, &call);
}

static int release_tx(struct db_conn *c, void *arg)
{
	const struct manifest_call *call = arg;
	int err = db_run(c, &sql_used_up, DB_ARGS(DB_INT(call->id)));

	return err < 0 ? err : 0;
}

int store_release(struct store *s, u64 reservation)
{
	return store_write(s, release_tx, &(struct manifest_call){ .id = reservation });
}

/* --- pieces -------------------------------------------------------------- */

static int put_page(struct db_conn *c, u64 piece, u64 start, const struct store_page *page)
{
	return store_change(c, &sql_page,
			    DB_ARGS(DB_INT(piece), DB_INT(start), DB_INT(page->length),
				    DB_INT(page->generations), STORE_ARG(page->records)), EIO);
}

static int open_tx(struct db_conn *c, void *arg)
{
	struct manifest_call *call = arg;
	int err = store_next_id(c, &call->id);

	if (err)
		return err;
	return store_change(c, &sql_open, DB_ARGS(DB_INT(call->id), DB_INT(call->team),
						  DB_INT(call->expires)), EIO);
}

int store_piece_open(struct store *s, u64 team, u64 expires, u64 *piece)
{
	struct manifest_call call = { .team = team, .expires = expires };
	int err = store_write(s, open_tx, &call);

	*piece = call.id;
	return err;
}

static int add_tx(struct db_conn *c, void *arg)
{
	struct manifest_call *call = arg;
	u64 length;
	int err = store_number(c, &sql_length, DB_ARGS(DB_INT(call->id), DB_INT(call->team)),
			       STORE_EXPIRED, &length);

	if (!err && length != call->page->start)
		err = -STORE_INVALID;
	if (!err)
		err = claim_all(c, call->team, call->claim, call->claims);
	if (!err)
		err = put_page(c, call->id, length, call->page);
	if (!err)
		err = store_change(c, &sql_grow, DB_ARGS(DB_INT(call->id),
							 DB_INT(call->page->length),
							 DB_INT(call->expires)), EIO);
	return err;
}

int store_piece_add(struct store *s, u64 team, u64 piece, const struct store_page *page,
		    const struct store_claim *claim, unsigned int claims, u64 expires)
{
	struct manifest_call call = {
		.team = team, .id = piece, .page = page, .claim = claim, .claims = claims,
		.expires = expires,
	};

	return page_ok(page) ? store_write(s, add_tx, &call) : -STORE_INVALID;
}

static int drop_tx(struct db_conn *c, void *arg)
{
	struct manifest_call *call = arg;
	u64 length;
	int err = store_number(c, &sql_length, DB_ARGS(DB_INT(call->id), DB_INT(call->team)),
			       STORE_EXPIRED, &length);

	if (!err)
		err = store_change(c, &sql_close, DB_ARGS(DB_INT(call->id)), EIO);
	if (!err && length)
		err = store_garbage_add(c, call->due, GARBAGE_PIECE, call->id, ~0ull,
					(struct store_text){ 0 });
	return err;
}

int store_piece_drop(struct store *s, u64 team, u64 piece)
{
	struct manifest_call call = { .team = team, .id = piece, .due = store_now(s) };

	return store_write(s, drop_tx, &call);
}

/* --- a body in a commit -------------------------------------------------- */

static int commit_page(struct db_conn *c, const struct store_body *body, struct store_ref *ref)
{
	const struct store_page *page = body->page;
	int err;

	if (!page_ok(page) || page->start || page->length != body->size)
		return -STORE_INVALID;
	if (page->generations == 1) {
		ref->records = page->records;
		return 0;
	}
	err = store_next_id(c, &ref->ref);
	return err ? err : put_page(c, ref->ref, 0, page);
}

static int commit_piece(struct db_conn *c, u64 team, const struct store_body *body,
			struct store_ref *ref)
{
	u64 length;
	int err = store_number(c, &sql_length, DB_ARGS(DB_INT(body->piece), DB_INT(team)),
			       STORE_EXPIRED, &length);

	if (!err && (!length || length != body->size))
		err = -STORE_INVALID;
	if (!err)
		err = store_change(c, &sql_close, DB_ARGS(DB_INT(body->piece)), EIO);
	ref->ref = body->piece;
	return err;
}

int store_body_commit(struct db_conn *c, u64 team, const struct store_body *body,
		      struct store_ref *ref)
{
	int err;

	*ref = (struct store_ref){ 0 };
	if (body->size > STORE_OBJECT_MAX)
		return -STORE_TOO_LARGE;
	if ((body->page && body->piece) || (!body->page && !body->piece && body->size))
		return -STORE_INVALID;
	err = claim_all(c, team, body->claim, body->claims);
	if (err)
		return err;
	if (body->page)
		return commit_page(c, body, ref);
	return body->piece ? commit_piece(c, team, body, ref) : 0;
}

/* --- reading ------------------------------------------------------------- */

struct data_call {
	struct store_data data;
	u64 offset;
	struct store_arena *arena;
	struct store_page *page;
	u64 base;
	u32 part;
};

static int inline_page(struct data_call *call, struct store_text records, u64 size)
{
	*call->page = (struct store_page){ .length = size, .generations = 1, .records = records };
	return 0;
}

static int find_page(struct db_conn *c, struct data_call *call, u64 piece, u64 offset)
{
	DB_ROWS rows = db_query(c, &sql_find_page, DB_ARGS(DB_INT(piece), DB_INT(offset)));
	int more = db_next(rows), err = 0;

	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_KEY;
	*call->page = (struct store_page){
		.start = db_int(rows, 0), .length = db_int(rows, 1),
		.generations = db_int(rows, 2),
		.records = store_column(call->arena, rows, 3, &err),
	};
	return err;
}

static int find_in_part(struct db_conn *c, struct data_call *call)
{
	DB_ROWS rows = db_query(c, &sql_find_part, DB_ARGS(DB_INT(call->data.ref),
							   DB_INT(call->offset)));
	int more = db_next(rows), err = 0;
	struct store_text records;
	u64 piece;

	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_KEY;
	call->part = db_int(rows, 0);
	call->base = db_int(rows, 1);
	piece = db_int(rows, 3);
	if (piece)
		return find_page(c, call, piece, call->offset - call->base);
	records = store_column(call->arena, rows, 4, &err);
	return err ? err : inline_page(call, records, db_int(rows, 2));
}

static int data_tx(struct db_conn *c, void *arg)
{
	struct data_call *call = arg;

	if (call->data.parts)
		return find_in_part(c, call);
	return find_page(c, call, call->data.ref, call->offset);
}

int store_data_page(struct store *s, const struct store_data *data, u64 offset,
		    struct store_arena *a, struct store_page *page, u64 *base, u32 *part)
{
	struct data_call call = { .data = *data, .offset = offset, .arena = a, .page = page };
	int err;

	if (offset >= data->size)
		return -STORE_INVALID;
	err = data->ref ? store_read(s, data_tx, &call)
			: inline_page(&call, data->records, data->size);
	*base = call.base;
	*part = call.part;
	return err;
}
