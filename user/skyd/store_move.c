// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragments that leave a location, and the locations that they leave.
 *
 * A fragment that is made anew is written down before it is sent (open).  The commit takes that
 * row away in the transaction that has the records name it, and writes one for the fragment that
 * they named before, which is then to be deleted.  So at every moment each fragment is named by
 * exactly one of the records and move.
 *
 * The name of a fragment is the same wherever it lies, and what is to be deleted at a place may
 * be deleted at any time.  So as long as a row says that, no move may go there: it is kept until
 * the deletion has been done, and store_move_open() refuses.
 */
#include <errno.h>

#include "store_move.h"
#include "store_private.h"

static const struct db_sql sql_begin = {
	"begin to repair a location",
	"INSERT INTO repair SELECT ?1, 0, ?2, ?3, 0, value, 0, 0, 0, ?4 FROM counter WHERE id = 1"
	" ON CONFLICT (location) DO UPDATE SET state = 0, reads = ?2, began = ?3, ended = 0,"
	" mark = excluded.mark, total = 0, moved = 0, bytes = 0, targets = ?4",
};

static const struct db_sql sql_set = {
	"set the state of a repair", "UPDATE repair SET state = ?2, ended = ?3 WHERE location = ?1",
};

static const struct db_sql sql_total = {
	"note what a repair has to do", "UPDATE repair SET total = ?2 WHERE location = ?1",
};

static const struct db_sql sql_drop = {
	"drop a repair", "DELETE FROM repair WHERE location = ?1",
};

static const struct db_sql sql_list = {
	"list repairs",
	"SELECT location, state, reads, began, ended, mark, total, moved, bytes, targets"
	" FROM repair ORDER BY location",
};

static const struct db_sql sql_count = { "count repairs", "SELECT count(*) FROM repair" };

static const struct db_sql sql_open = {
	"open a move",
	"INSERT INTO move VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT (generation, number, location)"
	" DO UPDATE SET due = ?4 WHERE move.open = 1",
};

static const struct db_sql sql_places = {
	"look up moves",
	"SELECT location, open, due FROM move WHERE generation = ?1 AND number = ?2"
	" ORDER BY location",
};

static const struct db_sql sql_places_count = {
	"count moves", "SELECT count(*) FROM move WHERE generation = ?1 AND number = ?2",
};

static const struct db_sql sql_fail = {
	"give up a move",
	"UPDATE move SET open = 0, due = ?4 WHERE generation = ?1 AND number = ?2"
	" AND location = ?3 AND open = 1",
};

static const struct db_sql sql_named = {
	"close a move",
	"DELETE FROM move WHERE generation = ?1 AND number = ?2 AND location = ?3 AND open = 1",
};

static const struct db_sql sql_left = {
	"queue a fragment that was moved",
	"INSERT INTO move VALUES (?1, ?2, ?3, 0, ?4) ON CONFLICT (generation, number, location)"
	" DO UPDATE SET open = 0, due = ?4",
};

static const struct db_sql sql_object = {
	"change the records of an object",
	"UPDATE object SET records = ?4 WHERE bucket = ?1 AND name = ?2 AND seq = ?3 AND ref = 0"
	" AND records = ?5",
};

static const struct db_sql sql_version = {
	"change the records of a version",
	"UPDATE version SET records = ?4 WHERE bucket = ?1 AND name = ?2 AND seq = ?3 AND ref = 0"
	" AND records = ?5",
};

static const struct db_sql sql_part = {
	"change the records of a part",
	"UPDATE part SET records = ?3 WHERE upload = ?1 AND number = ?2 AND ref = 0"
	" AND records = ?4",
};

static const struct db_sql sql_page = {
	"change the records of a page",
	"UPDATE page SET records = ?3 WHERE piece = ?1 AND start = ?2 AND records = ?4",
};

static const struct db_sql sql_progress = {
	"count what was moved",
	"UPDATE repair SET moved = moved + 1, bytes = bytes + ?2 WHERE location = ?1",
};

static const struct db_sql sql_late = {
	"give up moves that took too long", "UPDATE move SET open = 0 WHERE due <= ?1 AND open = 1",
};

static const struct db_sql sql_due = {
	"look for fragments that were moved",
	"SELECT location, open, due, generation, number FROM move WHERE due <= ?1 AND open = 0"
	" ORDER BY due LIMIT ?2",
};

static const struct db_sql sql_gone = {
	"forget a fragment that was moved",
	"DELETE FROM move WHERE generation = ?1 AND number = ?2 AND location = ?3 AND open = 0",
};

static const struct db_sql sql_later = {
	"put off a fragment that was moved",
	"UPDATE move SET due = ?4 WHERE generation = ?1 AND number = ?2 AND location = ?3"
	" AND open = 0",
};

struct move_call {
	u64 location, number, now, due;
	enum store_repair_state state;
	unsigned int max;
	struct store_arena *arena;
	const struct store_repair *begin;
	struct store_repair *repairs;
	const struct store_move *move;
	struct store_move *moves;
	const struct store_move_commit *commit;
};

#define OF_ROW(m, ...) \
	DB_ARGS(DB_BYTES((m)->generation, STORE_GENERATION_BYTES), DB_INT((m)->row), ##__VA_ARGS__)
#define AT_PLACE(m, ...)	OF_ROW(m, DB_INT((m)->location), ##__VA_ARGS__)

/* --- locations that are left --------------------------------------------- */

static int begin_tx(struct db_conn *c, void *arg)
{
	const struct move_call *call = arg;
	const struct store_repair *r = call->begin;

	return store_change(c, &sql_begin, DB_ARGS(DB_INT(r->location), DB_INT(r->reads),
						   DB_INT(call->now), STORE_ARG(r->targets)), EIO);
}

int store_repair_begin(struct store *s, const struct store_repair *repair)
{
	struct move_call call = { .begin = repair, .now = store_now(s) };

	return repair->targets.len > STORE_BLOB_MAX ? -STORE_INVALID :
						      store_write(s, begin_tx, &call);
}

static int set_tx(struct db_conn *c, void *arg)
{
	const struct move_call *call = arg;

	return store_change(c, &sql_set, DB_ARGS(DB_INT(call->location), DB_INT(call->state),
						 DB_INT(call->now)), STORE_NO_SUCH_LOCATION);
}

int store_repair_set(struct store *s, u16 location, enum store_repair_state state)
{
	struct move_call call = { .location = location, .state = state };

	call.now = state == STORE_REPAIR_DONE ? store_now(s) : 0;
	return store_write(s, set_tx, &call);
}

static int total_tx(struct db_conn *c, void *arg)
{
	const struct move_call *call = arg;

	return store_change(c, &sql_total, DB_ARGS(DB_INT(call->location), DB_INT(call->number)),
			    STORE_NO_SUCH_LOCATION);
}

int store_repair_total(struct store *s, u16 location, u64 total)
{
	return store_write(s, total_tx,
			   &(struct move_call){ .location = location, .number = total });
}

static int drop_tx(struct db_conn *c, void *arg)
{
	const struct move_call *call = arg;

	return store_change(c, &sql_drop, DB_ARGS(DB_INT(call->location)),
			    STORE_NO_SUCH_LOCATION);
}

int store_repair_drop(struct store *s, u16 location)
{
	return store_write(s, drop_tx, &(struct move_call){ .location = location });
}

static int read_repair(struct db_rows *rows, struct store_arena *a, struct store_repair *r)
{
	int err = 0;

	*r = (struct store_repair){
		.location = db_int(rows, 0), .state = db_int(rows, 1), .reads = db_int(rows, 2),
		.began = db_int(rows, 3), .ended = db_int(rows, 4), .mark = db_int(rows, 5),
		.total = db_int(rows, 6), .moved = db_int(rows, 7), .bytes = db_int(rows, 8),
		.targets = store_column(a, rows, 9, &err),
	};
	return err;
}

static int list_tx(struct db_conn *c, void *arg)
{
	struct move_call *call = arg;
	u64 most;
	int count = 0, more, err = store_number(c, &sql_count, DB_NO_ARGS, EIO, &most);

	if (err)
		return err;
	call->repairs = store_alloc(call->arena, (most + 1) * sizeof(*call->repairs));
	if (!call->repairs)
		return -ENOMEM;
	DB_ROWS rows = db_query(c, &sql_list, DB_NO_ARGS);

	while (!err && (u64)count < most && (more = db_next(rows)) > 0)
		err = read_repair(rows, call->arena, &call->repairs[count++]);
	return err ? err : count;
}

int store_repair_list(struct store *s, struct store_arena *a, struct store_repair **repairs)
{
	struct move_call call = { .arena = a };
	int rc = store_read(s, list_tx, &call);

	*repairs = call.repairs;
	return rc;
}

/* --- fragments ------------------------------------------------------------ */

static int open_tx(struct db_conn *c, void *arg)
{
	const struct store_move *m = ((struct move_call *)arg)->move;

	return store_change(c, &sql_open, AT_PLACE(m, DB_INT(m->due)), EEXIST);
}

int store_move_open(struct store *s, const struct store_move *move)
{
	return store_write(s, open_tx, &(struct move_call){ .move = move });
}

static int places_tx(struct db_conn *c, void *arg)
{
	struct move_call *call = arg;
	const struct store_move *m = call->move;
	u64 most;
	int count = 0, err = store_number(c, &sql_places_count, OF_ROW(m), EIO, &most);

	if (err)
		return err;
	call->moves = store_alloc(call->arena, (most + 1) * sizeof(*call->moves));
	if (!call->moves)
		return -ENOMEM;
	DB_ROWS rows = db_query(c, &sql_places, OF_ROW(m));

	while ((u64)count < most && (err = db_next(rows)) > 0) {
		struct store_move *to = &call->moves[count++];

		*to = *m;
		to->location = db_int(rows, 0);
		to->open = db_int(rows, 1);
		to->due = db_int(rows, 2);
	}
	return err < 0 ? err : count;
}

int store_move_places(struct store *s, const u8 generation[STORE_GENERATION_BYTES], u8 row,
		      struct store_arena *a, struct store_move **moves)
{
	struct store_move of = { .row = row };
	struct move_call call = { .move = &of, .arena = a };
	int rc;

	memcpy(of.generation, generation, sizeof(of.generation));
	rc = store_read(s, places_tx, &call);
	*moves = call.moves;
	return rc;
}

static int fail_tx(struct db_conn *c, void *arg)
{
	const struct store_move *m = ((struct move_call *)arg)->move;
	int rc = db_run(c, &sql_fail, AT_PLACE(m, DB_INT(m->due)));

	return rc < 0 ? rc : 0;
}

int store_move_fail(struct store *s, const struct store_move *move)
{
	return store_write(s, fail_tx, &(struct move_call){ .move = move });
}

/* Return: rows that were changed. */
static int change_records(struct db_conn *c, const struct store_move_commit *commit)
{
	const struct store_home *h = commit->home;
	const struct db_value version[] = {
		DB_INT(h->bucket), STORE_ARG(h->name), DB_INT(h->seq), STORE_ARG(commit->records),
		STORE_ARG(h->records),
	};
	const struct db_value place[] = {
		DB_INT(h->ref), DB_INT(h->at), STORE_ARG(commit->records), STORE_ARG(h->records),
	};
	int rc;

	if (h->kind != STORE_IN_OBJECT)
		return db_run(c, h->kind == STORE_IN_PART ? &sql_part : &sql_page,
			      (struct db_args){ place, 4 });
	rc = db_run(c, &sql_object, (struct db_args){ version, 5 });
	return rc ? rc : db_run(c, &sql_version, (struct db_args){ version, 5 });
}

static int commit_tx(struct db_conn *c, void *arg)
{
	const struct move_call *call = arg;
	const struct store_move_commit *commit = call->commit;
	const struct store_move *m = commit->move;
	int err = store_change(c, &sql_named, AT_PLACE(m), STORE_EXPIRED);

	if (!err)
		err = change_records(c, commit);
	if (err <= 0)
		return err ? err : -STORE_PRECONDITION;
	err = commit->forget ? 0 :
	      db_run(c, &sql_left, OF_ROW(m, DB_INT(commit->from), DB_INT(call->due)));
	/* Its repair may have been called off. */
	if (err >= 0)
		err = db_run(c, &sql_progress, DB_ARGS(DB_INT(commit->from),
						       DB_INT(commit->bytes)));
	return err < 0 ? err : 0;
}

int store_move_commit(struct store *s, const struct store_move_commit *commit)
{
	struct move_call call = { .commit = commit, .due = store_due(s) };

	if (!commit->records.len || commit->records.len > STORE_BLOB_MAX)
		return -STORE_INVALID;
	return store_write(s, commit_tx, &call);
}

/* --- what is to be deleted ------------------------------------------------ */

static int due_tx(struct db_conn *c, void *arg)
{
	struct move_call *call = arg;
	int count = 0, err = db_run(c, &sql_late, DB_ARGS(DB_INT(call->now)));

	if (err < 0)
		return err;
	DB_ROWS rows = db_query(c, &sql_due, DB_ARGS(DB_INT(call->now), DB_INT(call->max)));

	while ((err = db_next(rows)) > 0) {
		struct store_move *to = &call->moves[count++];
		const struct db_bytes generation = db_bytes(rows, 3);

		*to = (struct store_move){
			.location = db_int(rows, 0), .due = db_int(rows, 2), .row = db_int(rows, 4),
		};
		if (generation.len != sizeof(to->generation))
			return -EUCLEAN;
		memcpy(to->generation, generation.data, sizeof(to->generation));
	}
	return err < 0 ? err : count;
}

int store_move_due(struct store *s, unsigned int max, struct store_arena *a,
		   struct store_move **moves)
{
	struct move_call call = { .now = store_now(s), .max = store_page_max(max), .arena = a };

	call.moves = store_alloc(a, call.max * sizeof(*call.moves));
	if (!call.moves)
		return -ENOMEM;
	*moves = call.moves;
	return store_write(s, due_tx, &call);
}

static int done_tx(struct db_conn *c, void *arg)
{
	const struct move_call *call = arg;
	const struct store_move *m = call->move;
	int rc = call->due ? db_run(c, &sql_later, AT_PLACE(m, DB_INT(call->due))) :
			     db_run(c, &sql_gone, AT_PLACE(m));

	return rc < 0 ? rc : 0;
}

int store_move_done(struct store *s, const struct store_move *move, u64 due)
{
	return store_write(s, done_tx, &(struct move_call){ .move = move, .due = due });
}
